"""The server's HTTP surface against nonsense: never a 500, never a traceback, never a place that is lost."""

import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.webrtc.whip.conftest import ask, complaints, raw, until

from mediastreams.webrtc.whip.serve import serve

FUZZING = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TOKENS = st.sampled_from(
    [None, "Bearer secret", "Bearer wrong", "Bearer", "Basic c2VjcmV0", "bearer\tsecret", "Bearer " + "x" * 4000]
)
METHODS = st.one_of(
    st.sampled_from(
        ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT", "TRACE", "CONNECT", "PROPFIND", "get"]
    ),
    st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1, max_size=12),
)
PATHS = st.one_of(
    st.sampled_from(
        ["/", "/whep", "/whip", "/whep/", "/whip/abc", "/whep/../whip", "//whep", "/phone", "*", "/whep?x=1#y"]
    ),
    st.text(string.printable.replace("\r", "").replace("\n", ""), max_size=60).map(lambda text: "/" + text),
)
TYPES = st.sampled_from(
    [
        None,
        "application/sdp",
        "APPLICATION/SDP; charset=utf-8",
        "application/trickle-ice-sdpfrag",
        "text/plain",
        "",
        ";",
        "a/b/c",
    ]
)
FIELDS = st.dictionaries(
    st.sampled_from(["Host", "Origin", "If-Match", "Content-Encoding", "Expect", "Connection", "Upgrade", "Cookie",
                     "Range", "Transfer-Encoding", "Content-Length", "X-Forwarded-For", "Accept-Encoding"]),
    st.one_of(
        st.sampled_from(["", "*", "gzip", "chunked", "100-continue", "keep-alive", "h2c",
                         "-1", "0", "99999999999999999999", "null"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40),
    ),
    max_size=4,
)  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=400),
    st.sampled_from(
        [b"v=0\r\n",
         b"v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", b"a=ice-ufrag:abcd\r\n", b"\x00" * 3000, b"v=0\n" * 5000]
    ),
)  # fmt: skip


@pytest.fixture
async def server():
    async with serve(token="secret", ingest=True) as server:
        yield server


async def check(answer, server):
    assert not answer or re.match(rb"HTTP/1\.[01] (200|204|4\d\d) ", answer), answer[:200]
    assert b"Traceback" not in answer
    assert b"secret" not in answer
    # Who goes before the answer leaves the server at work on it for a moment.
    await until(lambda: server.viewers == server.publishers == 0, "the places of sessions that are none")


@FUZZING
@given(method=METHODS, path=PATHS, token=TOKENS, type=TYPES, fields=FIELDS, body=BODIES)
async def test_requests_of_any_kind(server, caplog, method, path, token, type, fields, body):
    fields = {"Host": "x", "Content-Length": str(len(body)), **fields}
    if token is not None:
        fields["Authorization"] = token
    if type is not None:
        fields["Content-Type"] = type
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    data = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1", "replace") + body
    await check(await raw(server, data, end=True), server)
    assert not complaints(caplog)


@FUZZING
@given(data=st.binary(max_size=2000))
async def test_bytes_of_any_kind(server, caplog, data):
    await check(await raw(server, data, end=True), server)
    assert not complaints(caplog)


@FUZZING
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=60).map(lambda data: b"%x\r\n%b\r\n" % (len(data), data)),
            st.sampled_from(
                [b"0\r\n\r\n", b"fffffffff\r\n", b"-1\r\n", b"5;x=y\r\nhello\r\n", b"zz\r\n", b"\r\n", b"5\r\nhel"]
            ),
            st.binary(max_size=30),
        ),
        max_size=12,
    )
)
async def test_chunks_of_any_kind(server, caplog, pieces):
    head = (
        b"POST /whep HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nContent-Type: application/sdp\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    await check(await raw(server, head + b"".join(pieces), end=True), server)
    assert not complaints(caplog)


@pytest.fixture(autouse=True)
async def _the_server_is_well_after_it(server):
    yield
    assert (await ask(server, "GET", "/")).status == 200
    assert server._gate.count == 0
    assert not server._gate._by_handler
    assert server._sessions._pending == {"viewer": 0, "publisher": 0}
