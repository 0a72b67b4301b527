"""The public package against the table of the family's IDL: what is marked *here* is here, in the right form.

The table says what there is; ``idl_additions.toml`` what Python adds. Nothing else is public.
"""

import importlib.util
import inspect
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from types import MemberDescriptorType

import pytest

import mediastreams as ms
from mediastreams._webidl.events import event_handler
from mediastreams._webidl.names import to_idl, to_python
from mediastreams.audio import members as engine_members

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("update_idl_table", HERE / "update_idl_table.py")
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)

TABLE = tool.read_table()
ADDITIONS = tomllib.loads((HERE / "idl_additions.toml").read_text(encoding="utf-8"))
IDL_NAMES = {tool.python_name(name): name for name in TABLE}
PUBLIC = list(getattr(ms, "__all__", ()))
GIVEN_BACK = {
    "RTCConfiguration",
    "RTCIceServer",
    "RTCRtpCodingParameters",
    "RTCRtpEncodingParameters",
    "RTCRtpParameters",
    "RTCRtpReceiveParameters",
    "RTCRtpSendParameters",
}
"""Dictionaries that come out to be changed and given back."""
LAND = "; if it is meant to be: python tests/conformance/update_idl_table.py --land"


def marked(mark):
    return [name for name, entry in TABLE.items() if entry["mark"] == mark]


def additions(cls):
    """Name what Python adds to a class or to those above it."""
    return {name for base in cls.__mro__ for name in ADDITIONS["members"].get(base.__name__, {})}


def known_members(name):
    """Give the table's members of a definition and of those above it: name in Python, mark, description."""
    entry = TABLE.get("EventTarget" if name == "HTMLElement" else name)  # elements here stand in no tree
    if entry is None:
        return {}
    own = {to_python(key): (tool.mark_of(entry, member), member) for key, member in entry.get("members", {}).items()}
    return {**known_members(entry.get("inherits")), **own}


def names_here(name):
    return {key for key, (mark, _) in known_members(name).items() if mark == "here"}


# --- each kind of definition, as a list of problems ----------------------------------------------------------------


def check_enum(entry, cls):
    if not (isinstance(cls, type) and issubclass(cls, StrEnum)):
        return ["is no StrEnum"]
    values = [item.value for item in cls]
    return [] if values == entry["values"] else [f"has values {values}, the IDL {entry['values']}"]


def check_dictionary(name, cls):
    extra = additions(cls) if isinstance(cls, type) else set()
    if is_dataclass(cls):
        found = {field.name: field.default for field in fields(cls)}
        problems = [] if issubclass(cls, Mapping) else ["is no mapping"]
        if cls.__dataclass_params__.frozen is (name in GIVEN_BACK):
            problems.append("cannot be changed" if name in GIVEN_BACK else "can be changed")
        for key, (_, member) in known_members(name).items():
            number = member.get("default", "").replace(".", "")
            expected = MISSING if member.get("required") else float(member["default"]) if number.isdigit() else None
            if key in found and found[key] != expected:
                problems.append(f".{key} has default {found[key]!r} instead of {expected!r}")
        problems += unknown_members(name, cls, "to_json")
    elif hasattr(cls, "__total__"):
        found = dict.fromkeys(cls.__annotations__)
        required = {key for key, (_, member) in known_members(name).items() if member.get("required")}
        problems = []
        if cls.__required_keys__ != required & set(found):
            problems.append(f"requires {sorted(cls.__required_keys__)}, the IDL {sorted(required)}")
    else:
        return ["is neither a TypedDict nor a dataclass"]
    problems += [f".{key} is missing" for key in sorted(names_here(name) - set(found))]
    problems += [
        f".{key} is not known or not marked here{LAND}" for key in sorted(set(found) - names_here(name) - extra)
    ]
    return problems


