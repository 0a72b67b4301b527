"""`select_audio_output`, the outputs that a program may know, and which one an element's sink id names."""

import pytest

import mediastreams as ms
from mediastreams.capture.select_audio_output import output_device
from mediastreams.errors import InvalidStateError, NotAllowedError, NotFoundError, NotSupportedError
from mediastreams.testing import FakeBackend, FakeCamera, FakeSpeaker, set_permission, user_activation


async def outputs(devices):
    return [info for info in await devices.enumerate_devices() if info.kind == "audiooutput"]


async def test_before_a_choice_no_output_is_listed_and_afterwards_the_chosen_one_only(devices):
    assert await outputs(devices) == []
    chosen = await devices.select_audio_output()
    assert type(chosen) is ms.MediaDeviceInfo
    assert (chosen.kind, chosen.label) == ("audiooutput", "Fake speaker 1")
    assert chosen.device_id
    assert chosen.group_id
    (listed,) = await outputs(devices)
    assert listed.to_json() == chosen.to_json()


async def test_a_known_id_chooses_that_output_and_an_unknown_one_the_default(devices):
    first = await devices.select_audio_output()
    await ms.navigator.permissions.request({"name": "microphone"})
    second = next(info for info in await outputs(devices) if info.label == "Fake speaker 2")
    again = ms.MediaDevices(backends=devices._backends)
    assert (await again.select_audio_output(device_id=second.device_id)).label == "Fake speaker 2"
    assert (await again.select_audio_output({"deviceId": second.device_id})).device_id == second.device_id
    assert (await again.select_audio_output({"device_id": "of another machine"})).device_id == first.device_id
    assert (await again.select_audio_output({"device_id": "default"})).device_id == first.device_id
    assert [info.label for info in await outputs(again)] == ["Fake speaker 1", "Fake speaker 2"]


async def test_with_the_permission_to_hear_all_outputs_are_listed_and_the_default_has_an_entry_of_its_own(devices, gum):
    await gum(audio=True)
    assert [info.device_id == "default" for info in await outputs(devices)] == [True, False, False]


async def test_where_a_person_is_asked_for_outputs_a_microphone_tells_only_of_those_of_its_own_device(devices, gum):
    set_permission("speaker-selection", "prompt")
    await gum(audio=True)
    groups = {info.group_id for info in await devices.enumerate_devices() if info.kind == "audioinput"}
    assert [info.label for info in await outputs(devices)] == ["Fake speaker 2"]
    assert {info.group_id for info in await outputs(devices)} <= groups


async def test_permission_for_outputs_asked_outside_a_choice_lists_them_all(devices):
    await ms.navigator.permissions.request({"name": "speaker-selection"})
    assert [info.label for info in await outputs(devices)] == ["Fake speaker 1", "Fake speaker 2"]
    set_permission("speaker-selection", "denied")
    assert await outputs(devices) == []
    set_permission("speaker-selection", "granted")
    assert await outputs(devices) == [], "what was told has to be asked for again"


@pytest.mark.parametrize("options", [{"device_id": 1}, 5, ["device_id"]])
async def test_malformed_options_are_type_errors(devices, options):
    with pytest.raises(TypeError):
        await devices.select_audio_output(options)


async def test_both_spellings_of_one_member_are_a_type_error(devices):
    with pytest.raises(TypeError):
        await devices.select_audio_output({"deviceId": "", "device_id": ""})


async def test_where_a_person_is_asked_it_takes_a_person_who_has_just_acted(devices, clock):
    set_permission("speaker-selection", "prompt")
    with pytest.raises(InvalidStateError, match="just before"):
        await devices.select_audio_output()
    user_activation()
    await clock.advance(6)
    with pytest.raises(InvalidStateError):
        await devices.select_audio_output()
    user_activation()
    await devices.select_audio_output()
    status = await ms.navigator.permissions.query({"name": "speaker-selection"})
    assert status.state == "granted"


