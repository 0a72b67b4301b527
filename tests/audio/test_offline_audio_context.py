"""`OfflineAudioContext`: rendering, waiting in between, decoding."""

import asyncio
import io
import wave

import numpy as np
import pytest

import mediastreams as ms


def test_a_rendering_is_described_by_three_numbers_or_a_dictionary():
    for context in (
        ms.OfflineAudioContext(2, 100, 44_100),
        ms.OfflineAudioContext({"numberOfChannels": 2, "length": 100, "sampleRate": 44_100}),
        ms.OfflineAudioContext(number_of_channels=2, length=100, sample_rate=44_100),
    ):
        assert (context.length, context.sample_rate, context.destination.channel_count) == (100, 44_100, 2)
        assert context.state == "suspended"
        assert context.render_quantum_size == 128
        assert context.destination.max_channel_count == 2
        assert context.current_time == 0
        context.destination.channel_count = 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((0, 100, 48_000), ms.errors.NotSupportedError),
        ((1, 0, 48_000), ms.errors.NotSupportedError),
        ((1, 100, 100), ms.errors.NotSupportedError),
        ((1, 100), TypeError),
        (({"sample_rate": 48_000},), TypeError),
        ((), TypeError),
        (("two", 100, 48_000), TypeError),
    ],
)
def test_an_impossible_rendering_is_refused(arguments, error):
    with pytest.raises(error):
        ms.OfflineAudioContext(*arguments)


async def test_states_and_completion_are_told_in_order():
    context = ms.OfflineAudioContext(1, 256, 48_000)
    log = []
    context.onstatechange = lambda event: log.append(str(context.state))
    context.oncomplete = lambda event: log.append(event.rendered_buffer)
    rendered = await context.start_rendering()
    await asyncio.sleep(0)
    await context.wait_for("complete", timeout=1) if len(log) < 3 else None
    assert log == ["running", "closed", rendered]
    with pytest.raises(ms.errors.InvalidStateError, match="already"):
        await context.start_rendering()


async def test_a_rendering_waits_where_it_was_asked_to_and_goes_on():
    context = ms.OfflineAudioContext(1, 48_000, 48_000)
    source = context.create_constant_source()
    gain = context.create_gain()
    source.connect(gain).connect(context.destination)
    source.start()

    async def halve():
        await context.suspend(0.5)
        assert context.current_time == pytest.approx(0.5, abs=128 / 48_000)
        gain.gain.value = 0.5
        await context.resume()

    waiting = asyncio.ensure_future(halve())
    await asyncio.sleep(0.05)
    rendered = await context.start_rendering()
    await waiting
    heard = rendered.get_channel_data(0)
    assert heard[100] == 1
    assert heard[-1] == 0.5


@pytest.mark.parametrize("time", [-1, 2.0])
async def test_a_rendering_waits_at_no_time_that_it_has_not(time):
    context = ms.OfflineAudioContext(1, 48_000, 48_000)
    with pytest.raises(ms.errors.InvalidStateError, match="not within"):
        await context.suspend(time)
    with pytest.raises(ms.errors.InvalidStateError, match="nothing is being rendered"):
        await context.resume()


async def test_a_file_in_memory_is_decoded_at_the_contexts_rate():
    context = ms.OfflineAudioContext(1, 128, 48_000)
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(24_000)
        tone = np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)
        file.writeframes((16_000 * np.stack([tone, -tone], 1)).astype("<i2").tobytes())
    called = []
    buffer = await context.decode_audio_data(data.getvalue(), called.append)
    assert called == [buffer]
    assert (buffer.number_of_channels, buffer.sample_rate) == (2, 48_000)
    assert buffer.length == pytest.approx(48_000, abs=2)
    left, right = buffer.get_channel_data(0), buffer.get_channel_data(1)
    assert np.allclose(left, -right, atol=1e-3)
    assert np.abs(left).max() == pytest.approx(16_000 / 32_768, abs=0.01)


@pytest.mark.parametrize("container", ["webm", "mp4", "ogg", "flac"])
async def test_what_was_recorded_here_is_decoded(container, tmp_path):
    path = tmp_path / f"beeps.{container}"
    async with ms.MediaDevices(backends=["fake"]).get_user_media(audio=True) as stream:
        await ms.record(stream, path, duration=1.2)
    buffer = await ms.OfflineAudioContext(1, 128, 44_100).decode_audio_data(path.read_bytes())
    assert (buffer.number_of_channels, buffer.sample_rate) == (2, 44_100)
    assert buffer.duration == pytest.approx(1.2, abs=0.03)
    assert np.abs(buffer.get_channel_data(0)).max() > 0.1


async def test_a_film_without_sound_is_told_so(tmp_path):
    async with ms.MediaDevices(backends=["fake"]).get_user_media(video=True) as stream:
        await ms.record(stream, tmp_path / "silent.webm", duration=0.3)
    with pytest.raises(ms.errors.EncodingError, match="there is no sound in it"):
        await ms.OfflineAudioContext(1, 128, 48_000).decode_audio_data((tmp_path / "silent.webm").read_bytes())


async def test_what_is_no_sound_is_told_so():
    context = ms.OfflineAudioContext(1, 128, 48_000)
    called = []
    with pytest.raises(ms.errors.EncodingError, match="no sound that can be decoded") as caught:
        await context.decode_audio_data(b"rubbish", None, called.append)
    assert called == [caught.value]
    with pytest.raises(TypeError, match="expected bytes"):
        await context.decode_audio_data("rubbish")


async def test_who_gives_up_waiting_leaves_the_rendering_to_its_end():
    context = ms.OfflineAudioContext(1, 48_000 * 60, 48_000)
    context.create_oscillator().start()
    rendering = asyncio.ensure_future(context.start_rendering())
    await asyncio.sleep(0)
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering


async def test_a_rendering_that_was_closed_cannot_be_started():
    context = ms.OfflineAudioContext(1, 128, 48_000)
    await context.close()
    assert context.state == "closed"
    for act in (context.close, context.start_rendering, context.resume):
        with pytest.raises(ms.errors.InvalidStateError):
            await act()
