"""Every example runs on the fake devices, as a program of its own; the README's programs likewise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
SAYS = {
    "karaoke": r"audio_codec='flac'.* duration=[34]\.\d",
    "microphone_filter": r"dBFS █+\n(.*\n)*from the air into the graph 0\.\d+ s",
    "tone_for_a_call": r"sent 440 Hz, heard 4[34]\d Hz",
    "voice_bot": r"bot: Hello.*\ngoodbye",
}
"""What these print when all is well; the others anything."""


def run(code, folder):
    environment = {**os.environ, "MEDIASTREAMS_FAKE_DEVICES": "1", "PYTHONWARNINGS": "error", "PYTHONUTF8": "1"}
    for name in ("DISPLAY", "PULSE_SERVER"):
        environment.pop(name, None)
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=50,
        cwd=folder,
        env=environment,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert not result.stderr, result.stderr
    return result.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs_on_the_fake_devices(path, tmp_path):
    assert re.search(SAYS.get(path.stem, "."), run(path.read_text(encoding="utf-8"), tmp_path))


def test_the_first_program_of_the_readme_runs(tmp_path):
    output = run(BLOCKS[0], tmp_path)
    assert "frame_rate=30" in output
    assert "RecordingSummary" in output
    assert (tmp_path / "clip.webm").stat().st_size > 10_000


def test_the_program_of_the_network_runs(tmp_path):
    [program] = [block for block in BLOCKS if "webrtc.serve" in block]
    output = run(program, tmp_path)
    assert "#token=secret" in output
    assert "remote video" in output
    assert "RecordingSummary" in output
    assert (tmp_path / "call.mkv").stat().st_size > 10_000


def test_the_program_of_a_call_runs(tmp_path):
    [program] = [block for block in BLOCKS if "RTCPeerConnection" in block]
    assert "RecordingSummary" in run(program, tmp_path)
    assert (tmp_path / "call.mkv").stat().st_size > 10_000


def test_the_other_programs_of_the_readme_run_with_what_they_assume(tmp_path, movie):
    body = BLOCKS[1].replace("movie.mp4", str(movie)).replace("        ...", "        break")
    program = f"""
import asyncio
import numpy as np
import mediastreams as ms
array = np.zeros((48, 64, 3), np.uint8)

async def main():
    global stream
    stream = await ms.media_devices.get_user_media(video=True)
    camera_stream = stream
{re.sub("^", "    ", body, flags=re.MULTILINE)}
    for track in (*camera_stream.get_tracks(), *screen.get_tracks(), camera.track):
        track.stop()

asyncio.run(main())
print("done")
"""
    assert run(program, tmp_path) == "done\n"
