import random

import pytest

from mediastreams._rules.serving import cheapest_mode, is_cropped, mode_order, serves
from mediastreams._rules.values import AudioMode, DeviceModel, VideoMode

HD = VideoMode(1280, 720, 5.0, 30.0)
VGA = VideoMode(640, 480, 30.0, 30.0)
FAST = VideoMode(640, 480, 60.0, 60.0)
FULL = VideoMode(1920, 1080, 30.0, 30.0)
STEREO = AudioMode(48000, 2, 16, 0.01, 0.1)


def scaled(width, height, rate=30.0):
    return {"width": width, "height": height, "frame_rate": rate, "resize_mode": "crop-and-scale"}


def native(width, height, rate=30.0):
    return {**scaled(width, height, rate), "resize_mode": "none"}


@pytest.mark.parametrize(
    ("mode", "settings", "served"),
    [
        (HD, {}, True),
        (HD, scaled(1280, 720), True),
        (HD, scaled(640, 480, 7.5), True),
        (HD, scaled(1281, 720), False),
        (HD, scaled(1280, 721), False),
        (HD, scaled(1280, 720, 31.0), False),
        (HD, scaled(1280, 720, 1.0), True),
        (HD, native(1280, 720), True),
        (HD, native(1280, 720, 1.0), False),
        (HD, native(640, 360), False),
        (HD, {"zoom": 3.0, "resize_mode": "none"}, True),
        (STEREO, {}, True),
        (STEREO, {"sample_rate": 48000, "channel_count": 2, "sample_size": 16, "latency": 0.05}, True),
        (STEREO, {"sample_rate": 8000, "channel_count": 1}, True),
        (STEREO, {"sample_rate": 7999}, False),
        (STEREO, {"channel_count": 3}, False),
        (STEREO, {"sample_size": 24}, False),
        (STEREO, {"latency": 0.5}, False),
        (AudioMode(384000, 1), {"sample_rate": 384000}, True),
        (AudioMode(384000, 1), {"sample_rate": 300000}, True),
    ],
)
def test_an_adapter_only_takes_away(mode, settings, served):
    assert serves(mode, settings) is served


def test_without_an_adapter_only_the_mode_itself_is_served():
    assert serves(HD, scaled(1280, 720), adaptable=False)
    assert not serves(HD, scaled(640, 360), adaptable=False)
    assert serves(STEREO, {"channel_count": 2}, adaptable=False)
    assert not serves(STEREO, {"channel_count": 1}, adaptable=False)


def test_several_tracks_share_the_smallest_mode_that_shows_each_its_whole_picture():
    modes = [FULL, HD, FAST, VGA]
    for seed in range(5):
        random.Random(seed).shuffle(modes)
        camera = DeviceModel("video", modes=tuple(modes))
        assert cheapest_mode(camera, []) == VGA
        assert cheapest_mode(camera, [scaled(320, 240)]) == VGA
        assert cheapest_mode(camera, [scaled(320, 240, 50.0)]) == FAST
        assert cheapest_mode(camera, [scaled(320, 180)]) == HD
        assert cheapest_mode(camera, [scaled(320, 180), scaled(1500, 800)]) == FULL
        assert cheapest_mode(camera, [scaled(320, 240), native(1280, 720)]) == HD


def test_no_mode_serves_tracks_that_contradict_each_other():
    camera = DeviceModel("video", modes=(FULL, HD, VGA))
    assert cheapest_mode(camera, [native(1280, 720), native(640, 480)]) is None
    assert cheapest_mode(camera, [native(1280, 720, 15.0), native(1280, 720, 30.0)]) is None
    assert cheapest_mode(camera, [native(1280, 720, 15.0), scaled(320, 180, 30.0)]) is None
    assert cheapest_mode(camera, [native(1280, 720, 15.0), scaled(320, 180, 15.0)]) == HD
    assert cheapest_mode(camera, [scaled(4000, 4000)]) is None
    fixed = DeviceModel("video", modes=(FULL, HD), adaptable=False)
    assert cheapest_mode(fixed, [scaled(640, 360)]) is None


def test_the_cheapest_microphone_mode_has_just_enough_channels():
    microphone = DeviceModel("audio", modes=(AudioMode(48000, 6), STEREO, AudioMode(48000, 1)))
    assert cheapest_mode(microphone, [{"channel_count": 2}, {"channel_count": 1}]) == STEREO


@pytest.mark.parametrize(
    ("mode", "settings", "cropped"),
    [
        (HD, scaled(640, 360), False),
        (HD, scaled(641, 361), False),
        (HD, scaled(640, 480), True),
        (HD, scaled(7, 4), False),
        (VGA, scaled(320, 240), False),
        (VGA, {"width": 100}, False),
        (STEREO, {"width": 1, "height": 9}, False),
    ],
)
def test_a_picture_is_cropped_when_more_than_rounding_is_cut_off(mode, settings, cropped):
    assert is_cropped(mode, settings) is cropped


def test_modes_are_ordered_small_then_cheap_then_slow():
    first = VideoMode(640, 480, 30, 30)
    others = [VideoMode(1280, 720, 5, 5), VideoMode(640, 480, 5, 15, cost=1), VideoMode(640, 480, 30, 60)]
    assert min([*others, first], key=mode_order) == first
    assert mode_order(AudioMode(48000, 1)) < mode_order(AudioMode(48000, 2))
