"""Hear yourself without the rumble: microphone, filter, gain, speakers; and a meter beside it.

A graph is built once, from left to right, and then runs by itself, off the event loop. This one has two ends: the
context's destination is heard, and a `MediaStreamAudioDestinationNode` is a stream as any other, of which this program
looks at the level (it might as well be recorded, or sent). Echo cancellation is on, as always unless you say otherwise:
without it a microphone beside a loudspeaker howls. It cannot well tell your voice from your voice, though: for a
performance wear headphones, and ask for ``{"echo_cancellation": False}``.

``python microphone_filter.py 60`` runs a minute. Needs ``pip install "mediastreams[audio,aec]"``.
"""

import asyncio
import sys
import time

import mediastreams as ms

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0


async def main() -> None:
    async with ms.media_devices.get_user_media(audio=True) as microphone, ms.AudioContext() as context:
        source = context.create_media_stream_source(microphone)
        rumble = ms.BiquadFilterNode(context, type="highpass", frequency=120)
        volume = ms.GainNode(context, gain=0.5)
        measured = context.create_media_stream_destination()

        source.connect(rumble).connect(volume).connect(context.destination)
        volume.connect(measured)

        volume.gain.linear_ramp_to_value_at_time(1.0, context.current_time + 1)  # comes up gently, sample by sample

        assert measured.stream.audio is not None
        until = time.monotonic() + SECONDS
        async for level in measured.stream.audio.levels(interval=0.1):
            print(f"{level.loudest:6.1f} dBFS {'█' * round(max(0.0, 60 + level.loudest) / 2)}")
            if time.monotonic() > until:
                break
        print(f"from the air into the graph {source.stats.latency:.3f} s, out of it {context.output_latency:.3f} s")


asyncio.run(main())
