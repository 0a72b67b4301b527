"""livekit's audio processing as the library uses it: what it does to sound, by how much it delays, how it ends."""

import itertools
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from tests.rooms import level, loss, lowered, room_answer, speak

from mediastreams._engine.processing.library import Library, library
from mediastreams._rules.sound_processing import PROCESSING_CHOICES, Processing, filter_delay
from mediastreams._rules.values import AudioMode
from mediastreams.errors import OperationError

pytest.importorskip("livekit.rtc")
EXACT = (8000, 16_000, 32_000, 48_000)  # livekit converts other rates, by parts of a sample


@pytest.fixture(scope="session", autouse=True)
def loaded():
    """Its runtime belongs to the process, with some threads and descriptors."""
    assert library.load()


def numbers(samples):
    return np.clip(np.rint(np.atleast_2d(samples).T * 32768), -32768, 32767).astype(np.int16)


def process(processing, near, far=None, rate=48_000, delay_ms=0):
    """All of a sound, ``[channels, n]``, frame by frame."""
    module, frame = library.make(processing), rate // 100
    near = np.atleast_2d(near)
    given = []
    for at in range(0, near.shape[1] - frame + 1, frame):
        heard = np.zeros((2, frame)) if far is None else np.stack([far[at : at + frame]] * 2)
        given.append(module.process(numbers(near[:, at : at + frame]), numbers(heard), rate, delay_ms))
    return np.concatenate(given).T.astype(np.float32) / 32768


def band_noise(rate, seconds, seed=1):
    length = round(rate * seconds)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=length))
    frequencies = np.fft.rfftfreq(length, 1 / rate)
    spectrum[(frequencies < 500) | (frequencies > 3000)] = 0
    sound = np.fft.irfft(spectrum, length)
    return (0.2 * sound / np.abs(sound).max()).astype(np.float32)


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    return speak(tmp_path_factory.mktemp("voice"))


@pytest.mark.parametrize("rate", [8000, 16_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000])
def test_the_filters_delay_by_what_the_rules_say(rate):
    sound = band_noise(rate, 2)
    for echo, noise, gain in itertools.product(("", "all"), (False, True), (False, True)):
        processing = Processing(echo, noise=noise, gain=gain)
        made = process(processing, sound, rate=rate)[0, rate:]
        size = 2 * len(sound)
        common = np.fft.irfft(np.fft.rfft(made, size) * np.conj(np.fft.rfft(sound, size)), size)
        off = (int(np.argmax(common)) + rate) % size - filter_delay(processing, rate)
        assert abs(off) <= (rate not in EXACT), processing


def test_a_voice_that_comes_back_through_the_room_is_taken_out(need, voice):
    need("espeak-ng")
    echo = np.convolve(voice, room_answer())[: len(voice)]
    rest = process(Processing("all"), echo, voice)[0]
    late = slice(3 * 48_000, 10 * 48_000)
    assert loss(echo[late], rest[late]) > 40


def test_noise_is_suppressed_and_the_voice_stays(need, voice):
    need("espeak-ng")
    noise = np.random.default_rng(5).normal(size=len(voice)).astype(np.float32) * 0.01
    rest = process(Processing(noise=True), np.concatenate([noise, noise + voice]))[0]
    before = slice(2 * 48_000, 4 * 48_000)
    assert loss(noise[before], rest[before]) > 10
    spoken = slice(len(noise) + 2 * 48_000, len(noise) + 10 * 48_000)
    assert abs(level(rest[spoken]) - level(voice[2 * 48_000 : 10 * 48_000])) < 2


def test_who_talks_softly_is_made_louder(need, voice):
    need("espeak-ng")
    soft = np.concatenate([voice, voice]) * 0.02
    louder = process(Processing(gain=True), soft)[0]
    late = slice(len(voice), None)
    assert level(louder[late]) > level(soft[late]) + 6


def test_left_and_right_stay_apart():
    times = np.arange(2 * 48_000) / 48_000
    both = np.stack([0.3 * np.sin(2 * np.pi * 440 * times), 0.1 * np.sin(2 * np.pi * 1000 * times)])
    left, right = process(Processing("all", gain=True), both)[:, 48_000:]
    assert lowered(left, 440) > lowered(left, 1000) + 50
    assert lowered(right, 1000) > lowered(right, 440) + 50


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_so_many_channels_come_out_as_went_in(channels):
    near = np.stack([band_noise(48_000, 0.1, seed) for seed in range(channels)])
    made = process(Processing("all", noise=True, gain=True), near)
    assert made.shape == near.shape


