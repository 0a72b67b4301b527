"""Tracks into a graph and out of it: which one, when it is silent, what happens at its end."""

import asyncio
import gc

import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeMicrophone

SILENT = {"type": "none"}


@pytest.fixture
async def context():
    async with ms.AudioContext(sink_id=SILENT) as one:
        yield one


def tone(context, frequency, channels=None):
    """A stream with one tone."""
    options = {} if channels is None else {"channel_count": channels}
    node = ms.MediaStreamAudioDestinationNode(context, options)
    oscillator = ms.OscillatorNode(context, frequency=frequency)
    oscillator.connect(node)
    oscillator.start()
    return node.stream


async def frames_until(track, condition, seconds=20):
    """Listen until what was heard last (0.1 s) satisfies a condition; answer it."""
    async with asyncio.timeout(seconds):
        async for data in track.frames(samples=4800):
            samples = data.to_ndarray()
            if condition(samples):
                return samples
    raise AssertionError("the track has ended")


async def test_the_destination_is_a_stream_of_one_track_of_two_channels(context, level_at):
    node = context.create_media_stream_destination()
    assert (node.number_of_inputs, node.number_of_outputs) == (1, 0)
    assert (node.channel_count, node.channel_count_mode, node.channel_interpretation) == (2, "explicit", "speakers")
    assert node.stream is node.stream
    (track,) = node.stream.get_tracks()
    assert (track.kind, track.ready_state, track.muted) == ("audio", "live", False)
    assert track.label == "MediaStreamAudioDestinationNode"
    assert (track.get_settings().sample_rate, track.get_settings().channel_count) == (48_000, 2)
    merger = context.create_channel_merger(2)
    for side, frequency in enumerate((500, 800)):
        oscillator = ms.OscillatorNode(context, frequency=frequency)
        oscillator.connect(merger, 0, side)
        oscillator.start()
    merger.connect(node)
    both = await frames_until(track, lambda s: level_at(s[0], 500) > 0.9 and level_at(s[1], 800) > 0.9)
    assert level_at(both[0], 800) < 0.02
    assert level_at(both[1], 500) < 0.02


async def test_the_destination_has_as_many_channels_as_it_is_asked_for(context):
    node = ms.MediaStreamAudioDestinationNode(context, channel_count=7)
    assert (node.channel_count, node.channel_count_mode) == (7, "explicit")
    track = node.stream.audio
    assert track.get_settings().channel_count == 7
    assert (await frames_until(track, lambda samples: True)).shape[0] == 7
    node.channel_count = 1
    assert (await frames_until(track, lambda samples: samples.shape[0] == 1)).shape[0] == 1
    assert track.get_settings().channel_count == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), TypeError),
        ((1,), TypeError),
        (("context", 42), TypeError),
        (("context", {"channel_count": 0}), ms.errors.NotSupportedError),
        (("offline",), TypeError),
    ],
)
async def test_an_impossible_destination_is_refused(context, arguments, error):
    known = {"context": context, "offline": ms.OfflineAudioContext(1, 128, 48_000)}
    with pytest.raises(error):
        ms.MediaStreamAudioDestinationNode(*(known.get(one, one) if isinstance(one, str) else one for one in arguments))


async def test_only_a_stream_with_sound_is_a_source(context):
    video = ms.CanvasElement(32, 32).capture_stream()
    for stream in (ms.MediaStream(), video):
        with pytest.raises(ms.errors.InvalidStateError, match="no audio track"):
            context.create_media_stream_source(stream)
        with pytest.raises(ms.errors.InvalidStateError, match="no audio track"):
            ms.MediaStreamAudioSourceNode(context, {"mediaStream": stream})
    with pytest.raises(ms.errors.InvalidStateError, match="a video track"):
        context.create_media_stream_track_source(video.video)
    video.video.stop()
    for bad in (None, 5, "stream"):
        with pytest.raises(TypeError):
            context.create_media_stream_source(bad)
        with pytest.raises(TypeError):
            context.create_media_stream_track_source(bad)
    stream = context.create_media_stream_destination().stream
    with pytest.raises(TypeError, match="AudioContext"):
        ms.MediaStreamAudioSourceNode(ms.OfflineAudioContext(1, 1, 48_000), media_stream=stream)


