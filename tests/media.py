"""Media made on the spot, servers that misbehave, and a delivery that collects: what the tests of files share."""

from __future__ import annotations

import http.server
import socket
import threading
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np

__all__ = ["Collected", "Tape", "brightness", "make_movie", "make_wav", "serve", "silent_server", "tone"]


class Collected:
    """A delivery: remembers what comes, in order."""

    def __init__(self, clock=None, room=None, *, wants_frames=True, wants_chunks=False):
        self.wants_frames = wants_frames
        self.wants_chunks = wants_chunks
        self.frames = []
        self.arrivals = []
        self.log = []
        self.error = None
        self.over = threading.Event()
        self._changed = threading.Condition()
        self._clock = clock
        self._room = room

    def deliver(self, data):
        with self._changed:
            self.frames.append(data)
            if self._clock is not None:
                self.arrivals.append(self._clock.now_us())
            self._changed.notify_all()

    def set_muted(self, *, muted):
        self.log.append("muted" if muted else "unmuted")
        with self._changed:
            self._changed.notify_all()

    def reconfigured(self, mode):
        self.log.append(mode)

    def end(self, error=None):
        self.log.append("end")
        self.error = error
        self.over.set()
        with self._changed:
            self._changed.notify_all()

    def wait_for_room(self, wake):
        if self._room is not None:
            self._room.wait(wake)

    def wait(self, condition, seconds=15):
        with self._changed:
            assert self._changed.wait_for(condition, seconds), f"{len(self.frames)} frames, {self.log}"

    def wait_frames(self, count, seconds=15):
        self.wait(lambda: len(self.frames) >= count, seconds)

    @property
    def times(self):
        """Timestamps from the first on."""
        return [frame.timestamp - self.frames[0].timestamp for frame in self.frames]

    def samples(self):
        return np.concatenate([sound.samples for sound in self.frames], axis=1)


class Tape:
    """A movie with a collector on every track, in the order of the file."""

    def __init__(self, movie, *, clock=None):
        self.movie = movie
        self.tracks = []
        for source in movie.sources:
            collected = Collected(clock)
            source.start(source.info.mode, {}, collected)
            self.tracks.append(collected)

    def of_kind(self, kind):
        return next(t for t, s in zip(self.tracks, self.movie.sources, strict=True) if s.kind == kind)

    @property
    def video(self):
        return self.of_kind("video")

    @property
    def audio(self):
        return self.of_kind("audio")

    def play_out(self, seconds=30):
        self.movie.play()
        for collected in self.tracks:
            assert collected.over.wait(seconds), collected.log
        assert self.movie.join()
        return self


def tone(rate, seconds, frequency=440.0, channels=1):
    """Sine, float32 [channels, n]; every channel an octave above the one before."""
    t = np.arange(round(rate * seconds)) / rate
    return np.stack([0.5 * np.sin(2 * np.pi * frequency * 2**c * t) for c in range(channels)]).astype(np.float32)


def brightness(picture):
    """Mean of the first row: what `make_movie` wrote into the picture."""
    return np.frombuffer(picture.av.planes[0], np.uint8, picture.width).mean()


def _picture(number, width, height):
    """A grey picture whose brightness tells its number."""
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, value in zip(frame.planes, (16 + number * 5 % 200, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


def make_movie(
    path,
    *,
    frames=25,
    rate=25,
    size=(64, 48),
    codec="mpeg4",
    audio_codec=None,
    audio_seconds=None,
    audio_rate=48000,
    layout="stereo",
    options=None,
    container_options=None,
    pts=None,
    metadata=None,
):
    """Write a small movie; ``pts`` (in milliseconds) makes the frame rate variable. Returns the path."""
    with av.open(str(path), "w", options=container_options or {}) as out:
        video = audio = None
        if codec:
            spinning = {"threads": "1"} if codec == "libvpx" else {}
            video = out.add_stream(codec, rate=rate, options={**spinning, **(options or {})})
            video.width, video.height = size
            video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            if pts is not None:
                video.codec_context.time_base = Fraction(1, 1000)
            for key, value in (metadata or {}).items():
                video.metadata[key] = value
        if audio_codec:
            audio = out.add_stream(audio_codec, rate=audio_rate, layout=layout)
        if audio is not None:
            seconds = audio_seconds if audio_seconds is not None else frames / rate
            channels = audio.codec_context.layout.nb_channels
            samples = tone(audio_rate, seconds, channels=channels)
            size_of = audio.codec_context.frame_size or 1024
            fifo = av.AudioFifo()
            whole = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
            whole.sample_rate = audio_rate
            whole.pts = 0
            resampler = av.AudioResampler(format=audio.codec_context.format, layout=layout, rate=audio_rate)
            for part in resampler.resample(whole):
                fifo.write(part)
            while (chunk := fifo.read(size_of, partial=True)) is not None:
                out.mux(audio.encode(chunk))
            out.mux(audio.encode(None))
        if video is not None:
            for number in range(frames):
                frame = _picture(number, *size)
                if pts is None:
                    frame.pts = number
                    frame.time_base = Fraction(1, rate)
                else:
                    frame.pts = pts[number]
                    frame.time_base = Fraction(1, 1000)
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
    return path


def make_wav(path, samples, rate=48000, codec="pcm_s16le", layout=None):
    """Write float samples [channels, n] through an encoder of FFmpeg's."""
    layout = layout or {1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[0]]
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32), format="fltp", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=rate)
        for part in resampler.resample(frame):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return path


@contextmanager
def serve(files):
    """Serve ``{path: bytes}`` over http on the loopback: yields the base address and the list of requested paths."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = files.get(self.path)
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent_server(body=b"", length=10_000_000):
    """A server that answers every request with the beginning of a file, and then says nothing any more."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections = []
    closing = threading.Event()

    def run():
        while not closing.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            if closing.is_set():
                return
            connection.recv(4096)
            if body is not None:
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()
                try:
                    connection.sendall(head + body)
                except OSError:
                    continue

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/silent.mkv", connections
    finally:
        closing.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()
        for connection in connections:
            connection.close()
        listener.close()
