"""Written frames on their way to the tracks: their order, and their end."""

import asyncio
import threading

import numpy as np
import pytest

import mediastreams as ms

__all__ = []


def picture(number, width=64):
    return ms.VideoFrame.from_ndarray(np.full((48, width, 3), 9, np.uint8), timestamp=number)


@pytest.fixture
async def writing():
    """A generator whose frames wait on their lane until the event is set, its iterator, and the event."""
    generator = ms.VideoTrackGenerator()
    frames = generator.track.frames(policy="drop-oldest")
    go_on = threading.Event()
    generator._sink.source._lane.add(lambda: go_on.wait(5))
    yield generator, frames, go_on
    go_on.set()
    generator.track.stop()
    frames.close()


async def test_frames_that_tasks_write_at_once_keep_their_order(writing):
    generator, frames, go_on = writing
    writes = [asyncio.ensure_future(generator.writable.write(picture(number))) for number in range(3)]
    await asyncio.sleep(0)
    generator._sink.source._shape = (64, 48)  # the first is announced, the others still wait
    writes.append(asyncio.ensure_future(generator.writable.write(picture(3))))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*writes)
    assert [(await anext(frames)).timestamp for _ in range(4)] == [0, 1, 2, 3]


async def test_closing_lets_the_frames_through_that_are_being_written(writing):
    generator, frames, go_on = writing
    write = asyncio.ensure_future(generator.writable.write(picture(7)))
    await asyncio.sleep(0)
    await generator.writable.close()
    go_on.set()
    await write
    assert [frame.timestamp async for frame in frames] == [7]