def check_attribute(cls, name, member, static):
    if member["type"] == "EventHandler":
        if not isinstance(static, event_handler):
            return [f".{name} is no event handler attribute"]
        return [] if static._type == name.removeprefix("on") else [f".{name} hears {static._type!r}"]
    if isinstance(static, MemberDescriptorType):  # a slot: read-only in a frozen dataclass
        params = getattr(cls, "__dataclass_params__", None)
        settable = params is None or not params.frozen
    elif isinstance(static, property | engine_members.attribute | engine_members.parameter):
        settable = static.fset is not None
    else:
        return [f".{name} is a {type(static).__name__} instead of a property"]
    if member.get("readonly", False) is settable:
        return [f".{name} should {'not ' if member.get('readonly') else ''}be settable"]
    return []


def is_awaitable_call(function):
    """Whether calling gives an awaitable: a coroutine, or an object of ours with ``__await__``."""
    if inspect.iscoroutinefunction(function):
        return True
    returned = inspect.signature(function).return_annotation
    if isinstance(returned, str):
        returned = function.__globals__.get(returned.partition("[")[0].strip("\"'"))
    return hasattr(returned, "__await__")


def check_arguments(name, overloads, function, *, bound):
    """Arguments go by position in the IDL's order, under its names; optional ones have a default."""
    parameters = list(inspect.signature(function).parameters.values())[bound:]
    by_position = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    problems = [
        f".{name}() needs a keyword {p.name}" for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty
    ]
    longest = max(overloads, key=len)
    if len(by_position) < len(longest) and not starred:
        return [*problems, f".{name}() takes {len(by_position)} arguments by position, the IDL {longest}"]
    needed = min(sum(not argument.endswith(("?", "...")) for argument in overload) for overload in overloads)
    for index, parameter in enumerate(by_position):
        if (index >= len(longest) or index >= needed) and parameter.default is parameter.empty:
            problems.append(f".{name}({parameter.name}) has no default")
        by_keyword = parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        if index < len(longest) and len(overloads) == 1 and by_keyword:
            expected = to_python(longest[index].rstrip("?."))
            if parameter.name != expected:
                problems.append(f".{name}({parameter.name}) should be called {expected}")
    return problems


def check_operation(cls, name, member, static):
    is_static = member["what"] == "static operation"
    if isinstance(static, staticmethod | classmethod) is not is_static:
        return [f".{name} should {'' if is_static else 'not '}be static"]
    function = getattr(cls, name)
    if not callable(function):
        return [f".{name} is no method"]
    problems = []
    if is_awaitable_call(function) is not member["type"].startswith("Promise<"):
        problems.append(f".{name}() should {'' if member['type'].startswith('Promise<') else 'not '}be awaited")
    return problems + check_arguments(name, member["arguments"], function, bound=not is_static)


def check_constructor(entry, cls):
    constructor = entry.get("members", {}).get("constructor")
    if "constructor" in additions(cls):
        return []
    if constructor is not None and tool.mark_of(entry, constructor) == "here":
        return check_arguments("__init__", constructor["arguments"], cls.__init__, bound=True)
    try:
        cls()
    except TypeError as error:
        if str(error).startswith("Illegal constructor"):
            return []
    return ["can be constructed, or says nothing of an illegal constructor"]


def check_interface(name, entry, cls):
    if not isinstance(cls, type):
        return ["is no class"]
    problems = []
    parent = tool.python_name(entry.get("inherits", ""))
    if parent in PUBLIC and not issubclass(cls, getattr(ms, parent)):
        problems.append(f"is no subclass of {parent}")
    if entry["what"] != "callback interface":
        problems += check_constructor(entry, cls)
    for idl_name, member in entry.get("members", {}).items():
        key, missing = to_python(idl_name), object()
        static = inspect.getattr_static(cls, key, missing)
        if member["what"] == "constructor":
            continue
        if tool.mark_of(entry, member) != "here":
            if static is not missing and key not in additions(cls):
                problems.append(f".{key} exists, but is marked {tool.mark_of(entry, member)}{LAND}")
        elif static is missing:
            problems.append(f".{key} is missing")
        elif member["what"] == "constant":
            problems += [] if static == member["value"] else [f".{key} is {static!r} instead of {member['value']}"]
        elif member["what"] == "attribute":
            problems += check_attribute(cls, key, member, static)
        else:
            problems += check_operation(cls, key, member, static)
    return problems + unknown_members(name, cls)


