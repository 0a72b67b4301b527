"""Dictionaries: incoming ones are converted by their schema, outgoing ones are values and mappings."""

import copy
import inspect
import json
import pickle
import types
import warnings
from dataclasses import FrozenInstanceError, dataclass

import pytest

from mediastreams._webidl.conversions import boolean, dom_string, double
from mediastreams._webidl.dictionaries import Dictionary, Member, Schema, merge_arguments
from mediastreams.errors import UnknownMemberWarning

INNER = Schema("Inner", Member("frame_rate", double), Member("to_json", boolean))
OUTER = Schema(
    "Outer",
    Member("label", dom_string, required=True),
    Member("loud", boolean, default=False),
    Member("inner_part", INNER.convert),
)
WIDER = Schema("Wider", Member("extra", double), inherits=OUTER)


def test_members_are_converted_and_defaults_filled_in():
    assert OUTER.convert({"label": "a", "inner_part": {"frame_rate": 30}}, "call") == {
        "label": "a",
        "loud": False,
        "inner_part": {"frame_rate": 30.0},
    }


def test_the_idl_spelling_is_accepted_and_python_spelling_comes_out():
    assert OUTER.convert({"label": "a", "innerPart": {"frameRate": 1, "toJSON": True}}, "call")["inner_part"] == {
        "frame_rate": 1.0,
        "to_json": True,
    }


@pytest.mark.parametrize("order", [("frame_rate", "frameRate"), ("frameRate", "frame_rate")])
def test_both_spellings_of_one_member_are_an_error(order):
    with pytest.raises(TypeError, match="'frame_rate' and 'frameRate' are the same member"):
        INNER.convert(dict.fromkeys(order, 1), "call")


def test_none_means_absent():
    assert OUTER.convert({"label": "a", "loud": None, "inner_part": None}, "call") == {"label": "a", "loud": False}
    assert INNER.convert({"frame_rate": None, "frameRate": 2}, "call") == {"frame_rate": 2.0}
    assert INNER.convert(None, "call") == {}


@pytest.mark.parametrize("given", [{}, {"label": None}])
def test_a_missing_required_member_is_named(given):
    with pytest.raises(TypeError, match=r"^call: Outer needs a member 'label'"):
        OUTER.convert(given, "call")


@pytest.mark.parametrize("value", [5, "text", [("label", "a")], True])
def test_what_is_no_mapping_is_refused(value):
    with pytest.raises(TypeError, match=r"^call: expected a mapping \(Outer\)"):
        OUTER.convert(value, "call")


def test_a_key_that_is_no_string_is_refused():
    with pytest.raises(TypeError, match="expected strings as keys, got 3"):
        INNER.convert({3: 4}, "call")


def test_an_error_deep_inside_names_the_whole_path():
    with pytest.raises(TypeError, match=r"^call\.inner_part\.frame_rate: expected a number"):
        OUTER.convert({"label": "a", "innerPart": {"frameRate": "x"}}, "call")


def test_a_schema_inherits_members_defaults_and_requirements():
    assert WIDER.convert({"label": "a", "extra": 1}, "call") == {"label": "a", "loud": False, "extra": 1.0}
    with pytest.raises(TypeError, match="Wider needs a member 'label'"):
        WIDER.convert({}, "call")


def test_an_unknown_member_is_ignored_with_a_warning_that_names_the_nearest_one():
    with pytest.warns(UnknownMemberWarning, match="^call: unknown member 'framerate' is ignored; .* 'frame_rate'"):
        assert INNER.convert({"framerate": 5}, "call") == {}
    with pytest.warns(UnknownMemberWarning, match="'frameRat' is ignored; did you mean 'frame_rate'"):
        INNER.convert({"frameRat": 5}, "call")


def test_an_unknown_member_like_no_other_gets_no_advice():
    with pytest.warns(UnknownMemberWarning, match="unknown member 'zzz' is ignored$"):
        INNER.convert({"zzz": 5}, "call")
    with pytest.warns(UnknownMemberWarning, match="unknown member 'x' is ignored$"):
        Schema("Empty").convert({"x": 5}, "call")


def frames_of_the_package():
    """Make a function that runs another through two frames of a module that belongs to the package."""
    module = types.ModuleType("mediastreams.capture._made_for_a_test")
    exec("def outer(call):\n    return inner(call)\ndef inner(call):\n    return call()\n", module.__dict__)
    return module.outer


