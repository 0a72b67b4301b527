"""A real movie through the library into a file: nothing lost, six channels, sound and picture together."""

import asyncio

import av
import numpy as np
import pytest

import mediastreams as ms

__all__ = []


def read(path):
    """Times and small pictures; the first channel's samples from time 0; rate; layout."""
    times, pictures, chunks, first, rate, layout = [], [], [], 0.0, 0, ""
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.video[0], container.streams.audio[0]):
            if isinstance(frame, av.VideoFrame):
                plane = np.frombuffer(frame.planes[0], np.uint8).reshape(-1, frame.planes[0].line_size)
                pictures.append(plane[::16, : frame.width : 16].astype(float))
                times.append(float(frame.pts * frame.time_base))
                continue
            if not chunks:
                first, rate, layout = float(frame.pts * frame.time_base), frame.sample_rate, frame.layout.name
            array = frame.to_ndarray()
            chunks.append(array[0] if frame.format.is_planar else array.reshape(-1, frame.layout.nb_channels)[:, 0])
    sound = np.concatenate(chunks)
    return times, pictures, sound[max(0, round(-first * rate)) :], rate, layout


def sound_delay(recorded, original, rate):
    """How much later the sound is, in seconds, by cross-correlation of four seconds."""
    size = 4 * rate
    spectrum = np.fft.rfft(recorded[:size], 2 * size) * np.conj(np.fft.rfft(original[:size], 2 * size))
    best = int(np.argmax(np.fft.irfft(spectrum)))
    return (best - 2 * size if best > size else best) / rate


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
async def test_a_movie_is_recorded_whole_and_in_step(movie, probe, tmp_path, name):
    stream = await ms.open(str(movie), clock="free")
    summary = await ms.record(stream, tmp_path / name)
    assert (summary.frames, summary.dropped, summary.channels) == (132, 0, 6)
    found = await probe(tmp_path / name, allow=("Guessed Channel Layout",))
    assert found.duration == pytest.approx(5.3, abs=0.05)
    assert found.stream("audio")["channel_layout"] == "5.1"
    (times, shown, sound, rate, layout), original = await asyncio.to_thread(
        lambda: (read(tmp_path / name), read(movie))
    )
    assert layout == "5.1"
    assert rate == original[3]
    heard = sound_delay(sound, original[2], rate)
    for index in (10, 60, 120):
        errors = [np.abs(picture - shown[index]).mean() for picture in original[1]]
        seen = times[index] - original[0][int(np.argmin(errors))]
        assert abs(seen - heard) < 0.040
