"""The server's pages in real browsers: what a person sees and hears there, and a phone's camera that comes here."""

import asyncio

import pytest
from tests.virtual.page_views import open_chromium, open_firefox
from tests.virtual.servers import needs
from tests.webrtc.whip.conftest import until

import mediastreams as ms
from mediastreams.testing import read_counter
from mediastreams.webrtc import serve

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
SHOWN = "document.querySelector('video').videoWidth > 0 && document.querySelector('video').currentTime > 0.5"


@pytest.fixture
async def camera():
    devices = ms.MediaDevices(backends=["fake"])
    async with devices.get_user_media(video={"width": 640, "height": 360, "frame_rate": 30}, audio=True) as stream:
        yield stream


@pytest.fixture(params=["chromium", "firefox"])
def browser(request, tmp_path):
    """Opens a page in each of the browsers."""
    needs({"chromium": "chromium", "firefox": "firefox-esr"}[request.param])
    opener = {"chromium": open_chromium, "firefox": open_firefox}[request.param]
    return lambda url: opener(url, tmp_path / "profile")


async def counter(page):
    """The number in the picture that is shown now."""
    for _ in range(20):
        try:
            return read_counter(await page.picture())
        except ValueError:
            await asyncio.sleep(0.1)
    raise AssertionError("no picture is readable")


async def test_the_page_shows_the_stream_and_plays_it_when_told(camera, pulse, browser):
    pulse.add_speaker("hall")  # Firefox plays nothing at all where there is no output
    async with serve(camera, token="s3cret") as server, browser(server.url) as page:
        await page.until(SHOWN, 40)
        first = await counter(page)
        await asyncio.sleep(1)
        second = await counter(page)
        assert 10 < second - first < 150
        # A viewer whose link was slow to tell what it takes begins with a smaller rendition.
        await page.until("document.querySelector('video').videoWidth == 640", 40)
        assert (await page.picture()).shape == (360, 640, 3)
        assert server.viewers == 1
        assert await page.evaluate("document.getElementById('status').textContent") == ""
        assert await page.evaluate("document.querySelector('video').muted") is True
        await page.until("!document.getElementById('sound').disabled")
        await page.evaluate("document.getElementById('sound').click()")
        assert await page.evaluate("document.querySelector('video').muted") is False
        assert await page.evaluate("document.getElementById('sound').textContent") == "Sound off"
        assert await page.loudness() > 0.05


async def test_a_page_without_the_token_says_so(camera, tmp_path):
    async with serve(camera, token="s3cret") as server:
        async with open_chromium(server.url.partition("#")[0], tmp_path / "profile") as page:
            await page.until("document.getElementById('status').textContent.includes('token')")
            await page.until("document.readyState == 'complete'")
        assert server.viewers == 0


async def test_the_page_comes_back_when_the_server_does(camera, tmp_path):
    server = await serve(camera, token="s3cret")
    async with open_chromium(server.url, tmp_path / "profile") as page:
        await page.until(SHOWN, 40)
        await server.close()
        await page.until("document.getElementById('status').textContent != ''", 40)
        async with serve(camera, token="s3cret", port=server.port) as again:
            await page.until("document.getElementById('status').textContent == ''", 60)
            assert again.viewers == 1
            await page.evaluate("location.href = 'about:blank'")
            await until(lambda: not again.viewers, "the good-bye of a page that is left")


async def test_the_keyboard_does_what_the_buttons_do(camera, tmp_path):
    async with serve(camera) as server, open_chromium(server.url, tmp_path / "profile") as page:
        await page.until("!document.getElementById('sound').disabled", 40)
        await page.press("m")
        assert await page.evaluate("document.querySelector('video').muted") is False
        await page.press("m")
        assert await page.evaluate("document.querySelector('video').muted") is True
        order = "[...document.querySelectorAll('button')].every(one => one.tabIndex === 0 && one.textContent.trim())"
        assert await page.evaluate(order) is True


async def test_a_phones_camera_becomes_a_stream_here(browser):
    async with serve(ingest=True, token="s3cret") as server, browser(server.phone_url) as page:
        await page.until("document.readyState == 'complete'")
        await page.evaluate("document.getElementById('start').click()")
        async with asyncio.timeout(60):
            stream = await anext(aiter(server))
            pictures = []
            async for frame in stream.video.frames(format="rgb24"):
                pictures.append(frame.to_ndarray())
                if len(pictures) == 30:
                    break
            async for heard in stream.audio:
                if abs(heard.to_ndarray()).max() > 0.01:
                    break
        assert pictures[-1].std() > 5
        assert (pictures[-1] != pictures[5]).any()
        await page.until("document.getElementById('status').textContent.includes('being sent')")
        await page.evaluate("document.getElementById('start').click()")
        async with asyncio.timeout(20):
            if stream.video.ready_state == "live":  # else it has ended already
                await stream.video.wait_for("ended")
        assert server.publishers == 0


async def test_a_phone_on_the_network_with_the_certificate_that_was_made_here(tmp_path):
    warned = "--ignore-certificate-errors"  # whose person went on
    async with (
        serve(ingest=True, token="s3cret", tls=True) as server,
        open_chromium(server.phone_url, tmp_path / "profile", warned) as page,
    ):
        await page.until("document.readyState == 'complete' && isSecureContext")
        await page.evaluate("document.getElementById('start').click()")
        async with asyncio.timeout(60):
            stream = await anext(aiter(server))
            await anext(aiter(stream.video))
