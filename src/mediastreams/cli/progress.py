"""What a recording shows a person: a line that moves on a terminal, a line now and then elsewhere; the summary."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from mediastreams.recording.summary import RecordingProgress, RecordingSummary

__all__ = ["ProgressLine", "size_text", "summary_text", "time_text"]

_BAR: Final = 14  # an hour-long recording's line fits into 80 columns
_METER: Final = "▁▂▃▄▅▆▇█"
_FULL_AND_EMPTY: Final = "█░"
_SILENT: Final = "·"
_PLAIN: Final = str.maketrans(_METER[:-1] + _FULL_AND_EMPTY + _SILENT, "1234567" + "#-" + ".")
_QUIETEST: Final = -60.0
_PLAIN_EVERY: Final = 1.0


class ProgressLine:
    """Shows progress on one stream. On a terminal it rewrites its line; else it writes one a second."""

    def __init__(self, out: TextIO, seconds: float | None, *, sound: bool) -> None:
        self._out = out
        self._seconds = seconds
        self._sound = sound
        self._plain = not _can_show(out, _METER + _FULL_AND_EMPTY + _SILENT)
        self._terminal = out.isatty()
        self._shown = -_PLAIN_EVERY
        self._open = False
        self._loudest = (-math.inf, -math.inf)  # level and peak since the last line that was shown

    def show(self, progress: RecordingProgress) -> None:
        """Show how far it is."""
        self._loudest = (max(self._loudest[0], progress.level), max(self._loudest[1], progress.peak))
        text = self._text(progress)
        if self._terminal:
            self._loudest = (-math.inf, -math.inf)
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{text[:width]:<{width}}", end="", file=self._out, flush=True)
            self._open = True
        elif progress.elapsed - self._shown >= _PLAIN_EVERY:
            self._shown = progress.elapsed
            self._loudest = (-math.inf, -math.inf)
            print(text, file=self._out, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            print(file=self._out)
            self._open = False

    def _text(self, progress: RecordingProgress) -> str:
        parts = [time_text(progress.elapsed)]
        if self._seconds:
            done = min(1.0, progress.elapsed / self._seconds)
            filled = round(done * _BAR)
            full, empty = _FULL_AND_EMPTY
            parts = [f"[{full * filled}{empty * (_BAR - filled)}]", f"{parts[0]} / {time_text(self._seconds)}"]
        if progress.frames:
            parts += [f"{progress.fps:5.1f} fps", f"{progress.dropped} dropped"]
        if self._sound:
            parts.append(_meter(*self._loudest))
        text = "  ".join([*parts, size_text(progress.size)])
        return text.translate(_PLAIN) if self._plain else text


def _can_show(out: TextIO, letters: str) -> bool:
    try:
        letters.encode(out.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


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
