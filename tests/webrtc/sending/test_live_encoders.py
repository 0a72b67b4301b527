"""Encoders set for calls: profiles, rates, hardware that does not open, odd input."""

import itertools
import logging

import av
import numpy as np
import pytest

from mediastreams._engine.frames import Picture, Sound
from mediastreams._rules.h264_profiles import fits_profile, profile_level
from mediastreams.errors import NotSupportedError
from mediastreams.webrtc.rtp import h264
from mediastreams.webrtc.sending import live_video
from mediastreams.webrtc.sending.encoded import AudioChoice, VideoChoice
from mediastreams.webrtc.sending.live_audio import LiveAudio
from mediastreams.webrtc.sending.live_video import LiveVideo

SIZE = (320, 240)


def pictures(count, *, noise=0, step=33_333, begin=1_000_000):
    """The test card, moving, as shared frames."""
    random = np.random.default_rng(1)
    with av.open(f"testsrc2=size={SIZE[0]}x{SIZE[1]}:rate=30", format="lavfi") as card:
        for index, frame in enumerate(card.decode(video=0)):
            if index == count:
                return
            array = frame.to_ndarray(format="rgb24")
            if noise:
                array = (array.astype(int) + random.integers(0, noise, array.shape)).clip(0, 255).astype(np.uint8)
            fresh = av.VideoFrame.from_ndarray(array, format="rgb24").reformat(format="yuv420p")
            yield Picture.stamped(fresh, begin + index * step)


def live(codec, *, bit_rate=300_000, **choice):
    first = next(pictures(1))
    return LiveVideo(VideoChoice(codec, **choice), first, *SIZE, frame_rate=30.0, bit_rate=bit_rate)


@pytest.mark.parametrize("profile", ["42e01f", "42001f", "4d001f", "64001f", "640c1f"])
@pytest.mark.parametrize("mode", [0, 1])
def test_what_is_encoded_is_of_the_profile_that_was_negotiated(profile, mode):
    encoder = live("h264", profile=profile, mode=mode, bit_rate=2_000_000)
    data = b""
    for index, picture in enumerate(pictures(3, noise=60)):
        for frame, _, _ in encoder.encode(picture, key=index == 0):
            data += frame
    encoder.close()
    units = h264.units_of(data)
    stream = profile_level(next(unit for unit in units if unit[0] & 31 == 7)[1:4].hex())
    assert fits_profile(stream.profile, profile_level(profile).profile)
    if mode == 0:
        assert max(map(len, units)) <= 1200
    else:
        assert max(map(len, units)) > 1200


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1", "h264"])
def test_nothing_is_held_back_and_key_frames_come_when_asked_for_only(codec):
    encoder = live(codec)
    keys = []
    for index, picture in enumerate(pictures(40)):
        (frame,) = encoder.encode(picture, key=index in {0, 17, 18})
        assert frame[1] == picture.timestamp
        keys += [index] if frame[2] else []
        assert picture.av.pts == picture.timestamp
        assert picture.av.pict_type != 1 or index == 0
    encoder.close()
    assert keys == [0, 17, 18]


def spent(encoder, count, **options):
    return sum(
        len(data)
        for index, one in enumerate(pictures(count, **options))
        for data, _, _ in encoder.encode(one, key=index == 0)
    )


def test_the_rate_of_h264_changes_while_it_runs():
    high, low = live("h264", bit_rate=800_000), live("h264", bit_rate=800_000)
    assert low.adapts
    assert low.set_bit_rate(200_000)
    assert low.bit_rate == 200_000
    assert not low.set_bit_rate(5_000_000)  # beyond what it was opened for
    first, much = spent(low, 60, noise=30), spent(high, 60, noise=30)
    assert first < 0.6 * much
    assert low.set_bit_rate(1_500_000)
    assert spent(low, 60, noise=30, begin=10_000_000) > 2 * first


def test_other_encoders_are_opened_anew_for_another_rate():
    encoder = live("vp8")
    assert not encoder.adapts
    assert not encoder.set_bit_rate(100_000)
    assert encoder.bit_rate == 300_000


@pytest.mark.parametrize("codec", ["vp8", "h264", "vp9"])
def test_the_rate_is_kept(codec):
    encoder = live(codec, bit_rate=400_000)
    assert spent(encoder, 90, noise=40) * 8 / 3 < 1.35 * 400_000
    encoder.close()


