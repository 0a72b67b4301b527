"""Streams from scripts, and what programs that are not ours say of the files."""

import asyncio
import json
import subprocess
import threading
import time
from types import SimpleNamespace

import av
import numpy as np
import pytest

from mediastreams._engine.clock import get_clock
from mediastreams._engine.frames import Picture, Sound
from mediastreams._engine.room import Room
from mediastreams._engine.source import SourceHub
from mediastreams._rules.values import AudioMode, DeviceModel, VideoMode
from mediastreams.abc import Source
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.track_source import TrackSource

__all__ = ["Probe", "Scripted", "live_pictures", "live_sounds", "stream_of"]

T0 = 7_000_000_000


def flat_picture(timestamp, luma, width=160, height=120, pixel_format="yuv420p", duration=None):
    frame = av.VideoFrame(width, height, pixel_format)
    for index, plane in enumerate(frame.planes):
        memoryview(plane)[:] = bytes((luma if index == 0 else 128,)) * plane.buffer_size
    return Picture.stamped(frame, timestamp, duration)


def tone(first, count, sample_rate=48_000, channels=1, hertz=440.0):
    t = np.arange(first, first + count) / sample_rate
    return np.tile((0.5 * np.sin(2 * np.pi * hertz * t)).astype(np.float32), (channels, 1))


def pictures(count, *, fps=30, start=T0, **kwargs):
    """Pictures whose brightness goes from 40 up by 2, again and again."""
    return [
        flat_picture(start + round(i * 1_000_000 / fps), 40 + i * 2 % 160, duration=round(1_000_000 / fps), **kwargs)
        for i in range(count)
    ]


def sounds(seconds, *, sample_rate=48_000, real_rate=None, start=T0, layout="mono", hertz=440.0):
    """10 ms chunks of a tone; ``real_rate`` is what the device's clock really does."""
    channels = av.AudioLayout(layout).nb_channels
    step = sample_rate // 100
    real = real_rate or sample_rate
    made = []
    for first in range(0, round(seconds * real), step):
        samples = tone(first, step, real, channels, hertz)
        made.append(Sound(samples, sample_rate, start + round(first * 1_000_000 / real), layout))
    return made


class Scripted(Source):
    """Delivers what it is given: as fast as it is taken, or (live) when a picture's time has come.

    A script's item is a Picture, a Sound, or a function of the delivery (to mute, to fail).
    """

    def __init__(self, kind, script, *, live=False, room=None, mode=None, ends=True):
        self.kind = kind
        self.clock = get_clock()
        self.free_running = not live
        self.room = room
        self.mode = mode or (VideoMode(160, 120, 1, 60) if kind == "video" else AudioMode(48_000, 1))
        self._script = script
        self._ends = ends
        self._thread = None
        self._wake = self.clock.wake()
        self.stopped = threading.Event()

    def start(self, mode, settings, delivery):
        self._thread = threading.Thread(target=self._run, args=(delivery,), name="scripted", daemon=True)
        self._thread.start()
        return self.mode

    def _run(self, delivery):
        for item in self._script:
            if callable(item):
                item(delivery)
                continue
            if self.free_running:
                delivery.wait_for_room(self._wake)
            else:
                self.clock.wait_until(item.timestamp * 1000, self._wake)
            if self._wake.is_set():
                return
            delivery.deliver(item)
        if self._ends:
            delivery.end()

    def stop(self):
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self.stopped.set()


def stream_of(*scripted, settings=None):
    """A stream with a track on each source; and the tracks."""
    tracks = []
    for source in scripted:
        if source.free_running:
            source.room = Room()
        hub = SourceHub(source)
        mode = hub.open(source.mode, {})
        model = DeviceModel(source.kind, modes=(mode,))
        tracks.append(MediaStreamTrack._create(TrackSource(hub, model), settings or {}))
        hub.release()
    return MediaStream(tracks), tracks


@pytest.fixture
def make_stream():
    """`stream_of`, whose tracks are stopped at the end."""
    made, sources = [], []

    def make(*scripted, settings=None):
        stream, tracks = stream_of(*scripted, settings=settings)
        made.extend(tracks)
        sources.extend(scripted)
        return stream

    yield make
    for track in made:
        track.stop()
    for source in sources:
        source.stopped.wait(5)


