"""Media through the server and its clients: ours against ours, and plain aiortc against ours."""

import asyncio
import random
from collections import Counter

import av
import numpy as np
import pytest
from tests.webrtc.whip.conftest import ask, plain_viewer, until

import mediastreams as ms
from mediastreams.testing import read_counter
from mediastreams.webrtc import publish, serve, subscribe

TOKEN = {"Authorization": "Bearer secret"}


@pytest.fixture
def impatient(monkeypatch):
    """Connections that notice in seconds, and not in half a minute, that their peer has gone."""
    from mediastreams.webrtc.transport.ice_generation import Timing
    from mediastreams.webrtc.transport.ice_transport import RTCIceTransport

    timing = Timing(consent_interval=0.25, disconnected_after=0.8, failed_after=2.0)
    monkeypatch.setattr(RTCIceTransport, "_timing", timing)


async def counters(track, count):
    """The numbers in the test card of so many pictures."""
    found = []
    frames = track.frames(format="rgb24")
    async for frame in frames:
        found.append(read_counter(frame.to_ndarray()))
        if len(found) == count:
            return found
    return found


async def test_what_is_served_is_what_a_subscriber_sees_and_hears(small_server):
    async with subscribe(small_server.whep_url, token="secret") as stream:
        assert [track.kind for track in (stream.video, stream.audio)] == ["video", "audio"]
        async with asyncio.timeout(20):
            seen = await counters(stream.video, 30)
            async for heard in stream.audio:
                if abs(heard.to_ndarray()).max() > 0.05:
                    break
        assert None not in seen[5:]
        assert seen[5:] == sorted(set(seen[5:]))
        assert small_server.viewers == 1
    assert small_server.viewers == 0
    assert stream.video.ready_state == stream.audio.ready_state == "ended"


async def test_what_is_published_is_a_stream_at_the_server(camera):
    told = []
    async with serve(ingest=True, token="secret") as server:
        server.onstream = lambda event: told.append(event.stream)
        async with publish(camera, server.whip_url, token="secret", video_bits_per_second=500_000) as publication:
            assert publication.state == "connected"
            assert publication.resource.startswith(server.whip_url + "/")
            async with asyncio.timeout(20):
                stream = await anext(aiter(server))
                assert told == [stream]
                assert len(await counters(stream.video, 20)) == 20
            assert server.publishers == 1
        assert publication.state == "closed"
        await until(lambda: stream.video.ready_state == "ended", "the end of the stream that was sent")
        assert server.publishers == 0
    assert camera.active


async def test_who_iterates_late_gets_the_streams_that_are_there_and_the_end_ends_it(camera):
    async with serve(ingest=True) as server:
        async with publish(camera, server.whip_url):
            await until(lambda: server.publishers == 1, "the stream")
            seen = []

            async def look():
                seen.extend([stream async for stream in server])

            looking = asyncio.create_task(look())
            await until(lambda: seen or looking.done() or server.publishers, "it")
            await asyncio.sleep(0.1)
        await server.close()
        await asyncio.wait_for(looking, 5)
        assert len(seen) <= 1
    assert [stream async for stream in server] == []


async def test_a_viewer_that_is_not_ours_gets_pictures_and_sound(small_server):
    async with plain_viewer(small_server.whep_url, "secret") as viewer:
        assert viewer.status == 201
        assert viewer.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"
        assert viewer.headers["ETag"].startswith('"')
        await until(lambda: min(viewer.frames.values()) > 20, "pictures and sound")
        path = viewer.location.partition(str(small_server.port))[2]
        assert len(path) > 30  # nobody guesses it
    assert small_server.viewers == 0
    assert (await ask(small_server, "DELETE", path, **TOKEN)).status == 404


