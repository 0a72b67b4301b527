"""What a content hint changes on a track itself: the defaults of a microphone's processing."""

import asyncio
import logging

import pytest

NAMES = ("echo_cancellation", "auto_gain_control", "noise_suppression")


@pytest.fixture
async def audio(gum):
    return (await gum(audio=True)).audio


def processing(track):
    return tuple(track.get_settings()[name] for name in NAMES)


@pytest.fixture
def follows():
    """``await follows(track)``: wait until what a hint has set going is done."""

    async def wait(track):
        before = track._applications
        async with asyncio.timeout(5):
            while track._applications == before or track._committed != track._applications:
                await asyncio.sleep(0.001)

    return wait


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ("music", (False, False, False)),
        ("speech", (True, True, True)),
        ("speech-recognition", (False, False, False)),
    ],
)
async def test_a_hint_brings_its_defaults(audio, follows, hint, expected):
    assert processing(audio) == (True, True, True)
    audio.content_hint = hint
    await follows(audio)
    assert processing(audio) == expected
    assert audio.get_constraints() == {}


async def test_a_hint_fires_no_configurationchange(audio, follows, heard, clock):
    events = heard(audio, "configurationchange")
    audio.content_hint = "music"
    await follows(audio)
    await clock.advance(0)
    assert events == []


async def test_constraints_go_before_a_hint(audio, follows):
    await audio.apply_constraints(echo_cancellation={"exact": True}, noise_suppression=True)
    audio.content_hint = "music"
    await follows(audio)
    assert processing(audio) == (True, False, True)


async def test_a_hint_is_remembered_for_later_constraints_until_it_is_taken_back(audio, follows):
    await audio.apply_constraints(noise_suppression={"exact": True})
    audio.content_hint = "music"
    await follows(audio)
    await audio.apply_constraints()
    assert processing(audio) == (False, False, False)
    audio.content_hint = ""
    await audio.apply_constraints()
    assert processing(audio) == (True, True, True)


async def test_a_hint_keeps_the_constraints_that_are_just_being_applied(audio, follows):
    applying = asyncio.ensure_future(audio.apply_constraints(noise_suppression={"exact": True}))
    await asyncio.sleep(0)
    audio.content_hint = "music"
    await applying
    async with asyncio.timeout(5):
        while processing(audio) != (False, False, True):
            await asyncio.sleep(0.001)
    assert audio.get_constraints() == {"noise_suppression": {"exact": True}}


async def test_a_clone_inherits_the_defaults_of_the_hint(audio, follows):
    audio.content_hint = "music"
    await follows(audio)
    clone = audio.clone()
    audio.content_hint = ""
    await clone.apply_constraints(channel_count=1)
    assert processing(clone) == (False, False, False)
    clone.stop()


async def test_an_ended_track_takes_a_hint_and_does_nothing(audio, clock):
    audio.stop()
    audio.content_hint = "music"
    await clock.advance(0)
    assert audio.content_hint == "music"
    assert audio._applications == 0


async def test_a_microphone_that_fails_to_follow_is_logged(audio, microphone, caplog, monkeypatch):
    caplog.set_level(logging.WARNING, "mediastreams")
    monkeypatch.setattr(audio._source.hub.source, "configure", lambda _: False)
    microphone.busy()
    audio.content_hint = "music"
    async with asyncio.timeout(5):
        while not caplog.records:
            await asyncio.sleep(0.001)
    assert "could not follow its content hint" in caplog.text
