"""A server and its clients: raw sockets, and plain requests."""

import asyncio
import contextlib
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

import mediastreams as ms
from mediastreams.webrtc.whip.serve import serve

__all__ = ["Response", "ask", "camera", "complaints", "plain_viewer", "raw", "small_server", "until"]


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: str


async def raw(server, data, *, seconds=8.0, end=False):
    """What the server says to these bytes until it closes the connection; b"" when it cuts it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(data)
        if end:
            writer.write_eof()
        async with asyncio.timeout(seconds):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def ask(server, method, path, *, body=b"", host=None, **headers):
    """One well-formed request."""
    body = body.encode() if isinstance(body, str) else body
    fields = {"Host": host or f"127.0.0.1:{server.port}"}
    if body:
        fields["Content-Length"] = str(len(body))
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    answer = await raw(server, f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
    head, _, rest = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    found = {}
    for line in lines:
        name, _, value = line.partition(":")
        found[name.lower()] = f"{found[name.lower()]}, {value.strip()}" if name.lower() in found else value.strip()
    return Response(int(first.split()[1]) if first else 0, found, rest.decode())


def complaints(caplog):
    """What was logged, but for asyncio's complaints of a busy machine."""
    return [record.getMessage() for record in caplog.records if record.name != "asyncio"]


@pytest.fixture
async def camera():
    """A fake camera and microphone."""
    devices = ms.MediaDevices(backends=["fake"])
    async with devices.get_user_media(video={"width": 320, "height": 240, "frame_rate": 30}, audio=True) as stream:
        yield stream


@pytest.fixture
async def small_server(camera):
    """Shows the camera and takes others, with a token."""
    async with serve(camera, token="secret", ingest=True, max_viewers=3) as server:
        yield server


@contextlib.asynccontextmanager
async def plain_viewer(url, token=None, *, kinds=("video", "audio")):
    """A viewer that is not ours: plain aiortc and plain HTTP. Gives it with ``frames``: how many came of each kind."""
    import aiohttp
    from aiortc import RTCPeerConnection, RTCSessionDescription

    peer = RTCPeerConnection()
    headers = {"Content-Type": "application/sdp"} | ({"Authorization": f"Bearer {token}"} if token else {})
    viewer = SimpleNamespace(peer=peer, frames=dict.fromkeys(kinds, 0), tasks=[], status=None, location=None)

    async def count(track):
        with contextlib.suppress(Exception):  # MediaStreamError is its way to say that the track has ended
            while True:
                await track.recv()
                viewer.frames[track.kind] += 1

    peer.on("track", lambda track: viewer.tasks.append(asyncio.ensure_future(count(track))))
    for kind in kinds:
        peer.addTransceiver(kind, direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    async with aiohttp.ClientSession() as http:
        try:
            async with http.post(url, data=peer.localDescription.sdp, headers=headers) as answer:
                viewer.status, viewer.text = answer.status, await answer.text()
                viewer.headers = answer.headers
            if viewer.status == 201:
                viewer.location = str(answer.url.join(aiohttp.client.URL(answer.headers["Location"])))
                await peer.setRemoteDescription(RTCSessionDescription(viewer.text, "answer"))
                # Closed while it connects it leaves tasks of its own behind.
                await until(lambda: peer.connectionState in {"connected", "failed"}, "its connection")
            yield viewer
            if viewer.location:
                headers.pop("Content-Type")
                async with http.delete(viewer.location, headers=headers):
                    pass
        finally:
            await peer.close()
            for task in viewer.tasks:
                task.cancel()
            await asyncio.gather(*viewer.tasks, return_exceptions=True)


async def until(condition, what, seconds=20.0):
    """Wait until something holds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"{what}: not within {seconds} s"
        await asyncio.sleep(0.02)
