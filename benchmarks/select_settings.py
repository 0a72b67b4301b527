"""SelectSettings on three cameras of 500 native modes each: milliseconds for requests, the simplest first.

Target: at most 3 ms for any of them, with the parsing of the constraints.
Run: ``python benchmarks/select_settings.py``.
"""

from __future__ import annotations

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


def select(devices: list[DeviceModel], request: dict[str, object]) -> None:
    for _ in range(REPEATS):
        select_settings(devices, parse_constraints("video", request))


if __name__ == "__main__":
    devices = [camera(number) for number in range(3)]
    results = compare({name: partial(select, devices, request) for name, request in REQUESTS.items()})
    main_table(f"SelectSettings, 3 devices × {MODES} modes", results, per=REPEATS, unit="ms", scale=1e3)
