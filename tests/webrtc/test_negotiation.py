"""Offers and answers between two connections: renegotiation, glare, rollback, restarts, states and errors."""

import asyncio

import pytest
from tests.webrtc import pairs

import mediastreams as ms
from mediastreams.webrtc import (
    RTCDegradationPreference,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSessionDescription,
)

pytestmark = pytest.mark.may_block(reason="encoders and decoders of a busy machine")


@pytest.fixture
async def stream():
    devices = ms.MediaDevices(backends=["fake"])
    async with devices.get_user_media(video={"width": 320, "height": 240}, audio=True) as opened:
        yield opened


def sections(description):
    """The m= lines of a description, with their directions."""
    found = []
    for line in description.sdp.splitlines():
        if line.startswith("m="):
            found.append([line.split()[0][2:], int(line.split()[1]), None])
        elif line[2:] in {"sendrecv", "sendonly", "recvonly", "inactive"}:
            found[-1][2] = line[2:]
    return found


# --- negotiation needed ----------------------------------------------------------------------------------------------


async def test_negotiation_is_needed_once_for_all_that_was_added_in_one_task(stream):
    async with pairs.pair() as (one, other):
        needs = []
        one.onnegotiationneeded = needs.append
        one.add_transceiver("audio")
        one.add_transceiver("video")
        one.create_data_channel("x")
        await one.wait_for("negotiationneeded", timeout=2)
        await pairs.exchange(one, other)
        assert len(needs) == 1
        one.get_transceivers()[0].direction = "recvonly"
        await one.wait_for("negotiationneeded", timeout=2)
        await pairs.exchange(one, other)
        assert len(needs) == 2


async def test_nothing_is_needed_after_an_answer_that_took_all():
    async with pairs.pair() as (one, other):
        one.add_transceiver("audio", direction="sendonly")
        await pairs.exchange(one, other)
        needs = []
        one.onnegotiationneeded = other.onnegotiationneeded = needs.append
        await asyncio.sleep(0)
        await one.get_stats()
        for _ in range(5):
            await asyncio.sleep(0)
        assert needs == []


# --- states and descriptions -----------------------------------------------------------------------------------------


async def test_descriptions_are_pending_then_current():
    async with pairs.pair() as (one, other):
        states = []
        one.onsignalingstatechange = lambda _: states.append(one.signaling_state)
        one.add_transceiver("audio")
        offer = await one.create_offer()
        assert one.local_description is None
        await one.set_local_description(offer)
        assert one.pending_local_description is one.local_description
        assert one.current_local_description is None
        assert one.local_description.type == "offer"
        await other.set_remote_description(RTCSessionDescription(offer))
        assert other.pending_remote_description.sdp == offer.sdp
        assert other.can_trickle_ice_candidates is True
        answer = await other.create_answer()
        await other.set_local_description(answer)
        await one.set_remote_description(answer)
        assert one.pending_local_description is one.pending_remote_description is None
        assert one.current_local_description.type == "offer"
        assert one.current_remote_description.type == "answer"
        assert other.current_local_description.type == "answer"
        assert states == ["have-local-offer", "stable"]


async def test_a_provisional_answer_is_followed_by_the_final_one():
    async with pairs.pair() as (one, other):
        one.add_transceiver("audio")
        await one.set_local_description()
        await other.set_remote_description(one.local_description)
        answer = await other.create_answer()
        await other.set_local_description(type="pranswer", sdp=answer.sdp)
        assert other.signaling_state == "have-local-pranswer"
        await one.set_remote_description({"type": "pranswer", "sdp": answer.sdp})
        assert one.signaling_state == "have-remote-pranswer"
        answer = await other.create_answer()
        await other.set_local_description(answer)
        await one.set_remote_description(answer)
        assert one.signaling_state == other.signaling_state == "stable"


async def test_a_description_that_was_changed_is_refused():
    async with RTCPeerConnection() as one:
        one.add_transceiver("audio")
        offer = await one.create_offer()
        with pytest.raises(ms.InvalidModificationError):
            await one.set_local_description(type="offer", sdp=offer.sdp.replace("opus", "OPUS"))
        with pytest.raises(ms.InvalidStateError):
            await one.set_local_description(type="answer", sdp=offer.sdp)
        assert one.signaling_state == "stable"
        await one.set_local_description(type="offer")
        assert one.local_description.sdp == offer.sdp


