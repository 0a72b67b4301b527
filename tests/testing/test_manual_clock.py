import asyncio
import hashlib
import sys
import threading
import time
from itertools import pairwise

import pytest

import mediastreams as ms
from mediastreams._engine.worker import Worker
from mediastreams._webidl.tasks import in_parallel
from mediastreams.testing import FakeBackend, ManualClock, read_counter, use_clock


@pytest.fixture
def clock():
    with use_clock(ManualClock()) as clock:
        yield clock


async def test_calls_run_in_order_each_exactly_at_its_instant(clock):
    log = []
    start = clock.now_ns()
    for delay in (300, 100, 200, 100):
        clock.call_at(start + delay, lambda delay=delay: log.append((delay, clock.now_ns() - start)))
    await clock.advance(250e-9)
    assert log == [(100, 100), (100, 100), (200, 200)]
    assert clock.now_ns() == start + 250
    await clock.advance(50e-9)
    assert log[3:] == [(300, 300)]


async def test_a_call_may_ask_for_the_next_one(clock):
    log = []

    def tick(number):
        log.append(clock.now_ns())
        clock.call_at(clock.now_ns() + 1_000_000, lambda: tick(number + 1))

    tick(0)
    await clock.advance(0.01)
    assert [b - a for a, b in pairwise(log)] == [1_000_000] * 10


async def test_a_call_that_raises_breaks_nothing(clock, caplog):
    log = []
    clock.call_at(clock.now_ns(), lambda: 1 / 0)
    clock.call_at(clock.now_ns(), lambda: log.append("after"))
    await clock.advance(0)
    assert log == ["after"]
    assert "ZeroDivisionError" in caplog.text


async def test_time_does_not_go_back(clock):
    with pytest.raises(ValueError, match="back"):
        await clock.advance(-1)


async def test_two_advances_at_once_are_refused(clock):
    clock.call_at(clock.now_ns(), lambda: None)
    first = asyncio.create_task(clock.advance(1))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="advanced already"):
        await clock.advance(1)
    await first


async def test_a_worker_wakes_at_its_time_and_is_waited_for(clock):
    log = []
    wake = clock.wake()

    def run():
        while not clock.wait_until(clock.now_ns() + 10_000_000, wake):
            threading.Event().wait(0.002)  # work that takes real time
            log.append(clock.now_ns())

    start = clock.now_ns()
    worker = Worker("test", run, finish=wake.set).start()
    await clock.advance(0.05)
    assert log == [start + 10_000_000 * n for n in range(1, 6)]
    wake.set()
    assert worker.join(5)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell which threads run")
async def test_a_worker_that_computes_for_long_at_one_place_is_waited_for(clock):
    log = []
    wake = clock.wake()
    rounds = 20_000
    began = time.perf_counter()
    hashlib.pbkdf2_hmac("sha256", b"", b"", rounds)
    rounds = round(rounds * 0.7 / (time.perf_counter() - began))  # as long as an encoder may take: 0.7 s

    def run():
        clock.wait_until(clock.now_ns() + 10_000_000, wake)
        hashlib.pbkdf2_hmac("sha256", b"", b"", rounds)
        log.append(clock.now_ns())

    start = clock.now_ns()
    worker = Worker("test", run, finish=wake.set).start()
    await clock.advance(0.5)
    assert log == [start + 10_000_000]
    assert worker.join(5)


async def test_workers_with_the_same_deadline_wake_in_the_order_they_began_to_wait(clock):
    log = []
    stop = clock.wake()

    def body(name):
        def run():
            while not clock.wait_until((clock.now_ns() // 1_000_000 + 1) * 1_000_000, stop):
                log.append(name)

        return run

    workers = []
    for name in "abc":
        workers.append(Worker(name, body(name), finish=stop.set).start())
        await clock.advance(0)  # comes back when it waits
    await clock.advance(0.003)
    assert "".join(log) == "abcabcabc"
    stop.set()
    assert all(worker.join(5) for worker in workers)


async def test_a_blocking_call_in_flight_is_waited_for(clock):
    done = []

    async def work():
        await in_parallel(threading.Event().wait, 0.03)
        done.append(clock.now_ns())

    task = asyncio.create_task(work())
    start = clock.now_ns()
    clock.call_at(start + 1000, lambda: None)
    await clock.advance(1)
    assert done == [start]
    await task


async def test_until_lets_pass_only_as_much_time_as_is_needed(clock):
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    start = clock.now_ns()
    clock.call_at(start + 7_000_000_000, lambda: loop.call_soon_threadsafe(event.set))
    clock.call_at(start + 9_000_000_000, lambda: None)
    await clock.until(event.wait())
    assert clock.now_ns() == start + 7_000_000_000
    assert clock.now == 1007.0


async def test_until_gives_up_when_nothing_is_due_any_more(clock):
    with pytest.raises(TimeoutError, match="nothing due"):
        await clock.until(asyncio.Event().wait())


def test_without_a_loop_time_passes_too(clock):
    log = []
    clock.call_at(clock.now_ns() + 1, lambda: log.append(1))
    clock.advance_blocking(1)
    assert log == [1]


async def _scenario():
    """Two cameras, a microphone, events, conversions, an unplugged device: everything that is heard of it."""
    log = []
    clock = ManualClock()
    with use_clock(clock):
        backend = FakeBackend()
        devices = ms.MediaDevices(backends=[backend])
        devices.ondevicechange = lambda event: log.append((clock.now_ns(), event.type))
        camera = backend.device("Fake camera 1 (user)")
        camera.script([(0.21, "mute"), (0.33, "unmute"), (0.52, "unplug")])
        stream = await clock.until(
            devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True)
        )
        other = await clock.until(devices.get_user_media(video={"facing_mode": {"exact": "environment"}}))
        tracks = [*stream.get_tracks(), *other.get_tracks()]
        for track in tracks:
            for name in ("mute", "unmute", "ended"):
                track.on(name)(lambda event, track=track: log.append((clock.now_ns(), track.label, event.type)))

        async def look(track, **options):
            async for frame in track.frames(**options):
                text = read_counter(frame.to_ndarray("rgb24")) if track.kind == "video" else frame.number_of_frames
                log.append((clock.now_ns(), track.label, frame.timestamp, text))

        tasks = [asyncio.create_task(look(track)) for track in tracks]
        tasks.append(asyncio.create_task(look(stream.video, format="rgb24", width=160, height=120)))
        await clock.advance(0.7)
        for track in tracks:
            track.stop()
        await asyncio.wait(tasks)
    return log


async def test_a_dozen_runs_of_a_scenario_give_one_log():
    first = await _scenario()
    assert len(first) > 80
    for _ in range(11):
        assert await _scenario() == first


@pytest.mark.soak
async def test_a_hundred_runs_of_a_scenario_give_one_log():
    first = await _scenario()
    for _ in range(99):
        assert await _scenario() == first
