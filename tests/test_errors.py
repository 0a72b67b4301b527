"""Every exception: its name, its builtin, its message."""

import builtins
import copy
import pickle

import pytest

import mediastreams as ms
from mediastreams import errors

BELOW = {
    "NotAllowedError": PermissionError,
    "SecurityError": PermissionError,
    "NotFoundError": LookupError,
    "NotReadableError": OSError,
    "NetworkError": ConnectionError,
    "InvalidAccessError": ValueError,
    "DataError": ValueError,
    "SyntaxError": ValueError,
    "InvalidStateError": RuntimeError,
    "InvalidModificationError": RuntimeError,
    "NotSupportedError": RuntimeError,
    "AbortError": RuntimeError,
    "OperationError": RuntimeError,
    "EncodingError": RuntimeError,
    "UnknownError": RuntimeError,
    "QuotaExceededError": MemoryError,
    "TimeoutError": TimeoutError,
}


def test_the_table_of_builtins_is_complete():
    named = {cls.__name__ for cls in ms.DOMException.__subclasses__()}
    assert named == BELOW.keys() | {"OverconstrainedError"}


@pytest.mark.parametrize("name", BELOW)
def test_every_error_can_be_made_raised_and_caught_by_its_builtin(name):
    cls = getattr(ms, name)
    with pytest.raises(BELOW[name]) as caught:
        raise cls("what to do")
    assert isinstance(caught.value, ms.DOMException)
    assert (caught.value.name, caught.value.message, str(caught.value)) == (name, "what to do", "what to do")
    assert repr(caught.value) == f"{name}('what to do')"


@pytest.mark.parametrize("name", BELOW)
def test_the_base_class_makes_the_named_one(name):
    made = ms.DOMException("what to do", name)
    assert type(made) is getattr(ms, name)
    assert made.message == "what to do"


@pytest.mark.parametrize("name", BELOW)
def test_an_error_survives_pickling_and_copying(name):
    made = getattr(ms, name)("what to do")
    for again in (pickle.loads(pickle.dumps(made)), copy.copy(made)):
        assert type(again) is type(made)
        assert again.message == "what to do"


@pytest.mark.parametrize("name", ["NotReadableError", "NetworkError", "NotAllowedError"])
def test_errors_of_the_operating_system_keep_their_errno(name):
    made = getattr(ms, name)("busy", errno=16)
    assert made.errno == 16
    assert pickle.loads(pickle.dumps(made)).errno == 16


def test_an_unknown_name_stays_with_the_base_class():
    made = ms.DOMException("m", "StrangeError")
    assert type(made) is ms.DOMException
    assert (made.name, made.code) == ("StrangeError", 0)


def test_overconstrained_names_the_constraint():
    with pytest.raises(ValueError) as caught:
        raise ms.OverconstrainedError("frame_rate", "at most 60")
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.name, error.constraint, error.message) == ("OverconstrainedError", "frame_rate", "at most 60")


def test_what_would_hide_a_builtin_is_there_but_not_for_star_imports():
    for name in ("TimeoutError", "SyntaxError"):
        assert getattr(ms, name) is getattr(errors, name) is not getattr(builtins, name)
        assert name not in ms.__all__
        assert name not in errors.__all__
        assert name in dir(ms)