async def test_there_are_no_more_viewers_than_allowed_and_a_place_is_free_again(small_server):
    url = small_server.whep_url
    async with (
        plain_viewer(url, "secret") as one,
        plain_viewer(url, "secret", kinds=["video"]),
        plain_viewer(url, "secret"),
    ):
        async with plain_viewer(url, "secret") as late:
            assert (late.status, late.headers["Retry-After"]) == (503, "10")
        with pytest.raises(ms.NetworkError, match="no place is left"):
            await subscribe(url, token="secret")
        await until(lambda: one.frames["video"] > 10, "pictures of the first")
    async with plain_viewer(url, "secret") as another:
        assert another.status == 201


async def test_who_never_connects_loses_the_place(small_server, monkeypatch):
    from mediastreams.webrtc.whip import sessions

    monkeypatch.setattr(sessions, "_CONNECTING_SECONDS", 0.5)
    from aiortc import RTCPeerConnection

    peer = RTCPeerConnection()
    peer.addTransceiver("video", direction="recvonly")
    offer = await peer.createOffer()
    await peer.close()
    headers = {"Content-Type": "application/sdp", **TOKEN}
    answer = await ask(small_server, "POST", "/whep", body=offer.sdp, **headers)
    assert answer.status in (201, 422)  # without any candidate
    await until(lambda: small_server.viewers == 0, "the place", 5)


async def test_a_viewer_that_vanishes_without_a_word_is_noticed(small_server, impatient):
    async with plain_viewer(small_server.whep_url, "secret") as viewer:
        await until(lambda: viewer.frames["video"] > 5, "pictures")
        viewer.location = None  # it says nothing, but its transport's end
    await until(lambda: small_server.viewers == 0, "its place", 20)


async def test_the_stream_is_exchanged_without_connecting_anew(camera):
    devices = ms.MediaDevices(backends=["fake"])
    async with (
        serve(camera) as server,
        devices.get_user_media(video={"width": 160, "height": 120}) as other,
        subscribe(server.whep_url) as stream,
    ):
        sizes = []
        frames = stream.video.frames()
        async with asyncio.timeout(30):
            async for frame in frames:
                sizes.append(frame.coded_width)
                if len(sizes) == 5:
                    server.stream = other
                if sizes[-1] == 160:
                    break
        assert sizes[0] == 320
        server.stream = None
        assert server.viewers == 1


async def test_a_stream_that_loses_a_track_goes_on_with_the_other(camera):
    async with serve(camera) as server, subscribe(server.whep_url, audio=False) as stream:
        await counters(stream.video, 5)
        first = camera.video
        second = first.clone()
        camera.remove_track(first)
        first.stop()
        camera.add_track(second)
        async with asyncio.timeout(20):
            assert len(await counters(stream.video, 10)) == 10


@pytest.mark.parametrize(
    "offer",
    [
        "v=0\r\n",
        "nonsense",
        "",
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\na=rtpmap:96 X/1\r\na=mid:0\r\n",
        "\x00" * 50,
        "m=" * 20000,
    ],
    ids=range(8),
)
@pytest.mark.parametrize("path", ["/whep", "/whip"])
async def test_an_offer_that_is_none_gets_a_sentence_and_takes_no_place(small_server, caplog, path, offer):
    answer = await ask(small_server, "POST", path, body=offer, Content_Type="application/sdp", **TOKEN)
    assert answer.status in (400, 422), answer
    assert answer.body.count("\n") == 1
    assert small_server.viewers == small_server.publishers == 0
    assert "Traceback" not in caplog.text