def test_hardware_that_does_not_open_is_replaced_by_software_with_one_line(monkeypatch, caplog):
    broken = live_video._Model("h264_nvenc", lambda plan, choice: {}, ("yuv420p",), even=True)
    monkeypatch.setattr(live_video, "_hardware", lambda choice: broken)
    with caplog.at_level(logging.WARNING):
        encoder = live("h264")
    assert encoder.name == "libx264"
    assert len([record for record in caplog.records if "h264_nvenc" in record.getMessage()]) == 1


@pytest.mark.parametrize(
    ("model", "profile", "expected"),
    [
        ("libx264", "42e01f", {"profile": "baseline"}),
        ("h264_nvenc", "64001f", {"profile": "high"}),
        ("h264_amf", "42e01f", {"profile": "constrained_baseline"}),
        ("h264_mf", "42e01f", None),
        ("h264_mf", "4d001f", {}),
        ("libx264", "nonsense", {"profile": "baseline"}),
    ],
)
def test_every_encoder_is_told_the_profile_in_its_own_words(model, profile, expected):
    assert live_video._profile_options(model, VideoChoice("h264", profile)) == expected


def test_hardware_that_cannot_keep_to_a_profile_is_not_taken(monkeypatch):
    from mediastreams._engine.encoding.codecs import HARDWARE

    known = {model.name: model for model in HARDWARE["h264"]}
    monkeypatch.setattr(live_video, "hardware_encoder", lambda codec: known["h264_mf"])
    assert live_video._hardware(VideoChoice("h264", "42e01f")) is None
    assert live_video._hardware(VideoChoice("h264", "4d001f", mode=0)) is None
    found = live_video._hardware(VideoChoice("h264", "4d001f"))
    assert (found.name, found.adapts) == ("h264_mf", False)


def test_where_nothing_opens_an_error_says_so(monkeypatch, caplog):
    monkeypatch.setitem(live_video._SOFTWARE, "vp8", live_video._Model("no_such_encoder", lambda plan, choice: {}))
    with pytest.raises(NotSupportedError, match="vp8"):
        live("vp8")


def sound(seconds, *, rate=44_100, channels=2, at=1_000_000, hertz=440):
    times = np.arange(round(rate * seconds)) / rate
    samples = np.tile(np.sin(2 * np.pi * hertz * times).astype(np.float32) * 0.5, (channels, 1))
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    for begin in range(0, samples.shape[1], rate // 100):
        piece = np.ascontiguousarray(samples[:, begin : begin + rate // 100])
        yield Sound(piece, rate, at + round(begin * 1_000_000 / rate), layout)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (48_000, 1), (8_000, 1), (96_000, 6)])
@pytest.mark.parametrize(
    ("choice", "decoder", "out", "layout"),
    [
        (AudioChoice("opus", stereo=True, fec=True), "libopus", 48_000, "stereo"),
        (AudioChoice("opus"), "libopus", 48_000, "stereo"),
        (AudioChoice("g722"), "g722", 16_000, "mono"),
        (AudioChoice("pcmu"), "pcm_mulaw", 8_000, "mono"),
        (AudioChoice("pcma"), "pcm_alaw", 8_000, "mono"),
    ],
)
def test_any_sound_is_encoded_at_its_time(rate, channels, choice, decoder, out, layout):
    encoder = LiveAudio(choice)
    frames = [frame for piece in sound(1.0, rate=rate, channels=channels) for frame in encoder.encode(piece)]
    assert 47 <= len(frames) <= 50
    times = [timestamp for _, timestamp, _ in frames]
    assert abs(times[0] - 1_000_000) < 10_000  # an encoder that looks ahead begins before
    assert {round((b - a) / 1000) for a, b in itertools.pairwise(times)} == {20}
    assert all(level <= 15 for _, _, level in frames[3:-3])
    context = av.CodecContext.create(decoder, "r")
    context.sample_rate, context.layout = out, layout
    heard = np.concatenate(
        [
            frame.to_ndarray().reshape(-1).astype(float)
            for data, _, _ in frames
            for frame in context.decode(av.Packet(data))
        ]
    )
    heard = heard[::2] if layout == "stereo" else heard
    spectrum = np.abs(np.fft.rfft(heard))
    assert abs(np.argmax(spectrum) * out / heard.size - 440) < 3


def test_loss_is_told_twice_where_the_peer_wants_it():
    plain, twice = (
        LiveAudio(AudioChoice("opus", bit_rate=24_000)),
        LiveAudio(AudioChoice("opus", fec=True, bit_rate=24_000)),
    )
    assert plain.bit_rate == twice.bit_rate == 24_000
    assert twice.channels == 1
    assert twice._context.options == {}  # every option was known
