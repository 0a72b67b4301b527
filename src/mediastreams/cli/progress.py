"""What a person is shown: a line that moves on a terminal, a line now and then elsewhere; a recording's summary."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from mediastreams.recording.summary import RecordingProgress, RecordingSummary

__all__ = ["MovingLine", "ProgressLine", "bar_text", "size_text", "summary_text", "time_text"]

_BAR: Final = 14  # an hour-long recording's line fits into 80 columns
_METER: Final = "▁▂▃▄▅▆▇█"
_FULL_AND_EMPTY: Final = "█░"
_SILENT: Final = "·"
_PLAIN: Final = str.maketrans(_METER[:-1] + _FULL_AND_EMPTY + _SILENT, "1234567" + "#-" + ".")
_QUIETEST: Final = -60.0
_PLAIN_EVERY: Final = 1.0


class MovingLine:
    """A line on one stream that changes: a terminal's is rewritten; elsewhere one a second is written."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._plain = not _can_show(out, _METER + _FULL_AND_EMPTY + _SILENT)
        self._terminal = out.isatty()
        self._shown = -_PLAIN_EVERY
        self._open = False

    def write(self, text: str, elapsed: float) -> bool:
        """Show a text, at so many seconds from the beginning; False: not yet."""
        if not self._terminal and elapsed - self._shown < _PLAIN_EVERY:
            return False
        text = text.translate(_PLAIN) if self._plain else text
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{text[:width]:<{width}}", end="", file=self._out, flush=True)
            self._open = True
        else:
            self._shown = elapsed
            print(text, file=self._out, flush=True)
        return True

    def close(self) -> None:
        """Leave the line."""
        if self._open:
            print(file=self._out)
            self._open = False


class ProgressLine:
    """Shows the progress of a recording."""

    def __init__(self, out: TextIO, seconds: float | None, *, sound: bool) -> None:
        self._line = MovingLine(out)
        self._seconds = seconds
        self._sound = sound
        self._loudest = (-math.inf, -math.inf)  # level and peak since the last line that was shown

    def show(self, progress: RecordingProgress) -> None:
        """Show how far it is."""
        self._loudest = (max(self._loudest[0], progress.level), max(self._loudest[1], progress.peak))
        if self._line.write(self._text(progress), progress.elapsed):
            self._loudest = (-math.inf, -math.inf)

    def end(self) -> None:
        """Leave the line."""
        self._line.close()

    def _text(self, progress: RecordingProgress) -> str:
        parts = [time_text(progress.elapsed)]
        if self._seconds:
            done = progress.elapsed / self._seconds
            parts = [f"[{bar_text(done, _BAR)}]", f"{parts[0]} / {time_text(self._seconds)}"]
        if progress.frames:
            parts += [f"{progress.fps:5.1f} fps", f"{progress.dropped} dropped"]
        if self._sound:
            parts.append(_meter(*self._loudest))
        return "  ".join([*parts, size_text(progress.size)])


def _can_show(out: TextIO, letters: str) -> bool:
    try:
        letters.encode(out.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def bar_text(share: float, length: int) -> str:
    """A bar that is full to a share of its length; what lies beyond its ends is at them."""
    filled = round(min(max(share, 0.0), 1.0) * length)
    full, empty = _FULL_AND_EMPTY
    return full * filled + empty * (length - filled)


def _meter(level: float, peak: float) -> str:
    """A bar for the loudness and the peak in dBFS; a dot for silence."""
    if math.isinf(peak):
        return f"{_SILENT}    silent"
    share = max(0.0, min(1.0, 1 - level / _QUIETEST)) if math.isfinite(level) else 0.0
    return f"{_METER[min(len(_METER) - 1, int(share * len(_METER)))]} {peak:5.1f} dB"


def time_text(seconds: float) -> str:
    """``4.2 s``, ``1:05``, ``1:00:05``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def size_text(size: int) -> str:
    """``812 B``, ``1.4 kB``, ``23.0 MB``."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError(size)


def summary_text(summary: RecordingSummary) -> str:
    """One line on the file, one on each of picture and sound."""
    lines = [
        f"{summary.path}: {summary.container}, {time_text(summary.duration)}, {size_text(summary.size)}",
    ]
    if summary.video_codec is not None:
        lines.append(
            f"  video  {summary.video_codec}, {summary.width}×{summary.height}, {summary.fps:.2f} fps, "
            f"{summary.frames} frames, {summary.dropped} dropped"
        )
    if summary.audio_codec is not None:
        lines.append(f"  audio  {summary.audio_codec}, {summary.sample_rate} Hz, {summary.channels} channels")
    if len(summary.files) > 1:
        first, last = summary.files[0].path, summary.files[-1].path
        lines.append(f"  files  {len(summary.files)}: {first} … {last}")
    return "\n".join(lines)
