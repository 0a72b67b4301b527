"""What a recording shows while it runs."""

import io

from mediastreams.cli.progress import ProgressLine
from mediastreams.recording.summary import RecordingProgress

PROGRESS = RecordingProgress(3599.9, 107_997, 30.0, 12, -0.5, -3.0, 999_900_000)


def shown(encoding="utf-8", *, seconds=3600.0, sound=True, terminal=False):
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    out.isatty = lambda: terminal
    line = ProgressLine(out, seconds, sound=sound)
    line.show(PROGRESS)
    line.end()
    out.flush()
    return raw.getvalue().decode(encoding)


def test_the_line_tells_time_rate_drops_level_and_size():
    text = shown()
    for part in ("█", "59:59 / 1:00:00", "30.0 fps", "12 dropped", "-0.5 dB", "999.9 MB"):
        assert part in text


def test_an_hour_s_line_fits_into_eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    line = shown(terminal=True)
    assert line.startswith("\r")
    assert "999.9 MB" in line
    assert len(line.strip()) < 80


def test_a_terminal_without_blocks_gets_letters_that_it_has():
    text = shown("ascii")
    assert "[##############]" in text
    assert "#  -0.5 dB" in text


def test_without_sound_there_is_no_talk_of_silence():
    assert "dB" not in shown(sound=False)
    assert "silent" not in shown(sound=False)


def test_without_a_duration_there_is_no_bar():
    assert shown(seconds=None).startswith("59:59  ")
