"""How a listener is run: on its own loop, as a task if it is asynchronous, harmless if it raises."""

import asyncio
import gc
import logging
import threading

import pytest

from mediastreams._webidl.events import Event, EventTarget, event_handler, fire_event
from mediastreams.errors import InvalidStateError
from mediastreams.errors import TimeoutError as OwnTimeoutError


class Track(EventTarget):
    onended = event_handler("ended")

    def __init__(self):
        super().__init__()
        self.live = True

    def _can_still_fire(self, type):
        return self.live or type not in {"ended", "mute"}

    def stop(self):
        self.live = False
        self._recheck_waits()


@pytest.fixture
async def reported():
    """Collect what reaches the loop's exception handler."""
    found = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context))
    return found


@pytest.fixture
def other_loop():
    """Run another event loop on another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def there(loop, function):
    """Call a function on another loop and wait for what it returns."""

    async def call():
        return function()

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call(), loop))


async def test_a_listener_that_raises_is_reported_and_disturbs_nobody(reported):
    target, heard = EventTarget(), []
    target.add_event_listener("x", lambda _: 1 / 0)
    target.add_event_listener("x", heard.append)
    assert fire_event(target, "x") is True
    assert len(heard) == 1
    assert isinstance(reported[0]["exception"], ZeroDivisionError)
    assert reported[0]["message"] == "A listener for 'x' raised ZeroDivisionError"


async def test_a_listener_that_raises_cancelled_error_cancels_nothing(reported):
    target = EventTarget()

    def give_up(_event):
        raise asyncio.CancelledError

    target.add_event_listener("x", give_up)
    fire_event(target, "x")
    assert isinstance(reported[0]["exception"], asyncio.CancelledError)


async def test_an_object_that_lost_its_method_is_reported(reported):
    class Ear:
        def handle_event(self, event): ...

    target, ear = EventTarget(), Ear()
    target.add_event_listener("x", ear)
    del Ear.handle_event
    fire_event(target, "x")
    assert isinstance(reported[0]["exception"], AttributeError)


def test_without_a_loop_an_error_of_a_listener_is_logged(caplog):
    target = EventTarget()
    target.add_event_listener("x", lambda _: 1 / 0)
    with caplog.at_level(logging.ERROR, "mediastreams"):
        target.dispatch_event(Event("x"))
    assert caplog.records[0].getMessage() == "A listener for 'x' raised ZeroDivisionError"
    assert caplog.records[0].exc_info[0] is ZeroDivisionError


def test_an_interrupt_by_the_keyboard_gets_through_and_the_event_can_be_dispatched_again():
    target, event = EventTarget(), Event("x")

    def interrupt(_event):
        raise KeyboardInterrupt

    target.add_event_listener("x", interrupt, once=True)
    with pytest.raises(KeyboardInterrupt):
        target.dispatch_event(event)
    assert target.dispatch_event(event)


async def test_an_async_listener_becomes_a_task_that_outlives_every_other_reference(reported):
    target = EventTarget()
    done = []

    async def listen(event):
        for _ in range(3):
            await asyncio.sleep(0)
            gc.collect()
        done.append(event.type)

    target.add_event_listener("x", listen)
    fire_event(target, "x")
    assert done == []
    del target, listen
    for _ in range(6):
        await asyncio.sleep(0)
    assert done == ["x"]
    assert reported == []


async def test_an_async_listener_that_raises_is_reported_and_a_cancelled_one_is_not(reported):
    target = EventTarget()
    tasks = []

    async def fail(_event):
        await asyncio.sleep(0)
        raise ValueError("no")

    async def wait(_event):
        tasks.append(asyncio.current_task())
        await asyncio.Event().wait()

    target.add_event_listener("x", fail)
    target.add_event_listener("x", wait)
    fire_event(target, "x")
    await asyncio.sleep(0)
    tasks[0].cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    assert [str(context["exception"]) for context in reported] == ["no"]


def test_an_async_listener_also_runs_where_no_loop_does():
    target, done = EventTarget(), threading.Event()

    async def listen(_event):
        await asyncio.sleep(0)
        done.set()

    target.add_event_listener("x", listen)
    target.dispatch_event(Event("x"))
    assert done.wait(5)


async def test_the_first_listener_binds_a_target_that_was_made_where_no_loop_ran():
    target = await asyncio.to_thread(EventTarget)
    assert target._owner.loop is None
    target.add_event_listener("x", print)
    assert target._owner.here


async def test_a_listener_runs_on_the_loop_where_it_was_added(other_loop):
    target, heard = EventTarget(), asyncio.Queue()
    here = asyncio.get_running_loop()

    def listen(event):
        note = (asyncio.get_running_loop(), event.type, event.current_target, event.event_phase, event.is_trusted)
        here.call_soon_threadsafe(heard.put_nowait, note)

    await there(other_loop, lambda: target.add_event_listener("x", listen))
    fire_event(target, "x")
    assert await heard.get() == (other_loop, "x", target, Event.AT_TARGET, True)


async def test_a_listener_elsewhere_gets_a_copy_that_can_prevent_nothing_any_more(other_loop):
    target, heard = EventTarget(), asyncio.Queue()
    here = asyncio.get_running_loop()

    def listen(event):
        event.prevent_default()
        here.call_soon_threadsafe(heard.put_nowait, event)

    await there(other_loop, lambda: target.add_event_listener("x", listen))
    event = Event("x", cancelable=True)
    assert target.dispatch_event(event) is True
    got = await heard.get()
    assert got is not event
    assert not got.default_prevented
    await there(other_loop, int)
    assert (got.target, got.current_target, got.event_phase) == (target, None, Event.NONE)


async def test_a_listener_elsewhere_that_was_removed_meanwhile_does_not_run(other_loop):
    target, heard = EventTarget(), []
    await there(other_loop, lambda: target.add_event_listener("x", heard.append))
    block = threading.Event()
    other_loop.call_soon_threadsafe(block.wait)
    fire_event(target, "x")
    target.remove_event_listener("x", heard.append)
    block.set()
    await there(other_loop, int)
    await there(other_loop, int)
    assert heard == []


async def test_a_once_listener_elsewhere_runs_once(other_loop):
    target, heard = EventTarget(), []
    await there(other_loop, lambda: target.add_event_listener("x", heard.append, once=True))
    fire_event(target, "x")
    fire_event(target, "x")
    for _ in range(3):
        await there(other_loop, int)
    assert len(heard) == 1


async def test_an_error_of_a_listener_elsewhere_goes_to_its_own_loop(other_loop, reported):
    target, theirs = EventTarget(), []
    other_loop.set_exception_handler(lambda _, context: theirs.append(context["exception"]))
    await there(other_loop, lambda: target.add_event_listener("x", lambda _: 1 / 0))
    fire_event(target, "x")
    for _ in range(3):
        await there(other_loop, int)
    assert [type(error) for error in theirs] == [ZeroDivisionError]
    assert reported == []


def test_listeners_of_a_closed_loop_are_forgotten_and_the_next_loop_is_served():
    target, heard = EventTarget(), []

    async def listen_and_hear(name):
        target.add_event_listener("x", lambda _: heard.append(name))
        target.onx = None
        fire_event(target, "x")

    asyncio.run(listen_and_hear("first"))
    assert not target._has_listeners()
    asyncio.run(listen_and_hear("second"))
    assert heard == ["first", "second"]
    assert len(target._listeners) == 1
    fire_event(target, "x")
    assert target._listeners == ()


def test_a_function_added_on_a_closed_loop_can_be_added_again():
    target, heard = EventTarget(), []

    async def listen():
        target.add_event_listener("x", heard.append)
        fire_event(target, "x")

    asyncio.run(listen())
    asyncio.run(listen())
    assert len(heard) == 2


def test_a_handler_set_on_a_closed_loop_can_be_set_again():
    track, heard = Track(), []

    async def listen():
        track.onended = heard.append
        fire_event(track, "ended")

    asyncio.run(listen())
    asyncio.run(listen())
    assert len(heard) == 2
    assert len(track._listeners) == 1


async def test_on_decorates_plain_and_async_functions_and_returns_them():
    target, heard = EventTarget(), []

    @target.on("x", once=True)
    def plain(event):
        heard.append(("plain", event.type))

    @target.on("x")
    async def asynchronous(event):
        heard.append(("async", event.type))

    fire_event(target, "x")
    await asyncio.sleep(0)
    assert heard == [("plain", "x"), ("async", "x")]
    assert callable(plain)
    assert asyncio.iscoroutinefunction(asynchronous)
    target.remove_event_listener("x", asynchronous)
    assert not target._has_listeners()


async def test_waiting_returns_the_next_event_and_leaves_no_listener():
    track = Track()
    waiting = asyncio.create_task(track.wait_for("ended"))
    await asyncio.sleep(0)
    assert track._has_listeners("ended")
    event = Event("ended")
    fire_event(track, event)
    assert await waiting is event
    assert not track._has_listeners()


async def test_waiting_for_what_can_no_longer_come_raises_at_once():
    track = Track()
    track.stop()
    with pytest.raises(InvalidStateError, match="'ended' can no longer come from this Track"):
        await track.wait_for("ended")
    assert not track._has_listeners()


async def test_waiting_ends_as_soon_as_the_event_can_no_longer_come():
    track = Track()
    waiting = asyncio.create_task(track.wait_for("mute"))
    going_on = asyncio.create_task(track.wait_for("other"))
    await asyncio.sleep(0)
    track.stop()
    with pytest.raises(InvalidStateError):
        await waiting
    fire_event(track, "other")
    assert (await going_on).type == "other"


async def test_the_event_that_ends_everything_still_reaches_who_waits_for_it():
    track = Track()
    ended, muted = asyncio.create_task(track.wait_for("ended")), asyncio.create_task(track.wait_for("mute"))
    await asyncio.sleep(0)
    track.live = False
    fire_event(track, "ended")
    assert (await ended).type == "ended"
    with pytest.raises(InvalidStateError):
        await muted


async def test_waiting_from_another_loop_gets_the_event_before_the_end(other_loop):
    track = Track()
    ended = asyncio.run_coroutine_threadsafe(track.wait_for("ended"), other_loop)
    muted = asyncio.run_coroutine_threadsafe(track.wait_for("mute"), other_loop)
    while not (track._has_listeners("ended") and track._has_listeners("mute")):
        await there(other_loop, int)
    track.live = False
    fire_event(track, "ended")
    assert (await asyncio.wrap_future(ended)).type == "ended"
    with pytest.raises(InvalidStateError):
        await asyncio.wrap_future(muted)


async def test_waiting_has_a_time_limit_and_can_be_cancelled():
    track = Track()
    with pytest.raises(TimeoutError, match=r"No 'ended' came within 0\.01 s") as caught:
        await track.wait_for("ended", timeout=0.01)
    assert type(caught.value) is OwnTimeoutError
    waiting = asyncio.create_task(track.wait_for("ended"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not track._has_listeners()
