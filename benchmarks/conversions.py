"""What the engine's conversions cost: pictures to arrays and sizes, sound to rates; wall time on one thread.

Run: ``python benchmarks/conversions.py``. The fan-out to many consumers beside aiortc is in ``fan_out.py``.
"""

from __future__ import annotations

import time
from statistics import median

import numpy as np

from mediastreams._engine import convert
from mediastreams._engine.array_formats import frame_from_array
from mediastreams._engine.audio_adapter import AudioAdapter
from mediastreams._engine.frame_refs import deep_copy, private_frame
from mediastreams._engine.frames import Picture, Sound
from mediastreams._engine.rate_corrector import RateCorrector
from mediastreams._engine.video_adapter import VideoAdapter
from mediastreams._engine.video_frame import VideoFrame

ROUNDS = 60


def per_call(work, things):
    """Microseconds of the median call."""
    times = []
    for thing in things:
        before = time.perf_counter()
        work(thing)
        times.append(time.perf_counter() - before)
    return median(times) * 1e6


def pictures():
    noise = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3)).astype(np.uint8)
    rgb = Picture.stamped(frame_from_array(noise, "rgb24", copy=True), 0)
    frame = convert.to_format(rgb, "yuv420p").av
    newest = []
    for index in range(ROUNDS):
        picture = Picture(frame, index * 33_333)
        newest.append(picture)
        yield picture
        if len(newest) > 2:  # as a source's hub does; memory is used again, not fetched anew
            convert.age(newest.pop(0))


def sixty_four(picture):
    for _ in range(64):
        VideoFrame._of(picture).to_ndarray("bgr24")


def sounds(rate):
    second = np.random.default_rng(0).uniform(-1, 1, (2, rate)).astype(np.float32)
    size = rate // 100
    return [
        Sound(np.ascontiguousarray(second[:, place : place + size]), rate, place * 1_000_000 // rate, "stereo")
        for place in range(0, rate, size)
    ]


def drifting(rate):
    corrector = RateCorrector(rate)
    for index in range(100):  # ten seconds in ten: the correction has begun
        corrector.process(Sound(np.zeros((2, rate // 10), np.float32), rate, index * 99_950, "stereo"))
    start = 100 * 99_950
    return corrector, [Sound(sound.samples, rate, start + sound.timestamp, sound.layout) for sound in sounds(rate)]


def main() -> None:
    corrector, drifted = drifting(48_000)
    rows = [
        ("1080p I420 to BGR", per_call(lambda p: convert.to_ndarray(p, "bgr24"), pictures())),
        ("… for 64 consumers, all", per_call(sixty_four, pictures())),
        ("1080p to 640x360", per_call(lambda p: convert.scaled(p, 640, 360), pictures())),
        ("1080p cut and scaled to 640x480", per_call(VideoAdapter(640, 480).process, pictures())),
        ("1080p cut to 1440x1080", per_call(VideoAdapter(1440, 1080).process, pictures())),
        ("a private frame on shared pixels", per_call(lambda p: private_frame(p.av, 1), pictures())),
        ("a deep copy of 1080p I420", per_call(lambda p: deep_copy(p.av), pictures())),
        ("10 ms stereo, 44.1 to 48 kHz", per_call(AudioAdapter(48_000).process, sounds(44_100))),
        ("10 ms stereo to mono", per_call(AudioAdapter(channel_count=1).process, sounds(48_000))),
        ("10 ms stereo, rate corrected", per_call(corrector.process, drifted)),
    ]
    print("| work | µs |\n|---|---|")
    for name, cost in rows:
        print(f"| {name} | {cost:.1f} |")


if __name__ == "__main__":
    main()
