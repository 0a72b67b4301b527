"""The small interfaces: errors, events, candidates, descriptions, certificates, statistics, lifetimes."""

import copy
import pickle
import time

import pytest
from tests.webrtc import pairs

import mediastreams as ms
from mediastreams.webrtc import (
    MessageEvent,
    RTCConfiguration,
    RTCDataChannelEvent,
    RTCError,
    RTCErrorEvent,
    RTCIceCandidate,
    RTCIceServer,
    RTCPeerConnection,
    RTCPeerConnectionIceErrorEvent,
    RTCPeerConnectionIceEvent,
    RTCRtpEncodingParameters,
    RTCSessionDescription,
    RTCTrackEvent,
)

pytestmark = pytest.mark.may_block(reason="the first connection of a process loads what it needs")


def test_an_error_says_what_failed_and_survives_pickling():
    error = RTCError({"errorDetail": "sctp-failure", "sctpCauseCode": 4}, "no", sent_alert=1)
    assert isinstance(error, ms.OperationError)
    assert (error.name, error.message, error.error_detail) == ("OperationError", "no", "sctp-failure")
    assert (error.sctp_cause_code, error.sent_alert, error.received_alert, error.sdp_line_number) == (4, 1, None, None)
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.error_detail, again.sctp_cause_code) == ("no", "sctp-failure", 4)
    for wrong in ({}, {"error_detail": "bad-luck"}):
        with pytest.raises(TypeError):
            RTCError(wrong)
    assert RTCErrorEvent("error", error=error).error is error
    with pytest.raises(TypeError):
        RTCErrorEvent("error", {"error": ValueError()})


def test_events_carry_what_they_say():
    candidate = RTCIceCandidate(candidate="", sdp_mid="0")
    assert RTCPeerConnectionIceEvent("icecandidate", candidate=candidate).candidate is candidate
    assert RTCPeerConnectionIceEvent("icecandidate").candidate is None
    assert RTCPeerConnectionIceEvent("icecandidate", url="stun:x").url == "stun:x"
    error = RTCPeerConnectionIceErrorEvent("x", error_code=701, error_text="t", url="u", address="a", port=1)
    assert (error.error_code, error.error_text, error.url, error.address, error.port) == (701, "t", "u", "a", 1)
    message = MessageEvent("message", data=b"x", origin="o", last_event_id="i")
    assert (message.data, message.origin, message.last_event_id) == (b"x", "o", "i")
    for wrong in (
        lambda: RTCPeerConnectionIceErrorEvent("x"),
        lambda: RTCDataChannelEvent("x"),
        lambda: RTCTrackEvent("x"),
        lambda: RTCPeerConnectionIceEvent("x", candidate="y"),
    ):
        with pytest.raises(TypeError):
            wrong()


async def test_a_track_event_may_be_made_by_hand():
    async with RTCPeerConnection() as connection:
        transceiver = connection.add_transceiver("audio")
        receiver = transceiver.receiver
        stream = ms.MediaStream()
        event = RTCTrackEvent(
            "track", receiver=receiver, track=receiver.track, transceiver=transceiver, streams=[stream]
        )
        assert (event.receiver, event.track, event.streams, event.transceiver) == (
            receiver,
            receiver.track,
            (stream,),
            transceiver,
        )
        channel = connection.create_data_channel("x")
        assert RTCDataChannelEvent("datachannel", channel=channel).channel is channel


def test_a_description_is_read_and_written():
    description = RTCSessionDescription({"type": "offer", "sdp": "v=0"})
    assert (description.type, description.sdp) == ("offer", "v=0")
    assert description.to_json() == {"type": "offer", "sdp": "v=0"}
    assert RTCSessionDescription(type="rollback").sdp == ""
    for wrong in ({}, {"type": "guess"}, {"type": "offer", "sdp": 7}):
        with pytest.raises(TypeError):
            RTCSessionDescription(wrong)


def test_what_is_made_to_be_given_back_can_be_changed():
    encoding = RTCRtpEncodingParameters(max_bitrate=5)
    encoding.max_bitrate = 6
    encoding["active"] = False
    assert dict(encoding) == {"active": False, "max_bitrate": 6}
    del encoding["active"]
    assert "active" not in encoding
    for change in (lambda: encoding.__setitem__("x", 1), lambda: encoding.__delitem__("active")):
        with pytest.raises(KeyError):
            change()
    with pytest.raises(TypeError):
        hash(encoding)
    configuration = RTCConfiguration(ice_servers=[RTCIceServer(urls="stun:x")])
    assert copy.copy(configuration)["ice_servers"][0].urls == "stun:x"


def test_what_has_no_constructor_says_so():
    for name in (
        "RTCRtpSender",
        "RTCRtpReceiver",
        "RTCRtpTransceiver",
        "RTCIceTransport",
        "RTCDtlsTransport",
        "RTCSctpTransport",
        "RTCDataChannel",
        "RTCCertificate",
        "RTCIceCandidatePair",
        "RTCStatsReport",
    ):
        with pytest.raises(TypeError, match="Illegal constructor"):
            getattr(ms, name)()


