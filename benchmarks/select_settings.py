"""SelectSettings on three cameras of 500 native modes each: milliseconds for requests, the simplest first.

First requests of every kind on usual cameras, then the slowest of a wide set on cameras of several kinds: all sizes
different, none fitting into another, the larger the slower, random, not adaptable.

Target: at most 3 ms for any of them, with the parsing of the constraints.
Run: ``python benchmarks/select_settings.py``.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import product

from pairing import compare, main_table

from mediastreams._rules.constraints import parse_constraints
from mediastreams._rules.select_settings import select_settings
from mediastreams._rules.values import DeviceModel, Range, VideoMode

REPEATS = 50
MODES = 500

REQUESTS: dict[str, dict[str, object]] = {
    "nothing asked": {},
    "a size and a rate": {"width": 1280, "height": 720, "frame_rate": 30},
    "exact, of the last device": {"device_id": {"exact": "camera 2"}, "width": {"exact": 1000}},
    "ranges and wishes": {
        "width": {"min": 600, "ideal": 1111, "max": 1800},
        "height": {"min": 300, "ideal": 777},
        "aspect_ratio": {"ideal": 1.6},
        "frame_rate": {"min": 10, "ideal": 23.976, "max": 50},
        "zoom": 2.5,
        "facing_mode": "environment",
    },
    "without scaling": {"resize_mode": {"exact": "none"}, "width": 1234, "frame_rate": {"ideal": 29.97}},
    "five advanced sets": {
        "width": {"ideal": 1280},
        "advanced": [
            {"width": 1920, "height": 1080, "frame_rate": {"min": 50}},
            {"aspect_ratio": {"min": 1.7, "max": 1.8}},
            {"resize_mode": "none", "height": {"min": 700}},
            {"facing_mode": "user", "zoom": {"min": 3}},
            {"frame_rate": {"exact": 24}},
        ],
    },
    "what no camera can do": {"width": {"exact": 1920}, "height": {"exact": 17}, "frame_rate": {"min": 59}},
}

WIDE: dict[str, dict[str, object]] = {
    **REQUESTS,
    "a ratio": {"aspect_ratio": 16 / 9},
    "an irrational ratio": {"aspect_ratio": 1.2345678},
    "exactly a ratio": {"aspect_ratio": {"exact": 16 / 9}},
    "exactly a ratio that no size has": {"aspect_ratio": {"exact": 1.2345678}},
    "a range of ratios": {"aspect_ratio": {"min": 1.7, "max": 1.8}},
    "a tiny range of ratios": {"aspect_ratio": {"min": 1.70001, "max": 1.70002}},
    "a ratio against a size": {"width": 1280, "height": 720, "aspect_ratio": 4 / 3},
    "a square against a large size": {"width": 1920, "height": 1080, "aspect_ratio": 1.0},
    "a ratio against a huge size": {"width": 9000, "height": 9000, "aspect_ratio": 3.0},
    "exactly a ratio against a size": {"width": 1280, "height": 720, "aspect_ratio": {"exact": 1.5}},
    "a range of ratios against a size": {"width": 1280, "height": 720, "aspect_ratio": {"min": 1.2, "max": 1.21}},
    "a ratio and a high rate": {"width": 640, "height": 640, "aspect_ratio": 1.7777, "frame_rate": 61},
    "ranges and wishes that contradict": {
        "width": {"min": 100, "max": 1500, "ideal": 900},
        "height": {"min": 100, "max": 1100, "ideal": 901},
        "aspect_ratio": {"ideal": 2.39, "min": 1.1, "max": 2.5},
        "frame_rate": {"ideal": 48},
    },
    "a rate": {"frame_rate": 29.97},
    "exactly a rate": {"frame_rate": {"exact": 23.976}},
    "a rate above all": {"frame_rate": 500},
    "a ratio without scaling": {"resize_mode": {"exact": "none"}, "aspect_ratio": 1.2345, "width": 1000},
    "scaling": {"resize_mode": {"exact": "crop-and-scale"}, "width": 1234, "height": 777},
    "exactly a ratio, scaled": {"resize_mode": {"exact": "crop-and-scale"}, "aspect_ratio": {"exact": 1.85}},
    "advanced sizes": {"advanced": [{"width": 16 * n, "height": 9 * n} for n in (240, 160, 120, 80, 40)]},
    "advanced ratios": {"width": 1280, "advanced": [{"aspect_ratio": r} for r in (2.39, 1.85, 16 / 9, 1.5, 4 / 3, 1)]},
    "ten advanced ranges of ratios": {
        "width": 1280,
        "height": 700,
        "aspect_ratio": 1.33,
        "advanced": [{"aspect_ratio": {"min": n / 10, "max": n / 10 + 0.01}} for n in range(11, 21)],
    },
    "advanced rates": {"advanced": [{"frame_rate": {"exact": rate}} for rate in (120, 60, 59.94, 50, 30)]},
    "a ratio that contradicts a size": {
        "width": {"exact": 1000},
        "height": {"exact": 500},
        "aspect_ratio": {"exact": 1.5},
        "frame_rate": {"min": 20},
    },
    "an unknown device": {"device_id": {"exact": "nobody"}, "width": {"min": 100}, "aspect_ratio": {"min": 1}},
}


def camera(number: int) -> DeviceModel:
    sizes = [(160 + 40 * i, 120 + 24 * i + 8 * number) for i in range(50)]
    rates = (5.0, 7.5, 10.0, 12.5, 15.0, 20.0, 24.0, 25.0, 30.0, 60.0)
    modes = tuple(
        VideoMode(width, height, rate, rate, ("mjpeg", "yuyv422")[index % 2])
        for index, ((width, height), rate) in enumerate(product(sizes, rates))
    )
    assert len(modes) == MODES
    return DeviceModel(
        "video",
        f"camera {number}",
        f"group {number}",
        modes,
        {"facing_mode": (("user", "environment", "left")[number],), "torch": (False, True)},
        {"zoom": Range(1.0, 4.0), "brightness": Range(0.0, 255.0)},
        {"zoom": 1.0},
    )


def cameras(mode: Callable[[random.Random, int], VideoMode], *, adaptable: bool = True) -> list[DeviceModel]:
    rng = random.Random(0)
    return [
        DeviceModel(
            "video", f"camera {n}", f"group {n}", tuple(mode(rng, index) for index in range(MODES)), adaptable=adaptable
        )
        for n in range(3)
    ]


def any_mode(rng: random.Random, _: int) -> VideoMode:
    return VideoMode(
        rng.randrange(64, 4096), rng.randrange(48, 3072), rng.choice((2.5, 5, 15)), rng.choice((15, 30, 60))
    )


CAMERAS: dict[str, Callable[[], list[DeviceModel]]] = {
    "usual": lambda: [camera(number) for number in range(3)],
    "all sizes different": lambda: cameras(lambda _, i: VideoMode(160 + 4 * i, 120 + 3 * i, 30.0, 30.0)),
    "none fits into another": lambda: cameras(lambda _, i: VideoMode(160 + 4 * i, 2200 - 4 * i, 5.0, 30.0)),
    "the larger the slower": lambda: cameras(lambda _, i: VideoMode(160 + 4 * i, 120 + 3 * i, 5.0, 60 - i / 10)),
    "random": lambda: cameras(any_mode),
    "random, not adaptable": lambda: cameras(any_mode, adaptable=False),
}


def worst_of(devices: list[DeviceModel], times: int = 15) -> list[tuple[float, str]]:
    """Median milliseconds of CPU time for each request of the wide set, the slowest first."""
    found = []
    for name, request in WIDE.items():
        spent = []
        for _ in range(times):
            before = time.process_time_ns()
            select_settings(devices, parse_constraints("video", request))
            spent.append((time.process_time_ns() - before) / 1e6)
        found.append((statistics.median(spent), name))
    return sorted(found, reverse=True)


def select(devices: list[DeviceModel], request: dict[str, object]) -> None:
    for _ in range(REPEATS):
        select_settings(devices, parse_constraints("video", request))


if __name__ == "__main__":
    devices = [camera(number) for number in range(3)]
    results = compare({name: partial(select, devices, request) for name, request in REQUESTS.items()})
    main_table(f"SelectSettings, 3 devices × {MODES} modes", results, per=REPEATS, unit="ms", scale=1e3)

    print(f"\nThe slowest of {len(WIDE)} requests, medians of CPU time (the first of new devices)")
    for kind, make in CAMERAS.items():
        devices = make()
        made = time.process_time_ns()
        select_settings(devices, parse_constraints("video", {"width": 1280, "height": 720, "frame_rate": 30}))
        first = (time.process_time_ns() - made) / 1e6
        (slowest, name), (second, other), *_ = worst_of(devices)
        print(f"  {kind:<24} {slowest:6.2f} ms {name}, {second:.2f} ms {other} ({first:.2f} ms)")
