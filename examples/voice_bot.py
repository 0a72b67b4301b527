"""A voice bot that listens while it talks, does not hear itself, and stops when it is interrupted.

Three things make that work. Echo cancellation: what this process plays is taken out of its microphone, so that what is
left is the person ("exact" refuses to run without it). Voice activity: it tells that somebody begins or stops speaking,
and as of when, so that the words between can be cut out of the last half minute. And a gain: who interrupts the bot
makes it fade within 50 ms, and its answer is given up. What is heard and what is answered is yours: put your recogniser
in `understand` and your speech synthesis in `say`; they run in threads here, since both take a while.

``python voice_bot.py 600`` talks for ten minutes. Needs ``pip install "mediastreams[audio,aec,vad]"``.
"""

import asyncio
import contextlib
import sys
from collections import deque

import numpy as np
import numpy.typing as npt

import mediastreams as ms

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
MICROPHONE = {"echo_cancellation": {"exact": True}, "noise_suppression": True}
Samples = npt.NDArray[np.float32]


def understand(spoken: Samples) -> str:
    """Put a recogniser here: 16 kHz, mono, -1 to 1."""
    return f"{len(spoken) / 16_000:.1f} seconds of speech"


def say(text: str) -> Samples:
    """Put a voice here: 48 kHz, mono. This one hums, a note for each letter."""
    at = np.arange(2_400) / 48_000
    notes = [np.sin(2 * np.pi * (300 + 10 * (ord(letter) % 32)) * at) * np.hanning(2_400) for letter in text]
    return 0.2 * np.concatenate(notes).astype(np.float32)


async def answer(context: ms.AudioContext, text: str) -> None:
    """Say something; who cancels this interrupts it."""
    samples = await asyncio.to_thread(say, text)
    buffer = ms.AudioBuffer(length=len(samples), sample_rate=48_000)
    buffer.copy_to_channel(samples, 0)
    voice, mouth = ms.AudioBufferSourceNode(context, buffer=buffer), ms.GainNode(context)
    voice.connect(mouth).connect(context.destination)
    voice.start()
    print(f"bot: {text}")
    try:
        await voice.wait_for("ended")
    except asyncio.CancelledError:
        mouth.gain.set_target_at_time(0, context.current_time, 0.01)
        voice.stop(context.current_time + 0.05)
        print("bot is interrupted")
        raise


async def remember(person: ms.MediaStreamTrack[ms.AudioData], memory: deque[ms.AudioData]) -> None:
    """Keep the last half minute of what was heard."""
    async for data in person.frames(sample_rate=16_000, channels=1, samples=320):
        memory.append(data)


async def converse(person: ms.MediaStreamTrack[ms.AudioData], context: ms.AudioContext) -> None:
    memory: deque[ms.AudioData] = deque(maxlen=1500)
    remembering = asyncio.ensure_future(remember(person, memory))
    answering = asyncio.ensure_future(answer(context, "Hello, what can I do for you?"))
    try:
        async for voice in person.voice_activity():
            if voice.speaking:
                print("you: …")
                answering.cancel()  # at once: nobody likes to be talked over; no harm if it was said already
                continue
            began = voice.timestamp - voice.duration - 200_000  # a little before: consonants are no voice yet
            words = [data.to_ndarray()[0] for data in memory if began <= data.timestamp < voice.timestamp]
            heard = await asyncio.to_thread(understand, np.concatenate(words))
            answering = asyncio.ensure_future(answer(context, f"I have heard {heard}"))
    finally:
        remembering.cancel()
        answering.cancel()


async def main() -> None:
    devices = ms.media_devices
    async with devices.get_user_media(audio=MICROPHONE) as person, ms.AudioContext(latency_hint="playback") as context:
        assert person.audio is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(converse(person.audio, context), SECONDS)
    print("goodbye")


asyncio.run(main())
