"""The errors of capture: names, builtins, pickles."""

import builtins
import copy
import pickle

import pytest

import mediastreams as ms
from mediastreams import errors


def test_an_overconstrained_error_names_its_constraint():
    error = ms.OverconstrainedError("width")
    assert isinstance(error, ms.DOMException)
    assert isinstance(error, ValueError)
    assert (error.name, error.constraint, error.message) == ("OverconstrainedError", "width", "")
    assert ms.OverconstrainedError("width", "too wide").message == "too wide"
    with pytest.raises(TypeError):
        ms.OverconstrainedError()


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("NotAllowedError", PermissionError),
        ("SecurityError", PermissionError),
        ("NotFoundError", LookupError),
        ("NotReadableError", OSError),
        ("NetworkError", ConnectionError),
        ("InvalidAccessError", ValueError),
        ("DataError", ValueError),
        ("InvalidStateError", RuntimeError),
        ("InvalidModificationError", RuntimeError),
        ("NotSupportedError", RuntimeError),
        ("AbortError", RuntimeError),
        ("OperationError", RuntimeError),
        ("EncodingError", RuntimeError),
        ("UnknownError", RuntimeError),
        ("QuotaExceededError", MemoryError),
        ("TimeoutError", builtins.TimeoutError),
    ],
)
def test_every_error_of_the_standards_is_one_of_python_s_too(name, builtin):
    cls = getattr(errors, name)
    error = ms.DOMException("why", name)
    assert type(error) is cls
    assert issubclass(cls, builtin)
    assert issubclass(cls, ms.DOMException)
    assert (error.name, error.message, str(error)) == (name, "why", "why")


@pytest.mark.parametrize(
    "error",
    [
        ms.NotReadableError("busy", errno=16),
        ms.OverconstrainedError("width", "too wide"),
        ms.DOMException("why", "StrangeError"),
        ms.NotFoundError("nothing"),
    ],
)
def test_errors_survive_pickling_and_copying(error):
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error)
        assert (other.name, other.message) == (error.name, error.message)
        assert getattr(other, "errno", None) == getattr(error, "errno", None)
        assert getattr(other, "constraint", None) == getattr(error, "constraint", None)
