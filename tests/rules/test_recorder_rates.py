"""Bit rates: reasonable, and shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.recorder_rates import (
    LEAST_AUDIO,
    LEAST_VIDEO,
    BitRates,
    VideoShape,
    encoder_rate,
    reasonable_rates,
    share_bit_rate,
)

__all__ = []

totals = st.integers(0, 2**32 - 1)


@given(totals)
def test_both_kinds_get_a_part_and_the_parts_are_the_whole(total):
    rates = share_bit_rate(total)
    assert min(rates) > 0
    assert sum(rates) == max(total, sum(rates) if total < 10 * LEAST_VIDEO else 0)


@given(totals)
def test_a_kind_that_is_not_recorded_gets_nothing(total):
    assert share_bit_rate(total, audio=False) == BitRates(max(total, LEAST_VIDEO), 0)
    assert share_bit_rate(total, video=False) == BitRates(0, max(total, LEAST_AUDIO))


def test_sound_gets_a_tenth_until_it_has_enough():
    assert share_bit_rate(500_000) == BitRates(450_000, 50_000)
    assert share_bit_rate(2_000_000) == BitRates(1_872_000, 128_000)


def test_tracks_get_what_their_size_and_channels_need():
    assert reasonable_rates([VideoShape(1280, 720, 30)], [2]) == BitRates(2_764_800, 128_000)
    assert reasonable_rates([VideoShape(160, 120, 30), VideoShape(160, 120, 0)], [1, 1]) == BitRates(400_000, 128_000)
    assert reasonable_rates([VideoShape(7680, 4320, 240)], [64]) == BitRates(50_000_000, 512_000)


def test_kinds_without_tracks_and_tracks_without_size_get_the_usual():
    assert reasonable_rates([], []) == BitRates(2_500_000, 128_000)
    assert reasonable_rates([VideoShape(0, 0, 0)], [0]) == BitRates(2_500_000, 64_000)


@pytest.mark.parametrize(
    ("codec", "rate", "tracks", "channels", "each"),
    [
        ("opus", 128_000, 2, 1, 64_000),
        ("opus", 0, 1, 2, LEAST_AUDIO),
        ("opus", 2_000_000, 1, 1, 256_000),
        ("opus", 2_000_000, 1, 2, 512_000),
        ("aac", 0, 0, 0, 12_000),
        ("aac", 2_000_000, 1, 2, 384_000),
        ("vp9", 0, 1, 1, LEAST_VIDEO),
        ("vp9", 3_000_000, 3, 1, 1_000_000),
        ("vp9", 2**32 - 1, 1, 1, 2_000_000_000),
    ],
)
def test_an_encoder_gets_its_part_within_what_it_takes(codec, rate, tracks, channels, each):
    assert encoder_rate(codec, rate, tracks, channels) == each
