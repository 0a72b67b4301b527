"""A media element's sound in a graph: volume, channels, seeking, and the end of either."""

import asyncio

import numpy as np
import pytest
from tests.media import make_wav

import mediastreams as ms
from mediastreams.errors import InvalidStateError, NotFoundError
from mediastreams.testing import FakeBackend, FakeSpeaker

RATE = 48_000


@pytest.fixture
def backend():
    return FakeBackend([FakeSpeaker(label="Desk")])


@pytest.fixture
def devices(backend):
    return ms.MediaDevices(backends=[backend])


@pytest.fixture
async def context():
    async with ms.AudioContext(sink_id={"type": "none"}) as one:
        yield one


@pytest.fixture
def song(tmp_path):
    """Two tones, left and right, for twenty seconds."""
    times = np.arange(20 * RATE) / RATE
    tones = 0.5 * np.sin(2 * np.pi * np.array([[500], [800]]) * times)
    return make_wav(tmp_path / "song.wav", tones.astype(np.float32), RATE)


async def heard_until(track, condition, seconds=20):
    async with asyncio.timeout(seconds):
        async for data in track.frames(samples=4800):
            samples = data.to_ndarray()
            if condition(samples):
                return samples
    raise AssertionError("the track has ended")


def into_graph(context, element):
    node = context.create_media_element_source(element)
    end = context.create_media_stream_destination()
    node.connect(end)
    return node, end.stream.audio


@pytest.mark.parametrize("of", ["file", "stream"])
async def test_volume_and_muting_are_heard_in_the_graph(context, devices, backend, song, level_at, of):
    with ms.AudioElement(devices=devices) as audio:
        node, out = into_graph(context, audio)
        if of == "file":
            audio.src = song
        else:
            tone = ms.OscillatorNode(context, frequency=500)
            destination = context.create_media_stream_destination()
            tone.connect(destination)
            tone.start()
            audio.src_object = destination.stream
        await audio.play()
        assert node.media_element is audio
        await heard_until(out, lambda s: level_at(s[0], 500) > 0.3)
        audio.volume = 0
        await heard_until(out, lambda s: not s.any())
        audio.volume = 0.3
        await heard_until(out, lambda s: 0.02 < level_at(s[0], 500) < 0.35)
        audio.volume = 1
        await heard_until(out, lambda s: level_at(s[0], 500) > 0.3)
        audio.muted = True
        await heard_until(out, lambda s: not s.any())
        audio.muted = False
        await heard_until(out, lambda s: level_at(s[0], 500) > 0.3)
        heard = backend.device("Desk").heard(1)
        assert heard is None or not heard.to_ndarray().any(), "it is heard in the graph, and nowhere else"


