"""Where things run: owner loops, other loops, other threads, loops that are closed, children of a fork."""

import asyncio
import os
import subprocess
import sys
import textwrap
import threading

import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeCamera, ManualClock, read_counter, use_clock


def in_thread(call):
    """Run a call in a thread of its own, for code that must not have a loop; give its result or its error."""
    results = []

    def run():
        try:
            results.append((call(), None))
        except BaseException as error:  # noqa: BLE001 - raised again by the test
            results.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert results, "it hangs"
    result, error = results[0]
    if error is not None:
        raise error
    return result


# ── threads ──────────────────────────────────────────────────────────────────────────────────────────


async def test_stop_enabled_and_getters_work_from_any_thread(gum, camera, is_closed):
    track = (await gum(video=True)).video

    def use():
        track.enabled = False
        assert track.get_settings().device_id
        assert track.get_capabilities().width
        assert track.get_constraints() == {}
        assert not track.muted
        assert track.stats.total_frames == 0
        assert "disabled" in repr(track)
        track.stop()
        return track.ready_state

    assert await asyncio.to_thread(use) == "ended"
    assert not track.enabled
    await is_closed(camera)


async def test_who_waits_for_an_event_learns_of_a_stop_from_another_thread(gum):
    track = (await gum(video=True)).video
    waiting = asyncio.ensure_future(track.wait_for("ended"))
    await asyncio.sleep(0)
    await asyncio.to_thread(track.stop)
    with pytest.raises(ms.InvalidStateError):
        await waiting


async def test_everything_else_belongs_to_the_owner_loop_and_says_so(gum):
    stream = await gum(video=True)
    track = stream.video

    def misuse(call):
        with pytest.raises(RuntimeError, match="outside the event loop that owns the object"):
            call()

    await asyncio.to_thread(misuse, lambda: stream.add_track(track))
    await asyncio.to_thread(misuse, lambda: stream.remove_track(track))
    await asyncio.to_thread(misuse, lambda: asyncio.run(track.apply_constraints(width=320)))
    assert stream.get_tracks() == [track]


@pytest.mark.parametrize("options", [{}, {"format": "bgr24"}])
async def test_a_thread_iterates_by_blocking(gum, clock, options):
    track = (await gum(video={"frame_rate": {"exact": 20}})).video
    found, begun = [], threading.Event()

    def consume():
        frames = track.frames(policy="drop-oldest", **options)
        begun.set()
        found.extend(read_counter(frame.to_ndarray(format="bgr24")) for frame, _ in zip(frames, range(5), strict=False))
        frames.close()

    thread = threading.Thread(target=consume)
    thread.start()
    await asyncio.to_thread(begun.wait, 5)
    while thread.is_alive():
        await clock.advance(0.05)
    assert found == [0, 1, 2, 3, 4]
    assert track._feed.ports == () or all(port.closed for port in track._feed.ports)


@pytest.mark.parametrize("end", ["stop", "unplug", "close"])
async def test_a_thread_that_waits_for_a_frame_is_let_go(gum, camera, end):
    track = (await gum(video=True)).video
    frames, found = track.frames(), []
    thread = threading.Thread(target=lambda: found.extend(frames))
    thread.start()
    while frames._blocked is None:
        await asyncio.sleep(0.001)
    {"stop": track.stop, "unplug": camera.unplug, "close": frames.close}[end]()
    await asyncio.to_thread(thread.join, 5)
    assert not thread.is_alive()
    assert found == []


async def test_many_threads_may_stop_a_track_at_once(gum, camera, is_closed):
    track = (await gum(video=True)).video
    barrier = threading.Barrier(4, timeout=5)

    def stop():
        barrier.wait()
        track.stop()

    await asyncio.gather(*(asyncio.to_thread(stop) for _ in range(4)))
    await is_closed(camera)


# ── loops ────────────────────────────────────────────────────────────────────────────────────────────


def opened_and_used(devices):
    """What a program does in one ``asyncio.run``."""

    async def main():
        async with devices.get_user_media(video=True) as stream:
            async for frame in stream.video:
                return frame.coded_width
        return None

    return asyncio.run(main())


