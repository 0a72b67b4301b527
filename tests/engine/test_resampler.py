"""FFmpeg's resampler without threads: the same samples as PyAV's, and nothing that a forked child waits for."""

import os
import subprocess
import sys

import av
import numpy as np
import pytest

from mediastreams._engine.resampler import Resampler


def frames(rate, layout, channels, count=20, length=480):
    for number in range(count):
        times = (np.arange(length) + number * length) / rate
        samples = np.stack([np.sin(2 * np.pi * 300 * (1 + channel) * times) for channel in range(channels)])
        frame = av.AudioFrame.from_ndarray(samples.astype(np.float32), format="fltp", layout=layout)
        frame.sample_rate = rate
        yield frame


@pytest.mark.parametrize(
    ("rate", "layout", "channels", "wanted"),
    [
        (44_100, "mono", 1, ("fltp", "mono", 48_000)),
        (48_000, "stereo", 2, ("s16", "mono", 16_000)),
        (48_000, "5.1", 6, ("fltp", "stereo", 44_100)),
        (48_000, "stereo", 2, ("fltp", "stereo", 48_000)),
    ],
)
def test_it_gives_what_the_one_of_pyav_gives(rate, layout, channels, wanted):
    ours, theirs = Resampler(*wanted), av.AudioResampler(*wanted)
    for frame, same in zip(frames(rate, layout, channels), frames(rate, layout, channels), strict=True):
        made, expected = ours.resample(frame), theirs.resample(same)
        assert [one.to_ndarray().tobytes() for one in made] == [one.to_ndarray().tobytes() for one in expected]
        assert [one.pts for one in made] == [one.pts for one in expected]
    if wanted[2] != rate:  # PyAV's answers [None] where it had nothing to do
        assert [one.samples for one in ours.resample(None)] == [one.samples for one in theirs.resample(None)]
    else:
        assert ours.resample(None) == []


def test_at_the_end_of_nothing_there_is_nothing():
    assert Resampler("fltp", "mono", 48_000).resample(None) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_forked_child_that_collects_what_its_parent_resampled_with_goes_on():
    """In a process of its own: threads of this one are no part of it."""
    program = """
import gc, os, signal, sys
import numpy as np
from mediastreams._engine.audio_adapter import AudioAdapter
from mediastreams._engine.frames import Sound
gc.disable()
adapter = AudioAdapter(16_000, 1)
for number in range(10):
    list(adapter.process(Sound(np.zeros((2, 480), np.float32), 48_000, number * 10_000, "stereo")))
cycle = [adapter]
cycle.append(cycle)
del adapter, cycle
child = os.fork()
if not child:
    signal.alarm(20)
    gc.collect()
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=50, check=False)
    assert done.returncode == 0