def live_pictures(seconds, *, fps=30, delay=0.0, **kwargs):
    """Pictures to be delivered from now on, made when they are due."""
    start = get_clock().now_us() + round(delay * 1e6)
    for i in range(round(seconds * fps)):
        yield flat_picture(start + round(i * 1e6 / fps), 40 + i * 2 % 160, **kwargs)


def live_sounds(seconds, *, delay=0.0, layout="mono", hertz=440.0):
    start = get_clock().now_us() + round(delay * 1e6)
    channels = av.AudioLayout(layout).nb_channels
    for i in range(round(seconds * 100)):
        yield Sound(tone(i * 480, 480, channels=channels, hertz=hertz), 48_000, start + i * 10_000, layout)


class Probe:
    """What Debian's ffprobe and ffmpeg say of a file. Any warning of theirs fails the test."""

    def __init__(self, path, *, allow=()):
        self.path = path
        entries = "format=duration,start_time,format_name:stream=codec_type,codec_name,start_time,duration,width,height"
        entries += ",sample_rate,channels,channel_layout,avg_frame_rate"
        done = subprocess.run(
            ["ffprobe", "-v", "warning", "-of", "json", "-show_entries", entries, path],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        self._quiet(done.stderr, allow)
        answer = json.loads(done.stdout)
        self.streams = answer["streams"]
        self.duration = float(answer["format"].get("duration", "nan"))
        self.start = float(answer["format"].get("start_time", 0))
        done = subprocess.run(
            ["ffmpeg", "-v", "warning", "-i", path, "-map", "0", "-f", "null", "-"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        # ffmpeg 5 says so of every two-channel file whose format has no field for the layout
        self._quiet(done.stderr, ("Guessed Channel Layout", *allow))

    def _quiet(self, text, allow):
        lines = [line for line in text.splitlines() if line.strip() and not any(part in line for part in allow)]
        assert not lines, lines

    def stream(self, kind):
        return next(one for one in self.streams if one["codec_type"] == kind)


@pytest.fixture
def probe(need):
    """``await probe(path, allow=(…))``: a `Probe`."""
    need("ffprobe", "ffmpeg")

    async def look(path, **keywords):
        return await asyncio.to_thread(lambda: Probe(path, **keywords))

    return look


@pytest.fixture
def decode():
    """``await decode(path)``: (times in s, mean luma of each picture), (sound [channels, n], rate)."""

    def read(path):
        times, luma, chunks, rate, first = [], [], [], 0, None
        with av.open(str(path)) as container:
            for frame in container.decode(*container.streams.video[:1], *container.streams.audio[:1]):
                if isinstance(frame, av.VideoFrame):
                    times.append(float(frame.pts * frame.time_base))
                    plane = np.frombuffer(frame.planes[0], np.uint8).reshape(-1, frame.planes[0].line_size)
                    luma.append(float(plane[: frame.height, : frame.width].mean()))
                else:
                    rate = frame.sample_rate
                    if first is None and frame.pts is not None:
                        first = float(frame.pts * frame.time_base)
                    array = frame.to_ndarray().astype(np.float32)
                    if not frame.format.is_planar:
                        array = array.reshape(-1, frame.layout.nb_channels).T
                    if "s16" in frame.format.name:
                        array = array / 32768
                    chunks.append(array)
        sound = np.concatenate(chunks, axis=1) if chunks else np.zeros((0, 0), np.float32)
        if first is not None and first < 0:  # the encoder's delay, which players skip
            sound = sound[:, round(-first * rate) :]
        return (times, luma), (sound, rate)

    return lambda path: asyncio.to_thread(read, path)


async def until(condition, seconds=5.0):
    """Wait for something that another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


@pytest.fixture
def made():
    """The makers of this file: ``--import-mode=importlib`` lets tests import no neighbours."""
    return SimpleNamespace(
        T0=T0,
        Scripted=Scripted,
        picture=flat_picture,
        pictures=pictures,
        sounds=sounds,
        tone=tone,
        live_pictures=live_pictures,
        live_sounds=live_sounds,
        until=until,
    )
