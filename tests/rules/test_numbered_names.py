"""Names of several files out of one pattern."""

from datetime import datetime

import pytest

from mediastreams._rules.numbered_names import is_numbered, numbered

__all__ = []

WHEN = datetime(2026, 3, 9, 7, 5, 1)  # noqa: DTZ001 - local time, as file names have it


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("out-%03d.mp4", "out-007.mp4"),
        ("out-%3d.mp4", "out-007.mp4"),
        ("out-%d.mp4", "out-7.mp4"),
        ("%Y-%m-%d_%H-%M-%S.mkv", "2026-03-09_07-05-01.mkv"),
        ("%Y%m%d/%04d.mkv", "20260309/0007.mkv"),
        ("100%% %d.wav", "100% 7.wav"),
        ("%%d.wav", "%d.wav"),
        ("5%.wav", "5%.wav"),
    ],
)
def test_a_pattern_is_filled_with_number_and_time(pattern, name):
    assert numbered(pattern, 7, WHEN) == name


def test_a_number_that_outgrows_its_width_is_written_out():
    assert numbered("%02d", 1234, WHEN) == "1234"


@pytest.mark.parametrize(
    ("pattern", "several"),
    [("a.mp4", False), ("100%%.mp4", False), ("5% off.mp4", False), ("%d.mp4", True), ("%H.mp4", True), ("%03d", True)],
)
def test_only_a_pattern_has_several_names(pattern, several):
    assert is_numbered(pattern) is several
