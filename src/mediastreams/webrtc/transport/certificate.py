"""`RTCCertificate`, and *generate a certificate*.

https://w3c.github.io/webrtc-pc/#sec.cert-mgmt
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict

from mediastreams._webidl.conversions import dom_string, unsigned_long, unsigned_long_long, wrong_type
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import in_parallel
from mediastreams.errors import NotSupportedError
from mediastreams.webrtc.dictionaries import RTCDtlsFingerprint
from mediastreams.webrtc.extra import need_extra

if TYPE_CHECKING:
    from aiortc.rtcdtlstransport import RTCCertificate as KeyPair

__all__ = ["RTCCertificate", "RTCCertificateExpiration", "expired", "generate_certificate", "make_certificate"]

_DEFAULT_DAYS: Final = 30
_MOST_DAYS: Final = 365


@public
class RTCCertificateExpiration(TypedDict, total=False):
    """How long a certificate is to be valid, in milliseconds from now.

    https://w3c.github.io/webrtc-pc/#dictionary-rtccertificateexpiration-members
    """

    expires: int


@public
class RTCCertificate:
    """The key that a connection identifies itself with. It lives in this process only.

    https://w3c.github.io/webrtc-pc/#rtccertificate-interface
    """

    __slots__ = ("__weakref__", "_pair")
    __init__ = illegal_constructor("Await RTCPeerConnection.generate_certificate().")

    _pair: KeyPair

    @classmethod
    def _of(cls, pair: KeyPair) -> Self:
        certificate = cls.__new__(cls)
        certificate._pair = pair
        return certificate

    @property
    def expires(self) -> int:
        """Until when it is valid, in milliseconds since 1970."""
        return int(self._pair.expires.timestamp() * 1000)

    def get_fingerprints(self) -> list[RTCDtlsFingerprint]:
        """List its digests."""
        return [
            RTCDtlsFingerprint(algorithm=one.algorithm, value=one.value.lower()) for one in self._pair.getFingerprints()
        ]

    def __repr__(self) -> str:
        return f"<RTCCertificate until {datetime.fromtimestamp(self.expires / 1000, UTC):%Y-%m-%d}>"


_ALGORITHM: Final[Schema[dict[str, Any]]] = Schema(
    "EcKeyGenParams",
    Member("name", dom_string, required=True),
    Member("named_curve", dom_string),
    Member("modulus_length", unsigned_long),
    Member("public_exponent", lambda value, _where: value),
    Member("hash", lambda value, _where: value),
    Member("expires", unsigned_long_long),
)


async def generate_certificate(algorithm: str | Mapping[str, Any]) -> RTCCertificate:
    """*Generate a certificate*: ``"ECDSA"`` on P-256.

    DEVIATION: RSA is not made: it is slow and nobody needs it.

    https://w3c.github.io/webrtc-pc/#dom-rtcpeerconnection-generatecertificate
    """
    where = "generate_certificate"
    if isinstance(algorithm, str):
        wanted: dict[str, Any] = {"name": algorithm}
    elif isinstance(algorithm, Mapping):
        wanted = _ALGORITHM.convert(algorithm, f"{where}: keygen_algorithm")
    else:
        raise wrong_type(f"{where}: keygen_algorithm", "a name or a mapping with a name", algorithm)
    if wanted["name"].upper() != "ECDSA" or wanted.get("named_curve", "P-256") != "P-256":
        raise NotSupportedError(f"{where}: only {{'name': 'ECDSA', 'named_curve': 'P-256'}} is made here")
    need_extra()
    lifetime = min(wanted.get("expires", _DEFAULT_DAYS * 86_400_000), _MOST_DAYS * 86_400_000)
    return await in_parallel(make_certificate, lifetime)


def make_certificate(lifetime_ms: int = _DEFAULT_DAYS * 86_400_000) -> RTCCertificate:
    """Make one now: a millisecond of work."""
    from aiortc.rtcdtlstransport import RTCCertificate as KeyPair
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "WebRTC")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(milliseconds=lifetime_ms))
        .sign(key, hashes.SHA256())
    )
    certificate: RTCCertificate = RTCCertificate._of(KeyPair(key=key, cert=made))
    return certificate


def expired(certificate: RTCCertificate) -> bool:
    """Whether it is valid no longer."""
    return certificate.expires <= datetime.now(UTC).timestamp() * 1000
