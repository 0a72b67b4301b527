"""H.264's profiles: the table of RFC 6184, and who decodes what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.h264_profiles import H264Profile, fits_profile, profile_level

CB, B, M, CH, H = (
    H264Profile.CONSTRAINED_BASELINE,
    H264Profile.BASELINE,
    H264Profile.MAIN,
    H264Profile.CONSTRAINED_HIGH,
    H264Profile.HIGH,
)


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("42e01f", (CB, 31)),
        ("42C01F", (CB, 31)),
        ("42001f", (B, 31)),
        ("420010", (B, 16)),
        ("4d801f", (CB, 31)),
        ("4d001f", (M, 31)),
        ("4d4028", (M, 40)),
        ("58c01e", (CB, 30)),
        ("58801e", (B, 30)),
        ("58a01e", None),
        ("58001e", None),
        ("64001f", (H, 31)),
        ("640c1f", (CH, 31)),
        ("64081f", (H, 31)),
        ("42f00b", (CB, 9)),
        ("42e00b", (CB, 11)),
        ("64100b", (H, 11)),
        ("7a001f", None),
        ("42e01", None),
        ("42e0", None),
        ("42e01f00", None),
        ("zz001f", None),
        ("", None),
    ],
)
def test_a_profile_level_id_is_read_by_the_table(identifier, expected):
    assert profile_level(identifier) == expected


@pytest.mark.parametrize(
    ("stream", "negotiated", "fits"),
    [
        (CB, CB, True),
        (CB, B, True),
        (CB, M, True),
        (CB, CH, True),
        (CB, H, True),
        (M, H, True),
        (CH, H, True),
        (B, M, False),
        (B, H, False),
        (M, CB, False),
        (H, M, False),
        (H, CH, False),
        (B, CB, False),
    ],
)
def test_a_decoder_takes_its_own_profile_and_those_within_it(stream, negotiated, fits):
    assert fits_profile(stream, negotiated) is fits


@given(st.text(max_size=10))
def test_nonsense_is_no_profile_and_no_error(text):
    found = profile_level(text)
    assert found is None or isinstance(found.profile, H264Profile)
