import pytest

from mediastreams._rules.device_ids import identified, public_device_id, public_group_id, resolve_device_id
from mediastreams._rules.values import DeviceModel


def test_an_id_is_stable_and_says_nothing_of_the_device():
    one = public_device_id("v4l2", "videoinput", "usb-Logitech-0001")
    assert one == public_device_id("v4l2", "videoinput", "usb-Logitech-0001")
    assert len(one) == 64
    assert "Logitech" not in one


@pytest.mark.parametrize(
    "other",
    [
        ("x11", "videoinput", "a", ""),
        ("v4l2", "audioinput", "a", ""),
        ("v4l2", "videoinput", "b", ""),
        ("v4l2", "videoinput", "a", "salt"),
        ("v4l2videoinput", "", "a", ""),
    ],
)
def test_ids_differ_by_back_end_class_native_id_and_salt(other):
    *parts, salt = other
    assert public_device_id(*parts, salt=salt) != public_device_id("v4l2", "videoinput", "a")


def test_equal_groups_share_a_group_id_and_unknown_ones_do_not():
    assert public_group_id("usb1", "a") == public_group_id("usb1", "b")
    assert public_group_id("", "a") != public_group_id("", "b")
    assert public_group_id("a", "x") != public_group_id("", "a")


def test_a_listed_model_gets_its_ids():
    camera = identified(
        DeviceModel("video"), backend="v4l2", device_class="videoinput", native_id="a", group="usb1", salt="s"
    )
    microphone = identified(
        DeviceModel("audio"), backend="miniaudio", device_class="audioinput", native_id="a", group="usb1", salt="s"
    )
    assert camera.device_id == public_device_id("v4l2", "videoinput", "a", salt="s")
    assert camera.device_id != microphone.device_id
    assert camera.group_id == microphone.group_id
    odd = identified(DeviceModel("audio"), backend="b", device_class="audioinput", native_id="\udcff")
    assert odd.group_id == public_group_id("", odd.device_id)


@pytest.mark.parametrize(
    ("asked", "known", "found"),
    [
        ("b", ["a", "b"], "b"),
        ("", ["a", "b"], "a"),
        ("default", ["a", "b"], "a"),
        ("default", [], None),
        ("x", ["a"], None),
    ],
)
def test_an_id_names_a_device_and_default_the_first(asked, known, found):
    assert resolve_device_id(asked, known) == found