def unknown_members(name, cls, *more):
    """Name public members of our classes that neither the table nor the additions know."""
    known = {*known_members(name), *additions(cls), *more}
    found = []
    for key in dir(cls):
        owner = next((base for base in cls.__mro__ if key in vars(base)), None)
        ours = owner is not None and owner.__module__.partition(".")[0] == "mediastreams"
        if ours and not key.startswith("_") and key not in known:
            found.append(f".{key} is public, but neither in the IDL nor among the additions")
    return found


def check(name):
    entry, spelled = TABLE[name], tool.python_name(name)
    if spelled not in PUBLIC:
        return ["is missing"]
    thing = getattr(ms, spelled)
    problems = []
    if thing.__name__ != spelled or thing.__module__ != "mediastreams":
        problems.append(f"shows itself as {thing.__module__}.{thing.__name__}")
    if entry["what"] == "enum":
        return problems + check_enum(entry, thing)
    if entry["what"] == "dictionary":
        return problems + check_dictionary(name, thing)
    return problems + check_interface(name, entry, thing)


# --- the tests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", marked("here"))
def test_what_is_marked_here_is_here_in_the_right_form(name):
    problems = check(name)
    assert not problems, "\n".join(f"{tool.python_name(name)}{' ' * (p[0] != '.')}{p}" for p in problems)


def test_what_is_due_or_not_here_does_not_exist_yet():
    found = [name for name in marked("due") + marked("not-here") if tool.exists(ms, name)]
    assert not found, f"{', '.join(found)} is public{LAND}"


def test_every_public_name_is_in_the_table_or_among_the_additions():
    unknown = [
        name
        for name in PUBLIC
        if name not in IDL_NAMES
        and name not in ADDITIONS["names"]
        and not (isinstance(getattr(ms, name), type) and issubclass(getattr(ms, name), ms.DOMException))
    ]
    assert not unknown, f"neither in the IDL nor among the additions: {', '.join(unknown)}"


def test_every_addition_exists_unless_it_is_due():
    missing = [name for name, why in ADDITIONS["names"].items() if name not in PUBLIC and not why.startswith("due")]
    for name, members in ADDITIONS["members"].items():
        cls = getattr(ms, name, None)
        there = {*dir(cls), *getattr(cls, "__annotations__", {}), "constructor"} if name in PUBLIC else set()
        missing += [f"{name}.{key}" for key, why in members.items() if key not in there and not why.startswith("due")]
    assert not missing, f"listed as additions, but not there: {', '.join(missing)}"


def test_what_is_not_here_has_a_reason_and_marks_are_of_three_kinds():
    wrong = []
    for name, entry in TABLE.items():
        for key, one in [("", entry), *((f".{key}", member) for key, member in entry.get("members", {}).items())]:
            mark = tool.mark_of(entry, one)
            if mark not in {"here", "due", "not-here"} or (
                mark == "not-here" and not (one.get("reason") or entry.get("reason"))
            ):
                wrong.append(f"{name}{key}: {mark}")
    assert not wrong, "\n".join(wrong)


def test_history_does_not_exist():
    for name in ("AudioStreamTrack", "VideoStreamTrack", "LocalMediaStream"):
        assert not hasattr(ms, name)
    if "MediaStream" in PUBLIC:
        assert not hasattr(ms.MediaStream, "stop")
        assert not hasattr(ms.MediaStream, "ended")


def test_every_name_of_the_family_comes_back_from_its_python_spelling():
    names = {key for entry in TABLE.values() for key in entry.get("members", {})}
    assert {name for name in names if to_idl(to_python(name)) != name} == set()
    assert len({to_python(name) for name in names}) == len(names)