async def test_what_comes_into_the_graph_is_what_the_file_decodes_to(context, devices, song):
    with ms.AudioElement(song, devices=devices) as audio:
        _, out = into_graph(context, audio)
        await audio.play()
        heard = await heard_until(out, lambda s: (s != 0).all(axis=0).mean() > 0.9 and np.abs(s[0]).max() > 0.45)
        one = 0.5 * np.sin(2 * np.pi * np.outer([500, 800], np.arange(RATE // 10 + 4800) / RATE)).astype(np.float32)
        piece = heard[:, 1000:2000]
        best = min(float(np.abs(one[:, s : s + 1000] - piece).max()) for s in range(480 * 10))
        assert best < 1e-3


async def test_a_paused_element_is_silence_and_goes_on(context, devices, song, level_at):
    with ms.AudioElement(song, devices=devices) as audio:
        _, out = into_graph(context, audio)
        await audio.play()
        await heard_until(out, lambda s: level_at(s[1], 800) > 0.3)
        audio.pause()
        await heard_until(out, lambda s: not s.any())
        audio.current_time = 10
        await audio.play()
        await heard_until(out, lambda s: level_at(s[1], 800) > 0.3)
        assert audio.current_time >= 10


async def test_the_six_channels_of_a_movie_are_taken_apart(context, devices, movie):
    """Left, right, centre, low, and two behind: each is an output of a splitter, as FFmpeg decodes it."""
    with ms.VideoElement(movie, devices=devices) as video:
        node = context.create_media_element_source(video)
        splitter, merger = context.create_channel_splitter(6), context.create_channel_merger(6)
        node.connect(splitter)
        for channel in range(6):
            splitter.connect(merger, channel, 5 - channel)
        end = ms.MediaStreamAudioDestinationNode(context, channel_count=6)
        merger.connect(end)
        expected = await decoded(movie)
        await video.play()

        def as_it_was(samples):
            """Whether a piece of it, the channels the other way round, is somewhere in the movie."""
            piece = samples[::-1, 1200:3600]
            return (
                len(piece) == 6 and (np.abs(piece).max(axis=1) > 1e-4).sum() >= 5 and found_in(piece, expected) > 0.99
            )

        await heard_until(end.stream.audio, as_it_was)


async def decoded(path):
    async with ms.open(path, clock="free") as stream:
        parts = [data.to_ndarray() async for data in stream.audio.frames(policy="wait", sample_rate=RATE)]
    return np.concatenate(parts, axis=1)


def found_in(piece, whole):
    """How alike a piece is to the place of a sound that is most alike, all channels together: 1 is the same."""
    size = 1 << (whole.shape[1] + piece.shape[1]).bit_length()
    common = np.fft.irfft((np.fft.rfft(whole, size) * np.conj(np.fft.rfft(piece, size))).sum(axis=0), size)
    energy = np.concatenate([[0], np.cumsum((whole.astype(np.float64) ** 2).sum(axis=0))])
    loudness = np.sqrt(np.maximum(energy[piece.shape[1] :] - energy[: -piece.shape[1]], 1e-9))
    likeness = common[: len(loudness)] / loudness / np.sqrt((piece.astype(np.float64) ** 2).sum())
    return float(likeness.max())


async def test_an_element_is_in_one_graph_only(context, devices):
    with ms.AudioElement(devices=devices) as audio:
        context.create_media_element_source(audio)
        with pytest.raises(InvalidStateError, match="already"):
            ms.MediaElementAudioSourceNode(context, media_element=audio)


@pytest.mark.parametrize("what", [None, 5, "song.wav"])
async def test_what_is_no_element_is_refused(context, what):
    with pytest.raises(TypeError):
        context.create_media_element_source(what)


async def test_the_output_of_an_element_in_a_graph_can_be_chosen_as_ever(context, devices, backend, song, level_at):
    with ms.AudioElement(song, devices=devices) as audio:
        _, out = into_graph(context, audio)
        await audio.play()
        await audio.set_sink_id("")
        with pytest.raises(NotFoundError):
            await audio.set_sink_id("nonexistent")
        told = await devices.select_audio_output()
        await audio.set_sink_id(told.device_id)
        assert audio.sink_id == told.device_id
        await heard_until(out, lambda s: level_at(s[0], 500) > 0.3)
        await audio.set_sink_id("")
        assert audio.sink_id == ""
        await heard_until(out, lambda s: level_at(s[0], 500) > 0.3)
        assert backend.device("Desk").heard(1) is None


async def test_an_element_plays_on_when_its_graph_is_closed_and_can_be_taken_into_a_closed_one(devices, song):
    context = ms.AudioContext(sink_id={"type": "none"})
    with ms.AudioElement(song, devices=devices) as audio, ms.AudioElement(song, devices=devices) as other:
        into_graph(context, audio)
        await audio.play()
        await context.close()
        ms.MediaElementAudioSourceNode(context, media_element=other)
        await other.play()
        before = audio.current_time
        await asyncio.sleep(0.3)
        assert audio.current_time > before
        assert other.current_time > 0


async def test_an_element_that_is_closed_is_silence(context, devices, song, level_at):
    audio = ms.AudioElement(song, devices=devices)
    _, out = into_graph(context, audio)
    await audio.play()
    await heard_until(out, lambda s: level_at(s[0], 500) > 0.3)
    audio.close()
    await heard_until(out, lambda s: not s.any())
