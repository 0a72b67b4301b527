"""A program that plays what a peer says, and sends its microphone: the peer does not hear himself, unasked."""

import asyncio

import numpy as np
import pytest
from tests.media import make_wav
from tests.rooms import RATE, Room, level, preferred, room_answer, speak
from tests.webrtc.pairs import connect, pair

import mediastreams as ms

pytest.importorskip("livekit.rtc")
pytestmark = [
    pytest.mark.may_block(reason="it makes certificates, encodes and decodes on a busy machine"),
    pytest.mark.timeout(120),
]


async def listen(track, sounds):
    async for data in track.frames(sample_rate=RATE, channels=1):
        sounds.append(data.to_ndarray()[0].copy())


async def talk_over_a_call(room, path, said):
    """What comes back to the peer; the sample of it at which somebody in the room begins, and that of the room."""
    devices = ms.MediaDevices(backends=[room])
    sounds = []
    async with (
        devices.get_user_media(audio=True) as microphone,
        ms.open(path) as voice,
        pair() as (program, person),
    ):
        assert microphone.audio.get_settings().echo_cancellation is True
        program.add_track(microphone.audio, microphone)
        person.add_track(voice.audio, voice)
        coming = asyncio.ensure_future(program.wait_for("track", timeout=20))
        returning = asyncio.ensure_future(person.wait_for("track", timeout=20))
        await connect(program, person)
        listening = asyncio.ensure_future(listen((await returning).track, sounds))
        with ms.AudioElement(devices=devices) as player:
            player.src_object = ms.MediaStream([(await coming).track])
            await player.play()
            async with asyncio.timeout(30):
                while voice.audio.ready_state == "live":
                    await asyncio.sleep(0.1)
            await asyncio.sleep(1)
            begins, echo_until = sum(map(len, sounds)), len(room.raw) * room.chunk
            room.talk = said
            await asyncio.sleep(3.5)
            microphone.audio.stop()
        listening.cancel()
    return np.concatenate(sounds), begins, echo_until


async def test_a_peer_does_not_hear_himself_and_hears_who_talks_in_the_room(need, tmp_path):
    need("espeak-ng")
    far, near = speak(tmp_path), speak(tmp_path, 1, "en-gb", 80)
    path = make_wav(tmp_path / "far.wav", far[np.newaxis, : 8 * RATE], RATE)
    for _ in range(3):  # in real time: where nobody may be preferred, a busy machine may need another try
        room = Room(room_answer())
        with preferred():
            sound, begins, echo_until = await talk_over_a_call(room, path, near[: 3 * RATE].copy())
        echo = np.concatenate(room.raw, axis=1)[0][:echo_until]
        loud = np.flatnonzero(np.abs(echo) > 0.01)
        late = echo[int(loud[0]) + 3 * RATE : int(loud[-1])] if loud.size else echo
        came_back = sound[begins - 5 * RATE : begins - RATE]
        print(
            f"{level(late):.1f} dB heard, {level(came_back):.1f} dB sent, {level(sound[begins:]):.1f} dB of who talks"
        )
        if level(late) > -40 and level(late) - level(came_back) >= 25:
            break
    assert level(late) > -40, "the room answered"
    assert level(late) - level(came_back) >= 25
    assert level(sound[begins:]) > -35, "who talks is heard"
