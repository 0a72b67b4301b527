"""What interface classes share."""

from enum import StrEnum

import pytest

from mediastreams._webidl.interfaces import default_to_json, illegal_constructor, public


class Kind(StrEnum):
    CAMERA = "videoinput"


@public
class Info:
    __init__ = illegal_constructor("They come from enumerate_devices().")

    kind = Kind.CAMERA
    device_id = "abc"


def test_an_interface_without_constructor_says_where_its_objects_come_from():
    with pytest.raises(TypeError, match=r"^Illegal constructor: Info\(\) cannot be called. They come from enumerate"):
        Info("videoinput", label="x")


def test_the_library_can_still_allocate_one():
    assert Info.__new__(Info).device_id == "abc"


def test_a_public_class_shows_its_public_path():
    assert repr(Info) == "<class 'mediastreams.Info'>"


def test_the_default_wire_form_has_idl_names_and_plain_values():
    assert default_to_json(Info.__new__(Info), "kind", "device_id") == {"kind": "videoinput", "deviceId": "abc"}
    assert type(default_to_json(Info, "kind")["kind"]) is str
