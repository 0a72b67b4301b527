"""The reader behind the IDL table."""

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("update_idl_table", Path(__file__).with_name("update_idl_table.py"))
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)

SAMPLE = """
// a comment; with a semicolon
[Exposed=(Window,Worker), SecureContext]
interface Thing : EventTarget {
  constructor();
  constructor(sequence<Part> parts);
  const unsigned short SOME = 0x10;
  [SameObject] readonly attribute (A or B)? both; // [not an attribute]
  attribute EventHandler onend;
  Promise<undefined> doIt([Clamp] unsigned long a, optional Options options = {}, any... rest);
  static boolean isSupported(DOMString type);
  getter Part (unsigned long index);
};
callback interface Listener { undefined handleEvent(Event event); };
callback Callback = undefined (Event event);
typedef (A or sequence<B>) Both;
partial dictionary Options { required [Clamp] unsigned long size; (A or B) kind = "a"; };
enum Kind { "a", "b-c", };
interface mixin Mixed { undefined run(); };
Thing includes Mixed;
"""


def test_definitions_and_members_are_read():
    read = dict(tool.read_definitions(SAMPLE))
    assert list(read) == ["Thing", "Listener", "Options", "Kind"]
    assert read["Thing"]["inherits"] == "EventTarget"
    assert read["Thing"]["members"] == [
        ("constructor", {"what": "constructor", "arguments": [[]]}),
        ("constructor", {"what": "constructor", "arguments": [["parts"]]}),
        ("SOME", {"what": "constant", "value": 16}),
        ("both", {"what": "attribute", "type": "(A or B)?", "readonly": True}),
        ("onend", {"what": "attribute", "type": "EventHandler"}),
        ("doIt", {"what": "operation", "type": "Promise<undefined>", "arguments": [["a", "options?", "rest..."]]}),
        ("isSupported", {"what": "static operation", "type": "boolean", "arguments": [["type"]]}),
    ]
    assert read["Listener"]["what"] == "callback interface"
    assert read["Options"]["members"] == [
        ("size", {"what": "member", "type": "unsigned long", "required": True}),
        ("kind", {"what": "member", "type": "(A or B)", "default": "a"}),
    ]
    assert read["Kind"]["values"] == ["a", "b-c"]


@pytest.mark.parametrize("mark", ["here", "due"])
def test_marks_and_reasons_are_kept_and_what_is_new_is_due(mark):
    old = {"Thing": {"mark": mark, "members": {"a": {"mark": "not-here", "reason": "because"}, "b": {}}}}
    new = {"Thing": {"members": {"a": {}, "b": {}, "c": {}}}, "Other": {"members": {"d": {}}}}
    tool.keep_marks(new, old)
    marks = {key: tool.mark_of(new["Thing"], member) for key, member in new["Thing"]["members"].items()}
    assert marks == {"a": "not-here", "b": mark, "c": "due"}
    assert new["Thing"]["members"]["a"]["reason"] == "because"
    assert tool.mark_of(new["Other"], new["Other"]["members"]["d"]) == "due"


def test_the_table_is_written_as_it_is_read(tmp_path, monkeypatch):
    table = tool.read_table()
    monkeypatch.setattr(tool, "TABLE", tmp_path / "table.toml")
    tool.write_table(table)
    assert tool.read_table() == table