def test_one_media_devices_serves_successive_loops():
    devices = ms.MediaDevices(backends=[FakeBackend([FakeCamera(label="Only")])])
    assert [in_thread(lambda: opened_and_used(devices)) for _ in range(3)] == [640] * 3
    changes = []

    async def listen():
        await devices.enumerate_devices()
        devices.ondevicechange = changes.append
        await asyncio.sleep(0.05)
        devices._backends[0].notify()
        devices.ondevicechange = None
        await asyncio.sleep(0.05)

    in_thread(lambda: asyncio.run(listen()))
    assert changes == []


def test_a_listener_of_a_closed_loop_is_not_watched_for_any_more():
    backend = FakeBackend()
    devices = ms.MediaDevices(backends=[backend])

    async def listen():
        devices.ondevicechange = print
        while not backend._watchers:
            await asyncio.sleep(0.001)

    in_thread(lambda: asyncio.run(listen()))
    backend.notify()
    for _ in range(1000):
        if not backend._watchers:
            break
        threading.Event().wait(0.001)
    assert backend._watchers == []


def test_two_loops_share_a_camera_and_each_hears_its_own_events():
    backend = FakeBackend([FakeCamera(label="Only")])
    devices = ms.MediaDevices(backends=[backend])
    barrier, heard = threading.Barrier(2), []

    async def main():
        stream = await devices.get_user_media(video=True)
        track = stream.video
        loop = asyncio.get_running_loop()
        track.onended = lambda event: heard.append((event.target is track, asyncio.get_running_loop() is loop))
        await asyncio.to_thread(barrier.wait, 5)
        async for frame in track:
            assert frame.coded_width == 640
            break
        await asyncio.to_thread(barrier.wait, 5)
        ended = asyncio.ensure_future(track.wait_for("ended", timeout=5))
        await asyncio.sleep(0)
        await asyncio.to_thread(barrier.wait, 5)
        backend.device("Only").unplug()
        await ended

    threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert heard == [(True, True)] * 2


async def test_a_listener_runs_on_the_loop_where_it_was_added(gum, camera, clock):
    track = (await gum(video=True)).video
    heard, ready, done = [], threading.Event(), threading.Event()

    def other():
        async def main():
            loop = asyncio.get_running_loop()
            mute = asyncio.Event()
            track.add_event_listener("mute", lambda _: (heard.append(asyncio.get_running_loop() is loop), mute.set()))
            ready.set()
            await asyncio.wait_for(mute.wait(), 5)

        asyncio.run(main())
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    await asyncio.to_thread(ready.wait, 5)
    camera.mute()
    await asyncio.to_thread(done.wait, 5)
    await asyncio.to_thread(thread.join, 5)
    assert heard == [True]


def test_a_loop_that_is_closed_under_a_live_stream_leaves_nothing_behind():
    backend = FakeBackend([FakeCamera(label="Only")])
    kept = []

    async def main():
        stream = await ms.MediaDevices(backends=[backend]).get_user_media(video=True)
        kept.extend([stream, stream.video.frames()])
        stream.video.onended = kept.append
        await anext(kept[1])

    in_thread(lambda: asyncio.run(main()))
    stream, frames = kept
    assert stream.video.ready_state == "live"
    backend.device("Only").mute()  # events for a loop that is gone: no error
    backend.device("Only").unmute()
    assert in_thread(lambda: next(frames)).coded_width == 640  # a thread may go on with it
    backend.device("Only").unplug()
    for _ in range(2000):
        if stream.video.ready_state == "ended":
            break
        threading.Event().wait(0.001)
    assert stream.video.ready_state == "ended"  # on the library's own loop
    assert len(kept) == 2
    in_thread(lambda: list(frames))  # ends


def test_calls_wait_for_each_other_on_every_loop_that_a_track_lives_to_see(devices):
    async def apply(track, *widths):
        await asyncio.gather(*(track.apply_constraints(width=width) for width in widths))
        return track.get_settings().width

    async def begin():
        stream = await devices.get_user_media(video=True)
        return stream, await apply(stream.video, 320, 160)

    async def go_on():
        with stream:
            return await apply(stream.video, 640, 100)

    stream, width = in_thread(lambda: asyncio.run(begin()))
    assert width == 160
    assert in_thread(lambda: asyncio.run(go_on())) == 100


