"""A tone in place of a microphone: an oscillator is what the other end of a call hears.

Whatever ends in a `MediaStreamAudioDestinationNode` is a stream, and a call does not ask where a stream comes from: a
tone to test a line, an announcement, a synthesizer. Both ends are in this program, so that it can listen at the far one
and say which tone came out of the network. Needs ``pip install "mediastreams[audio,webrtc]"``.
"""

import asyncio

import mediastreams as ms

HERTZ = 440
CLEAR = -27.0  # dB: on an AnalyserNode's scale a sine of 0.3 has -24


async def connect(near: ms.RTCPeerConnection, far: ms.RTCPeerConnection) -> ms.MediaStream:
    """Do what two programs do by way of a server: descriptions and candidates go to and fro. Answer what far gets."""
    near.onicecandidate = lambda event: asyncio.ensure_future(far.add_ice_candidate(event.candidate))
    far.onicecandidate = lambda event: asyncio.ensure_future(near.add_ice_candidate(event.candidate))
    came: asyncio.Future[ms.MediaStream] = asyncio.get_running_loop().create_future()
    far.ontrack = lambda event: came.set_result(event.streams[0])
    offer = await near.create_offer()
    await near.set_local_description(offer)
    await far.set_remote_description(offer)
    answer = await far.create_answer()
    await far.set_local_description(answer)
    await near.set_remote_description(answer)
    return await came


async def main() -> None:
    async with ms.AudioContext() as context, ms.RTCPeerConnection() as near, ms.RTCPeerConnection() as far:
        tone = ms.OscillatorNode(context, frequency=HERTZ)
        volume = ms.GainNode(context, gain=0.3)
        line = context.create_media_stream_destination()
        tone.connect(volume).connect(line)
        tone.start()

        for track in line.stream.get_tracks():
            near.add_track(track, line.stream)
        heard = await connect(near, far)

        assert heard.audio is not None
        looks = 0
        async for spectrum in heard.audio.spectrum(fft_size=8192):
            loudest = spectrum.decibels.argmax()
            if spectrum.decibels[loudest] > CLEAR:  # silence first, then a while to find out each other's time
                looks += 1
            if looks == 10:
                print(f"sent {HERTZ} Hz, heard {spectrum.frequencies[loudest]:.0f} Hz")
                break


asyncio.run(main())