async def test_what_comes_at_the_wrong_time_is_refused():
    async with pairs.pair() as (one, other):
        with pytest.raises(ms.InvalidStateError):
            await one.create_answer()
        with pytest.raises(ms.InvalidStateError):
            await one.set_remote_description({"type": "answer", "sdp": ""})
        with pytest.raises(ms.InvalidStateError):
            await one.set_local_description(type="rollback")
        with pytest.raises(ms.InvalidStateError):
            await one.add_ice_candidate({"candidate": "", "sdp_mid": "0"})
        other.add_transceiver("audio")
        await other.set_local_description()
        await one.set_remote_description(other.local_description)
        with pytest.raises(ms.InvalidStateError):
            await one.create_offer()


async def test_operations_of_a_closed_connection_are_refused():
    connection = RTCPeerConnection()
    connection.add_transceiver("video")
    waiting = [asyncio.ensure_future(connection.create_offer()) for _ in range(3)]
    await asyncio.sleep(0)
    connection.close()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, ms.InvalidStateError) for result in results)
    for call in (
        lambda: connection.add_transceiver("audio"),
        lambda: connection.create_data_channel("x"),
        connection.set_configuration,
        connection.get_transceivers()[0].stop,
        connection.get_transceivers()[0].sender.set_streams,
    ):
        with pytest.raises((ms.InvalidStateError, IndexError)):
            call()
    with pytest.raises(ms.InvalidStateError):
        await connection.set_remote_description({"type": "offer", "sdp": ""})
    connection.restart_ice()
    async with connection:
        pass


# --- glare and rollback ----------------------------------------------------------------------------------------------


async def test_offers_that_meet_are_settled_by_the_polite_one():
    """Perfect negotiation, as the standard's example has it."""
    async with pairs.pair() as (polite, impolite):
        done = asyncio.Event()

        def negotiate(connection, other_end, *, is_polite):
            state = {"making": False, "ignoring": False}

            @connection.on("negotiationneeded")
            async def offer(_):
                state["making"] = True
                try:
                    await connection.set_local_description()
                    await other_end["take"](connection.local_description)
                finally:
                    state["making"] = False

            async def take(description):
                collides = description.type == "offer" and (state["making"] or connection.signaling_state != "stable")
                state["ignoring"] = not is_polite and collides
                if state["ignoring"]:
                    return
                await connection.set_remote_description(description)
                if description.type == "offer":
                    await connection.set_local_description()
                    await other_end["take"](connection.local_description)
                else:
                    done.set()

            return take

        ends = ({}, {})
        ends[1]["take"] = negotiate(polite, ends[0], is_polite=True)
        ends[0]["take"] = negotiate(impolite, ends[1], is_polite=False)
        polite.add_transceiver("audio")
        impolite.add_transceiver("video")
        async with asyncio.timeout(20):
            await done.wait()
            await pairs.until(lambda: polite.connection_state == "connected" and len(impolite.get_transceivers()) == 2)
        kinds = [[one.receiver.track.kind for one in side.get_transceivers()] for side in (polite, impolite)]
        assert [sorted(kind) for kind in kinds] == [["audio", "video"]] * 2


async def test_a_local_offer_is_taken_back():
    async with pairs.pair() as (one, other):
        transceiver = one.add_transceiver("audio")
        await one.set_local_description()
        assert transceiver.mid == "0"
        assert transceiver.sender.transport is not None
        await one.set_local_description(type="rollback")
        assert one.signaling_state == "stable"
        assert transceiver.mid is None
        assert transceiver.sender.transport is None
        assert one.local_description is None
        assert one.get_transceivers() == [transceiver]
        await pairs.connect(one, other)
        assert transceiver.mid == "0"


