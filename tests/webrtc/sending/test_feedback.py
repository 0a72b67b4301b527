"""What peers report: losses, round trips, estimates, wishes, and nonsense."""

import pytest
from aiortc import rtp
from hypothesis import given
from hypothesis import strategies as st
from tests.webrtc.sending.loopback import estimate, full_intra, not_received, picture_loss, plan_for, receiver_report

from mediastreams.webrtc.sending.choices import choice_of
from mediastreams.webrtc.sending.encoded import AudioChoice, VideoChoice
from mediastreams.webrtc.sending.feedback import Feedback
from mediastreams.webrtc.sending.live_audio import level_of

SSRC = 1000
NTP = 100 << 32


def take(feedback, packet, *, ntp=NTP, sent=500_000, share=1.0):
    return feedback.take(packet, SSRC, ntp=ntp, now=1_000_000, sent=sent, share=share)


def test_losses_and_estimates_are_heard():
    feedback = Feedback()
    take(feedback, receiver_report(SSRC, lost=0.5, total=12))
    assert (feedback.fraction, feedback.lost, feedback.reporter) == (0.5, 12, 7)
    assert feedback.estimate.value(1_000_000) == 375_000
    take(feedback, estimate(900_000, SSRC, 5), share=0.5)
    assert feedback.estimate.value(1_000_000) == pytest.approx(450_000, rel=0.01)


def test_a_round_trip_is_what_is_left_of_the_time_passed():
    feedback = Feedback()
    lsr = (NTP - (1 << 31)) >> 16 & 0xFFFFFFFF  # half a second ago
    take(feedback, receiver_report(SSRC, lsr=lsr, dlsr=65536 // 4))
    assert feedback.round_trip == pytest.approx(0.25, abs=0.001)
    take(feedback, receiver_report(SSRC, lsr=(NTP + (5 << 32)) >> 16 & 0xFFFFFFFF, dlsr=0))  # from the future
    assert feedback.round_trips == 1


def test_wishes():
    feedback = Feedback()
    assert take(feedback, picture_loss(SSRC)).key
    assert not take(feedback, picture_loss(99)).key
    assert take(feedback, full_intra(SSRC, 3)).key
    assert not take(feedback, full_intra(SSRC, 3)).key  # the same command again
    assert not take(feedback, full_intra(99, 4)).key
    assert list(take(feedback, not_received(SSRC, 5, 65_536 + 6)).again) == [5, 6]
    assert not take(feedback, not_received(99, 5)).again
    assert len(take(feedback, not_received(SSRC, *range(5000))).again) == 128
    assert (feedback.plis, feedback.firs, feedback.nacks) == (1, 1, 2)


def test_what_concerns_others_changes_nothing():
    feedback = Feedback()
    for packet in (
        receiver_report(99, lost=0.9),
        estimate(1000, 99),
        rtp.RtcpByePacket([SSRC]),
        rtp.RtcpPsfbPacket(fmt=2, ssrc=7, media_ssrc=SSRC),
        rtp.RtcpRtpfbPacket(fmt=15, ssrc=7, media_ssrc=SSRC),
        object(),
    ):
        assert not take(feedback, packet).key
    assert feedback == Feedback()


@given(fmt=st.integers(0, 31), fci=st.binary(max_size=40))
def test_malformed_feedback_breaks_nothing(fmt, fci):
    take(Feedback(), rtp.RtcpPsfbPacket(fmt=fmt, ssrc=7, media_ssrc=SSRC, fci=fci))
    take(Feedback(), rtp.RtcpPsfbPacket(fmt=15, ssrc=7, media_ssrc=0, fci=b"REMB" + fci))


@pytest.mark.parametrize(
    ("name", "kind", "number", "parameters", "arguments", "expected"),
    [
        ("opus", "audio", 0, {"stereo": 0}, {}, AudioChoice("opus", fec=True)),
        ("opus", "audio", 0, {"stereo": "1", "useinbandfec": "0"}, {}, AudioChoice("opus", stereo=True)),
        ("opus", "audio", 0, {"maxaveragebitrate": "20000"}, {}, AudioChoice("opus", True, True, 20_000)),
        ("opus", "audio", 0, {"maxaveragebitrate": "nonsense"}, {}, AudioChoice("opus", True, True)),
        ("opus", "audio", 0, {}, {"most": 12_000}, AudioChoice("opus", True, True, 12_000)),
        ("opus", "audio", 0, {}, {"most": 256_000}, AudioChoice("opus", True, True, 256_000)),
        ("opus", "audio", 0, {}, {"most": 1}, AudioChoice("opus", True, True, 6_000)),
        ("pcmu", "audio", 0, {}, {"most": 1}, AudioChoice("pcmu")),
        ("vp8", "video", 0, {}, {"scale": 2.0, "frame_rate": 5.0}, VideoChoice("vp8", scale=2.0, frame_rate=5.0)),
        ("h264", "video", 2, {}, {}, VideoChoice("h264", "42e01f", 1)),
        ("h264", "video", 3, {}, {}, VideoChoice("h264", "42e01f", 0)),
        (
            "h264",
            "video",
            2,
            {"profile-level-id": None, "packetization-mode": None},
            {},
            VideoChoice("h264", "420010", 0),
        ),
    ],
)
def test_what_was_negotiated_tells_how_to_encode(name, kind, number, parameters, arguments, expected):
    assert choice_of(plan_for(name, kind, number, **parameters).codec, **arguments) == expected


def test_loudness_is_told_in_minus_dbov():
    import numpy as np

    assert level_of(np.zeros((1, 960), np.float32)) == 127
    assert level_of(np.ones((2, 960), np.float32)) == 0
    assert level_of(np.full((1, 960), 0.1, np.float32)) == 20
    assert level_of(np.zeros((1, 0), np.float32)) == 127
