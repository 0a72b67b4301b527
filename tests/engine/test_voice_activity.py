"""Voices are heard where they are: first with a model that says what the test wants, then with the real one."""

import importlib.util
import subprocess
import wave

import numpy as np
import pytest

from mediastreams._engine import voice_activity
from mediastreams._engine.frames import Sound
from mediastreams._engine.voice_activity import PACKAGES, VoiceActivity, VoiceDetector, load_model

CHUNK_US = 32_000


class Said:
    """A model that says the next of the given probabilities for every 32 ms."""

    def __init__(self, likely):
        self.likely = iter(likely)
        self.resets = 0

    def probability(self, samples):
        assert (samples.shape, samples.dtype) == ((512,), np.float32)
        return next(self.likely)

    def reset(self):
        self.resets += 1


def sounds(seconds, start=0, rate=16_000):
    for number in range(round(seconds * 100)):
        yield Sound(np.zeros((1, rate // 100), np.float32), rate, start + number * 10_000, "mono")


def told(likely, min_speech=0.0, min_silence=0.0, threshold=0.5):
    """What a detector tells of a voice that is so likely, chunk by chunk, and at the end."""
    detector = VoiceDetector(threshold, min_speech, min_silence, lambda: Said(likely))
    found = [one for sound in sounds(len(likely) * 0.032) for one in detector(sound)]
    return [*found, *detector.flush()]


def spoken(*chunks):
    """Beginning and end, given as numbers of chunks."""
    begin, end = (number * CHUNK_US for number in chunks)
    return [VoiceActivity(True, begin), VoiceActivity(False, end, end - begin)]


def test_a_voice_begins_and_ends_where_it_is():
    assert told([0.1] * 5 + [0.9] * 10 + [0.1] * 10) == spoken(5, 15)


def test_less_likely_than_the_threshold_is_none():
    assert told([0.6] * 25, threshold=0.7) == []


def test_who_speaks_is_believed_to_go_on_while_it_is_a_little_less_likely():
    assert told([0.1] * 5 + [0.9] * 5 + [0.4] * 5 + [0.9] * 5 + [0.1] * 5) == spoken(5, 20)


def test_a_cough_is_no_speech():
    assert told(([0.1] * 5 + [0.9] * 2) * 5, min_speech=0.1) == []


def test_a_pause_for_breath_is_no_end():
    likely = [0.1] * 5 + [0.9] * 5 + [0.1] * 10 + [0.9] * 5 + [0.1] * 25
    assert told(likely, min_silence=0.5) == spoken(5, 25)
    assert told(likely, min_silence=0.2) == spoken(5, 10) + spoken(20, 25)


def test_a_voice_that_is_heard_to_the_end_ends_there():
    assert told([0.1] * 5 + [0.9] * 20) == spoken(5, 25)


def test_a_hole_ends_a_voice_and_what_follows_is_another():
    model = Said([0.9] * 50)
    detector = VoiceDetector(0.5, 0.1, 0.5, lambda: model)
    found = [one for sound in sounds(0.32) for one in detector(sound)]
    found += [one for sound in sounds(0.32, 5_000_000) for one in detector(sound)]
    found += detector.flush()
    assert [(one.speaking, one.timestamp) for one in found] == [
        (True, 0),
        (False, 320_000),
        (True, 5_000_000),
        (False, 5_320_000),
    ]
    assert model.resets == 2


def test_the_model_is_loaded_with_the_first_sound_only():
    loaded = []
    detector = VoiceDetector(0.5, 0.1, 0.5, lambda: loaded.append(1) or Said([0.1] * 9))
    assert list(detector.flush()) == []
    assert loaded == []
    for sound in sounds(0.1):
        detector(sound)
    assert loaded == [1]


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(voice_activity, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"mediastreams\[vad\]"):
        voice_activity.check_vad()


# ── the real model, a real voice ────────────────────────────────────────────────────────────────────

SENTENCES = [
    ("en", "Good morning, I would like to order two cups of coffee and a piece of cake, please."),
    ("en-us+f3", "My name is Alice, and I am calling about the train from London to Edinburgh."),
    ("de", "Guten Tag, ich hätte gern ein Brot und zwei Brötchen."),
]
there = [name for name in PACKAGES if importlib.util.find_spec(name)]
needs_model = pytest.mark.skipif(not there, reason="needs a package of the extra vad")


@pytest.fixture(params=SENTENCES, ids=lambda one: one[0])
def voice(request, tmp_path, need):
    """A sentence, a second of silence before and after it: samples, rate, and where it begins and ends (s)."""
    need("espeak-ng")
    path = tmp_path / "said.wav"
    language, text = request.param
    subprocess.run(["espeak-ng", "-v", language, "-w", str(path), text], check=True, timeout=30)
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        said = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    loud = np.flatnonzero(np.abs(said) > 0.02)
    silence = np.zeros(2 * rate, np.float32)
    return np.concatenate([silence, said, silence]), rate, 2 + loud[0] / rate, 2 + loud[-1] / rate


def heard(samples, rate, package, **options):
    settings = {"threshold": 0.5, "min_speech": 0.1, "min_silence": 0.5} | options
    detector = VoiceDetector(**settings, load=lambda: load_model(package))
    step = rate // 50
    found = []
    for first in range(0, samples.size, step):
        chunk = np.ascontiguousarray(samples[None, first : first + step])
        found += detector(Sound(chunk, rate, round(first * 1e6 / rate), "mono"))
    return found + list(detector.flush())


@needs_model
@pytest.mark.real
@pytest.mark.parametrize("package", there)
def test_a_sentence_is_heard_from_its_beginning_to_its_end(voice, package):
    samples, rate, begin, end = voice
    first, last = heard(samples, rate, package)
    assert (first.speaking, last.speaking) == (True, False)
    assert first.timestamp / 1e6 == pytest.approx(begin, abs=0.15)
    assert last.timestamp / 1e6 == pytest.approx(end, abs=0.25)
    assert last.duration == last.timestamp - first.timestamp


@needs_model
@pytest.mark.real
@pytest.mark.parametrize("package", there)
def test_a_sentence_is_heard_in_noise(voice, package):
    samples, rate, begin, end = voice
    strength = np.sqrt(np.mean(samples[round(begin * rate) : round(end * rate)] ** 2))
    noise = np.random.default_rng(7).standard_normal(samples.size).astype(np.float32) * strength / 10**0.5
    found = heard(samples + noise, rate, package)
    assert found[0].timestamp / 1e6 == pytest.approx(begin, abs=0.25)
    assert found[-1].timestamp / 1e6 == pytest.approx(end, abs=0.35)


def chords(seconds, rate):
    """Music of a kind: chords with overtones that die away, and a drum."""
    rng = np.random.default_rng(3)
    music = np.zeros(round(seconds * rate))
    for number in range(round(seconds * 2.5)):
        begin = round(number * 0.4 * rate)
        at = np.arange(min(round(0.6 * rate), music.size - begin)) / rate
        for hertz in [(262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294)][number % 4]:
            for overtone in range(1, 6):
                music[begin : begin + at.size] += (
                    0.1 / overtone * np.sin(2 * np.pi * hertz * overtone * at) * np.exp(-3 * at)
                )
        music[begin : begin + at.size] += 0.2 * rng.standard_normal(at.size) * np.exp(-at * 100)
    return (0.7 * music).astype(np.float32)


@needs_model
@pytest.mark.parametrize("package", there)
@pytest.mark.parametrize("what", ["noise", "loud noise", "tone", "music", "silence"])
def test_what_is_no_voice_is_not_taken_for_one(package, what):
    noise = np.random.default_rng(5).standard_normal(16_000 * 5).astype(np.float32)
    samples = {
        "noise": 0.05 * noise,
        "loud noise": 0.3 * noise,
        "tone": (0.3 * np.sin(2 * np.pi * 440 * np.arange(80_000) / 16_000)).astype(np.float32),
        "music": chords(5, 16_000),
        "silence": 0 * noise,
    }[what]
    assert heard(samples, 16_000, package) == []