async def test_a_remote_offer_is_taken_back_with_its_tracks(stream):
    async with pairs.pair() as (one, other):
        tracks = []
        other.ontrack = tracks.append
        one.add_track(stream.audio, stream)
        await one.set_local_description()
        await other.set_remote_description(one.local_description)
        (event,) = tracks
        assert event.streams[0].get_tracks() == [event.track]
        await other.set_remote_description({"type": "rollback"})
        assert other.get_transceivers() == []
        assert event.streams[0].get_tracks() == []
        assert other.remote_description is None
        await other.set_remote_description(one.local_description)
        assert len(other.get_transceivers()) == 1


async def test_a_transceiver_that_got_a_track_meanwhile_survives_the_rollback(stream):
    async with pairs.pair() as (one, other):
        one.add_transceiver("audio")
        await one.set_local_description()
        await other.set_remote_description(one.local_description)
        other.add_track(stream.audio)
        assert len(other.get_transceivers()) == 1
        await other.set_remote_description({"type": "rollback"})
        (kept,) = other.get_transceivers()
        assert kept.mid is None
        assert not kept.sender.track.muted


# --- renegotiation ---------------------------------------------------------------------------------------------------


async def test_tracks_are_added_removed_and_replaced_while_connected(stream):
    async with pairs.pair() as (one, other):
        events = []
        other.ontrack = events.append
        sender = one.add_track(stream.audio, stream)
        await pairs.connect(one, other)
        audio = events[0].track
        await anext(aiter(audio))
        # A second one comes, in the same stream.
        one.add_track(stream.video, stream)
        await pairs.exchange(one, other)
        assert [event.track.kind for event in events] == ["audio", "video"]
        video = events[1].track
        async with asyncio.timeout(20):
            await anext(aiter(video))
        remote = events[0].streams[0]
        assert remote.get_tracks() == [audio, video]
        # The first one goes.
        gone = []
        remote.onremovetrack = lambda event: gone.append(event.track)
        one.remove_track(sender)
        assert sender in one.get_senders()
        assert one.get_transceivers()[0].direction == "recvonly"
        await pairs.exchange(one, other)
        assert gone == [audio]
        if not audio.muted:
            await audio.wait_for("mute", timeout=5)
        assert audio.ready_state == "live"
        assert stream.audio.ready_state == "live"
        # Another camera, without an offer.
        devices = ms.MediaDevices(backends=["fake"])
        async with devices.get_user_media(video={"width": 640, "height": 360}) as second:
            await one.get_senders()[1].replace_track(second.video)
            async with asyncio.timeout(20):
                async for frame in video:
                    if (frame.coded_width, frame.coded_height) == (640, 360):
                        break
            await one.get_senders()[1].replace_track(None)
        assert one.signaling_state == "stable"


async def test_a_stopped_transceiver_goes_and_its_section_is_used_again(stream):
    async with pairs.pair() as (one, other):
        transceiver = one.add_transceiver("audio")
        one.add_transceiver("video")
        await pairs.connect(one, other)
        far = other.get_transceivers()[0]
        transceiver.stop()
        transceiver.stop()
        assert transceiver.direction == "stopped"
        assert transceiver.current_direction in {"sendrecv", "sendonly"}
        await one.wait_for("negotiationneeded", timeout=2)
        await pairs.exchange(one, other)
        assert transceiver.current_direction == far.current_direction == "stopped"
        assert transceiver not in one.get_transceivers()
        assert far not in other.get_transceivers()
        assert transceiver.receiver.track.ready_state == far.receiver.track.ready_state == "ended"
        assert sections(one.local_description)[0][:2] == ["audio", 0]
        new = one.add_transceiver("video", direction="sendonly")
        await pairs.exchange(one, other)
        assert sections(one.local_description)[0][:2] == ["video", 9]
        assert len(sections(one.local_description)) == 2
        assert new.mid not in {"0", "1"}
        assert new.current_direction == "sendonly"


async def test_a_section_that_the_peer_rejects_stops_its_transceiver():
    async with pairs.pair() as (one, other):
        one.add_transceiver("audio")
        kept = one.add_transceiver("video")
        await one.set_local_description()
        await other.set_remote_description(one.local_description)
        other.get_transceivers()[0].stop()
        await other.set_local_description()
        await one.set_remote_description(other.local_description)
        assert one.get_transceivers() == [kept]
        assert [line[:2] for line in sections(other.local_description)] == [["audio", 0], ["video", 9]]


