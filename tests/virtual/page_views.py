"""Pages in a real browser that a test looks into: Chromium by its DevTools protocol, Firefox by WebDriver BiDi.

Both headless, each with a profile of its own, told over a socket on a port that they choose, stopped by process id.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
from tests.virtual.browsers import _CHROMIUM, _PREFERENCES
from tests.virtual.servers import needs

__all__ = ["Page", "open_chromium", "open_firefox"]

_PICTURE = """(selector => {
  const video = document.querySelector(selector);
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
})(%s)"""
_LOUDNESS = """(async selector => {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(document.querySelector(selector).srcObject).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let i = 0; i < 200; ++i) {
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
    await new Promise(resolve => setTimeout(resolve, 15));
  }
  await context.close();
  return loudest;
})(%s)"""


class Page:
    """What is shown in the browser's one tab."""

    async def evaluate(self, script: str) -> object:
        """The value of an expression, a promise's awaited."""
        raise NotImplementedError

    async def until(self, script: str, seconds: float = 20.0) -> object:
        """Wait until an expression is true; its value."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not (value := await self.evaluate(script)):
            assert asyncio.get_running_loop().time() < deadline, f"{script}: not within {seconds} s"
            await asyncio.sleep(0.1)
        return value

    async def picture(self, selector: str = "video") -> np.ndarray:
        """What a video element shows, as ``rgb24``."""
        from PIL import Image

        data = base64.b64decode(str(await self.evaluate(_PICTURE % json.dumps(selector))))
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB"))

    async def loudness(self, selector: str = "video") -> float:
        """The loudest sample of three seconds of what a video element plays."""
        return float(str(await self.evaluate(_LOUDNESS % json.dumps(selector))))


class _Chromium(Page):
    def __init__(self, socket) -> None:
        self._socket = socket
        self._count = 0
        self.session: str | None = None

    async def call(self, method: str, **parameters: object) -> dict:
        """One command of the protocol."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self.session is not None:
            message["sessionId"] = self.session
        await self._socket.send_json(message)
        async with asyncio.timeout(30):
            while True:
                said = await self._socket.receive_json()
                if said.get("id") == self._count:
                    assert "error" not in said, said
                    return said["result"]

    async def evaluate(self, script: str) -> object:
        said = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    async def press(self, key: str) -> None:
        """Press a key as a person would."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" and len(key) == 1 else {}
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, **text)

    async def screenshot(self) -> bytes:
        """A PNG of the page."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])


@contextlib.asynccontextmanager
async def _browser(command: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "MOZ_HEADLESS": "1"},
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        process._transport.close()


async def _address(process: asyncio.subprocess.Process, pattern: bytes) -> str:
    """Where the browser says that it listens; what it says later is read and dropped."""
    async with asyncio.timeout(40):
        while line := await process.stderr.readline():
            if found := re.search(pattern, line):
                return found[1].decode()
    raise AssertionError("the browser ended before it listened")


@contextlib.asynccontextmanager
async def _drained(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    async def drain() -> None:
        while await process.stderr.read(65536):
            pass

    task = asyncio.ensure_future(drain())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def open_chromium(url: str, folder: Path, *more: str) -> AsyncIterator[_Chromium]:
    """Chromium with a page; its camera and microphone are its own fakes."""
    needs("chromium")
    import aiohttp

    command = ["chromium", *_CHROMIUM, *more, f"--user-data-dir={folder}", "about:blank"]
    async with _browser(command) as process:
        address = await _address(process, rb"DevTools listening on (ws://\S+)")
        async with (
            _drained(process),
            aiohttp.ClientSession() as http,
            http.ws_connect(address, max_msg_size=0) as socket,
        ):
            page = _Chromium(socket)
            target = (await page.call("Target.createTarget", url=url))["targetId"]
            page.session = (await page.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
            await page.until(f"document.readyState == 'complete' && location.href.startsWith({json.dumps(url[:12])})")
            yield page


class _Firefox(Page):
    def __init__(self, socket) -> None:
        self._socket = socket
        self._count = 0
        self.context = ""

    async def call(self, method: str, **parameters: object) -> dict:
        """One command of the protocol."""
        self._count += 1
        await self._socket.send_json({"id": self._count, "method": method, "params": parameters})
        async with asyncio.timeout(40):
            while True:
                said = await self._socket.receive_json()
                if said.get("id") == self._count:
                    assert said.get("type") != "error", said
                    return said["result"]

    async def evaluate(self, script: str) -> object:
        said = await self.call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({script})))()",
            target={"context": self.context},
            awaitPromise=True,
            userActivation=True,
        )
        assert said["type"] == "success", said
        return json.loads(said["result"].get("value", "null"))


@contextlib.asynccontextmanager
async def open_firefox(url: str, folder: Path) -> AsyncIterator[_Firefox]:
    """Firefox with a page; its camera and microphone are its own fakes."""
    needs("firefox-esr")
    import aiohttp

    folder.mkdir(parents=True)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()]
    (folder / "user.js").write_text("\n".join(lines), encoding="utf-8")
    command = ["firefox-esr", "--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0"]
    async with _browser([*command, "about:blank"]) as process:
        address = await _address(process, rb"WebDriver BiDi listening on (ws://\S+)")
        async with (
            _drained(process),
            aiohttp.ClientSession() as http,
            http.ws_connect(f"{address}/session", max_msg_size=0) as socket,
        ):
            page = _Firefox(socket)
            await page.call("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
            page.context = (await page.call("browsingContext.getTree"))["contexts"][0]["context"]
            await page.call("browsingContext.navigate", context=page.context, url=url, wait="complete")
            yield page
