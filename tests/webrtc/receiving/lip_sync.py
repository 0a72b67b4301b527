"""How far apart sound and pictures of the fake devices are in a recording."""

import statistics

import av
import numpy as np

from mediastreams.testing import read_counter

__all__ = ["beeps", "lags"]

SETTLED = 0.02  # a codec fades in what is loud from the first sample on


def shown(path):
    """(time in the file, number in the picture) of every picture."""
    with av.open(str(path)) as container:
        return [(frame.time, read_counter(frame.to_ndarray(format="rgb24"))) for frame in container.decode(video=0)]


def beeps(path):
    """When a beep begins after silence, in the file's time. One that was on when the file began has no beginning."""
    with av.open(str(path)) as container:
        parts = [
            (frame.time, frame.sample_rate, np.abs(frame.to_ndarray()).max(0)) for frame in container.decode(audio=0)
        ]
    times = np.concatenate([time + np.arange(len(samples)) / rate for time, rate, samples in parts])
    loud = times[np.concatenate([samples for _, _, samples in parts]) > 0.1]
    begun = loud[np.flatnonzero(np.diff(loud, prepend=-1.0) > 0.5)]
    return begun[begun > times[0] + SETTLED]


def lags(path, number, instant):
    """By how many seconds each sound is behind the pictures of its time, the eight that are shown nearest to it.

    The microphone beeps on whole seconds of the clock; the picture with that number was made at that instant.
    """
    pictures = [(time, time - (instant + (found - number) / 30)) for time, found in shown(path)]

    def lag(beep):
        beside = sorted(pictures, key=lambda picture: abs(picture[0] - beep))[:8]
        late = statistics.median(late for _, late in beside)
        return (beep - late) - round(beep - late)

    return [lag(beep) for beep in beeps(path)]
