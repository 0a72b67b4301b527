"""What settings mean for a microphone's sound, and the arithmetic of its times."""

import pytest

from mediastreams._rules.sound_processing import (
    NO_PROCESSING,
    PROCESSING_CHOICES,
    Processing,
    can_process,
    filter_delay,
    processing_of,
    reference_lead,
)
from mediastreams._rules.values import AudioMode

HERE = frozenset(PROCESSING_CHOICES)


@pytest.mark.parametrize(
    ("settings", "processing"),
    [
        ({}, NO_PROCESSING),
        ({"echo_cancellation": False, "noise_suppression": False, "auto_gain_control": False}, NO_PROCESSING),
        ({"echo_cancellation": True}, Processing("all")),
        ({"echo_cancellation": "all"}, Processing("all")),
        ({"echo_cancellation": "remote-only"}, Processing("remote-only")),
        ({"noise_suppression": True, "sample_rate": 48_000}, Processing(noise=True)),
        ({"auto_gain_control": True, "echo_cancellation": False}, Processing(gain=True)),
        (dict.fromkeys(HERE, True), Processing("all", noise=True, gain=True)),
    ],
)
def test_settings_mean_one_processing(settings, processing):
    assert processing_of(settings, HERE) == processing


def test_what_the_device_does_by_itself_is_not_done_again():
    assert processing_of(dict.fromkeys(HERE, True), ()) == NO_PROCESSING
    assert processing_of(dict.fromkeys(HERE, True), {"noise_suppression"}) == Processing(noise=True)


def test_the_choices_are_in_the_standards_order_and_all_is_on_unless_somebody_says_so():
    assert PROCESSING_CHOICES["echo_cancellation"] == (True, False, "all", "remote-only")
    assert {values[0] for values in PROCESSING_CHOICES.values()} == {True}


@pytest.mark.parametrize(
    ("rate", "channels", "possible"),
    [(48_000, 2, True), (44_100, 1, True), (8_000, 8, True), (48_000, 9, False), (22_050, 1, False)],
)
def test_rates_that_do_not_part_into_frames_and_too_many_channels_are_not_processed(rate, channels, possible):
    assert can_process(AudioMode(rate, channels)) is possible


@pytest.mark.parametrize(
    ("processing", "rate", "samples"),
    [
        (NO_PROCESSING, 44_100, 0),
        (Processing(gain=True), 48_000, 0),
        (Processing(gain=True), 44_100, 32),
        (Processing("all"), 48_000, 430),
        (Processing("remote-only", gain=True), 16_000, 128),
        (Processing(noise=True), 32_000, 195),
        (Processing("all", noise=True, gain=True), 48_000, 718),
    ],
)
def test_filters_delay_by_what_they_do(processing, rate, samples):
    assert filter_delay(processing, rate) == samples


def test_no_usual_microphone_is_delayed_by_more_than_fifteen_milliseconds():
    everything = Processing("all", noise=True, gain=True)
    assert max(filter_delay(everything, rate) / rate for rate in (16_000, 32_000, 44_100, 48_000, 96_000)) < 0.0151


@pytest.mark.parametrize(
    ("ahead", "lead"),
    [(-5, 0), (0, 0), (29_999, 0), (30_000, 10_000), (59_000, 30_000), (100_000, 80_000), (10**7, 80_000)],
)
def test_a_canceller_is_told_of_a_sound_as_early_as_it_is_known_in_whole_frames(ahead, lead):
    assert reference_lead(ahead) == lead
