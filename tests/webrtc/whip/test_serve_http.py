"""The server's HTTP surface, as far as no connection for media comes about."""

import asyncio
import contextlib
import re
import socket
import ssl
import time

import pytest
from tests.webrtc.whip.conftest import ask, complaints, raw

import mediastreams as ms
from mediastreams.webrtc.whip.pages import page
from mediastreams.webrtc.whip.serve import serve


@pytest.fixture
async def small_server():
    """Takes cameras and shows none."""
    async with serve(token="secret", ingest=True, max_viewers=3) as server:
        yield server


TOKEN = {"Authorization": "Bearer secret"}
OFFER = {"Content-Type": "application/sdp", **TOKEN}
POST = b"POST /whep HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nContent-Type: application/sdp\r\n"
ENDPOINTS = ("/whep", "/whip")


@pytest.mark.parametrize("path", ["/", "/view.js", "/session.js", "/phone", "/phone.js", "/style.css"])
async def test_the_pages_are_there_without_the_token_and_may_load_nothing_from_elsewhere(small_server, path):
    answer = await ask(small_server, "GET", path)
    assert answer.status == 200
    assert "secret" not in answer.body
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["connection"] == "close"
    assert not re.search(r"""(src|href)="(?!/|data:,)""", answer.body)
    head = await ask(small_server, "HEAD", path)
    assert (head.status, head.body, head.headers["content-length"]) == (200, "", str(len(answer.body.encode())))


def test_what_a_page_names_is_there():
    for name in ("view.html", "phone.html"):
        html = page(name).data.decode()
        assert 'lang="en"' in html
        for path in re.findall(r'(?:src|href)="/([^"]+)"', html):
            assert page(path) is not None
        ids = set(re.findall(r'id="(\w+)"', html))
        script = page(name.replace("html", "js")).data.decode()
        assert ids == set(re.findall(r'"(\w+)"', re.search(r"\[((?:\"\w+\",? ?)+)\]\s*\.map", script)[1]))


@pytest.mark.parametrize(
    "path", ["/nothing", "/whep/x/y", "/../etc/passwd", "/pages/view.html", "/__init__.py", "/%00", "//"]
)
async def test_there_is_nothing_else(small_server, path):
    assert (await ask(small_server, "GET", path, **TOKEN)).status == 404


async def test_a_server_that_takes_nothing_has_no_page_for_phones(camera):
    async with serve(camera) as server:
        assert (await ask(server, "GET", "/phone")).status == 404
        assert (await ask(server, "POST", "/whip")).status == 404
        with pytest.raises(ms.OperationError, match="ingest=True"):
            _ = server.phone_url
        with pytest.raises(ms.OperationError):
            _ = server.whip_url


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic c2VjcmV0"}])
@pytest.mark.parametrize(("method", "resource"), [("POST", ""), ("PATCH", "/abc"), ("DELETE", "/abc"), ("GET", "")])
async def test_without_the_token_nothing_is_done(small_server, path, header, method, resource):
    answer = await ask(small_server, method, path + resource, Content_Type="application/sdp", body="v=0", **header)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_who_guesses_is_slowed_down(small_server):
    for _ in range(10):
        assert (await ask(small_server, "POST", "/whep", Authorization="Bearer guess")).status == 401
    answer = await ask(small_server, "POST", "/whep", **OFFER)
    assert (answer.status, answer.headers["retry-after"]) == (429, "30")
    assert (await ask(small_server, "POST", "/whip", **TOKEN)).status == 415  # that is another door


async def test_publishers_may_have_a_token_of_their_own(camera):
    async with serve(camera, token="look", ingest=True, ingest_token="send") as server:
        assert (await ask(server, "POST", "/whep", Authorization="Bearer look")).status == 415
        assert (await ask(server, "POST", "/whip", Authorization="Bearer look")).status == 401
        assert (await ask(server, "POST", "/whip", Authorization="Bearer send")).status == 415
        assert server.url.endswith("/#token=look")
        assert server.phone_url.endswith("/phone#token=send")


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_a_page_of_any_origin_may_ask_with_the_token(small_server, path):
    answer = await ask(
        small_server, "OPTIONS", path, Origin="https://player.example", Access_Control_Request_Method="POST"
    )
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "Location" in answer.headers["access-control-expose-headers"]
    assert answer.headers["accept-post"] == "application/sdp"


