import pytest

from mediastreams._rules.exposure import (
    Exposure,
    KnownDevice,
    exposed_devices,
    newly_exposed,
    set_device_information_exposure,
)

CAMERAS = (KnownDevice("videoinput", "c1", "Cam 1", "g1"), KnownDevice("videoinput", "c2", "Cam 2", "g2", default=True))
MICROPHONES = (
    KnownDevice("audioinput", "m1", "Mic 1", "g1"),
    KnownDevice("audioinput", "m2", "Mic 2", "g3"),
    KnownDevice("audioinput", "m3", "Mic 3", "g4", default=True),
)
SPEAKERS = (
    KnownDevice("audiooutput", "s1", "Speaker 1", "g9"),
    KnownDevice("audiooutput", "s2", "Speaker 2", "g3", default=True),
)
DEVICES = (*SPEAKERS, *CAMERAS, *MICROPHONES)
BOTH = Exposure(camera=True, microphone=True)


def ids(infos):
    return [info.device_id for info in infos]


def test_microphones_come_first_then_cameras_then_outputs_and_the_default_leads_its_class():
    assert ids(exposed_devices(DEVICES, BOTH)) == ["m3", "m1", "m2", "c2", "c1", "default", "s1", "s2"]


def test_the_default_output_is_listed_twice_and_its_first_entry_says_so():
    first = next(info for info in exposed_devices(DEVICES, BOTH) if info.device_id == "default")
    assert (first.label, first.group_id, first.source) == ("Default - Speaker 2", "g3", SPEAKERS[1])
    nameless = exposed_devices((KnownDevice("audiooutput", "s", default=True),), BOTH)
    assert [(info.device_id, info.label) for info in nameless] == [("default", "Default"), ("s", "")]


def test_before_a_grant_there_is_one_of_each_kind_without_label_and_ids():
    infos = exposed_devices(DEVICES, Exposure())
    assert [(i.kind, i.device_id, i.label, i.group_id) for i in infos] == [
        ("audioinput", "", "", ""),
        ("videoinput", "", "", ""),
    ]
    assert infos[0].source is MICROPHONES[2]
    assert exposed_devices((), Exposure()) == []


def test_a_grant_for_one_kind_tells_nothing_of_the_other():
    assert ids(exposed_devices(DEVICES, Exposure(camera=True))) == ["", "c2", "c1"]
    assert ids(exposed_devices(DEVICES, Exposure(microphone=True))) == ["m3", "m1", "m2", "", "default", "s1", "s2"]


def test_a_live_track_tells_of_its_kind():
    assert ids(exposed_devices(DEVICES, Exposure(), live=("video",))) == ["", "c2", "c1"]
    assert "m1" in ids(exposed_devices(DEVICES, Exposure(), live=("audio",)))


def test_what_is_not_permitted_is_not_listed():
    assert ids(exposed_devices(DEVICES, BOTH, allowed=("camera",))) == ["c2", "c1"]
    assert ids(exposed_devices(DEVICES, BOTH, allowed=("microphone",))) == ["m3", "m1", "m2"]


def test_outputs_may_be_limited_to_those_of_known_microphones_and_selected_ones():
    assert ids(exposed_devices(DEVICES, BOTH, all_outputs=False))[5:] == ["default", "s2"]
    chosen = (KnownDevice("audiooutput", "s7", "Chosen", selected=True), *CAMERAS)
    assert ids(exposed_devices(chosen, Exposure(camera=True), all_outputs=False)) == ["c2", "c1", "s7"]


@pytest.mark.parametrize(
    ("requested", "permissions", "value", "before", "after"),
    [
        (("video",), {}, True, Exposure(), Exposure(camera=True)),
        (("audio",), {}, True, Exposure(), Exposure(microphone=True)),
        (("audio", "video"), {}, True, Exposure(), BOTH),
        (("video",), {"microphone": "granted"}, True, Exposure(), BOTH),
        (("audio",), {"camera": "granted"}, True, Exposure(), BOTH),
        (("audio",), {"camera": "prompt"}, True, Exposure(), Exposure(microphone=True)),
        (("video",), {"microphone": "granted"}, False, BOTH, Exposure(microphone=True)),
        (("audio",), {"camera": "granted"}, False, BOTH, Exposure(camera=True)),
        ((), {}, True, Exposure(), Exposure()),
    ],
)
def test_a_grant_exposes_its_kind_and_what_is_permitted_anyway(requested, permissions, value, before, after):
    assert set_device_information_exposure(before, requested, permissions, value=value) == after


def test_an_inserted_device_is_new_once_and_only_if_it_is_told_of():
    before = exposed_devices(CAMERAS[:1], BOTH)
    after = exposed_devices(CAMERAS, BOTH)
    assert ids(newly_exposed(before, after)) == ["c2"]
    assert newly_exposed(after, after) == []
    assert newly_exposed([], exposed_devices(CAMERAS, Exposure())) == []
