"""What a fake camera's controls do to its picture: everything shows, and nothing hides the frame counter."""

from contextlib import closing

import av
import numpy as np
import pytest

import mediastreams as ms
from mediastreams._backends.fake.test_card import Look, TestCard
from mediastreams.testing import FakeBackend, ManualClock, read_counter, use_clock

CONTROLS = [
    {"zoom": 2},
    {"pan": 72_000},
    {"tilt": 54_000},
    {"brightness": 200},
    {"contrast": 200},
    {"saturation": 0},
    {"sharpness": 255},
    {"sharpness": 0},
    {"torch": True},
    {"exposure_compensation": 1},
    {"exposure_mode": "manual", "exposure_time": 312},
    {"exposure_mode": "manual", "iso": 50},
    {"focus_mode": "manual", "focus_distance": 4},
    {"white_balance_mode": "manual", "color_temperature": 7500},
    {"points_of_interest": [{"x": 0.1, "y": 0.8}]},
]


@pytest.fixture
def clock():
    with use_clock(ManualClock()) as clock:
        yield clock


@pytest.fixture
def devices(clock):
    return ms.MediaDevices(backends=[FakeBackend()])


def _seen(**look):
    frame = TestCard(Look(320, 240, "A", **look)).paint(4242, 200_000, 0)
    picture = av.video.reformatter.VideoReformatter().reformat(frame, 320, 240, "rgb24").to_ndarray()
    assert read_counter(picture) == 4242
    return picture.astype(int)


@pytest.mark.parametrize("control", CONTROLS, ids="-".join)
async def test_every_control_is_a_constraint_a_setting_and_seen_in_the_picture(devices, clock, control):
    async with devices.get_user_media(video=True) as stream:
        track = stream.video
        with closing(track.frames(format="rgb24", width=320)) as frames:
            before = (await clock.until(anext(frames))).to_ndarray().astype(int)
            await track.apply_constraints({name: {"exact": value} for name, value in control.items()})
            after = (await clock.until(anext(frames))).to_ndarray()
        for name, value in control.items():
            assert track.get_settings()[name] == (tuple(value) if isinstance(value, list) else value)
        assert track.get_constraints() == {name: {"exact": value} for name, value in control.items()}
        assert read_counter(after) >= 0
        assert (np.abs(after[100:, :60].astype(int) - before[100:, :60]) > 15).mean() > 0.002


@pytest.mark.parametrize("mode", ["continuous", "single-shot", "none"])
async def test_values_of_a_manual_mode_change_nothing_in_another(devices, clock, mode):
    values = {"exposure_time": 900, "iso": 400, "focus_distance": 8, "color_temperature": 7000}
    modes = dict.fromkeys(("exposure_mode", "focus_mode", "white_balance_mode"), mode)
    async with devices.get_user_media(video=True) as stream:
        track = stream.video
        with closing(track.frames(format="rgb24", width=320)) as frames:
            before = (await clock.until(anext(frames))).to_ndarray().astype(int)
            await track.apply_constraints({**values, **modes})
            after = (await clock.until(anext(frames))).to_ndarray()
        assert track.get_settings()["focus_mode"] == mode
        assert np.array_equal(after[150:190, :60], before[150:190, :60])


def test_twice_the_light_is_brighter_and_half_of_it_darker():
    plain = _seen()[:, :40].mean()
    assert _seen(light=2)[:, :40].mean() > plain * 1.2
    assert _seen(light=0.5)[:, :40].mean() < plain * 0.7


def test_turning_to_the_right_moves_the_card_to_the_left():
    plain, turned = _seen(), _seen(pan=6)  # degrees: a tenth of the picture
    assert np.array_equal(turned[100:130, :40], plain[100:130, 32:72])
    assert np.array_equal(_seen(pan=60)[100:130], plain[100:130])  # the next card


def test_turning_upwards_moves_the_card_down():
    plain, turned = _seen(), _seen(tilt=6)
    assert np.array_equal(turned[180:200, :40], plain[156:176, :40])


def test_a_zoom_of_two_shows_half_of_the_card_twice_as_large():
    plain, zoomed = _seen(), _seen(zoom=2)
    assert np.array_equal(zoomed[40:50, 10], plain[80:85, 85].repeat(2, axis=0))


def test_out_of_focus_edges_are_softer_and_sharpened_ones_harder():
    def steepest(picture):
        return np.abs(np.diff(picture[100, :60].sum(axis=1))).max()

    assert (
        steepest(_seen(defocus=3)) < steepest(_seen(sharpness=0)) <= steepest(_seen()) <= steepest(_seen(sharpness=255))
    )


async def test_the_camera_that_is_held_in_a_hand_is_not_turned(devices):
    async with devices.get_user_media(video={"facing_mode": {"exact": "environment"}}) as stream:
        able = stream.video.get_capabilities()
        assert "pan" not in able
        assert "tilt" not in able
        assert able.zoom == {"min": 1, "max": 4, "step": 0.1}


async def test_who_asks_for_a_camera_that_turns_gets_one(devices):
    wanted = {"facing_mode": "environment"}
    async with devices.get_user_media(video=wanted) as stream:
        assert stream.video.get_settings().facing_mode == "environment"
    async with devices.get_user_media(video={"advanced": [{"pan": True}], **wanted}) as stream:
        assert stream.video.get_settings().facing_mode == "user"
