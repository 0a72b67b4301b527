"""Browsers as peers: headless Chromium and Firefox run what a test sends them, with tools to watch, listen and paint.

The page's end is ``pages/harness.js``. Every browser has a profile of its own and is ended by its process group.
"""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from aiohttp import web
from tests.virtual.chromium import ARGUMENTS

__all__ = ["Page", "browser"]

_HARNESS = (Path(__file__).parent / "pages" / "harness.js").read_text()
_CHROMIUM = (
    *ARGUMENTS,
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--remote-debugging-port=0",
)
_PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.gmp-manager.updateEnabled": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.safebrowsing.downloads.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.update.enabled": False,
    "services.settings.server": "",
}


class Page:
    """One page in one browser. ``await page.run("return 1 + argument", 2)`` runs an async function's body there."""

    def __init__(self, socket):
        self._socket = socket
        self._numbers = itertools.count()
        self._waiting = {}
        self._reader = asyncio.ensure_future(self._read())

    async def _read(self):
        async for message in self._socket:
            answer = json.loads(message.data)
            future = self._waiting.pop(answer["id"], None)
            if future is not None and not future.done():
                future.set_result(answer)

    async def run(self, body, argument=None, *, seconds=60):
        """Run it and return what it returns, as JSON can say it."""
        number = next(self._numbers)
        self._waiting[number] = future = asyncio.get_running_loop().create_future()
        await self._socket.send_str(json.dumps({"id": number, "body": body, "argument": argument}))
        answer = await asyncio.wait_for(future, seconds)
        if "error" in answer:
            raise AssertionError(f"in the page: {answer['error']}")
        return answer["value"]

    async def close(self):
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader


def _command(kind, profile, address):
    if kind == "chromium":
        return ["chromium", *_CHROMIUM, f"--user-data-dir={profile}", address]
    profile.mkdir()
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items())
    (profile / "user.js").write_text("\n".join(lines))
    return ["firefox-esr", "--headless", "--no-remote", "--profile", str(profile), address]


def _start(command, home):
    silent = subprocess.DEVNULL
    environment = {**os.environ, "HOME": str(home)}
    return subprocess.Popen(
        command, stdin=silent, stdout=silent, stderr=silent, start_new_session=True, env=environment
    )


class _Desk:
    """The local server that browsers load their page from; ends what it started."""

    def __init__(self, folder, need):
        self._folder, self._need = folder, need
        self._pages, self._processes = [], []
        self._sockets = asyncio.Queue()
        self._runner = None
        self._released = asyncio.Event()

    async def open(self, kind="chromium", *, seconds=60):
        """Start a browser and return its `Page`."""
        self._need({"firefox": "firefox-esr"}.get(kind, kind))
        address = await self._serve()
        profile = self._folder / f"{kind}-{len(self._processes)}"
        process = _start(_command(kind, profile, address), self._folder)
        self._processes.append(process)
        page = Page(await asyncio.wait_for(self._sockets.get(), seconds))
        self._pages.append(page)
        return page

    async def _serve(self):
        if self._runner is None:
            app = web.Application()
            app.add_routes([web.get("/", self._page), web.get("/socket", self._socket)])
            self._runner = web.AppRunner(app, shutdown_timeout=1)
            await self._runner.setup()
            await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def _page(self, _request):
        text = f'<!doctype html><meta charset="utf-8"><title>peer</title><body><script>{_HARNESS}</script>'
        return web.Response(text=text, content_type="text/html")

    async def _socket(self, request):
        socket = web.WebSocketResponse(max_msg_size=16 << 20)
        await socket.prepare(request)
        await self._sockets.put(socket)
        await self._released.wait()
        return socket

    async def close(self):
        for page in self._pages:
            await page.close()
        self._released.set()
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self._processes:
            await asyncio.to_thread(process.wait)
        if self._runner is not None:
            await self._runner.cleanup()


@pytest.fixture
async def browser(need, tmp_path):
    """``page = await browser("chromium")`` or ``("firefox")``: a `Page` in a browser of its own."""
    desk = _Desk(tmp_path, need)
    try:
        yield desk.open
    finally:
        await desk.close()
