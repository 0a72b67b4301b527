"""Channels up and down: the tables of Web Audio, section by section."""

from itertools import product
from math import sqrt

import pytest

from mediastreams._rules.channel_mixing import layout_name, mixing_matrix

H = sqrt(0.5)


def mixed(inputs, outputs, **options):
    matrix = mixing_matrix(len(inputs), outputs, **options)
    return [sum(gain * value for gain, value in zip(row, inputs, strict=True)) for row in matrix]


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ([1], [1, 1]),
        ([1], [1, 1, 0, 0]),
        ([1], [0, 0, 1, 0, 0, 0]),
        ([1, 2], [1, 2, 0, 0]),
        ([1, 2], [1, 2, 0, 0, 0, 0]),
        ([1, 2, 3, 4], [1, 2, 0, 0, 3, 4]),
    ],
)
def test_mixing_up_keeps_channels_where_their_speakers_are(inputs, outputs):
    assert mixed(inputs, len(outputs)) == outputs


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ([1, 2], [1.5]),
        ([1, 2, 3, 4], [2.5]),
        ([1, 2, 3, 4, 5, 6], [H * 3 + 3 + 0.5 * 11]),
        ([1, 2, 3, 4], [2, 3]),
        ([1, 2, 3, 4, 5, 6], [1 + H * (3 + 5), 2 + H * (3 + 6)]),
        ([1, 2, 3, 4, 5, 6], [1 + H * 3, 2 + H * 3, 5, 6]),
    ],
)
def test_mixing_down_adds_with_the_standards_gains(inputs, outputs):
    assert mixed(inputs, len(outputs)) == pytest.approx(outputs)


def test_other_numbers_are_mixed_in_order():
    assert mixed([1, 2, 3], 2) == [1, 2]
    assert mixed([1, 2, 3], 5) == [1, 2, 3, 0, 0]
    assert mixed([1, 2, 3, 4, 5, 6, 7, 8], 2) == [1, 2]


def test_discrete_mixing_is_in_order_for_all():
    assert mixed([1, 2], 1, interpretation="discrete") == [1]
    assert mixed([1], 2, interpretation="discrete") == [1, 0]


@pytest.mark.parametrize(("inputs", "outputs"), list(product(range(1, 10), repeat=2)))
def test_a_matrix_has_a_row_per_output_and_a_column_per_input(inputs, outputs):
    matrix = mixing_matrix(inputs, outputs)
    assert len(matrix) == outputs
    assert {len(row) for row in matrix} == {inputs}
    if inputs == outputs:
        assert all(matrix[row][column] == (row == column) for row in range(inputs) for column in range(inputs))


def test_layouts_have_ffmpegs_names():
    assert [layout_name(channels) for channels in (1, 2, 4, 6, 8, 12, 0)] == [
        "mono",
        "stereo",
        "quad",
        "5.1",
        "7.1",
        "12 channels",
        "0 channels",
    ]
