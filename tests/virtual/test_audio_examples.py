"""Examples of the guide to sound on a sound server's devices: what the speaker sounds is looked at from outside.

Rules of the file: the programs run as they are, but for what they leave to their users: what a bot says.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.media import make_wav
from tests.rooms import RATE, level, lowered, speak
from tests.virtual.test_echo_cancellation import furnish, in_time
from tests.virtual.test_element_on_speaker import recording

__all__ = ["in_time"]

pytest.importorskip("web_audio_api")
pytestmark = pytest.mark.real

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@contextlib.asynccontextmanager
async def running(code, server, folder, *arguments):
    """A program on the server's devices; gives what awaits the next line of it that holds a text, and all lines."""
    environment = {**os.environ, **server.environment, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    environment.pop("MEDIASTREAMS_FAKE_DEVICES", None)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *arguments, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE
    )
    lines = []

    async def line_with(text, seconds=20.0):
        async with asyncio.timeout(seconds):
            while line := (await process.stdout.readline()).decode():
                lines.append(line.strip())
                if text in line:
                    return line.strip()
        raise AssertionError(f"the program ended without {text!r}: {lines}")

    try:
        yield line_with, lines
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        await process.communicate()


def bot(folder, words):
    """The voice bot with a voice: every answer is these words."""
    np.save(folder / "words.npy", words)
    code = (EXAMPLES / "voice_bot.py").read_text(encoding="utf-8")
    return code.replace("asyncio.run(main())", "say = lambda text: np.load('words.npy')\nasyncio.run(main())")


@pytest.mark.timeout(150)
async def test_the_bot_hears_who_talks_to_it_and_who_interrupts_it_but_not_itself(need, pulse, in_time, tmp_path):
    pytest.importorskip("livekit.rtc")
    need("espeak-ng")
    furnish(pulse, tmp_path)
    words = await asyncio.to_thread(speak, tmp_path)
    near = (await asyncio.to_thread(speak, tmp_path, 1, "en-gb", 80))[: 3 * RATE]
    talk = make_wav(tmp_path / "near.wav", np.stack([near, near]), RATE)
    async with running(bot(tmp_path, words[: 6 * RATE]), pulse, tmp_path, "60") as (line_with, lines):
        await line_with("bot: Hello")
        with pytest.raises(TimeoutError):
            await line_with("you:", 8)  # its own six seconds
        with pulse.playing("walls", talk):
            await line_with("you:")
            heard = await line_with("bot: I have heard")
        assert 2.5 < float(heard.split()[4]) < 4, heard
        await asyncio.sleep(1.5)
        assert "bot is interrupted" not in lines
        with pulse.playing("walls", talk):
            await line_with("you:")
            await line_with("bot is interrupted", 2)


@pytest.mark.timeout(90)
async def test_without_echo_cancellation_the_bot_would_interrupt_itself(need, pulse, in_time, tmp_path):
    need("espeak-ng")
    furnish(pulse, tmp_path)
    code = bot(tmp_path, (await asyncio.to_thread(speak, tmp_path))[: 6 * RATE])
    deaf = code.replace('{"exact": True}', "False")
    assert deaf != code
    async with running(deaf, pulse, tmp_path, "60") as (line_with, _lines):
        await line_with("bot: Hello")
        await line_with("you:", 10)
        await line_with("bot is interrupted", 2)


def play_and_speakers(server):
    """A microphone that hears what is played to ``voice_feed``, and a speaker apart from it."""
    server.add_microphone("voice", "Microphone")
    server.add_speaker("speakers", "Speakers")
    server.control("set-default-sink", "speakers")
    server.control("set-default-source", "voice")


@pytest.mark.timeout(90)
async def test_the_filtered_microphone_is_heard_without_its_rumble(need, pulse, in_time, tmp_path):
    need("espeak-ng")
    play_and_speakers(pulse)
    voice = (await asyncio.to_thread(speak, tmp_path))[: 6 * RATE]
    rumble = 0.2 * np.sin(2 * np.pi * 40 * np.arange(len(voice)) / RATE)
    sound = make_wav(tmp_path / "voice.wav", np.stack([0.5 * voice + rumble] * 2).astype(np.float32), RATE)
    code = (EXAMPLES / "microphone_filter.py").read_text(encoding="utf-8")
    async with running(code, pulse, tmp_path, "6") as (line_with, lines):
        await line_with("dBFS")
        async with recording(pulse, "speakers") as heard:
            with pulse.playing("voice_feed", sound):
                await asyncio.sleep(5)
        await line_with("from the air into the graph")
    print(lines[-1])
    [left, right] = heard[0]
    assert np.array_equal(left, right)
    loud = left[3 * RATE :]
    assert level(loud) > -40, "the voice is heard"
    # the filter takes 19 dB of 40 Hz away, and the processing of a microphone the rest
    assert lowered(loud, 40) < 20 * np.log10(0.2) - 25
    meters = [float(line.split()[0]) for line in lines if "dBFS" in line]
    assert max(meters) > -20


@pytest.mark.timeout(90)
async def test_the_singer_of_a_song_steps_back_while_somebody_sings_and_comes_back(need, pulse, in_time, tmp_path):
    need("espeak-ng")
    play_and_speakers(pulse)
    voice = (await asyncio.to_thread(speak, tmp_path, 1))[: 5 * RATE]
    sound = make_wav(tmp_path / "voice.wav", np.stack([voice] * 2), RATE)
    code = (EXAMPLES / "karaoke.py").read_text(encoding="utf-8").replace("duration=4", "duration=11")
    code = code.replace("    band.start()", "    band.start()\n        print('plays')")
    async with running(code, pulse, tmp_path) as (line_with, _lines):
        await line_with("plays")
        async with recording(pulse, "speakers") as heard:
            await asyncio.sleep(2)
            with pulse.playing("voice_feed", sound):
                await asyncio.sleep(5.5)
            await asyncio.sleep(2.5)
        await line_with("RecordingSummary")
    left, right = heard[0]
    pieces = range(0, len(left) - RATE // 5, RATE // 5)
    singer, guitar = (np.array([lowered(left[at : at + RATE // 5], hertz) for at in pieces]) for hertz in (660, 220))
    print(np.round(singer), np.round(guitar))
    # Medians, and places that one hole of a busy machine does not decide.
    assert np.median(singer[2:9]) == pytest.approx(-20, abs=1), "before"
    assert np.sort(singer[10:40])[2] < -30, "while somebody sings"
    assert np.median(singer[-8:-1]) == pytest.approx(-20, abs=1), "after"
    assert np.ptp(np.percentile(guitar[2:-1], [15, 85])) < 2, "the band plays on, as loud as before"
    assert lowered(right[RATE : 2 * RATE], 330) > -25
