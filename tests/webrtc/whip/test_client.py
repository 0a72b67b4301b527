"""The HTTP side of a session, against a server that says what a test wants."""

import asyncio
import base64

import pytest
from aiohttp import web
from yarl import URL

import mediastreams as ms
from mediastreams.webrtc.whip.client import Client
from mediastreams.webrtc.whip.requests import checked_url, client_request

SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
CREATED = {"Location": "/session/1", "ETag": '"one"', "Content-Type": "application/sdp"}


class Scripted:
    """A web server; ``answer`` is an async function of the request. ``seen`` are the requests."""

    def __init__(self):
        self.seen = []
        self.answer = None

    async def handle(self, request):
        body = await request.text()
        self.seen.append((request.method, request.path_qs, dict(request.headers), body))
        return await self.answer(request) if self.answer else web.Response(status=201, text=SDP, headers=CREATED)

    def says(self, status, text="", **headers):
        async def answer(_request):
            return web.Response(status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})

        self.answer = answer


@pytest.fixture
async def scripted():
    server = Scripted()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


def client(server, path="/whip", **more):
    return client_request(
        "test", server.url + path, more.pop("token", None), more.pop("headers", None), (), more.pop("timeout", 5), None
    ).client()


async def test_an_offer_is_posted_with_its_type_and_token_and_the_answer_is_kept(scripted):
    async with client(scripted, "/whip?room=1", token="secret", headers={"X-More": "yes"}) as whip:
        answer = await whip.offer("v=0 offer")
    [(method, path, headers, body)] = scripted.seen
    assert (method, path, body) == ("POST", "/whip?room=1", "v=0 offer")
    assert headers["Content-Type"] == "application/sdp"
    assert headers["Authorization"] == "Bearer secret"
    assert headers["X-More"] == "yes"
    assert (answer.sdp, answer.tag, answer.counter_offer) == (SDP, '"one"', False)
    assert str(answer.resource) == f"{scripted.url}/session/1"


async def test_a_user_and_password_in_the_address_go_into_the_header(scripted):
    scripted.url = scripted.url.replace("//", "//me:pass%20word@")
    async with client(scripted) as whip:
        answer = await whip.offer(SDP)
        await whip.delete(answer.resource)
    for _, _, headers, _ in scripted.seen:
        assert headers["Authorization"] == "Basic " + base64.b64encode(b"me:pass word").decode()


async def test_servers_for_ice_come_with_the_answer_or_before(scripted):
    scripted.says(201, SDP, Link='<stun:s.example>; rel="ice-server"', **CREATED)
    async with client(scripted) as whip:
        assert (await whip.offer(SDP)).ice_servers == [{"urls": "stun:s.example"}]
        scripted.says(204, Link='<stun:s.example>; rel="ice-server"')
        assert await whip.ice_servers() == [{"urls": "stun:s.example"}]
        scripted.says(405)
        assert await whip.ice_servers() == []


@pytest.mark.parametrize("status", [307, 308])
async def test_redirections_are_followed_with_body_and_token(scripted, status):
    async def answer(request):
        if request.path == "/whip":
            return web.Response(status=status, headers={"Location": "/near/whip"})
        return web.Response(status=201, text=SDP, headers={**CREATED, "Location": "session/2"})

    scripted.answer = answer
    async with client(scripted, token="secret") as whip:
        assert (await whip.offer(SDP)).resource.path == "/near/session/2"
    assert [(path, body, headers["Authorization"]) for _, path, headers, body in scripted.seen] == [
        ("/whip", SDP, "Bearer secret"),
        ("/near/whip", SDP, "Bearer secret"),
    ]


@pytest.mark.parametrize(
    ("status", "location", "message"),
    [
        (307, "/whip", "more than 5"),
        (308, "file:///etc/passwd", "no http"),
        (307, "", "more than 5"),
        (307, "http://[", "Invalid"),
    ],
)
async def test_redirections_that_lead_nowhere_are_an_error(scripted, status, location, message):
    scripted.says(status, Location=location)
    async with client(scripted) as whip:
        with pytest.raises(ms.NetworkError, match=message):
            await whip.offer(SDP)
    assert len(scripted.seen) <= 6


async def test_the_token_is_not_carried_from_https_to_http():
    from mediastreams.webrtc.whip.client import _check_scheme

    with pytest.raises(ValueError, match="from https to http"):
        _check_scheme(URL("https://a.example"), URL("http://a.example"))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, ms.NotAllowedError),
        (403, ms.NotAllowedError),
        (404, ms.NotFoundError),
        (410, ms.NotFoundError),
        (400, ms.OperationError),
        (406, ms.OperationError),
        (409, ms.OperationError),
        (415, ms.OperationError),
        (429, ms.NetworkError),
        (500, ms.NetworkError),
        (503, ms.NetworkError),
        (504, TimeoutError),
        (200, ms.OperationError),
        (302, ms.OperationError),
    ],
)
async def test_an_error_has_its_name_and_the_servers_words(scripted, status, error):
    scripted.says(status, "<html><style>p {}</style><p>The studio is\n <b>on fire</b>\x1b[31m</p>" + "x" * 9000)
    async with client(scripted, "/whip?key=hidden") as whip:
        with pytest.raises(error, match=r"The studio is on fire") as caught:
            await whip.offer(SDP)
    assert str(status) in str(caught.value)
    assert len(str(caught.value)) < 500
    assert "\x1b" not in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "headers", "message"),
    [
        ("<html>welcome</html>", {**CREATED, "Content-Type": "text/html"}, "welcome"),
        ('{"sdp": ""}', {**CREATED, "Content-Type": "application/json"}, "no session description"),
        ("", CREATED, "no session description"),
        ("hello", CREATED, "no session description"),
        (SDP, {"Content-Type": "application/sdp"}, "without a Location"),
        (SDP, {**CREATED, "Location": "ftp://x/y"}, "no http"),
    ],
)
async def test_an_answer_that_is_none_is_an_error(scripted, text, headers, message):
    scripted.says(201, text, **headers)
    async with client(scripted) as whip:
        with pytest.raises(ms.OperationError, match=message):
            await whip.offer(SDP)
    if headers.get("Location") == "/session/1":
        assert scripted.seen[-1][:2] == ("DELETE", "/session/1")  # nothing is left behind there