def test_the_warning_stands_at_the_line_that_called_into_the_package():
    code = (lambda: INNER.convert({"zzz": 5}, "call")).__code__
    convert = types.FunctionType(code, {"INNER": INNER, "__name__": "mediastreams.x"})
    call_into_the_package = frames_of_the_package()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        call_into_the_package(convert)
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)


async def test_the_warning_stands_at_the_line_that_awaited():
    namespace = {"INNER": INNER, "__name__": "mediastreams.x"}
    exec("async def get():\n    return INNER.convert({'zzz': 5}, 'call')\n", namespace)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        await namespace["get"]()
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)


def test_a_mapping_and_keywords_become_one_argument():
    assert merge_arguments({"video": True}, {"audio": False}, "call") == {"video": True, "audio": False}
    assert merge_arguments(None, {"audio": False}, "call") == {"audio": False}
    assert merge_arguments({"video": True}, {}, "call") == {"video": True}


@pytest.mark.parametrize("keyword", ["frame_rate", "frameRate"])
def test_a_member_both_in_the_mapping_and_as_a_keyword_is_an_error(keyword):
    with pytest.raises(TypeError, match=f"^call: '{keyword}' is given twice"):
        merge_arguments({"frame_rate": 1}, {keyword: 2}, "call")


def test_a_positional_argument_that_is_no_mapping_is_refused():
    with pytest.raises(TypeError, match=r"^call: expected a mapping, got 5"):
        merge_arguments(5, {}, "call")


def test_merging_leaves_the_callers_mapping_alone():
    given = {"video": True}
    merge_arguments(given, {"audio": 1}, "call")["more"] = 1
    assert given == {"video": True}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Span(Dictionary):
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Report(Dictionary):
    frame_rate: Span | None = None
    device_id: str | None = None
    modes: tuple[object, ...] | None = None
    torch: bool | None = None


REPORT = Report(frame_rate=Span(min=1, max=30), modes=("none", Span(min=2)), torch=False)


def test_an_outgoing_dictionary_is_the_mapping_of_its_present_members():
    assert REPORT["torch"] is False
    assert list(REPORT) == ["frame_rate", "modes", "torch"]
    assert len(REPORT) == 3
    assert dict(REPORT) == {"frame_rate": Span(min=1, max=30), "modes": ("none", Span(min=2)), "torch": False}
    assert "device_id" not in REPORT
    assert REPORT.get("device_id", "none") == "none"
    assert REPORT.device_id is None


@pytest.mark.parametrize("key", ["device_id", "frameRate", "to_json", "keys", "nothing"])
def test_what_is_absent_or_no_member_is_no_key(key):
    with pytest.raises(KeyError):
        REPORT[key]


def test_an_outgoing_dictionary_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        REPORT.torch = True
    with pytest.raises(TypeError):
        REPORT["torch"] = True
    assert not hasattr(REPORT, "__dict__")


def test_equality_and_hash_go_by_the_present_members():
    same = Report(frame_rate=Span(min=1.0, max=30.0), modes=("none", Span(min=2)), torch=False)
    assert same == REPORT
    assert hash(same) == hash(REPORT)
    assert dict(REPORT) == REPORT
    assert Report(torch=True) != REPORT
    assert Span(min=1, max=2) == {"min": 1, "max": 2}


def test_the_repr_shows_only_what_is_present():
    assert repr(REPORT) == "Report(frame_rate=Span(min=1, max=30), modes=('none', Span(min=2)), torch=False)"
    assert repr(Report()) == "Report()"


def test_only_to_json_uses_the_idl_spelling():
    wire = {"frameRate": {"min": 1, "max": 30}, "modes": ["none", {"min": 2}], "torch": False}
    assert REPORT.to_json() == wire
    assert json.loads(json.dumps(REPORT.to_json())) == wire


def test_outgoing_dictionaries_can_be_pickled_and_copied():
    assert pickle.loads(pickle.dumps(REPORT)) == REPORT
    assert copy.deepcopy(REPORT) == REPORT


def test_an_outgoing_dictionary_can_come_in_again():
    schema = Schema("Span", Member("min", double), Member("max", double))
    assert schema.convert(Span(max=3), "call") == {"max": 3.0}
