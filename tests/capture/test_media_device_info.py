"""`MediaDeviceInfo` and `InputDeviceInfo`."""

import pytest

import mediastreams as ms


@pytest.fixture
async def infos(gum, devices):
    await gum(video=True, audio=True)
    return await devices.enumerate_devices()


@pytest.mark.parametrize("cls", [ms.MediaDeviceInfo, ms.InputDeviceInfo])
def test_infos_cannot_be_made_by_calling(cls):
    with pytest.raises(TypeError, match=r"Illegal constructor.*enumerate_devices\(\)"):
        cls()


async def test_inputs_are_input_infos_and_outputs_are_not(infos):
    assert {info.kind for info in infos} == set(ms.MediaDeviceKind)
    for info in infos:
        assert isinstance(info, ms.MediaDeviceInfo)
        assert isinstance(info, ms.InputDeviceInfo) is (info.kind != "audiooutput")
        assert hasattr(info, "get_capabilities") is (info.kind != "audiooutput")


async def test_the_wire_form_has_the_names_of_the_idl(infos):
    info = infos[0]
    assert info.to_json() == {
        "deviceId": info.device_id,
        "kind": "audioinput",
        "label": "Fake microphone 1",
        "groupId": info.group_id,
    }


@pytest.mark.parametrize("name", ["device_id", "kind", "label", "group_id", "colour"])
async def test_an_info_cannot_be_changed(infos, name):
    with pytest.raises(AttributeError):
        setattr(infos[0], name, "x")


async def test_infos_show_what_they_are(infos, backend):
    assert repr(infos[0]).startswith("<InputDeviceInfo audioinput 'Fake microphone 1' ")
    hidden = await ms.MediaDevices(backends=[backend]).enumerate_devices()
    assert "permissions.request()" in repr(hidden[0])