async def test_directions_are_what_both_want():
    async with pairs.pair() as (one, other):
        for direction in ("sendrecv", "sendonly", "recvonly", "inactive"):
            one.add_transceiver("audio", direction=direction)
        await one.set_local_description()
        await other.set_remote_description(one.local_description)
        for transceiver in other.get_transceivers():
            transceiver.direction = "sendrecv"
        await other.set_local_description()
        await one.set_remote_description(other.local_description)
        assert [each.current_direction for each in one.get_transceivers()] == [
            "sendrecv",
            "sendonly",
            "recvonly",
            "inactive",
        ]
        assert [each.current_direction for each in other.get_transceivers()] == [
            "sendrecv",
            "recvonly",
            "sendonly",
            "inactive",
        ]


async def test_codec_preferences_decide_what_is_offered_and_answered():
    async with pairs.pair() as (one, other):
        transceiver = one.add_transceiver("video", direction="sendonly")
        codecs = RTCRtpReceiver.get_capabilities("video").codecs
        wanted = [codec for codec in codecs if codec.mime_type == "video/VP9"]
        transceiver.set_codec_preferences(wanted)
        await pairs.exchange(one, other)
        assert {codec.mime_type for codec in transceiver.sender.get_parameters().codecs} == {"video/VP9", "video/rtx"}
        transceiver.set_codec_preferences([])
        with pytest.raises(ms.InvalidModificationError):
            transceiver.set_codec_preferences([{"mime_type": "video/CINEPAK", "clock_rate": 90000}])
        with pytest.raises(ms.InvalidModificationError):
            transceiver.set_codec_preferences([{"mime_type": "video/rtx", "clock_rate": 90000}])
        assert RTCRtpSender.get_capabilities("smell") is None


async def test_numbers_of_payloads_stay_as_the_peer_gave_them():
    async with pairs.pair() as (one, other):
        one.add_transceiver("video")
        await one.set_local_description()
        sdp = one.local_description.sdp
        for old, new in (("96", "122"), ("97", "121")):
            sdp = sdp.replace(f"SAVPF {old} ", f"SAVPF {new} ").replace(f" {old} ", f" {new} ")
            for name in ("rtpmap", "rtcp-fb", "fmtp"):
                sdp = sdp.replace(f"a={name}:{old} ", f"a={name}:{new} ")
        sdp = sdp.replace("apt=96", "apt=122")
        await other.set_remote_description({"type": "offer", "sdp": sdp})
        await other.set_local_description()
        assert "a=rtpmap:122 VP8/90000" in other.local_description.sdp
        other.add_transceiver("video")
        offer = await other.create_offer()
        assert offer.sdp.count("a=rtpmap:122 VP8/90000") == 2
        assert offer.sdp.count("a=fmtp:121 apt=122") == 2


# --- streams ---------------------------------------------------------------------------------------------------------


async def test_a_track_may_be_in_two_streams_and_change_them(stream):
    async with pairs.pair() as (one, other):
        events = []
        other.ontrack = events.append
        second = ms.MediaStream()
        sender = one.add_track(stream.audio, stream, second, stream)
        await pairs.exchange(one, other)
        assert [each.id for each in events[0].streams] == [stream.id, second.id]
        sender.set_streams(second)
        await one.wait_for("negotiationneeded", timeout=2)
        await pairs.exchange(one, other)
        assert events[0].streams[0].get_tracks() == []
        assert events[0].streams[1].get_tracks() == [events[0].track]
        sender.set_streams()
        await pairs.exchange(one, other)
        assert events[0].streams[1].get_tracks() == []
        assert len(events) == 1


# --- senders ---------------------------------------------------------------------------------------------------------