async def test_a_certificate_of_ones_own_is_used():
    certificate = await RTCPeerConnection.generate_certificate({"name": "ECDSA", "namedCurve": "P-256", "expires": 1e9})
    assert abs(certificate.expires - time.time() * 1000 - 1e9) < 60_000
    fingerprint = next(one for one in certificate.get_fingerprints() if one.algorithm == "sha-256")
    async with RTCPeerConnection(certificates=[certificate]) as one, RTCPeerConnection() as other:
        pairs.trickle(one, other)
        pairs.trickle(other, one)
        one.create_data_channel("x")
        await pairs.connect(one, other)
        assert fingerprint.value.upper() in one.local_description.sdp
        (seen,) = other.sctp.transport.get_remote_certificates()
        assert isinstance(seen, bytes)
        assert len(seen) > 100
        assert one.get_configuration().certificates == [certificate]
    for wrong, error in (
        ("RSA", ms.NotSupportedError),
        ({"name": "ECDSA", "named_curve": "P-521"}, ms.NotSupportedError),
        (7, TypeError),
    ):
        with pytest.raises(error):
            await RTCPeerConnection.generate_certificate(wrong)
    expired = await RTCPeerConnection.generate_certificate({"name": "ECDSA", "expires": 0})
    with pytest.raises(ms.InvalidAccessError):
        RTCPeerConnection(certificates=[expired])


async def test_figures_of_a_connection_fit_together():
    devices = ms.MediaDevices(backends=["fake"])
    async with devices.get_user_media(audio=True) as stream, pairs.pair() as (one, other):
        sender = one.add_track(stream.audio, stream)
        tracks = []
        other.ontrack = lambda event: tracks.append(event.track)
        channel = one.create_data_channel("x")
        await pairs.connect(one, other)
        if channel.ready_state != "open":
            await channel.wait_for("open", timeout=10)
        channel.send("hello")
        await anext(aiter(tracks[0]))
        report = await one.get_stats()
        types = {stats["type"] for stats in report.values()}
        assert types >= {
            "peer-connection",
            "transport",
            "candidate-pair",
            "local-candidate",
            "remote-candidate",
            "certificate",
            "data-channel",
            "outbound-rtp",
            "codec",
            "media-source",
        }
        for key, stats in report.items():
            assert stats["id"] == key
            assert abs(stats["timestamp"] - time.time() * 1000) < 60_000
            for name, value in stats.items():
                if name.endswith("_id") and name != "track_id" and isinstance(value, str):
                    assert value in report, (name, value)
        transport = report["transport"]
        assert transport["dtls_state"] == "connected"
        assert transport["bytes_sent"] > 0
        assert {transport["dtls_role"], (await other.get_stats())["transport"]["dtls_role"]} == {"client", "server"}
        assert report["candidate-pair"]["state"] == "succeeded"
        assert report.to_json()["transport"]["dtlsState"] == "connected"
        own = await sender.get_stats()
        assert "peer-connection" not in own
        assert dict(await one.get_stats(stream.audio)).keys() == dict(own).keys()
        inbound = await other.get_receivers()[0].get_stats()
        assert "inbound-rtp" in {stats["type"] for stats in inbound.values()}
        assert (await other.get_stats(tracks[0])).keys() == inbound.keys()
        assert "type" not in report
        with pytest.raises(ms.InvalidAccessError):
            await other.get_stats(stream.audio)
        with pytest.raises(TypeError):
            await one.get_stats("all")
        source, *_ = other.get_receivers()[0].get_synchronization_sources()
        assert source.source == sender._outlet.ssrc
        assert other.get_receivers()[0].get_contributing_sources() == []


async def test_how_long_media_may_wait_is_a_wish():
    async with RTCPeerConnection() as one:
        receiver = one.add_transceiver("audio").receiver
        assert receiver.jitter_buffer_target is None
        receiver.jitter_buffer_target = 200
        assert receiver.jitter_buffer_target == 200
        assert receiver._inlet._least_wait == 200_000
        receiver.jitter_buffer_target = None
        assert receiver._inlet._least_wait == 0
        for wrong in (-1, 4001):
            with pytest.raises(ValueError, match="4000"):
                receiver.jitter_buffer_target = wrong
        with pytest.raises(TypeError):
            receiver.jitter_buffer_target = "long"


async def test_legacy_options_make_receivers():
    async with RTCPeerConnection() as one:
        offer = await one.create_offer(offer_to_receive_audio=True, offer_to_receive_video=True)
        assert offer.sdp.count("a=recvonly") == 2
        await one.create_offer({"offerToReceiveAudio": True})
        assert len(one.get_transceivers()) == 2
        transceiver = one.add_transceiver("audio")
        await one.create_offer(offer_to_receive_audio=False)
        assert transceiver.direction == "sendonly"
        assert one.get_transceivers()[0].direction == "inactive"
        with pytest.raises(TypeError):
            await one.create_offer(ice_restart="yes")


def test_representations_say_what_there_is():
    for text, thing in (
        ("RTCSessionDescription offer", RTCSessionDescription(type="offer")),
        ("RTCIceCandidate ''", RTCIceCandidate(candidate="", sdp_m_line_index=0)),
    ):
        assert text in repr(thing)


async def test_representations_of_what_lives():
    async with pairs.pair() as (one, other):
        channel = one.create_data_channel("x")
        transceiver = one.add_transceiver("audio")
        await pairs.connect(one, other)
        dtls = one.sctp.transport
        for thing in (one, channel, transceiver, transceiver.sender, transceiver.receiver, one.sctp, dtls):
            assert repr(thing).startswith(f"<{type(thing).__name__} ")
        assert "connected" in repr(dtls.ice_transport)
        assert "candidate:" in repr(dtls.ice_transport.get_selected_candidate_pair())
        assert "2026" in repr(one._certificate) or "RTCCertificate until" in repr(one._certificate)
        ice = dtls.ice_transport
        assert (ice.component, ice.gathering_state, ice.state) == ("rtp", "complete", "connected")
        assert ice.get_remote_parameters().username_fragment in other.local_description.sdp
        assert {ice.role, other.sctp.transport.ice_transport.role} == {"controlling", "controlled"}
        await pairs.until(ice.get_remote_candidates)


async def test_a_missing_extra_says_how_to_get_it(monkeypatch):
    from mediastreams.webrtc import extra

    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"pip install .mediastreams\[webrtc\]"):
        RTCPeerConnection()