async def test_without_a_token_no_other_page_may_ask(camera):
    async with serve(camera) as server:
        here = {"Content-Type": "application/sdp"}
        for origin in ("https://evil.example", "null", f"http://127.0.0.1:{server.port + 1}"):
            answer = await ask(server, "OPTIONS", "/whep", Origin=origin)
            assert "access-control-allow-origin" not in answer.headers
            answer = await ask(server, "POST", "/whep", Origin=origin, body="v=0", **here)
            assert answer.status == 403
        rebound = await ask(server, "POST", "/whep", host=f"evil.example:{server.port}", body="v=0", **here)
        assert rebound.status == 403
        own = await ask(server, "POST", "/whep", Origin=f"http://127.0.0.1:{server.port}", Content_Type="text/plain")
        assert own.status == 415


async def test_the_servers_for_ice_are_told_before_and_with_their_credentials(camera):
    servers = [{"urls": ["stun:s.example", "turn:t.example"], "username": "u", "credential": 'p"q'}]
    async with serve(camera, ice_servers=servers) as server:
        answer = await ask(server, "OPTIONS", "/whep")
        assert answer.headers["link"].count('rel="ice-server"') == 2
        assert r'credential="p\"q"' in answer.headers["link"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/whep", TOKEN, "", 405),
        ("PUT", "/whep", TOKEN, "", 405),
        ("PATCH", "/whip", TOKEN, "", 405),
        ("POST", "/", TOKEN, "", 405),
        ("SEARCH", "/whep", TOKEN, "", 405),
        ("POST", "/whep/abc", TOKEN, "", 404),
        ("DELETE", "/whep/abc", TOKEN, "", 404),
        ("PATCH", "/whip/abc", TOKEN, "", 404),
        ("POST", "/whep", TOKEN, "v=0", 415),
        ("POST", "/whep", {**TOKEN, "Content-Type": "application/json"}, "{}", 415),
        ("POST", "/whep", {**OFFER, "Content-Encoding": "gzip"}, "v=0", 415),
        ("POST", "/whep", {**OFFER, "Content-Length": "9999999"}, "", 413),
        ("POST", "/whep", OFFER, b"\xff\xfe\x00", 400),
        ("POST", "/whep", OFFER, "x" * 66_000, 413),
    ],
)
async def test_what_cannot_be_answered_gets_its_status_and_a_sentence(
    small_server, method, path, headers, body, status
):
    answer = await ask(small_server, method, path, body=body, **headers)
    assert answer.status == status
    assert re.fullmatch(r"[^\n]{10,200}\n", answer.body)
    if status == 405:
        assert "OPTIONS" in answer.headers["allow"] or "GET" in answer.headers["allow"]
    assert small_server.viewers == small_server.publishers == 0


async def test_a_body_in_chunks_is_bounded_too(small_server):
    head = b"POST /whep HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nContent-Type: application/sdp\r\n"
    chunk = b"1000\r\n" + b"v" * 4096 + b"\r\n"
    answer = await raw(small_server, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 20 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # somebody speaks TLS
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /whep HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /whep HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /whep HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        bytes(range(256)) * 8,
    ],
    ids=range(15),
)  # fmt: skip
async def test_garbage_gets_an_error_or_nothing_and_the_server_goes_on(small_server, data, caplog):
    answer = await raw(small_server, data, end=True)
    assert not answer or re.match(rb"HTTP/1\.[01] (200|4\d\d) ", answer)
    assert b"Traceback" not in answer
    assert (await ask(small_server, "GET", "/")).status == 200
    assert not complaints(caplog)


async def test_requests_behind_the_first_are_not_heard(small_server):
    one = b"GET /view.js HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = await raw(small_server, one * 50)
    assert answer.count(b"HTTP/1.1 200") == 1


async def test_an_endless_request_is_cut_at_its_bound(small_server):
    began = time.monotonic()
    assert b"200" not in await raw(small_server, b"GET / HTTP/1.1\r\n" + b"x" * 1_000_000)
    assert time.monotonic() - began < 5


async def _slow(server, head, drip):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    began = time.monotonic()
    try:
        writer.write(head)
        while not reader.at_eof() and time.monotonic() - began < 10:
            writer.write(drip)
            with pytest.MonkeyPatch.context():
                try:
                    async with asyncio.timeout(0.1):
                        if not await reader.read(1000):
                            break
                except TimeoutError:
                    continue
    except ConnectionError:
        pass
    finally:
        writer.close()
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("head", "drip"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\n", b"X-A: b\r\n"),
        (POST + b"Content-Length: 60000\r\n\r\n", b"v"),
        (b"POST /nothing HTTP/1.1\r\nContent-Length: 60000\r\n\r\n", b"v"),
    ],
    ids=["silence", "fields", "body", "a body that nobody reads"],
)  # fmt: skip
async def test_who_sends_too_slowly_is_cut(camera, monkeypatch, head, drip):
    from mediastreams.webrtc.whip import gate
    from mediastreams.webrtc.whip import serve as serving

    monkeypatch.setattr(serving, "GateLimits", lambda: gate.GateLimits(request_seconds=1.0))
    async with serve(camera, token="secret", ingest=True) as server:
        took = await _slow(server, head, drip)
        assert took < 4
        assert server.viewers == 0  # the place was given back
        assert (await ask(server, "GET", "/")).status == 200


