"""TLS contexts of the server: given, from files, or with a certificate made for the occasion.

Browsers give a page the camera on ``https:`` only (or on the machine itself). A phone on the same network has no way
to know our name, so no authority can vouch for it: it warns of a certificate that we made, once, and its person has to
go on; the fingerprint tells whether it is ours.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from cryptography.x509 import GeneralName

__all__ = ["TLS", "ServerTLS", "self_made_certificate", "server_tls"]

TLS: TypeAlias = bool | ssl.SSLContext | tuple[str | Path, str | Path]
_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class ServerTLS:
    """A context, and the SHA-256 fingerprint of the certificate where we made it."""

    context: ssl.SSLContext
    fingerprint: str | None = None


def server_tls(tls: TLS, names: Sequence[str]) -> ServerTLS | None:
    """The context that ``serve(tls=…)`` asks for. Reads and writes files: not for the loop.

    Raises:
        TypeError: neither a context, nor a pair of paths, nor a boolean.
        OSError: a file cannot be read.
        ValueError: a file holds no certificate, no key, or not the certificate's key.
    """
    if isinstance(tls, ssl.SSLContext):
        return ServerTLS(tls)
    if tls is True:
        return self_made_certificate(names)
    if tls is False or tls is None:
        return None
    if not isinstance(tls, tuple) or len(tls) != 2 or not all(isinstance(part, str | Path) for part in tls):
        raise TypeError("tls must be an ssl.SSLContext, (certificate file, key file), True or False")
    certificate, key = tls
    for path in (certificate, key):
        with Path(path).open("rb"):  # so that what is not there is named
            pass
    context = _context()
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise ValueError(f"{certificate} and {key} are no certificate with its key: {error.reason or error}") from None
    return ServerTLS(context)


def self_made_certificate(names: Sequence[str]) -> ServerTLS:
    """A key and a certificate that signs itself, for these host names and addresses. Not for the loop."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mediastreams")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))  # clocks differ
        .not_valid_after(now + dt.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    context = _context()
    with tempfile.TemporaryDirectory() as folder:  # the ssl module reads keys from files only; nobody else may here
        path = Path(folder) / "server.pem"
        path.touch(mode=0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context.load_cert_chain(path)
    return ServerTLS(context, certificate.fingerprint(hashes.SHA256()).hex(":").upper())


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _general_name(name: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
