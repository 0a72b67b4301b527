"""What is offered, and what fits together."""

from dataclasses import replace

import pytest

from mediastreams.webrtc import codecs
from mediastreams.webrtc.codecs import compatible, receive_codecs, send_codecs
from mediastreams.webrtc.plans import Codec


def names(listed):
    return list(dict.fromkeys(codec.name for codec in listed))


def test_lists_are_in_browsers_order():
    assert names(send_codecs("video")) == ["vp8", "vp9", "h264", "av1"]
    assert names(receive_codecs("video")) == ["vp8", "vp9", "h264", "av1"]
    assert names(send_codecs("audio")) == names(receive_codecs("audio")) == ["opus", "g722", "pcmu", "pcma"]


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_payload_types_are_distinct_and_allowed(kind):
    used = [
        number for codec in receive_codecs(kind) for number in (codec.payload_type, codec.rtx) if number is not None
    ]
    assert len(set(used)) == len(used)
    assert all(0 <= number < 128 and not 64 <= number <= 95 for number in used)


def test_video_is_sent_again_and_asks_for_key_frames():
    for codec in send_codecs("video"):
        assert codec.rtx is not None
        assert {"nack", "nack pli", "ccm fir", "goog-remb"} <= set(codec.feedback)


def test_what_ffmpeg_lacks_is_not_offered(monkeypatch):
    monkeypatch.setattr(codecs, "_has", lambda names, mode: names[0] not in {"libvpx-vp9", "libdav1d", "libopus"})
    send_codecs.cache_clear()
    receive_codecs.cache_clear()
    try:
        assert names(send_codecs("video")) == ["vp8", "h264", "av1"]
        assert names(receive_codecs("video")) == ["vp8", "vp9", "h264"]
        assert names(send_codecs("audio")) == ["g722", "pcmu", "pcma"]
    finally:
        send_codecs.cache_clear()
        receive_codecs.cache_clear()


def test_an_encoder_that_ffmpeg_does_not_know_is_none():
    assert not codecs._has(("no_such_codec",), "w")
    assert codecs._has(("no_such_codec", "libvpx"), "w")


def h264(profile, mode="1"):
    return Codec("video/H264", 90_000, 100, None, {"profile-level-id": profile, "packetization-mode": mode})


@pytest.mark.parametrize(
    ("a", "b", "fits"),
    [
        (h264("42e01f"), h264("42e034"), True),  # the level is each side's own
        (h264("42e01f"), h264("4D8015"), True),  # two ways to say constrained baseline
        (h264("42e01f"), h264("42001f"), False),
        (h264("42e01f"), h264("42e01f", "0"), False),
        (h264("64001f"), h264("640c1f"), False),
        (h264("nonsense"), h264("nonsense"), False),
        (Codec("video/H264", 90_000, 1), h264("42000a", None), True),
        (Codec("video/VP9", 90_000, 98), Codec("video/vp9", 90_000, 1, None, {"profile-id": "0"}), True),
        (Codec("video/VP9", 90_000, 98), Codec("video/VP9", 90_000, 98, None, {"profile-id": "2"}), False),
        (Codec("video/AV1", 90_000, 98), Codec("video/AV1", 90_000, 98, None, {"profile": 0, "tier": 1}), True),
        (Codec("video/AV1", 90_000, 98), Codec("video/AV1", 90_000, 98, None, {"profile": 1}), False),
        (Codec("video/VP8", 90_000, 96), Codec("VIDEO/vp8", 90_000, 100), True),
        (Codec("video/VP8", 90_000, 96), Codec("video/VP9", 90_000, 96), False),
        (Codec("audio/opus", 48_000, 111, 2), Codec("audio/OPUS", 48_000, 96, 2, {"useinbandfec": 0}), True),
        (Codec("audio/opus", 48_000, 111, 2), Codec("audio/opus", 48_000, 111, 1), False),
        (Codec("audio/PCMU", 8_000, 0, 1), Codec("audio/PCMU", 8_000, 0), True),
        (Codec("audio/PCMU", 8_000, 0, 1), Codec("audio/PCMU", 16_000, 0), False),
    ],
)
def test_codecs_fit_by_their_own_rules(a, b, fits):
    assert compatible(a, b) is fits
    assert compatible(b, a) is fits


def test_each_fits_itself_under_another_number_and_no_other():
    for kind in ("audio", "video"):
        for codec in receive_codecs(kind):
            fitting = [other for other in receive_codecs(kind) if compatible(replace(codec, payload_type=77), other)]
            assert fitting == [codec]
