"""Programs that end, fork or break off while streams are open: quickly, in silence, leaving files that play."""

import signal
import subprocess
import sys
import textwrap
import time

import av
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and fork")

HEAD = """
import asyncio, os, sys, threading, time
import mediastreams as ms

devices = ms.MediaDevices(backends=["fake"])

async def opened():
    return await devices.get_user_media(video={"width": 320, "height": 240}, audio=True)

def say(*words):
    print(*words, flush=True)
"""
STRANGE = ("Exception ignored", "Fatal Python", "Segmentation", "Task was destroyed", "never retrieved")


def start(code, *arguments):
    # -X dev: what the interpreter would hide at its end is said. That it leaves things open is the program's will.
    command = (sys.executable, "-X", "dev", "-W", "ignore::ResourceWarning", "-c", HEAD + textwrap.dedent(code))
    return subprocess.Popen((*command, *map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_line(process, word):
    line = process.stdout.readline().strip()
    if line != word:
        process.kill()
        pytest.fail(f"{line!r} instead of {word!r}: {process.communicate()[1]}")


def finish(process, *, code=0, seconds=5.0, traceback=False):
    """Its end, in time, with that exit code and nothing strange; what it printed."""
    began = time.monotonic()
    try:
        out, err = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"it does not end: {process.communicate()}")
    took = time.monotonic() - began
    assert not [word for word in STRANGE if word in err], err
    assert ("Traceback" in err) is traceback, err
    assert process.returncode == code, err
    assert took < seconds, f"it took {took:.1f} s to end"
    return out, err


def length(path):
    """Seconds of sound and of pictures that can be decoded, without a complaint of ffprobe's."""
    done = subprocess.run(
        ("ffprobe", "-v", "warning", str(path)), capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")
    pictures, samples, rate = [], 0, 1
    with av.open(str(path)) as file:
        for frame in file.decode(file.streams.video[0], file.streams.audio[0]):
            if isinstance(frame, av.VideoFrame):
                pictures.append(float(frame.pts * frame.time_base))
            else:
                samples, rate = samples + frame.samples, frame.sample_rate
    return samples / rate, pictures[-1] - pictures[0]


ENDINGS = {
    "the coroutine returns": ("return", 0, False),
    "the coroutine raises": ("raise ValueError('mine')", 1, True),
    "sys.exit in the coroutine": ("sys.exit(7)", 7, False),
    "the loop is stopped": ("asyncio.get_running_loop().stop(); await asyncio.sleep(9)", 0, False),
}


@pytest.mark.parametrize(
    ("ending", "name"), [*((ending, "a.mp4") for ending in ENDINGS), ("sys.exit in the coroutine", "a.webm")]
)
def test_a_program_that_ends_while_it_records_leaves_a_file_that_plays(need, tmp_path, ending, name):
    need("ffprobe")
    line, code, traceback = ENDINGS[ending]
    program = f"""
        async def main():
            stream = await opened()
            recording = asyncio.ensure_future(ms.record(stream, sys.argv[1]))
            await asyncio.sleep(1.2)
            say("ending")
            {line}

        loop = asyncio.new_event_loop()
        if "stop" in {line!r}:
            task = loop.create_task(main())
            loop.run_forever()
            import logging
            logging.disable()  # that tasks were left pending is what asyncio says of such a program
        else:
            asyncio.run(main())
    """
    process = start(program, tmp_path / name)
    wait_for_line(process, "ending")
    if "stop" in line:  # asyncio's own words on a program that leaves its tasks
        _, err = process.communicate(timeout=20)
        assert process.returncode == 0, err
        assert "Fatal" not in err
    else:
        _, err = finish(process, code=code, traceback=traceback)
        assert not traceback or err.strip().endswith("ValueError: mine")
    for seconds in length(tmp_path / name):
        assert seconds == pytest.approx(1.1, abs=0.5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_recording_leaves_a_file_that_plays(need, tmp_path, number):
    need("ffprobe")
    process = start(
        """
        import signal
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs, and theirs, ignore it

        async def main():
            async with await_stream() as stream:
                async with ms.record(stream, sys.argv[1]) as recording:
                    while recording.stats.elapsed < 1.2:
                        await asyncio.sleep(0.05)
                    say("recording")
                    await asyncio.sleep(30)

        def await_stream():
            return devices.get_user_media(video={"width": 320, "height": 240}, audio=True)

        asyncio.run(main())
        """,
        tmp_path / "a.mkv",
    )
    wait_for_line(process, "recording")
    process.send_signal(number)
    finish(process, code=-number if number != signal.SIGINT else -2, traceback=number == signal.SIGINT)
    lost = 0.6 if number == signal.SIGINT else 1.1  # nothing ends the file: up to its last second is there
    for seconds in length(tmp_path / "a.mkv"):
        assert seconds == pytest.approx(1.2, abs=lost)


LEFT_OPEN = {
    "streams": "stream = await opened(); say('open')",
    "consumers": """
            stream = await opened()
            frames = [track.frames() for track in stream.get_tracks()]
            await asyncio.gather(*(anext(one) for one in frames))
            def watch(frames):
                for frame in frames: time.sleep(0.01)
            for track in stream.get_tracks():
                threading.Thread(target=watch, args=(track.frames(),), daemon=True).start()
            say('open')
            await asyncio.sleep(0.1)""",
    "a listener for changes": "devices.ondevicechange = print; stream = await opened(); say('open')",
    "a display": "stream = await devices.get_display_media(); say('open')",
    "a movie that plays": """
            element = ms.MediaElement(src=sys.argv[1])
            element.loop = True
            await element.play()
            stream = element.capture_stream()
            say('open')""",
    "a file with a free clock that nobody reads on": """
            stream = await ms.open(sys.argv[1], clock='free')
            frames = stream.video.frames(policy='wait')
            await anext(frames)
            say('open')""",
    "a wait": "stream = await opened(); waits = asyncio.ensure_future(stream.video.wait_for('ended')); say('open')",
    "a generator": """
            import numpy
            generator = ms.VideoTrackGenerator()
            stream = ms.MediaStream([generator.track])
            await generator.writable.write(ms.VideoFrame.from_ndarray(numpy.zeros((4, 4, 3), 'uint8'), timestamp=0))
            say('open')""",
}


@pytest.mark.parametrize(
    ("what", "keep"), [*((what, True) for what in LEFT_OPEN), ("consumers", False), ("a movie that plays", False)]
)
def test_what_a_program_leaves_open_does_not_keep_it_from_ending(movie, what, keep):
    keep = "globals().update(kept=locals())" if keep else ""
    process = start(
        f"""
        async def main():
            {LEFT_OPEN[what].strip()}
            {keep}

        asyncio.run(main())
        say("over")
        """,
        movie,
    )
    wait_for_line(process, "open")
    wait_for_line(process, "over")
    finish(process, seconds=3)


def test_a_forked_child_sees_its_parents_tracks_ended_and_can_open_its_own():
    process = start(
        """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: fork with threads

        async def main():
            stream = await opened()
            frames = stream.video.frames()
            await anext(frames)
            child = os.fork()
            if child == 0:
                # In the child the parent's loop must not go on: leave it, as multiprocessing does.
                asyncio.events._set_running_loop(None)
                code = 1
                try:
                    code = in_child(stream, frames)
                finally:
                    os._exit(code)
            _, status = await asyncio.to_thread(os.waitpid, child, 0)
            say("child", os.waitstatus_to_exitcode(status))
            before = frames.stats.delivered
            for _ in range(10):
                await anext(frames)
            say("parent", stream.active, frames.stats.delivered - before)
            for track in stream.get_tracks():
                track.stop()

        def in_child(stream, frames):
            assert [track.ready_state for track in stream.get_tracks()] == ["ended", "ended"], stream.get_tracks()
            assert not stream.active
            for track in stream.get_tracks():
                track.stop()
            rest = sum(1 for _ in frames)  # what waited when it forked; then the end
            assert rest <= 1, rest

            async def anew():
                stream = await opened()
                frames = stream.video.frames(format="bgr24")
                shapes = [(await anext(frames)).to_ndarray().shape for _ in range(5)]
                for track in stream.get_tracks():
                    track.stop()
                return shapes

            shapes = asyncio.new_event_loop().run_until_complete(anew())
            return 0 if shapes == [(240, 320, 3)] * 5 else 3

        asyncio.run(main())
        """
    )
    out, _ = finish(process, seconds=15)
    assert out.splitlines() == ["child 0", "parent True 10"]


@pytest.mark.parametrize(
    ("name", "child_ends"), [("a.mp4", "os._exit(0)"), ("a.mp4", "sys.exit(0)"), ("a.webm", "sys.exit(0)")]
)
def test_a_child_forked_while_recording_does_not_touch_the_file(need, tmp_path, name, child_ends):
    need("ffprobe")
    process = start(
        f"""
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)

        async def main():
            stream = await opened()
            async with ms.record(stream, sys.argv[1]) as recording:
                while recording.stats.elapsed < 0.7:
                    await asyncio.sleep(0.02)
                children = []
                for _ in range(3):
                    child = os.fork()
                    if child == 0:
                        return None
                    children.append(child)
                    await asyncio.sleep(0.2)
                for child in children:
                    _, status = await asyncio.to_thread(os.waitpid, child, 0)
                    say("child", os.waitstatus_to_exitcode(status))
            for track in stream.get_tracks():
                track.stop()
            return recording.summary

        # The child leaves the loop at once, and the block with it, but not by way of `__aexit__`: it would await.
        def run():
            loop = asyncio.new_event_loop()
            task = loop.create_task(main())
            parent = os.getpid()
            while not task.done():
                loop.call_soon(loop.stop)
                loop.run_forever()
                if os.getpid() != parent:
                    import logging
                    logging.disable()
                    {child_ends}
            return task.result()

        summary = run()
        say(summary.dropped, summary.frames > 20)
        """,
        tmp_path / name,
    )
    out, err = process.communicate(timeout=30)
    assert "Fatal" not in err
    assert out.splitlines() == ["child 0"] * 3 + ["0 True"], err
    for seconds in length(tmp_path / name):
        assert seconds > 0.9


def test_a_process_pool_of_forked_children_works_beside_an_open_stream():
    process = start(
        """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        import multiprocessing

        def square(number):
            return number * number

        async def main():
            stream = await opened()
            frames = stream.video.frames(format="gray")
            await anext(frames)
            with multiprocessing.get_context("fork").Pool(2) as pool:
                say(await asyncio.to_thread(pool.map, square, [1, 2, 3]))
                await anext(frames)
            await anext(frames)
            for track in stream.get_tracks():
                track.stop()

        asyncio.run(main())
        """
    )
    out, _ = finish(process, seconds=15)
    assert out.strip() == "[1, 4, 9]"


def test_nothing_of_the_library_is_inherited_by_a_program_that_is_started(tmp_path):
    process = start(
        """
        import subprocess
        async def main():
            stream = await opened()
            async with ms.record(stream, sys.argv[1]):
                await asyncio.sleep(0.5)
                folder = "/proc/self/fd"
                listing = (
                    "import os; names = ['{folder}/' + one for one in os.listdir('{folder}')];"
                    "print([os.readlink(name) for name in names if os.path.lexists(name)])"
                ).replace("{folder}", folder)
                done = await asyncio.to_thread(
                    subprocess.run, [sys.executable, "-c", listing], capture_output=True, text=True, close_fds=False
                )
            for track in stream.get_tracks():
                track.stop()
            say(len(done.stdout) > 20, sys.argv[1] in done.stdout, done.stderr)
        asyncio.run(main())
        """,
        tmp_path / "a.mkv",
    )
    out, _ = finish(process, seconds=15)
    assert out.strip() == "True False"