async def test_candidates_and_restarts_by_patch(small_server):
    async with plain_viewer(small_server.whep_url, "secret") as viewer:
        path = viewer.location.partition(str(small_server.port))[2]
        tag = viewer.headers["ETag"]
        fragment = "m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:9 1 udp 1 127.0.0.1 9 typ host\r\n"
        kind = {"Content-Type": "application/trickle-ice-sdpfrag", **TOKEN}

        async def patch(body, **headers):
            return await ask(small_server, "PATCH", path, body=body, **kind, **headers)

        assert (await patch(fragment)).status == 428
        assert (await patch(fragment, If_Match='"other"')).status == 412
        assert (await patch("nonsense", If_Match=tag)).status == 400
        assert (await patch(fragment, If_Match=tag)).status == 204
        assert (await patch(fragment, If_Match=f'"x", {tag}')).status == 204
        assert (await patch(fragment, If_Match="*")).status == 422  # a restart without credentials
        bad = await ask(small_server, "PATCH", path, body=fragment, If_Match=tag, Content_Type="text/plain", **TOKEN)
        assert bad.status == 415
        await until(lambda: viewer.frames["video"] > 5, "pictures all the same")


async def test_ice_is_restarted_and_the_same_tracks_go_on(camera):
    async with serve(ingest=True) as server, publish(camera, server.whip_url) as publication:
        stream = await anext(aiter(server))
        peer, resource = publication.connection, publication.resource
        tag = publication._session._tag
        await counters(stream.video, 5)
        await publication._session.restart_ice(10)
        assert publication._session._tag != tag
        assert (publication.connection, publication.resource) == (peer, resource)
        async with asyncio.timeout(20):
            assert len(await counters(stream.video, 20)) == 20


async def test_a_server_that_comes_again_gets_another_session(camera, impatient):
    server = await serve(ingest=True)
    states = []
    async with publish(camera, server.whip_url, timeout=3) as publication:
        publication.onstatechange = lambda _event: states.append(publication.state.value)
        first = publication.connection
        await server.close()
        async with serve(ingest=True, port=server.port) as again:
            await until(lambda: states == ["reconnecting", "connected"], "the other session", 40)
            assert publication.connection is not first
            assert again.publishers == 1
    assert states == ["reconnecting", "connected", "closed"]


async def test_a_server_that_does_not_come_again_is_given_up(camera, impatient):
    server = await serve(ingest=True)
    publication = await publish(camera, server.whip_url, timeout=2, reconnect=1)
    await server.close()
    with pytest.raises(ms.NetworkError):
        await asyncio.wait_for(publication.wait_closed(), 40)
    assert publication.state == "closed"
    assert isinstance(publication.error, ms.NetworkError)
    await publication.close()
    with pytest.raises(ms.InvalidStateError):
        await publication.wait_for("statechange")


async def test_a_publication_ends_with_its_stream():
    stream = await ms.MediaDevices(backends=["fake"]).get_user_media(video={"width": 160, "height": 120})
    async with serve(ingest=True) as server:
        publication = await publish(stream, server.whip_url)
        for track in stream.get_tracks():
            track.stop()
        await asyncio.wait_for(publication.wait_closed(), 10)
        assert (publication.error, publication.state) == (None, "closed")
        with pytest.raises(ms.InvalidStateError, match="no track"):
            await publish(stream, server.whip_url)


async def test_a_subscription_ends_when_its_tracks_are_stopped_or_the_server_goes(camera, impatient):
    async with serve(camera) as server:
        stream = await subscribe(server.whep_url)
        for track in stream.get_tracks():
            track.stop()
        await until(lambda: server.viewers == 0, "its end", 10)
        other = await subscribe(server.whep_url, video=False)
        ended = asyncio.create_task(other.audio.wait_for("ended", timeout=40))
    assert (await ended).type == "ended"


@pytest.mark.parametrize("call", [publish, subscribe])
async def test_the_servers_no_has_its_name(small_server, camera, call):
    first = (camera,) if call is publish else ()
    url = small_server.whip_url if call is publish else small_server.whep_url
    with pytest.raises(ms.NotAllowedError, match="token"):
        await call(*first, url)
    with pytest.raises(ms.NotFoundError):
        await call(*first, url.replace("/wh", "/x"), token="secret")
    with pytest.raises(ms.OperationError):
        await call(*first, url.replace("/whip", "/").replace("/whep", "/"), token="secret")
    with pytest.raises(ms.NetworkError):
        await call(*first, url.replace("http:", "https:"), token="secret")