async def test_an_offer_of_the_servers_own_is_answered_by_patch(scripted):
    scripted.says(406, SDP, **CREATED)
    async with client(scripted) as whip:
        answer = await whip.offer(SDP, counter_offers=True)
        assert answer.counter_offer
        scripted.says(204)
        await whip.answer_counter_offer(answer.resource, SDP)
        assert scripted.seen[-1][0] == "PATCH"
        assert scripted.seen[-1][2]["Content-Type"] == "application/sdp"
        scripted.says(406, SDP, **CREATED)
        with pytest.raises(ms.OperationError):
            await whip.offer(SDP)


async def test_a_patch_says_which_session_it_is_for(scripted):
    scripted.says(204)
    async with client(scripted) as whip:
        await whip.patch(URL(scripted.url + "/s"), "a=ice-ufrag:abcd", '"one"')
        assert scripted.seen[-1][2]["If-Match"] == '"one"'
        assert scripted.seen[-1][2]["Content-Type"] == "application/trickle-ice-sdpfrag"
        scripted.says(405, "no")
        with pytest.raises(ms.OperationError, match="405 no"):
            await whip.patch(URL(scripted.url + "/s"), "", "*")


@pytest.mark.parametrize(("status", "fails"), [(200, False), (404, False), (410, False), (500, True)])
async def test_ending_a_session_that_has_ended_is_no_error(scripted, status, fails):
    scripted.says(status)
    async with client(scripted) as whip:
        if fails:
            with pytest.raises(ms.NetworkError):
                await whip.delete(URL(scripted.url + "/s"))
        else:
            await whip.delete(URL(scripted.url + "/s"))


async def test_an_answer_without_end_is_bounded(scripted):
    async def endless(request):
        response = web.StreamResponse(status=201, headers=CREATED)
        await response.prepare(request)
        try:
            for _ in range(2000):
                await response.write(b"v=0\r\n" * 1000)
        except ConnectionError:
            pass
        return response

    scripted.answer = endless
    async with client(scripted) as whip:
        with pytest.raises(ms.NetworkError, match="longer than"):
            await whip.offer(SDP)


@pytest.mark.parametrize("speaks", [False, True], ids=["silent", "drip by drip"])
async def test_a_server_that_does_not_answer_in_time_is_an_error(speaks):
    async def stall(reader, writer):
        try:
            writer.write(b"HTTP/1.1 201 Created\r\n" if speaks else b"")
            while speaks and not writer.is_closing() and not reader.at_eof():
                writer.write(b"X: y\r\n")
                await asyncio.sleep(0.05)
            while await reader.read(1000):
                pass
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(stall, "127.0.0.1", 0)
    try:
        url = URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        async with Client(str(url), token=None, headers={}, seconds=0.5) as whip:
            with pytest.raises(TimeoutError, match=r"no answer within 0\.5 s"):
                await whip.offer(SDP)
    finally:
        server.close()


async def test_nobody_there_is_an_error_with_its_number(scripted):
    port = int(scripted.url.rpartition(":")[2])
    free = 1 if port != 1 else 2
    async with Client(f"http://127.0.0.1:{free}/", token=None, headers={}, seconds=5) as whip:
        with pytest.raises(ms.NetworkError) as caught:
            await whip.offer(SDP)
    assert caught.value.errno


async def test_what_is_no_http_is_an_error():
    async def babble(_reader, writer):
        writer.write(b"\x00\x01\x02 220 mail ready\r\n" * 10)
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    try:
        url = URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        async with Client(str(url), token=None, headers={}, seconds=5) as whip:
            with pytest.raises(ms.NetworkError):
                await whip.offer(SDP)
    finally:
        server.close()


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("ftp://x/y", ValueError),
        ("nonsense", ValueError),
        ("http://", ValueError),
        ("http://[", ValueError),
        (5, TypeError),
    ],
)
def test_an_address_must_be_one(url, error):
    with pytest.raises(error):
        checked_url(url, "publish")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"headers": {"a b": "c"}}, ValueError),
        ({"headers": {"a": "b\r\nc: d"}}, ValueError),
        ({"headers": {"a": 5}}, TypeError),
        ({"token": "a\nb"}, ValueError),
        ({"timeout": 0}, ValueError),
        ({"timeout": float("inf")}, ValueError),
        ({"timeout": "5"}, TypeError),
        ({"timeout": True}, TypeError),
        ({"tls": "abc"}, ValueError),
        ({"tls": 5}, TypeError),
    ],
)
def test_wrong_arguments_say_so(arguments, error):
    given = {"token": None, "headers": None, "timeout": 5.0, "tls": None, **arguments}
    with pytest.raises(error):
        client_request("publish", "http://x/", given["token"], given["headers"], (), given["timeout"], given["tls"])
