"""A program that talks and listens at once, and does not hear itself: the microphone as it is, and without the speaker.

Needs ``pip install "mediastreams[aec]"`` for a real microphone, and speakers that it can hear. A fake one does as it is
told by itself, for all of its tracks at once.
"""

import asyncio
import tempfile
from pathlib import Path

import numpy as np

import mediastreams as ms

RATE = 48_000
PLAIN = {"echo_cancellation": False, "noise_suppression": False, "auto_gain_control": False}


async def something_to_say(path: Path) -> Path:
    """Three seconds of sound that goes up and down, as a voice does, in a file."""
    times = np.arange(3 * RATE) / RATE
    sound = 0.3 * np.sin(2 * np.pi * (200 + 100 * np.sin(5 * times)) * times) * np.abs(np.sin(3 * times))
    voice = ms.MediaStreamTrackGenerator(kind="audio")
    recording = asyncio.ensure_future(ms.record(ms.MediaStream([voice]), path))
    writer = voice.writable.get_writer()
    for at in range(0, len(sound), RATE // 10):
        part = sound[np.newaxis, at : at + RATE // 10].astype(np.float32)
        await writer.write(ms.AudioData.from_ndarray(part, sample_rate=RATE, timestamp=round(at * 1e6 / RATE)))
    voice.stop()
    await recording
    return path


async def loudest(track: ms.MediaStreamTrack, seconds: float) -> float:
    """The loudest tenth of a second, dBFS."""
    found = -120.0
    async for level in track.levels(interval=0.1):
        found = max(found, level.loudest)
        seconds -= 0.1
        if seconds <= 0:
            break
    return found


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = await something_to_say(Path(folder) / "voice.wav")
        async with ms.media_devices.get_user_media(audio=True) as stream:
            [listening] = stream.get_audio_tracks()
            print("cancels echo:", listening.get_settings().echo_cancellation)
            plain = listening.clone()
            await plain.apply_constraints(PLAIN)  # a clone may have other settings than its track
            with plain, ms.AudioElement(path) as voice:
                await voice.play()
                both = await asyncio.gather(loudest(plain, 2.5), loudest(listening, 2.5))
            print("while it talks the microphone hears {:.1f} dBFS, and the program {:.1f} dBFS".format(*both))


asyncio.run(main())
