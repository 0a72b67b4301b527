"""Servers with certificates, on FFmpeg's own TLS: who is trusted is heard, nobody else is told anything."""

import contextlib
import datetime as dt
import socket
import ssl
import threading
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.media import Collected, make_movie

import mediastreams as ms
from mediastreams import errors
from mediastreams._backends.ffmpeg.movie import Movie
from mediastreams._engine.tls import certificate_trouble, tls_options


class Authority:
    """Signs certificates for a day; without one a server signs its own."""

    def __init__(self):
        self.key, self.made = _certificate("An authority", None)

    def write(self, path):
        path.write_bytes(self.made.public_bytes(Encoding.PEM))
        return path


def _certificate(name, signer):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if signer is None else signer.made.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))]), critical=False)
    )
    return key, builder.sign(key if signer is None else signer.key, hashes.SHA256())


class Heard(StreamRequestHandler):
    """Answers with what the server has, and notes what it was asked."""

    def handle(self):
        with contextlib.suppress(OSError):
            said = self.rfile.read(1)
            if said.isalpha():  # a request, which has an end; RTMP begins with its version and waits for the server's
                said += self.rfile.readline()
                while self.rfile.readline().strip():
                    pass
            self.server.heard.append(said)
            self.wfile.write(self.server.answer)


class Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def get_request(self):
        connection, address = super().get_request()
        connection.settimeout(10)
        return self.secured.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, *_):
        """A client that does not trust it leaves in the middle of the handshake."""


@pytest.fixture
def secure(tmp_path):
    """Serve with a certificate for a name, by an authority or of its own."""
    with contextlib.ExitStack() as stack:

        def begin(name="localhost", authority=None, answer=b""):
            key, made = _certificate(name, authority)
            file = tmp_path / "server.pem"
            secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            file.write_bytes(secret + made.public_bytes(Encoding.PEM))
            server = stack.enter_context(Server(("127.0.0.1", 0), Heard))
            server.heard, server.answer, server.port = [], answer, server.server_address[1]
            server.secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.secured.load_cert_chain(file)
            server.own = tmp_path / "own.pem"
            server.own.write_bytes(made.public_bytes(Encoding.PEM))
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server

        yield begin


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """One that ``SSL_CERT_FILE`` names."""
    made = Authority()
    monkeypatch.setenv("SSL_CERT_FILE", str(made.write(tmp_path / "authority.pem")))
    return made


def fails(server, scheme):
    with pytest.raises(errors.DOMException) as caught:
        Movie(f"{scheme}://user:secret@localhost:{server.port}/live/key").open()
    assert "secret" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("scheme", ["rtsps", "rtmps"])
def test_a_server_that_signed_for_itself_is_refused_and_told_nothing(secure, scheme):
    server = secure()
    error = fails(server, scheme)
    assert isinstance(error, errors.NetworkError)
    assert "certificate is not trusted" in error.message
    assert "SSL_CERT_FILE" in error.message
    assert not any(server.heard)


@pytest.mark.parametrize("scheme", ["rtsps", "rtmps"])
def test_a_server_whose_authority_is_named_is_asked(secure, authority, scheme):
    server = secure(authority=authority)
    assert "certificate" not in fails(server, scheme).message  # it answers nothing
    assert server.heard[0]
    assert scheme != "rtsps" or server.heard[0].startswith(b"OPTIONS rtsps://localhost")


def test_a_server_that_signed_for_itself_is_allowed_by_naming_its_certificate(secure, monkeypatch):
    server = secure()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.own))
    fails(server, "rtsps")
    assert server.heard[0].startswith(b"OPTIONS")


def test_a_certificate_of_another_host_is_refused(secure, authority):
    server = secure("elsewhere.example", authority)
    assert "certificate is not trusted" in fails(server, "rtsps").message
    assert not any(server.heard)


def test_a_radio_plays_from_a_server_that_is_trusted_and_from_no_other(secure, authority, tmp_path):
    film = make_movie(tmp_path / "a.ts", frames=50, codec="mpeg2video")
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n" + film.read_bytes()
    server = secure(authority=authority, answer=answer)
    movie = Movie(f"https://localhost:{server.port}/live.ts")
    collected = Collected()
    try:
        movie.open()
        movie.sources[0].start(None, {}, collected)
        movie.play()
        collected.wait_frames(5)
    finally:
        movie.close()
        movie.join()
    other = secure(answer=answer)
    with pytest.raises(errors.NetworkError, match="certificate is not trusted"):
        Movie(f"https://localhost:{other.port}/live.ts").open()
    assert not any(other.heard)


@pytest.mark.parametrize("target", ["rtmps://localhost:{}/live/secret", "https://localhost:{}/live/secret.m3u8"])
async def test_a_recording_is_not_sent_to_a_server_that_is_not_trusted(secure, tmp_path, target):
    server = secure()
    path = make_movie(tmp_path / "a.mkv", frames=50, codec="libx264")
    async with ms.open(path) as stream:
        with pytest.raises(errors.NetworkError, match="certificate is not trusted"):
            await ms.record(stream, target.format(server.port))
    assert not any(server.heard)


async def test_a_recording_is_sent_to_a_server_that_is(secure, authority, tmp_path):
    server = secure(authority=authority)
    path = make_movie(tmp_path / "a.mkv", frames=50, codec="libx264")
    async with ms.open(path) as stream:
        with pytest.raises(errors.NetworkError) as caught:  # it answers nothing
            await ms.record(stream, f"rtmps://localhost:{server.port}/live/key")
    assert "certificate" not in str(caught.value)
    assert len(server.heard) == 2  # the look, and the recording


def test_addresses_without_tls_have_no_options_and_no_trouble():
    assert tls_options("http://localhost/a.ts") == tls_options("udp://127.0.0.1:1") == {}
    assert certificate_trouble("rtsp://localhost/a") == ""


def test_where_nobody_listens_it_is_not_the_certificate():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert certificate_trouble(f"rtsps://localhost:{port}/a") == ""