async def test_a_flood_of_connections_is_bounded_and_the_page_is_there_after_it(small_server):
    crowd = []
    refused = 0
    for _ in range(200):
        connection = socket.create_connection(("127.0.0.1", small_server.port), timeout=5)
        connection.setblocking(False)
        crowd.append(connection)
        await asyncio.sleep(0)
    await asyncio.sleep(0.2)
    for connection in crowd:
        try:
            refused += connection.recv(1) == b""
        except BlockingIOError:
            pass
        except ConnectionError:
            refused += 1
    assert small_server._gate.count == 32
    assert refused == 168
    for connection in crowd:
        connection.close()
    await asyncio.sleep(0.2)
    assert small_server._gate.count == 0
    assert not small_server._gate._addresses
    assert (await ask(small_server, "GET", "/")).status == 200


async def test_closing_cuts_who_is_connected_and_frees_the_port(camera):
    server = await serve(camera)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await asyncio.gather(server.close(), server.close())
    await server.wait_closed()
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", server.port)
    assert camera.active
    async with serve(camera, port=server.port) as again:
        assert again.port == server.port
        with pytest.raises(OSError, match="in use"):
            await serve(camera, port=server.port)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"stream": None}, ValueError, "nothing to show"),
        ({"stream": 5}, TypeError, "MediaStream"),
        ({"host": "0.0.0.0"}, ValueError, "anonymous=True"),
        ({"host": "::"}, ValueError, "token"),
        ({"host": "192.0.2.1"}, ValueError, "token"),
        ({"host": ""}, TypeError, "host"),
        ({"port": 70000}, ValueError, "port"),
        ({"port": "80"}, TypeError, "port"),
        ({"port": True}, TypeError, "port"),
        ({"token": "a b"}, ValueError, "token"),
        ({"token": 5}, TypeError, "token"),
        ({"ingest_token": "x"}, ValueError, "ingest=True"),
        ({"max_viewers": -1}, ValueError, "max_viewers"),
        ({"tls": "cert.pem"}, TypeError, "certificate file"),
        ({"tls": ("/nothing.pem", "/nothing.key")}, FileNotFoundError, "nothing.pem"),
        ({"host": "203.0.113.1", "token": "x"}, OSError, "203.0.113.1"),
    ],
)
async def test_wrong_arguments_say_so_where_the_server_is_awaited(camera, arguments, error, match):
    opening = serve(**{"stream": camera, **arguments})
    with pytest.raises(error, match=match):
        await opening


async def test_files_that_are_no_certificate_say_so(camera, tmp_path):
    for name in ("a.pem", "a.key"):
        (tmp_path / name).write_text("no certificate")
    with pytest.raises(ValueError, match="no certificate with its key"):
        await serve(camera, tls=(tmp_path / "a.pem", str(tmp_path / "a.key")))


async def test_the_network_without_a_token_only_when_told_so_and_with_a_warning(camera, caplog):
    async with serve(camera, host="0.0.0.0", anonymous=True) as server:
        assert "everybody" in caplog.text
        assert (await ask(server, "GET", "/")).status == 200
        assert all("127.0.0.1" not in url for url in server.urls) or len(server.urls) == 1


async def test_a_certificate_made_here_has_the_fingerprint_that_the_server_tells(camera):
    async with serve(camera, tls=True, token="secret") as server:
        assert server.url.startswith("https://127.0.0.1:")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        import hashlib

        assert hashlib.sha256(certificate).hexdigest() == server.fingerprint.replace(":", "").lower()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
        trusting = ssl.create_default_context(cadata=ssl.DER_cert_to_PEM_cert(certificate))
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trusting)  # the name fits, too
        writer.close()


async def test_who_speaks_no_tls_is_cut_and_counted_while_it_does_not(camera):
    async with serve(camera, tls=True) as server:
        assert b"200" not in await raw(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(40)]
        await asyncio.sleep(0.1)
        assert server._gate.count == 32
        for _, writer in silent:
            writer.close()
        await asyncio.sleep(0.2)
        assert server._gate.count == 0
