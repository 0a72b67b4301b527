"""`Navigator`: the way in, and the callback form of the seed."""

import asyncio
import threading

import pytest

import mediastreams as ms
from mediastreams.testing import set_permission


@pytest.fixture
def navigator(devices, monkeypatch):
    """The navigator, with the fakes for its devices."""
    monkeypatch.setattr(ms.navigator, "_media_devices", devices)
    return ms.navigator


def test_there_is_one_and_it_cannot_be_made_by_calling():
    assert isinstance(ms.navigator, ms.Navigator)
    assert ms.navigator.media_devices is ms.media_devices
    assert ms.navigator.media_devices is ms.navigator.media_devices
    assert isinstance(ms.navigator.permissions, ms.Permissions)
    with pytest.raises(TypeError, match=r"Illegal constructor.*mediastreams\.navigator"):
        ms.Navigator()


@pytest.mark.parametrize("name", ["get_user_media", "media_devices", "permissions"])
def test_what_the_standard_hands_out_is_there(name):
    assert hasattr(ms.navigator, name)


@pytest.mark.parametrize("name", ["webkit_get_user_media", "moz_get_user_media", "webkitGetUserMedia"])
def test_prefixed_names_are_history(name):
    assert not hasattr(ms.navigator, name)


@pytest.mark.parametrize("name", ["webkitMediaStream", "AudioStreamTrack", "VideoStreamTrack", "LocalMediaStream"])
def test_classes_of_old_drafts_are_history(name):
    assert not hasattr(ms, name)


async def test_the_callback_form_gives_the_stream_to_the_first_function(navigator):
    done = asyncio.get_running_loop().create_future()
    assert navigator.get_user_media({"video": True}, done.set_result, done.set_exception) is None
    assert not done.done()
    stream = await done
    assert isinstance(stream, ms.MediaStream)
    stream.video.stop()


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"video": {"width": {"min": 10**8}}}, ms.OverconstrainedError),
        ({}, TypeError),
        ({"video": {"zoom": {"exact": 2}}}, TypeError),
    ],
)
async def test_the_callback_form_gives_every_error_to_the_second_function(navigator, request_, error):
    done = asyncio.get_running_loop().create_future()
    navigator.get_user_media(request_, done.set_exception, done.set_result)
    assert type(await done) is error


@pytest.mark.parametrize("malformed", [5, "video", {"video": 5}, {"video": {"width": {"exact": "wide"}}}])
async def test_malformed_constraints_are_an_error_at_the_call(navigator, malformed):
    with pytest.raises(TypeError, match="get_user_media"):
        navigator.get_user_media(malformed, print, print)


async def test_the_callback_form_says_when_it_is_denied(navigator):
    set_permission("camera", "denied")
    done = asyncio.get_running_loop().create_future()
    navigator.get_user_media({"video": True}, done.set_exception, done.set_result)
    assert (await done).name == "NotAllowedError"


@pytest.mark.parametrize("callbacks", [(None, print), (print, None), (5, print)])
async def test_both_functions_are_needed(navigator, callbacks):
    with pytest.raises(TypeError, match="callback must be callable"):
        navigator.get_user_media({"video": True}, *callbacks)


async def test_a_callback_that_raises_is_reported_and_not_called_again(navigator, exceptions, clock):
    def fail(stream):
        stream.video.stop()
        raise ZeroDivisionError("in the callback")

    with exceptions() as found:
        navigator.get_user_media({"video": True}, fail, fail)
        await clock.advance(0)
    assert [str(error) for error in found] == ["in the callback"]


def test_without_a_loop_the_callbacks_run_on_the_library_s_own(navigator):
    done, found = threading.Event(), []

    def note(stream):
        found.append((threading.current_thread().name, stream.video.ready_state))
        stream.video.stop()
        done.set()

    navigator.get_user_media({"video": True}, note, print)
    assert done.wait(5)
    assert found == [("mediastreams-loop", "live")]