async def test_the_track_with_the_least_id_is_taken_and_stays_when_it_leaves_the_stream(context, level_at):
    tones = {100: tone(context, 100).audio, 1000: tone(context, 1000).audio}
    (wanted, taken), (other, _) = sorted(tones.items(), key=lambda one: one[1].id)
    stream = ms.MediaStream(tones.values())
    source = context.create_media_stream_source(stream)
    assert source.media_stream is stream
    assert (source.number_of_inputs, source.number_of_outputs) == (0, 1)
    end = context.create_media_stream_destination()
    source.connect(end)
    out = end.stream.audio
    await frames_until(out, lambda s: level_at(s[0], wanted) > 0.9 and level_at(s[0], other) < 0.05)
    stream.remove_track(taken)
    for _ in range(3):
        await frames_until(out, lambda s: level_at(s[0], wanted) > 0.9)
    taken.stop()
    await frames_until(out, lambda s: not s.any())
    assert source.stats == {"latency": 0.0, "underruns": 0, "missing_frames": 0, "dropped_frames": 0}


@pytest.mark.parametrize(
    ("options", "channels"), [({}, 2), ({"channel_count": 6}, 6), ({"channel_count_mode": "max"}, 1)], ids=str
)
async def test_a_destination_to_which_nothing_is_connected_is_silence(context, options, channels):
    node = ms.MediaStreamAudioDestinationNode(context, options)
    silent = await frames_until(node.stream.audio, lambda s: True)
    assert silent.shape == (channels, 4800)
    assert not silent.any()
    source = ms.ConstantSourceNode(context, offset=0.5)
    source.connect(node)
    source.start()
    await frames_until(node.stream.audio, lambda s: (s.max(axis=0) == 0.5).all())  # of 5.1 the centre
    source.disconnect()
    await frames_until(node.stream.audio, lambda s: not s.any())


async def test_a_disabled_or_muted_track_is_silence_and_comes_again(context, level_at):
    backend = FakeBackend([FakeMicrophone(label="Mic", beep=(440, 440))])
    stream = await ms.MediaDevices(backends=[backend]).get_user_media(audio=True)
    other = tone(context, 600)
    source = context.create_media_stream_track_source(other.audio)
    microphone = context.create_media_stream_source(stream)
    end = context.create_media_stream_destination()
    source.connect(end)
    microphone.connect(end)
    out = end.stream.audio
    await frames_until(out, lambda s: level_at(s[0], 600) > 0.9)
    await frames_until(out, lambda s: level_at(s[0], 440) > 0.1)
    other.audio.enabled = False
    backend.device("Mic").mute()
    for _ in range(3):
        await frames_until(out, lambda s: not s.any())
    other.audio.enabled = True
    backend.device("Mic").unmute()
    await frames_until(out, lambda s: level_at(s[0], 600) > 0.9)
    await frames_until(out, lambda s: level_at(s[0], 440) > 0.1)
    stats = microphone.stats
    assert stats.latency > 0.005
    assert stats.missing_frames > 0
    assert stats.underruns > 0
    stream.audio.stop()


async def test_a_track_that_gets_more_channels_is_followed(context, level_at):
    node = ms.MediaStreamAudioDestinationNode(context, channel_count=1)
    merger = context.create_channel_merger(2)
    merger.connect(node)
    right = ms.OscillatorNode(context, frequency=900)
    right.connect(merger, 0, 1)
    right.start()
    source = context.create_media_stream_source(node.stream)
    end = context.create_media_stream_destination()
    source.connect(end)
    await frames_until(end.stream.audio, lambda s: level_at(s[0], 900) > 0.3)
    node.channel_count = 2
    await frames_until(end.stream.audio, lambda s: level_at(s[0], 900) < 0.01 and level_at(s[1], 900) > 0.9)


