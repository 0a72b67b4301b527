"""`AudioBuffer`: NumPy arrays that the engine hears."""

import numpy as np
import pytest

import mediastreams as ms


def test_a_buffer_is_silent_and_tells_its_shape():
    buffer = ms.AudioBuffer(number_of_channels=2, length=480, sample_rate=48_000)
    assert (buffer.number_of_channels, buffer.length, buffer.sample_rate, buffer.duration) == (2, 480, 48_000, 0.01)
    assert not buffer.get_channel_data(1).any()
    assert repr(buffer) == "<AudioBuffer 2 × 480 @ 48000 Hz>"


def test_the_samples_of_a_channel_are_the_same_memory_every_time():
    buffer = ms.AudioBuffer({"length": 4, "sampleRate": 8000})
    buffer.get_channel_data(0)[:] = [1, 2, 3, 4]
    assert list(buffer.get_channel_data(0)) == [1, 2, 3, 4]


def test_samples_are_copied_in_and_out_as_many_as_fit():
    buffer = ms.AudioBuffer(length=4, sample_rate=8000)
    buffer.copy_to_channel([1, 2, 3, 4, 5], 0, 1)
    assert list(buffer.get_channel_data(0)) == [0, 1, 2, 3]
    out = np.full(6, 9, np.float32)
    buffer.copy_from_channel(out, 0, 2)
    assert list(out) == [2, 3, 9, 9, 9, 9]
    buffer.copy_from_channel(out, 0, 7)
    buffer.copy_to_channel(np.ones(3), 0, 7)
    assert list(buffer.get_channel_data(0)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda b: ms.AudioBuffer(length=0, sample_rate=8000), ms.errors.NotSupportedError),
        (lambda b: ms.AudioBuffer(length=1, sample_rate=1), ms.errors.NotSupportedError),
        (lambda b: ms.AudioBuffer(length=1, sample_rate=8000, number_of_channels=33), ms.errors.NotSupportedError),
        (lambda b: ms.AudioBuffer(length=1), TypeError),
        (lambda b: b.get_channel_data(1), ms.errors.DOMException),
        (lambda b: b.get_channel_data(-1), TypeError),
        (lambda b: b.copy_to_channel([1], 1), ms.errors.DOMException),
        (lambda b: b.copy_from_channel([1.0], 0), TypeError),
        (lambda b: b.copy_from_channel(np.zeros(2), 0), TypeError),
        (lambda b: b.copy_to_channel(object(), 0), TypeError),
    ],
)
def test_a_bad_argument_is_the_standards_error(act, error):
    with pytest.raises(error):
        act(ms.AudioBuffer(length=4, sample_rate=8000))