async def test_a_certificate_is_trusted_by_its_fingerprint_only(camera):
    async with serve(camera, tls=True) as server:
        with pytest.raises(ms.NetworkError, match="certificate"):
            await subscribe(server.whep_url)
        with pytest.raises(ms.NetworkError, match="another fingerprint"):
            await subscribe(server.whep_url, tls="00" * 32)
        async with subscribe(server.whep_url, tls=server.fingerprint) as stream:
            assert len(await counters(stream.video, 3)) == 3


async def test_a_cancelled_publish_leaves_nothing_at_the_server(camera):
    async with serve(ingest=True) as server:
        task = asyncio.create_task(publish(camera, server.whip_url))
        await until(lambda: server.publishers == 1, "the session")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: server.publishers == 0, "its end", 5)


async def test_viewers_that_come_and_go_leave_nothing(small_server):
    for _ in range(12):
        async with plain_viewer(small_server.whep_url, "secret", kinds=["video"]) as viewer:
            assert viewer.status == 201
    assert small_server.viewers == 0
    assert not small_server._sessions._sessions
    assert not small_server._gate._by_handler


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"video": 1}, TypeError),
        ({"video": False, "audio": False}, ValueError),
        ({"url": "ftp://x"}, ValueError),
    ],
)
async def test_wrong_arguments_of_subscribe_say_so(arguments, error):
    with pytest.raises(error):
        await subscribe(**{"url": "http://x/", **arguments})


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"stream": 5}, TypeError),
        ({"url": 5}, TypeError),
        ({"video_bits_per_second": 0}, ValueError),
        ({"audio_bits_per_second": 1.5}, TypeError),
        ({"reconnect": -1}, ValueError),
    ],
)
async def test_wrong_arguments_of_publish_say_so(camera, arguments, error):
    with pytest.raises(error):
        await publish(**{"stream": camera, "url": "http://127.0.0.1:1/", **arguments})


async def test_closing_while_it_ends_by_itself_waits_for_the_same_end():
    stream = await ms.MediaDevices(backends=["fake"]).get_user_media(video={"width": 160, "height": 120})
    async with serve(ingest=True) as server:
        publication = await publish(stream, server.whip_url)
        ended = asyncio.create_task(publication.wait_closed())
        for track in stream.get_tracks():
            track.stop()
        await until(lambda: publication._keeping._ending is not None, "the beginning of its end", 5)
        await asyncio.wait_for(asyncio.gather(publication.close(), publication.close(), ended), 10)
        assert publication.state == "closed"
        assert server.publishers == 0


async def test_closing_at_once_ends_what_has_not_begun(camera):
    async with serve(camera, ingest=True) as server:
        async with publish(camera, server.whip_url):
            pass
        async with subscribe(server.whep_url):
            pass
        assert server.viewers == server.publishers == 0


async def test_an_offer_of_the_servers_own_is_answered(camera):
    """A WHEP server that would not have our offer (406) and makes one: here one of ours behind a small web server."""
    from aiohttp import web

    async with ms.RTCPeerConnection() as peer:
        said = []

        async def answer(request):
            said.append((request.method, request.content_type))
            if request.method == "POST":
                for track in camera.get_tracks():
                    peer.add_track(track, camera)
                await peer.set_local_description()
                await until(lambda: peer.ice_gathering_state == "complete", "candidates")
                headers = {"Location": "/session", "ETag": '"x"', "Content-Type": "application/sdp"}
                return web.Response(status=406, text=peer.local_description.sdp, headers=headers)
            if request.method == "PATCH":
                await peer.set_remote_description({"type": "answer", "sdp": await request.text()})
                return web.Response(status=204)
            return web.Response(status=200 if request.method == "DELETE" else 405)

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            async with subscribe(f"http://127.0.0.1:{runner.addresses[0][1]}/whep") as stream:
                async with asyncio.timeout(20):
                    assert len(await counters(stream.video, 10)) == 10
                assert stream.audio is not None
        finally:
            await runner.cleanup()
        assert [method for method, _ in said] == ["OPTIONS", "POST", "PATCH", "DELETE"]