async def test_contexts_of_other_rates_hear_the_same_track(context, level_at):
    stream = tone(context, 440)
    ends, others = [], []
    for rate in (32_000, 44_100, 96_000):
        other = ms.AudioContext(sample_rate=rate, sink_id=SILENT)
        others.append(other)
        end = other.create_media_stream_destination()
        other.create_media_stream_source(ms.MediaStream([stream.audio.clone()])).connect(end)
        ends.append(end.stream.audio)

    def loud(rate):
        return lambda s: level_at(s[0], 440, rate) > 0.5

    for end, rate in zip(ends, (32_000, 44_100, 96_000), strict=True):
        await frames_until(end, loud(rate))
    await others[0].close()
    await others[1].suspend()
    await frames_until(ends[2], loud(96_000))
    assert ends[0].ready_state == "ended"
    await until_muted(ends[1])
    await others[1].resume()
    await frames_until(ends[1], loud(44_100))
    await context.suspend()
    await frames_until(ends[2], lambda s: not s.any())
    await context.resume()
    await frames_until(ends[2], loud(96_000))
    await context.close()
    await frames_until(ends[2], lambda s: not s.any())
    assert stream.audio.ready_state == "ended"
    for other in others[1:]:
        await other.close()


async def until_muted(track):
    if not track.muted:
        await track.wait_for("mute", timeout=10)


async def test_a_recording_of_a_context_that_is_closed_comes_to_its_end(context, tmp_path):
    stream = tone(context, 440)
    recorded = []
    recording = asyncio.ensure_future(ms.record(stream, tmp_path / "tone.wav", progress=recorded.append))
    async with asyncio.timeout(20):
        while not recorded or recorded[-1].elapsed < 0.3:
            await asyncio.sleep(0.02)
    await context.close()
    summary = await asyncio.wait_for(recording, 20)
    assert summary.duration > 0.1


async def test_an_ended_track_is_silence(context):
    stream = tone(context, 440)
    stream.audio.stop()
    source = context.create_media_stream_source(stream)
    end = context.create_media_stream_destination()
    source.connect(end)
    assert not (await frames_until(end.stream.audio, lambda s: True)).any()


async def test_two_sources_of_one_stream_and_of_their_own_context_are_no_loop(context, level_at):
    stream = context.create_media_stream_destination().stream
    first = context.create_media_stream_source(stream)
    second = ms.MediaStreamAudioSourceNode(context, media_stream=stream)
    assert first.media_stream is second.media_stream is stream


async def test_a_source_that_nobody_holds_sounds_as_long_as_it_is_connected(context, level_at):
    stream = tone(context, 440)
    end = context.create_media_stream_destination()
    context.create_media_stream_source(stream).connect(end)
    gc.collect()
    await frames_until(end.stream.audio, lambda s: level_at(s[0], 440) > 0.9)
    gc.collect()
    for _ in range(3):
        await frames_until(end.stream.audio, lambda s: level_at(s[0], 440) > 0.9)


async def test_a_source_that_is_neither_connected_nor_held_lets_go_of_its_track(context):
    stream = tone(context, 440)
    context.create_media_stream_source(stream)
    gc.collect()
    async with asyncio.timeout(10):
        while stream.audio._feed.ports:
            await asyncio.sleep(0.02)


async def test_tracks_that_are_stopped_end_the_way_out_of_the_graph(context):
    node = context.create_media_stream_destination()
    output = node.stream.audio._feed.hub.source
    clone = node.stream.audio.clone()
    node.stream.audio.stop()
    assert not output._over
    clone.stop()
    async with asyncio.timeout(10):
        while not output._over:
            await asyncio.sleep(0.02)
    assert output.node is None
    oscillator = context.create_oscillator()
    oscillator.connect(node)
    oscillator.start()
    await asyncio.sleep(0.05)