async def test_parameters_are_changed_and_given_back_once(stream):
    async with pairs.pair() as (one, other):
        sender = one.add_track(stream.video, stream)
        with pytest.raises(ms.InvalidStateError):
            await sender.set_parameters(
                {"transaction_id": "", "encodings": [], "header_extensions": [], "rtcp": {}, "codecs": []}
            )
        await pairs.exchange(one, other)
        parameters = sender.get_parameters()
        assert parameters.encodings[0].active is True
        assert parameters.encodings[0].scale_resolution_down_by == 1.0
        parameters.encodings[0].max_bitrate = 300_000
        parameters.encodings[0]["scale_resolution_down_by"] = 2.0
        await sender.set_parameters(parameters)
        assert sender.get_parameters().encodings[0].max_bitrate == 300_000
        with pytest.raises(ms.InvalidModificationError):
            await sender.set_parameters(parameters)  # of a transaction that is over
        parameters = sender.get_parameters()
        parameters.encodings[0].scale_resolution_down_by = 0.5
        with pytest.raises(ValueError, match="at least 1"):
            await sender.set_parameters(parameters)
        parameters = sender.get_parameters()
        parameters.encodings.append(parameters.encodings[0])
        with pytest.raises(ms.InvalidModificationError):
            await sender.set_parameters(parameters)
        parameters = sender.get_parameters()
        vp9 = next(codec for codec in parameters.codecs if codec.mime_type == "video/VP9")
        parameters.encodings[0].codec = {
            "mime_type": vp9.mime_type,
            "clock_rate": 90000,
            "sdp_fmtp_line": vp9.sdp_fmtp_line,
        }
        await sender.set_parameters(parameters)
        assert sender._plan is None or sender._plan.codec.name == "vp9"


async def test_what_is_to_be_kept_on_a_small_link_is_set_unset_and_checked(stream):
    async with pairs.pair() as (one, other):
        sender = one.add_track(stream.video, stream)
        await pairs.exchange(one, other)
        for preference in (*RTCDegradationPreference, None):
            parameters = sender.get_parameters()
            parameters.degradation_preference = preference
            await sender.set_parameters(parameters)
            assert sender.get_parameters().degradation_preference is preference
            assert sender._outlet._degradation is preference
        parameters = sender.get_parameters()
        parameters.degradation_preference = "sharpness"
        with pytest.raises(TypeError, match="degradation_preference"):
            await sender.set_parameters(parameters)
        assert sender.get_parameters().degradation_preference is None


async def test_a_track_is_sent_once_and_only_tracks_are(stream):
    async with RTCPeerConnection() as one:
        sender = one.add_track(stream.audio)
        with pytest.raises(ms.InvalidAccessError):
            one.add_track(stream.audio)
        for wrong in (None, "audio", stream):
            with pytest.raises(TypeError):
                one.add_track(wrong)
        with pytest.raises(TypeError):
            one.add_track(stream.video, "stream")
        with pytest.raises(TypeError):
            await sender.replace_track(stream.video)
        async with RTCPeerConnection() as other:
            with pytest.raises(ms.InvalidAccessError):
                other.remove_track(sender)
        one.remove_track(sender)
        one.remove_track(sender)
        assert one.add_track(stream.audio) is sender
        with pytest.raises(TypeError):
            one.add_transceiver("smell")
        with pytest.raises(TypeError):
            one.add_transceiver("audio", direction="stopped")
        with pytest.raises(ValueError, match="at least 1"):
            one.add_transceiver("video", send_encodings=[{"scale_resolution_down_by": 0.1}])
        with pytest.raises(TypeError):
            one.add_transceiver("video", send_encodings=[{"rid": "a"}, {"rid": "a"}])
        with pytest.raises(ms.OperationError):
            one.add_transceiver("video", send_encodings=[{"codec": {"mime_type": "video/x", "clock_rate": 1}}])


# --- closing ---------------------------------------------------------------------------------------------------------


async def test_closing_from_another_thread_ends_the_connection():
    async with pairs.pair() as (one, other):
        channel = one.create_data_channel("x")
        await pairs.connect(one, other)
        await asyncio.to_thread(one.close)
        assert one.connection_state == "closed"
        await pairs.until(lambda: one._ending is not None and one._ending.done())
        assert channel.ready_state == "closed"
        await pairs.until(lambda: other.sctp.state == "closed")
