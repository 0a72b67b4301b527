"""The events of capture, as a program builds them."""

import pytest

import mediastreams as ms


@pytest.fixture
async def track(gum):
    return (await gum(video=True)).video


@pytest.mark.parametrize("init", [(), (None,), ({},), ({"track": None},)])
def test_a_track_event_needs_a_track(init):
    with pytest.raises(TypeError, match="needs a member 'track'"):
        ms.MediaStreamTrackEvent("type", *init)


def test_a_track_event_takes_nothing_but_a_track():
    with pytest.raises(TypeError, match="expected a MediaStreamTrack"):
        ms.MediaStreamTrackEvent("type", {"track": 5})
    with pytest.raises(TypeError):
        ms.MediaStreamTrackEvent()


async def test_a_track_event_carries_its_track(track):
    event = ms.MediaStreamTrackEvent("type", {"track": track, "cancelable": True})
    assert event.type == "type"
    assert event.track is track
    assert event.cancelable
    assert not event.is_trusted
    assert ms.MediaStreamTrackEvent("type", track=track).track is track
    with pytest.raises(AttributeError):
        event.track = track


async def test_a_program_can_dispatch_a_track_event_of_its_own(track):
    stream, found = ms.MediaStream(), []
    stream.onaddtrack = found.append
    event = ms.MediaStreamTrackEvent("addtrack", track=track)
    assert stream.dispatch_event(event)
    assert found == [event]
    assert stream.get_tracks() == []


async def test_a_device_change_event_carries_devices(gum, devices):
    await gum(video=True)
    infos = await devices.enumerate_devices()
    event = ms.DeviceChangeEvent("devicechange", devices=infos)
    assert event.devices == tuple(infos)
    assert event.user_inserted_devices == ()
    assert ms.DeviceChangeEvent("devicechange").devices == ()
    with pytest.raises(TypeError, match="devices"):
        ms.DeviceChangeEvent("devicechange", devices=[5])
