"""What a call returns that opens something."""

import asyncio

import pytest

from mediastreams._webidl.opening import Opening, attempt


class Resource:
    closed = False

    def close(self):
        self.closed = True


async def give(resource):
    await asyncio.sleep(0)
    return resource


async def test_awaiting_leaves_the_closing_to_the_caller():
    resource = Resource()
    assert await Opening(give(resource), Resource.close) is resource
    assert not resource.closed


async def test_leaving_the_block_closes_also_after_an_error():
    resource = Resource()

    async def fail():
        async with Opening(give(resource), Resource.close) as opened:
            assert opened is resource
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert resource.closed


async def test_it_can_be_a_task_or_be_gathered():
    resource = Resource()
    assert await asyncio.create_task(Opening(give(resource), Resource.close)) is resource
    assert await asyncio.gather(Opening(give(resource), Resource.close)) == [resource]


async def test_an_asynchronous_close_is_awaited():
    closed = []

    async def close(resource):
        await asyncio.sleep(0)
        closed.append(resource)

    async with Opening(give(7), close):
        pass
    assert closed == [7]


def test_arguments_are_read_at_the_call_and_their_errors_raised_later():
    given = {"a": 1}
    copied = attempt(lambda: dict(given))
    failing = attempt(lambda: given["b"])
    given.clear()
    assert copied() == {"a": 1}
    with pytest.raises(KeyError, match="b"):
        failing()
