"""`AudioChain`: rates and layouts for one encoder, without seams."""

import av
import numpy as np
import pytest

from mediastreams._engine.encoding.audio_chain import AudioChain
from mediastreams._engine.frames import Sound

__all__ = []


def sound(samples, rate=48_000, layout="mono"):
    return Sound(np.ascontiguousarray(samples, np.float32), rate, 0, layout)


def all_of(chain, *sounds):
    frames = [frame for one in sounds for frame in chain.push(one)]
    frames += chain.flush()
    assert [frame.pts for frame in frames] == list(np.cumsum([0, *(frame.samples for frame in frames[:-1])]))
    return np.concatenate([frame.to_ndarray().reshape(frame.layout.nb_channels, -1) for frame in frames], axis=1)


def test_the_right_rate_and_layout_pass_unchanged():
    data = np.random.default_rng(0).uniform(-1, 1, (2, 4800)).astype(np.float32)
    chain = AudioChain(sample_rate=48_000, layout="stereo", sample_format="fltp")
    assert np.array_equal(all_of(chain, sound(data, layout="stereo")), data)
    assert chain.written == 4800


def test_chunks_leave_no_seams_in_another_rate():
    t = np.arange(44_100) / 44_100
    wave = np.sin(2 * np.pi * 1000 * t)[None]
    whole = all_of(AudioChain(sample_rate=48_000, layout="mono", sample_format="fltp"), sound(wave, 44_100))
    chain = AudioChain(sample_rate=48_000, layout="mono", sample_format="fltp")
    parts = all_of(chain, *(sound(wave[:, i : i + 441], 44_100) for i in range(0, 44_100, 441)))
    assert parts.shape == whole.shape
    assert np.abs(parts - whole).max() < 1e-4
    assert parts.shape[1] == pytest.approx(48_000, abs=2)


def test_side_loudspeakers_are_the_same_by_another_name():
    data = np.random.default_rng(0).uniform(-1, 1, (6, 960)).astype(np.float32)
    chain = AudioChain(sample_rate=48_000, layout="5.1", sample_format="fltp")
    assert np.array_equal(all_of(chain, sound(data, layout="5.1(side)")), data)


def test_rate_and_layout_may_change_midway():
    chain = AudioChain(sample_rate=48_000, layout="stereo", sample_format="s16")
    frames = [
        frame
        for one in (sound(np.zeros((1, 4800))), sound(np.zeros((2, 4410)), 44_100, "stereo"))
        for frame in chain.push(one)
    ]
    frames += chain.flush()
    assert all(frame.layout.name == "stereo" and isinstance(frame, av.AudioFrame) for frame in frames)
    assert chain.written == pytest.approx(9600, abs=40)