def test_a_frame_of_another_length_is_an_error_of_ours():
    module = library.make(Processing("all"))
    with pytest.raises(OperationError, match="livekit"):  # which would end the process
        module.process(np.zeros((333, 1), np.int16), None, 48_000, 0)
    with pytest.raises(OperationError, match="livekit"):
        module.process(np.zeros((480, 1), np.int16), np.zeros((333, 2), np.int16), 48_000, 0)


def test_the_library_is_looked_for_without_being_loaded():
    probe = """
        import sys
        from mediastreams._engine.processing.library import library
        assert library.there
        print([name for name in sys.modules if name.startswith("livekit.")])
    """
    assert run(probe) == "[]"


def test_where_it_is_not_installed_nothing_is_promised_and_the_cure_is_told(monkeypatch):
    monkeypatch.setattr("mediastreams._engine.processing.library.find_spec", lambda name: None)
    absent = Library()
    assert not absent.there
    mode = AudioMode(48_000, 2)
    assert absent.choices(mode) == dict.fromkeys(PROCESSING_CHOICES, (False,))
    assert absent.cures["echo_cancellation"] == 'pip install "mediastreams[aec]"'
    assert library.choices(mode) == PROCESSING_CHOICES
    assert library.cures == {}


def test_what_does_not_load_is_not_there_from_then_on(monkeypatch, caplog):
    monkeypatch.setattr("mediastreams._engine.processing.library._MODULE", "mediastreams._backends.nothing")
    broken = Library()
    assert broken.there
    assert not broken.load()
    assert "livekit does not load here" in caplog.text
    assert not broken.there
    assert not broken.load()
    assert broken.choices(AudioMode(48_000, 1)) == dict.fromkeys(PROCESSING_CHOICES, (False,))


def run(program):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_a_program_may_end_while_sound_is_being_processed():
    program = """
        import threading, time
        import numpy as np
        from mediastreams._engine.processing.library import library
        from mediastreams._rules.sound_processing import Processing
        assert library.load()
        module, near = library.make(Processing("all", noise=True)), np.zeros((480, 1), np.int16)
        def work():
            while True:
                module.process(near, near.repeat(2, axis=1), 48_000, 0)
        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
        time.sleep(0.2)
        print("ending")
    """
    assert run(program) == "ending"


def test_a_forked_child_says_that_it_has_none_and_ends():
    program = """
        import os, sys
        import numpy as np
        from mediastreams._engine.processing.library import library
        from mediastreams._rules.sound_processing import Processing
        from mediastreams._rules.values import AudioMode
        assert library.load()
        module = library.make(Processing("all", noise=True))
        module.process(np.zeros((480, 1), np.int16), None, 48_000, 0)
        child = os.fork()
        if child == 0:
            print(library.there, library.load(), library.choices(AudioMode(48_000, 1))["echo_cancellation"], flush=True)
            del module
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        module.process(np.zeros((480, 1), np.int16), None, 48_000, 0)
    """
    assert run(program) == "False False (False,)"


def test_a_child_that_was_forked_while_sound_was_being_processed_ends():
    program = """
        import os, sys, threading, warnings
        import numpy as np
        from mediastreams._engine.processing.library import library
        from mediastreams._rules.sound_processing import Processing
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        assert library.load()
        module, near = library.make(Processing("all", noise=True)), np.zeros((480, 1), np.int16)
        def work():
            while True:
                module.process(near, near.repeat(2, axis=1), 48_000, 0)
        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                sys.exit(0)
            assert os.waitpid(child, 0)[1] == 0
        print("done")
    """
    assert run(program) == "done"


def test_a_child_whose_parent_only_looked_may_load_it():
    program = """
        import os, sys
        from mediastreams._engine.processing.library import library
        assert library.there
        child = os.fork()
        if child == 0:
            print(library.load(), flush=True)
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
    """
    assert run(program) == "True"
