"""What an audio graph lets be heard is taken out of a microphone as what an element plays is."""

import asyncio

import numpy as np
import pytest
from tests.media import make_wav
from tests.rooms import RATE, Room, level, loss, room_answer, speak

import mediastreams as ms

pytest.importorskip("livekit.rtc")
pytest.importorskip("web_audio_api")


async def test_a_microphone_does_not_hear_the_destination_of_a_graph(need, tmp_path):
    need("espeak-ng")
    voice = speak(tmp_path)[: 6 * RATE]
    path = make_wav(tmp_path / "voice.wav", voice[np.newaxis], RATE)
    room = Room(room_answer())
    devices = ms.MediaDevices(backends=[room])
    sounds = []

    async def listen(track):
        sounds.extend([data.to_ndarray()[0].copy() async for data in track])

    only_echo = {"noise_suppression": False, "auto_gain_control": False}
    async with devices.get_user_media(audio=only_echo) as stream, ms.AudioContext(devices=devices) as context:
        listening = asyncio.ensure_future(listen(stream.audio))
        with ms.AudioElement(path, devices=devices) as player:
            context.create_media_element_source(player).connect(context.destination)
            await player.play()
            await player.wait_for("ended", timeout=20)
        stream.audio.stop()
        await listening
    heard, sound = np.concatenate(room.raw, axis=1)[0], np.concatenate(sounds)
    begin = int(np.flatnonzero(np.abs(heard) > 0.01)[0])
    late = slice(begin + 3 * RATE, min(begin + 6 * RATE, len(sound)) - RATE // 2)
    assert level(heard[late]) > -45, "the room answered"
    assert loss(heard[late], sound[late]) >= 25
