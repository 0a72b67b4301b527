"""What the tests of graphs need: the engine, and tones that are measured."""

from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("web_audio_api") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def level_at():
    """The amplitude of one frequency in a sound."""

    def measure(samples, frequency, rate=48_000):
        window = np.hanning(len(samples))
        wave = np.exp(-2j * np.pi * frequency * np.arange(len(samples)) / rate)
        return 2 * abs((samples * window * wave).sum()) / window.sum()

    return measure


@pytest.fixture
async def heard_from():
    """Collect a track's sound: ``await heard_from(track, 0.5)`` answers ``[channels, samples]``."""

    async def collect(track, seconds, channels=None):
        parts, length = [], 0
        async for data in track.frames(channels=channels):
            parts.append(data.to_ndarray())
            length += parts[-1].shape[1] / data.sample_rate
            if length >= seconds:
                return np.concatenate(parts, axis=1)
        return np.concatenate(parts, axis=1) if parts else np.zeros((1, 0), np.float32)

    return collect
