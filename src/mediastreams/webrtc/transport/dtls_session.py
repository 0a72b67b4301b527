"""One DTLS session with the SRTP keys that it gives: datagrams in, datagrams out.

Not for: states that a program sees (``dtls_transport.py``), nor whom packets are for (``packet_router.py``).

Rules of the file: nothing waits. OpenSSL works on memory; what it wants to send is sent at once; its timer is the
loop's.
https://www.rfc-editor.org/rfc/rfc8827#section-6.5 · https://www.rfc-editor.org/rfc/rfc5764
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pylibsrtp
from aiortc.rtcdtlstransport import SRTP_PROFILES, X509_DIGEST_ALGORITHMS, certificate_digest
from aiortc.rtp import is_rtcp
from OpenSSL import SSL

from mediastreams._rules.dtls_records import MOST_BYTES, datagrams_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiortc.rtcdtlstransport import RTCCertificate as KeyPair

__all__ = ["DtlsSession", "SessionUser"]

_RECORD_BYTES: Final = 65_536
_WINDOW: Final = 1024  # packets that may come late


@dataclass(frozen=True, slots=True)
class SessionUser:
    """Who is told: all synchronously."""

    send: Callable[[bytes], object]
    connected: Callable[[], object]
    failed: Callable[[str, str], object]  # detail of an RTCError, text
    closed: Callable[[], object]
    data: Callable[[bytes], object]


class DtlsSession:
    """The session: on one loop, from `start` to `close`."""

    def __init__(self, key_pair: KeyPair, user: SessionUser, fingerprints: Sequence[tuple[str, str]]) -> None:
        self._user = user
        self._fingerprints = fingerprints
        self._timer: asyncio.TimerHandle | None = None
        self._outgoing: Any = None
        self._incoming: Any = None
        self._over = False
        self.role = ""
        self.connected = False
        self._ssl = SSL.Connection(key_pair._create_ssl_context(srtp_profiles=SRTP_PROFILES))
        self._ssl.set_ciphertext_mtu(MOST_BYTES)

    def start(self, role: str) -> None:
        """Begin the handshake, as ``"client"`` or ``"server"``."""
        self.role = role
        if role == "server":
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        self._shake_hands()

    def _shake_hands(self) -> None:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            self._flush()
            self._set_timer()
            return
        except SSL.Error as error:
            self._flush()  # the alert
            self._fail("dtls-failure", f"the DTLS handshake failed: {_reason(error)}")
            return
        self._flush()
        self._set_timer()
        if not self._peer_is_known():
            self._fail("fingerprint-failure", "the peer's certificate is not the one that its description names")
        elif not self._make_keys():
            self._fail("dtls-failure", "the peer knows no protection profile for media")
        else:
            self.connected = True
            self._user.connected()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        seconds = self._ssl.DTLSv1_get_timeout()
        if seconds is not None and not self._over:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._time_is_up)

    def _time_is_up(self) -> None:
        with contextlib.suppress(SSL.Error):
            self._ssl.DTLSv1_handle_timeout()
        self._flush()
        self._set_timer()

    def _peer_is_known(self) -> bool:
        """Whether all digests of a known algorithm fit, of at least one.

        https://www.rfc-editor.org/rfc/rfc8122#section-5
        """
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        known = [(name, value) for name, value in self._fingerprints if name in X509_DIGEST_ALGORITHMS]
        return (
            certificate is not None
            and bool(known)
            and all(certificate_digest(certificate, name) == value for name, value in known)
        )

    def _make_keys(self) -> bool:
        chosen = self._ssl.get_selected_srtp_profile()
        profile = next((one for one in SRTP_PROFILES if one.openssl_profile == chosen), None)
        if profile is None:
            return False
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
        )
        mine = 1 if self.role == "server" else 0
        self._outgoing = _srtp(profile, profile.get_key_and_salt(material, mine), pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        self._incoming = _srtp(profile, profile.get_key_and_salt(material, 1 - mine), pylibsrtp.Policy.SSRC_ANY_INBOUND)
        return True

    # --- packets --------------------------------------------------------------------------------------------------

    def take(self, datagram: bytes) -> None:
        """Take a DTLS datagram from the network."""
        if self._over:
            return
        with contextlib.suppress(SSL.Error):
            self._ssl.bio_write(datagram)
        if not self.connected:
            self._shake_hands()
            if not self.connected:
                return
        while not self._over:
            try:
                data = self._ssl.recv(_RECORD_BYTES)
            except SSL.ZeroReturnError:
                self._end()
                self._user.closed()
                return
            except SSL.WantReadError:
                break
            except SSL.Error as error:
                self._flush()
                self._fail("dtls-failure", f"the peer ended DTLS: {_reason(error)}")
                return
            self._user.data(data)
        if not self._over:
            self._flush()
            self._set_timer()

    def unprotect(self, packet: bytes) -> tuple[bytes, bool] | None:
        """Open an SRTP or SRTCP packet: the plain one, and whether it is RTCP; ``None``: not from the peer."""
        if self._incoming is None or self._over or len(packet) < 12:
            return None
        reports = is_rtcp(packet)
        try:
            plain = self._incoming.unprotect_rtcp(packet) if reports else self._incoming.unprotect(packet)
        except pylibsrtp.Error:
            return None
        return plain, reports

    def protect(self, packet: bytes) -> bytes:
        """Protect an RTP or RTCP packet.

        Raises:
            ConnectionError: not connected.
        """
        if self._outgoing is None or self._over:
            raise ConnectionError("the connection is not there (yet, or any more)")
        protected: bytes = self._outgoing.protect_rtcp(packet) if is_rtcp(packet) else self._outgoing.protect(packet)
        return protected

    def send_data(self, data: bytes) -> None:
        """Send application data, in one record.

        Raises:
            ConnectionError: not connected.
        """
        if not self.connected or self._over:
            raise ConnectionError("the connection is not there (yet, or any more)")
        try:
            self._ssl.send(data)
        except SSL.Error as error:
            raise ConnectionError(_reason(error)) from error
        self._flush()

    def peer_certificates(self) -> list[bytes]:
        """The peer's certificate in DER; none before the handshake."""
        from cryptography.hazmat.primitives.serialization import Encoding

        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        return [] if certificate is None else [certificate.public_bytes(Encoding.DER)]

    def cipher(self) -> str | None:
        """The name of the cipher suite."""
        name: str | None = self._ssl.get_cipher_name()
        return name

    def version(self) -> str:
        """The version of DTLS."""
        return str(self._ssl.get_protocol_version_name())

    def _flush(self) -> None:
        try:
            data = self._ssl.bio_read(1 << 20)
        except SSL.Error:
            return
        with contextlib.suppress(ConnectionError):  # no way to the peer any more: lost, as on the network
            for datagram in datagrams_of(data):
                self._user.send(datagram)

    # --- the end --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Tell the peer that it is over. Idempotent."""
        if self._over:
            return
        with contextlib.suppress(SSL.Error):
            self._ssl.shutdown()
        self._flush()
        self._end()

    def _fail(self, detail: str, text: str) -> None:
        self._end()
        self._user.failed(detail, text)

    def _end(self) -> None:
        self._over = True
        self.connected = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _srtp(profile: Any, key: bytes, which: Any) -> Any:
    policy = pylibsrtp.Policy(key=key, ssrc_type=which, srtp_profile=profile.libsrtp_profile)
    policy.allow_repeat_tx = True  # retransmissions
    policy.window_size = _WINDOW
    return pylibsrtp.Session(policy)


def _reason(error: Exception) -> str:
    parts = error.args[0] if error.args else ()
    if isinstance(parts, list) and parts:
        return str(parts[0][-1])
    return str(error) or type(error).__name__
