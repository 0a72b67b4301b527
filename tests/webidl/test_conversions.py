"""Web IDL's types: what is accepted, what it becomes, and what the error says."""

import math
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

import numpy as np
import pytest

from mediastreams._webidl import conversions as c


class Colour(StrEnum):
    RED = "red"
    BLUE = "light-blue"


ACCEPTED = [
    (c.boolean, True, True),
    (c.boolean, np.bool_(0), False),
    (c.double, 3, 3.0),
    (c.double, Fraction(30000, 1001), 30000 / 1001),
    (c.double, np.float32(0.5), 0.5),
    (c.double, np.int64(7), 7.0),
    (c.unrestricted_double, math.inf, math.inf),
    (c.unrestricted_double, -(10**400), -math.inf),
    (c.clamped_unsigned_long, 640.4, 640),
    (c.clamped_unsigned_long, 2.5, 2),
    (c.clamped_unsigned_long, 3.5, 4),
    (c.clamped_unsigned_long, -5, 0),
    (c.clamped_unsigned_long, math.nan, 0),
    (c.clamped_unsigned_long, math.inf, 2**32 - 1),
    (c.clamped_unsigned_long, 10**400, 2**32 - 1),
    (c.clamped_unsigned_long, np.uint16(1280), 1280),
    (c.clamped_long_long, -2.5, -2),
    (c.clamped_long_long, math.nan, 0),
    (c.clamped_long_long, -math.inf, -(2**53) + 1),
    (c.clamped_long_long, 2**70, 2**53 - 1),
    (c.long_long, -1.9, -1),
    (c.long_long, 2**63 - 1, 2**63 - 1),
    (c.long_long, np.int64(-5), -5),
    (c.usv_string, "café", "café"),
    (c.usv_string, "a\ud800b", "a\ufffdb"),
    (c.usv_string, "\ud83d\ude00", "\U0001f600"),
    (c.unsigned_short, 3.9, 3),
    (c.unsigned_short, -0.5, 0),
    (c.unsigned_short, 65535, 65535),
    (c.unsigned_long, np.int32(12), 12),
    (c.unsigned_long_long, 2**64 - 1, 2**64 - 1),
    (c.dom_string, "a", "a"),
    (c.dom_string, Colour.BLUE, "light-blue"),
    (c.dom_string, np.str_("x"), "x"),
    (c.enumeration(Colour), "red", Colour.RED),
    (c.sequence_of(c.double), (1, 2), [1.0, 2.0]),
    (c.sequence_of(c.double), np.array([1, 2]), [1.0, 2.0]),
    (c.sequence_of(c.dom_string), iter(["a"]), ["a"]),
    (c.instance_of(Fraction), Fraction(1), Fraction(1)),
    (c.instance_of(lambda: Fraction), Fraction(1), Fraction(1)),
    (c.anything, None, None),
]


@pytest.mark.parametrize(("convert", "value", "expected"), ACCEPTED)
def test_a_fitting_value_becomes_the_idl_type_in_plain_python(convert, value, expected):
    converted = convert(value, "here")
    assert converted == expected
    assert type(converted) is type(expected)


REFUSED = [
    (c.boolean, 1, "a bool"),
    (c.boolean, "yes", "a bool"),
    (c.double, True, "a number"),
    (c.double, "30", "a number"),
    (c.double, Decimal(3), "a number"),
    (c.double, math.nan, "a finite number"),
    (c.double, math.inf, "a finite number"),
    (c.double, 1j, "a number"),
    (c.double, None, "a number"),
    (c.clamped_unsigned_long, "640", "a number"),
    (c.clamped_long_long, None, "a number"),
    (c.long_long, 2**64, "an integer of 64 bits"),
    (c.usv_string, b"640", "a str"),
    (c.clamped_unsigned_long, np.bool_(1), "a number"),
    (c.unsigned_short, 65536, "an integer of 0 … 65535"),
    (c.unsigned_short, -1, "an integer of 0 … 65535"),
    (c.unsigned_short, math.nan, "a finite number"),
    (c.unsigned_long, 2**32, "an integer of 0 … 4294967295"),
    (c.dom_string, 5, "a str"),
    (c.dom_string, b"a", "a str"),
    (c.enumeration(Colour), "green", "one of 'red', 'light-blue'"),
    (c.enumeration(Colour), 1, "a str"),
    (c.sequence_of(c.double), "12", "a sequence"),
    (c.sequence_of(c.double), {"a": 1}, "a sequence"),
    (c.sequence_of(c.double), 3, "a sequence"),
    (c.instance_of(Fraction), 1, "a Fraction"),
    (c.instance_of(lambda: Fraction, "Ratio"), 1, "a Ratio"),
]


@pytest.mark.parametrize(("convert", "value", "expected"), REFUSED)
def test_a_value_of_the_wrong_type_is_named_with_its_place_and_what_was_expected(convert, value, expected):
    with pytest.raises(TypeError) as caught:
        convert(value, "call: member")
    assert str(caught.value).startswith(f"call: member: expected {expected}, got ")
    assert f"({type(value).__name__})" in str(caught.value)


def test_an_error_inside_a_sequence_names_the_index():
    with pytest.raises(TypeError, match=r"^here\[1\]: expected a str, got 2"):
        c.sequence_of(c.dom_string)(["a", 2], "here")


def test_a_long_value_is_shortened_in_the_message():
    with pytest.raises(TypeError) as caught:
        c.double("x" * 1000, "here")
    assert len(str(caught.value)) < 120


UNION = c.union(
    "this or that",
    of_boolean=c.boolean,
    of_number=c.double,
    of_string=c.dom_string,
    of_sequence=c.sequence_of(c.double),
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (np.bool_(0), False), (2, 2.0), ("a", "a"), ((1,), [1.0]), (Colour.RED, "red")],
)
def test_the_type_of_a_value_chooses_the_alternative_of_a_union(value, expected):
    assert UNION(value, "here") == expected


@pytest.mark.parametrize("value", [{"a": 1}, b"bytes", None, object()])
def test_a_value_that_fits_no_alternative_of_a_union_is_told_all_of_them(value):
    with pytest.raises(TypeError, match=r"^here: expected this or that, got "):
        UNION(value, "here")


def test_an_error_inside_an_alternative_keeps_its_detail():
    with pytest.raises(TypeError, match=r"^here\[0\]: expected a number"):
        UNION(["x"], "here")
