"""Publishing to a media server that is not ours, and what its viewers see: Janus behind Meetecho's WHIP endpoint."""

import asyncio
import json

import pytest
from tests.virtual.janus import JanusRoom, start_media_server
from tests.virtual.page_views import open_chromium

import mediastreams as ms
from mediastreams.testing import read_counter
from mediastreams.webrtc import publish

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def media_server(tmp_path_factory):
    store = tmp_path_factory.getbasetemp().parent / "fetched"
    with start_media_server(tmp_path_factory.mktemp("janus"), store) as server:
        yield server


@pytest.fixture(autouse=True)
def _loopback(monkeypatch):
    monkeypatch.setenv("MEDIASTREAMS_ICE_LOOPBACK", "1")  # Janus was told to use that only


@pytest.fixture
async def camera():
    devices = ms.MediaDevices(backends=["fake"])
    async with devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True) as stream:
        yield stream


async def feeds_of(room, count):
    """Wait until so many publish in the room."""
    for _ in range(150):
        if len(feeds := await room.feeds()) == count:
            return feeds
        await asyncio.sleep(0.1)
    raise AssertionError(f"there are {feeds}, not {count} of them")


async def seen(track, count):
    """The numbers in so many pictures of the test card, in their order; what cannot be read is left out."""
    found = []
    async for frame in track.frames(format="rgb24"):
        try:
            found.append(read_counter(frame.to_ndarray()))
        except ValueError:
            continue
        if len(found) == count:
            break
    return found


async def test_a_viewer_of_the_server_sees_and_hears_what_is_published(media_server, camera):
    async with publish(camera, media_server.whip, token=media_server.token) as publication:
        assert publication.state == "connected"
        async with JanusRoom(media_server) as room, ms.RTCPeerConnection() as viewer:
            [feed] = await feeds_of(room, 1)
            offer = await room.offer(feed)
            await viewer.set_remote_description({"type": "offer", "sdp": offer})
            await viewer.set_local_description(await viewer.create_answer())
            while viewer.ice_gathering_state != "complete":
                await viewer.wait_for("icegatheringstatechange", timeout=10)
            await room.answer(viewer.local_description.sdp)
            tracks = {receiver.track.kind: receiver.track for receiver in viewer.get_receivers()}
            async with asyncio.timeout(40):
                numbers = await seen(tracks["video"], 60)
                async for heard in tracks["audio"]:
                    if abs(heard.to_ndarray()).max() > 0.05:
                        break
            assert numbers == sorted(set(numbers))
            assert numbers[-1] - numbers[0] < 90  # few were lost on the way
        report = await publication.connection.get_stats()
        sent = [one for one in report.values() if one["type"] == "outbound-rtp" and one["kind"] == "video"]
        assert sent[0]["frames_encoded"] >= 60
    async with JanusRoom(media_server) as room:
        await feeds_of(room, 0)  # the server was told of the end


SUBSCRIBER = """(async (address, room, feed) => {
  const socket = new WebSocket(address, "janus-protocol");
  await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
  const waiting = new Map(), ids = {};
  socket.onmessage = event => {
    const said = JSON.parse(event.data);
    if (said.janus !== "ack") waiting.get(said.transaction)?.(said);
  };
  const ask = fields => new Promise(resolve => {
    const transaction = String(waiting.size);
    waiting.set(transaction, resolve);
    socket.send(JSON.stringify({...ids, ...fields, transaction}));
  });
  ids.session_id = (await ask({janus: "create"})).data.id;
  ids.handle_id = (await ask({janus: "attach", plugin: "janus.plugin.videoroom"})).data.id;
  const body = {request: "join", ptype: "subscriber", room, streams: [{feed}]};
  const {jsep} = await ask({janus: "message", body});
  const connection = window.connection = new RTCPeerConnection();
  const video = document.createElement("video");
  video.muted = video.autoplay = true;
  document.body.append(video);
  connection.ontrack = ({streams}) => { video.srcObject = streams[0]; };
  await connection.setRemoteDescription(jsep);
  await connection.setLocalDescription();
  while (connection.iceGatheringState !== "complete") await new Promise(resolve => setTimeout(resolve, 20));
  await ask({janus: "message", body: {request: "start"}, jsep: connection.localDescription.toJSON()});
})(%s)"""


@pytest.mark.timeout(120)
async def test_a_browser_that_looks_at_the_server_shows_it(media_server, camera, tmp_path):
    async with (
        publish(camera, media_server.whip, token=media_server.token),
        JanusRoom(media_server) as room,
        open_chromium("about:blank", tmp_path / "profile") as page,
    ):
        [feed] = await feeds_of(room, 1)
        await page.evaluate(SUBSCRIBER % json.dumps([media_server.websocket, media_server.room, feed])[1:-1])
        await page.until("document.querySelector('video').currentTime > 0.5", 40)
        first = read_counter(await page.picture())
        await asyncio.sleep(1)
        assert 10 < read_counter(await page.picture()) - first < 150
        assert await page.loudness() > 0.05
    async with JanusRoom(media_server) as room:
        await feeds_of(room, 0)


async def test_the_servers_no_has_its_name(media_server, camera):
    with pytest.raises(ms.NotAllowedError):
        await publish(camera, media_server.whip, token="wrong")
    with pytest.raises(ms.NotFoundError):
        await publish(camera, media_server.whip + "x", token=media_server.token)


async def test_ice_is_restarted_with_the_server(media_server, camera):
    async with publish(camera, media_server.whip, token=media_server.token) as publication:
        await publication._session.restart_ice(10)
        report = await publication.connection.get_stats()
        before = next(one for one in report.values() if one["type"] == "outbound-rtp")["packets_sent"]
        await asyncio.sleep(1)
        report = await publication.connection.get_stats()
        assert next(one for one in report.values() if one["type"] == "outbound-rtp")["packets_sent"] > before