async def test_what_others_send_disturbs_no_viewer(small_server, caplog):
    """Nonsense, half offers and floods, while somebody looks."""
    from aiortc import RTCPeerConnection

    other = RTCPeerConnection()
    other.addTransceiver("video", direction="recvonly")
    other.addTransceiver("audio", direction="recvonly")
    offer = (await other.createOffer()).sdp
    await other.close()
    chance = random.Random(4)
    lines = offer.splitlines()
    statuses = Counter()
    async with plain_viewer(small_server.whep_url, "secret") as viewer:
        await until(lambda: viewer.frames["video"] > 5, "pictures")
        for _ in range(60):
            spoilt = list(lines)
            for _ in range(chance.randrange(1, 6)):
                place = chance.randrange(len(spoilt))
                match chance.randrange(4):
                    case 0:
                        spoilt.pop(place)
                    case 1:
                        spoilt.insert(place, chance.choice(lines))
                    case 2:
                        text = spoilt[place]
                        cut = chance.randrange(len(text) + 1)
                        new = chance.choice(["", "9" * 40, "\u20ac", "-1", " ", "a=b"])
                        spoilt[place] = text[:cut] + new + text[cut + 1 :]
                    case 3:
                        chance.shuffle(spoilt)
            path = chance.choice(["/whep", "/whip"])
            body = "\r\n".join(spoilt) + "\r\n"
            answer = await ask(small_server, "POST", path, body=body, Content_Type="application/sdp", **TOKEN)
            statuses[answer.status] += 1
            if answer.status == 201:
                gone = await ask(small_server, "DELETE", answer.headers["location"], **TOKEN)
                assert gone.status == 200
        before = viewer.frames["video"]
        await until(lambda: viewer.frames["video"] > before + 20, "pictures all the while")
        assert small_server.viewers == 1
    assert set(statuses) <= {201, 400, 422, 503}, statuses
    assert statuses[422] > 10, statuses
    assert "Traceback" not in caplog.text


@pytest.fixture
def encoded_film(tmp_path):
    """Twenty seconds of H.264 as a network camera sends it: no picture waits for a later one."""
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "tune": "zerolatency", "g": "30", "profile": "baseline"}
        video = container.add_stream("libx264", rate=30, options=options)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        for number in range(600):
            frame = av.VideoFrame.from_ndarray(np.full((360, 320), number % 200 + 20, np.uint8), format="yuv420p")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


async def test_what_is_encoded_already_is_negotiated_and_sent_as_it_is(encoded_film):
    async def passes(peer):
        """Pictures are sent in the film's own encoding, and no encoder is at work, which bridges the gap at first."""
        async with asyncio.timeout(15):
            while True:
                report = await peer.get_stats()
                [sent] = [one for one in report.values() if one["type"] == "outbound-rtp" and one["kind"] == "video"]
                if sent["frames_sent"] > 20 and sent.get("encoder_implementation") is None:
                    return report[sent["codec_id"]]["mime_type"] == "video/H264"
                await asyncio.sleep(0.1)

    async with ms.open(encoded_film) as film, serve(film) as server, subscribe(server.whep_url) as stream:
        await asyncio.wait_for(anext(aiter(stream.video)), 20)
        [viewer] = server._sessions.of_role("viewer")
        assert await passes(viewer.peer)
    async with (
        ms.open(encoded_film) as film,
        serve(ingest=True) as server,
        publish(film, server.whip_url) as publication,
    ):
        stream = await anext(aiter(server))
        await asyncio.wait_for(anext(aiter(stream.video)), 20)
        assert await passes(publication.connection)
