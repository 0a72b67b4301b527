"""The sound of a file in memory comes whole, at the rate that was asked for, whatever is around it."""

import numpy as np
import pytest
from tests.media import make_movie, make_wav

import mediastreams as ms
from mediastreams._backends.ffmpeg.whole_sound import whole_sound


def tone(hertz, seconds, rate):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def test_channels_stay_apart_and_the_rate_is_the_one_that_was_asked_for(tmp_path):
    path = make_wav(tmp_path / "two.wav", np.stack([tone(440, 1, 32_000), tone(880, 1, 32_000)]), 32_000)
    samples = whole_sound(path.read_bytes(), 48_000)
    assert samples.shape == (2, 48_000)
    for channel, hertz in zip(samples, (440, 880), strict=True):
        assert np.abs(channel[2000:-2000] - tone(hertz, 1, 48_000)[2000:-2000]).max() < 2e-3


def test_of_a_film_it_is_the_sound(tmp_path):
    path = make_movie(tmp_path / "film.mp4", audio_codec="aac", audio_seconds=1)
    samples = whole_sound(path.read_bytes(), 48_000)
    assert samples.shape[1] == pytest.approx(48_000, abs=2_500)


def test_what_is_damaged_within_is_left_out(tmp_path):
    data = bytearray(make_movie(tmp_path / "film.mkv", codec=None, audio_codec="aac", audio_seconds=2).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2_000] = bytes(2_000)
    assert whole_sound(bytes(data), 48_000).shape[1] > 24_000


@pytest.mark.parametrize("data", [b"", b"rubbish", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"])
def test_what_is_no_file_of_sound_is_no_sound(data):
    with pytest.raises(ms.DOMException):
        whole_sound(data, 48_000)