async def test_an_output_that_is_known_needs_no_second_question(devices, monkeypatch):
    chosen = await devices.select_audio_output()
    asked = []

    class Policy(ms.abc.PermissionPolicy):
        def query(self, descriptor):
            return "prompt"

        async def request(self, descriptor):
            asked.append(descriptor["name"])
            return "denied"

    before = ms.navigator.permissions.policy
    ms.navigator.permissions.policy = Policy()
    try:
        user_activation()
        assert (await devices.select_audio_output(device_id=chosen.device_id)).device_id == chosen.device_id
        assert asked == []
        with pytest.raises(NotAllowedError):
            await devices.select_audio_output()
        assert asked == ["speaker-selection"]
    finally:
        ms.navigator.permissions.policy = before


async def test_denied_is_said_before_devices_are_looked_for_and_hides_outputs(gum, devices):
    await gum(audio=True)
    set_permission("speaker-selection", "denied")
    with pytest.raises(NotAllowedError, match="speaker-selection"):
        await devices.select_audio_output()
    assert await outputs(devices) == []


async def test_without_any_output_there_is_nothing_to_choose(clock):
    devices = ms.MediaDevices(backends=[FakeBackend([FakeCamera()])])
    with pytest.raises(NotFoundError, match="no audio output"):
        await devices.select_audio_output()
    assert await output_device(devices, "") is None


# ── which output a sink id names ─────────────────────────────────────────────────────────────────


async def test_no_id_is_the_systems_default_of_now_and_needs_no_permission(devices, backend):
    set_permission("speaker-selection", "denied")
    assert (await output_device(devices, "")).device.label == "Fake speaker 1"
    backend.unplug("Fake speaker 1")
    assert (await output_device(devices, "")).device.label == "Fake speaker 2"


async def test_an_id_names_an_output_once_it_is_told(devices):
    other = ms.MediaDevices(backends=devices._backends)
    chosen = await other.select_audio_output()
    with pytest.raises(NotFoundError, match="select_audio_output"):
        await output_device(devices, chosen.device_id)
    assert (await devices.select_audio_output(device_id=chosen.device_id)).device_id == chosen.device_id
    found = await output_device(devices, chosen.device_id)
    assert found.device.label == "Fake speaker 1"
    assert found.sink().kind == "audio"


async def test_the_id_of_the_default_entry_names_the_default(devices, gum):
    with pytest.raises(NotFoundError):
        await output_device(devices, "default")
    await gum(audio=True)
    assert (await output_device(devices, "default")).device.label == "Fake speaker 1"


async def test_an_id_that_nothing_has_or_that_is_no_outputs_is_not_found(devices, gum):
    stream = await gum(audio=True)
    for made_up in ("made up", stream.audio.get_settings().device_id):
        with pytest.raises(NotFoundError):
            await output_device(devices, made_up)


async def test_an_output_that_was_pulled_out_is_not_found(devices, backend):
    chosen = await devices.select_audio_output()
    backend.unplug("Fake speaker 1")
    with pytest.raises(NotFoundError):
        await output_device(devices, chosen.device_id)
    backend.device("Fake speaker 1").plug()
    assert (await output_device(devices, chosen.device_id)).device.label == "Fake speaker 1"


async def test_other_outputs_than_the_default_need_the_permission(devices, gum):
    await gum(audio=True)
    chosen = await devices.select_audio_output()
    set_permission("speaker-selection", "denied")
    with pytest.raises(NotAllowedError):
        await output_device(devices, chosen.device_id)


async def test_what_is_no_output_has_no_sink(devices):
    camera = next(one for one in await devices._list() if one.device.device_class == "videoinput")
    with pytest.raises(NotSupportedError):
        camera.sink()


async def test_plugging_in_a_chosen_output_is_news_and_another_one_is_not(devices, backend, clock):
    await devices.select_audio_output()
    news = []
    devices.ondevicechange = lambda event: news.append([info.label for info in event.devices])
    await clock.advance(0.1)
    backend.plug(FakeSpeaker(label="Third"))
    await clock.advance(0.1)
    assert news == []
    backend.unplug("Fake speaker 1")
    await clock.advance(0.1)
    assert news[-1] == ["", ""]
    devices.ondevicechange = None
