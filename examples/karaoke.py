"""Karaoke: while you sing the song's own singer steps back, and comes back when you stop. Recorded with your voice.

A singer is usually mixed into the middle: as loud on the left as on the right. So left plus right, halved, is mostly
voice, and taking it away from both sides leaves the band, half as loud. How much is taken away is the gain of one node,
how loud the rest is the gain of another, and the level of your microphone moves both: softly, because a parameter
approaches its target sample by sample. The song comes out of the speakers, back into the microphone, and would sing in
your place, if the microphone did not have it taken out: that is what echo cancellation is for.

Run with a song, ``python karaoke.py song.mp3``, or without. Needs ``pip install "mediastreams[audio,aec]"``.
"""

import asyncio
import sys
from pathlib import Path

import numpy as np

import mediastreams as ms

RATE = 48_000
SINGS = -45.0  # dBFS


async def song(context: ms.AudioContext) -> ms.AudioBuffer:
    """The file, or two bars of a band: a guitar on the left, a piano on the right, a voice in the middle."""
    if len(sys.argv) > 1:
        return await context.decode_audio_data(Path(sys.argv[1]).read_bytes())
    guitar, piano, voice = (0.2 * np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE) for hertz in (220, 330, 660))
    made = ms.AudioBuffer(number_of_channels=2, length=2 * RATE, sample_rate=RATE)
    made.copy_to_channel(guitar + voice, 0)
    made.copy_to_channel(piano + voice, 1)
    return made


async def step_back(microphone: ms.MediaStreamTrack, middle: ms.GainNode, stage: ms.GainNode) -> None:
    """Take the middle away while there is a voice at the microphone."""
    async for level in microphone.levels():
        taken, loudness, quickness = (-0.5, 2.0, 0.05) if level.loudest > SINGS else (0.0, 1.0, 0.4)
        middle.gain.set_target_at_time(taken, middle.context.current_time, quickness)
        stage.gain.set_target_at_time(loudness, middle.context.current_time, quickness)


async def main() -> None:
    async with ms.media_devices.get_user_media(audio=True) as microphone, ms.AudioContext() as context:
        band = ms.AudioBufferSourceNode(context, buffer=await song(context), loop=True)
        sides = ms.ChannelSplitterNode(context, number_of_outputs=2)
        middle = ms.GainNode(context, gain=0)
        stage = ms.GainNode(context)  # what is connected to one input is added up
        band.connect(stage)
        band.connect(sides)
        sides.connect(middle, 0)  # left
        sides.connect(middle, 1)  # and right
        middle.connect(stage)  # mono goes to both sides alike
        stage.connect(context.destination)

        recorded = context.create_media_stream_destination()
        stage.connect(recorded)
        context.create_media_stream_source(microphone).connect(recorded)  # you hear yourself without a loudspeaker

        band.start()
        assert microphone.audio is not None
        ducking = asyncio.ensure_future(step_back(microphone.audio, middle, stage))
        print(await ms.record(recorded.stream, "karaoke.flac", duration=4))
        ducking.cancel()


asyncio.run(main())