def test_a_stream_can_be_used_on_a_later_loop():
    devices = ms.MediaDevices(backends=[FakeBackend([FakeCamera(label="Only")])])
    stream = in_thread(lambda: asyncio.run(_open(devices)))

    async def later():
        await stream.video.apply_constraints(width=320)
        async for frame in stream.video:
            return frame.coded_width
        return None

    assert in_thread(lambda: asyncio.run(later())) == 320
    stream.video.stop()


async def _open(devices):
    return await devices.get_user_media(video=True)


async def test_an_asynchronous_listener_becomes_a_task(gum, camera, clock):
    track, done = (await gum(video=True)).video, []

    @track.on("mute")
    async def on_mute(event):
        await asyncio.sleep(0)
        done.append(event.type)

    camera.mute()
    await clock.advance(0)
    assert done == ["mute"]


async def test_who_awaits_an_event_runs_before_the_next_event(gum, camera, clock):
    track = (await gum(video=True)).video
    seen = []

    async def follow():
        for type in ("mute", "unmute", "mute"):
            await track.wait_for(type)
            seen.append((type, track.muted))

    task = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    camera.mute()
    camera.unmute()
    camera.mute()
    await clock.until(task)
    assert seen == [("mute", True), ("unmute", False), ("mute", True)]


def test_the_same_script_gives_the_same_log_every_time():
    async def run():
        with use_clock(ManualClock()) as clock:
            backend = FakeBackend([FakeCamera(label="Only")])
            async with ms.MediaDevices(backends=[backend]).get_user_media(video={"frame_rate": 10}) as stream:
                track, log = stream.video, []
                for type in ("mute", "unmute", "ended"):
                    track.add_event_listener(type, lambda event: log.append((event.type, clock.now_ns())))
                backend.device("Only").script([(0.35, "mute"), (0.6, "unmute"), (1.2, "unplug")])

                async def consume():
                    async for frame in track.frames(format="gray", width=64):
                        log.append(("frame", frame.timestamp))  # noqa: PERF401 - in order with the events

                task = asyncio.ensure_future(consume())
                await clock.advance(2)
                await task
                return log

    logs = [asyncio.run(run()) for _ in range(10)]
    assert len(logs[0]) > 8
    assert all(log == logs[0] for log in logs)


# ── fork ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_in_a_forked_child_the_parent_s_tracks_have_ended_and_new_ones_work():
    program = """
        import asyncio, os, sys
        import mediastreams as ms
        from mediastreams.testing import FakeBackend, FakeCamera

        devices = ms.MediaDevices(backends=[FakeBackend([FakeCamera(label="Only")])])

        async def main():
            async with devices.get_user_media(video=True) as stream:
                async for frame in stream.video:
                    return frame.coded_width

        async def parent():
            stream = await devices.get_user_media(video=True)
            frames = stream.video.frames()
            await anext(frames)
            child = os.fork()
            if child:
                code = os.waitstatus_to_exitcode(await asyncio.to_thread(lambda: os.waitpid(child, 0)[1]))
                await anext(frames)  # the parent goes on
                assert stream.video.ready_state == "live"
                stream.video.stop()
                sys.exit(code)
            try:
                assert stream.video.ready_state == "ended"
                assert not stream.active
                stream.video.stop()
                stream.video.enabled = False
                assert list(frames_of_a_thread(frames)) == []
                asyncio._set_running_loop(None)  # the parent's, which the child must leave alone: they share its epoll
                assert asyncio.run(main()) == 640
                print("child done", flush=True)
                os._exit(7)
            except BaseException as error:
                print(repr(error), flush=True)
                os._exit(3)

        def frames_of_a_thread(frames):
            import threading
            found = []
            thread = threading.Thread(target=lambda: found.extend(frames), daemon=True)
            thread.start()
            thread.join(5)
            return found if not thread.is_alive() else ["hangs"]

        asyncio.run(parent())
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, "child done\n", "")
