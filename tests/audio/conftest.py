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
