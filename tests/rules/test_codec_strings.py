"""Codec strings: what they ask for beside the codec."""

import pytest

from mediastreams._rules.codec_strings import CodecForm, form_of

__all__ = []


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("avc1", CodecForm(tag="avc1")),
        ("avc1.42E01E", CodecForm(tag="avc1", profile="baseline")),
        ("avc1.4d401f", CodecForm(tag="avc1", profile="main")),
        ("avc3.64003E", CodecForm(tag="avc3", profile="high")),
        ("hvc1", CodecForm(tag="hvc1")),
        ("hev1.1.6.L186.B0", CodecForm(tag="hev1")),
        ("hvc1.1.6.L123.00", CodecForm(tag="hvc1")),
        ("hvc1.A1.6.H93", CodecForm(tag="hvc1")),
        ("av01", CodecForm()),
        ("av01.0.04M.08", CodecForm()),
        ("av01.0.19H", CodecForm()),
        ("av01.0.04M.08.0.110.09.16.09.0", CodecForm()),
        ("vp09.00.10.08", CodecForm()),
        ("vp09.00.41.08.01.01.01.01.00", CodecForm()),
        ("vp08.00.41.08", CodecForm()),
        ("vp8", CodecForm()),
        ("vp8.0", CodecForm()),
        ("mp4a.40.2", CodecForm()),
        ("opus", CodecForm()),
    ],
)
def test_a_codec_string_has_a_form(text, form):
    assert form_of(text) == form


@pytest.mark.parametrize(
    "text",
    ["avc1.", "avc1.42E0", "avc1.XYZ01E", "hvc1.1", "hev1.1.6.M93", "av01.0", "av01.0.04X.08", "vp09.0", "vp9.zero"],
)
def test_what_is_misspelt_is_told_how_it_is_written(text):
    assert "is not how" in form_of(text).problem


@pytest.mark.parametrize(
    "text",
    [
        "avc1.6E001F",
        "avc1.F4001F",
        "hvc1.2.4.L93.B0",
        "av01.0.04M.10",
        "av01.1.04M.08",
        "vp09.02.10.10",
        "vp09.01.10.08",
    ],
)
def test_more_than_eight_bits_or_finer_colour_is_not_recorded(text):
    assert "recorded" in form_of(text).problem
