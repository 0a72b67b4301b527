"""Where a recording's pictures and sounds stand in the film they were recorded from: offsets by content, not by stamps.

Stands on PyAV alone and on nothing of the library, so that a mistake of ours cannot hide in here.
"""

from __future__ import annotations

from dataclasses import dataclass

import av
import numpy as np

__all__ = ["Offsets", "Reel", "compare"]

_RATE = 8000  # of the sound that is compared: 0.125 ms a step
_WINDOW = 1.0  # seconds of sound that are looked for at a time
_THUMBNAIL = (64, 36)


@dataclass(frozen=True)
class Reel:
    """A file decoded to what comparing needs. Times in seconds of the file."""

    times: np.ndarray  # of the pictures
    thumbnails: np.ndarray  # [pictures, pixels]
    sound: np.ndarray  # mono, its first sample at 0
    channels: int
    layout: str
    sample_rate: int
    size: tuple[int, int]

    @classmethod
    def read(cls, path):
        """Decode a file. Sound before 0 (an encoder's delay) is cut off, as players do."""
        times, thumbnails, pieces = [], [], []
        shape, size, start = None, None, None
        mono = av.AudioResampler(format="fltp", layout="mono", rate=_RATE)
        with av.open(str(path)) as file:
            for stream in file.streams.video:
                stream.thread_type = "AUTO"
            for frame in file.decode(file.streams.video[0], file.streams.audio[0]):
                if isinstance(frame, av.VideoFrame):
                    times.append(float(frame.pts * frame.time_base))
                    size = (frame.width, frame.height)
                    small = frame.reformat(*_THUMBNAIL, "gray", interpolation="AREA").to_ndarray()
                    thumbnails.append(small.astype(np.float32).ravel())
                else:
                    if start is None:
                        start = float(frame.pts * frame.time_base)
                        shape = (frame.layout.nb_channels, frame.layout.name, frame.sample_rate)
                    pieces += [part.to_ndarray()[0] for part in mono.resample(frame)]
        pieces += [part.to_ndarray()[0] for part in mono.resample(None)]
        sound = np.concatenate(pieces)
        lead = round(start * _RATE)
        sound = sound[-lead:] if lead < 0 else np.concatenate([np.zeros(lead, np.float32), sound])
        return cls(np.array(times), np.array(thumbnails), sound, *shape, size)

    @property
    def duration(self):
        """Of the sound, seconds."""
        return len(self.sound) / _RATE

    def motion(self):
        """How much each picture differs from the one before: mean of grey levels."""
        return np.abs(np.diff(self.thumbnails, axis=0)).mean(axis=1)


@dataclass(frozen=True)
class Offsets:
    """How much later than in the film a recording's pictures and sounds are, at points of the recording's time.

    ``position`` (s in the film) of each of the recording's pictures, nan where no picture of the film stands out;
    ``sound`` is the same of windows of sound, at ``sound_times``.
    """

    times: np.ndarray
    position: np.ndarray
    sound_times: np.ndarray
    sound_position: np.ndarray

    def between(self, length):
        """Sound against picture in ms, wherever both are known; positive when the sound is late.

        ``length`` is how many seconds the film lasts.
        """
        known = ~np.isnan(self.position)
        offset = self.times[known] - self.position[known]
        found = []
        for at, where in zip(self.sound_times, self.sound_position, strict=True):
            near = np.abs(self.times[known] - at) < _WINDOW / 2
            if near.sum() < 5:
                continue
            lags = (at - where) - offset[near]  # those of another round differ by whole rounds
            found.append(1000 * np.median((lags + length / 2) % length - length / 2))
        return np.array(found)


def compare(film, recording):
    """Find the recording's pictures and sounds in the film."""
    return Offsets(recording.times, _places(film, recording), *_heard(film, recording))


def _places(film, recording):
    distances = (
        (recording.thumbnails**2).sum(1)[:, None]
        - 2 * recording.thumbnails @ film.thumbnails.T
        + (film.thumbnails**2).sum(1)[None]
    )
    best = distances.argmin(1)
    rest = distances.copy()
    for row, at in enumerate(best):  # a neighbour may look alike; anything farther away must not
        rest[row, max(0, at - 2) : at + 3] = np.inf
    clear = rest.min(1) > 1.5 * distances.min(1)
    return np.where(clear, film.times[best], np.nan)


def _heard(film, recording):
    length = round(_WINDOW * _RATE)
    times, places = [], []
    norms = np.sqrt(np.maximum(np.convolve(film.sound**2, np.ones(length), "valid"), 1e-9))
    for first in range(0, len(recording.sound) - length, length // 2):
        window = recording.sound[first : first + length]
        energy = float(np.sqrt((window**2).sum()))
        if energy < 1e-3:
            continue
        size = 1 << (len(film.sound) + length).bit_length()
        product = np.fft.irfft(np.fft.rfft(film.sound, size) * np.conj(np.fft.rfft(window, size)), size)
        likeness = product[: len(norms)] / norms / energy
        at = int(likeness.argmax())
        if likeness[at] > 0.9:
            times.append(first / _RATE)
            places.append(at / _RATE)
    return np.array(times), np.array(places)
