"""Music that gets out of the way while somebody speaks: mixed with the microphone, recorded.

Run with a file: ``python ducking.py music.mp3``; without one there is a hum instead of music.
"""

import asyncio
import sys

import numpy as np

import mediastreams as ms

QUIET, USUAL = 0.1, 0.6
SPEECH = -35.0  # dBFS; `track.voice_activity()` tells a voice from other sounds, by the extra vad


async def hum(generator: ms.MediaStreamTrackGenerator) -> None:
    """Write a chord, in chunks of 20 ms, as it would be played."""
    number = 0
    while generator.ready_state == "live":
        at = (number * 960 + np.arange(960)) / 48_000
        chord = 0.1 * np.sin(2 * np.pi * np.array([[220], [277], [330]]) * at).sum(axis=0, keepdims=True)
        await generator.writable.write(ms.AudioData.from_ndarray(chord.astype(np.float32), sample_rate=48_000))
        number += 1
        await asyncio.sleep(0.02)


async def duck(mixed: ms.AudioMix, voice: ms.MediaStream, music: ms.MediaStream) -> None:
    assert voice.audio is not None
    async for level in voice.audio.levels():
        wanted = QUIET if level.loudest > SPEECH else USUAL
        if wanted != mixed.get_gain(music):
            mixed.set_gain(music, wanted, ramp=0.05 if wanted == QUIET else 0.8)
            print("music", "quiet" if wanted == QUIET else "back")


async def main() -> None:
    async with ms.media_devices.get_user_media(audio=True) as voice:
        if len(sys.argv) > 1:
            music, player = await ms.open(sys.argv[1]), None
        else:
            generator = ms.MediaStreamTrackGenerator("audio")
            music, player = ms.MediaStream([generator]), asyncio.ensure_future(hum(generator))
        with music, ms.mix([voice, music], gains=[1, USUAL]) as mixed:
            ducking = asyncio.ensure_future(duck(mixed, voice, music))
            print(await ms.record(ms.MediaStream([mixed]), "ducked.flac", duration=4))
            ducking.cancel()
        if player is not None:
            await player


asyncio.run(main())
