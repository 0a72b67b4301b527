"""Whom FFmpeg's own TLS trusts: `tls_options`; and what a server's certificate lacks: `certificate_trouble`.

Not for: connections that Python makes (files on web servers, uploads), which check certificates by themselves.

Rules of the file: by itself FFmpeg looks at no certificate. Here it does, for the same authorities as Python: the file
that ``SSL_CERT_FILE`` names, else the system's. A server with a certificate of its own is allowed by naming a file that
holds that certificate, or its authority's.
DEVIATION: of a playlist (HLS, DASH) the address itself is checked, not what it names: FFmpeg hands no such option on to
segments and lower playlists. Nor does it when it sends: there a connection beforehand looks at the certificate.
"""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

__all__ = ["certificate_trouble", "look_at_certificate", "tls_options", "untrusted"]

_PORTS: Final = {"https": 443, "rtsps": 322, "rtmps": 443}
_BUNDLES: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")
_SECONDS: Final = 3.0


def _scheme_of(url: str) -> str:
    return url.partition(":")[0].lower()


def tls_options(url: str) -> dict[str, str]:
    """FFmpeg's options for an address: its server must have a certificate that is trusted. Nothing for others."""
    if _scheme_of(url) not in _PORTS:
        return {}
    found = ssl.get_default_verify_paths().cafile or next((one for one in _BUNDLES if Path(one).is_file()), None)
    # Where there is no such file (Windows, macOS) FFmpeg has the system's own TLS, which knows whom to trust.
    return {"tls_verify": "1"} | ({"ca_file": found} if found else {})


def untrusted(why: object) -> str:
    """What a message says of a certificate that was refused."""
    cure = "to allow it, name a file with it, or with its authority's, in SSL_CERT_FILE"
    return f"its certificate is not trusted ({why}); {cure}"


def look_at_certificate(url: str) -> None:
    """Connect to a server, if its scheme means TLS, and look whether its certificate is trusted. Blocks for seconds.

    Raises: ssl.SSLCertVerificationError; OSError: there is no connection.
    """
    port = _PORTS.get(_scheme_of(url))
    if port is not None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        with (
            socket.create_connection((host, parts.port or port), _SECONDS) as connection,
            ssl.create_default_context().wrap_socket(connection, server_hostname=host),
        ):
            pass


def certificate_trouble(url: str) -> str:
    """Why a server's certificate is refused, ``""`` if that is not it: FFmpeg names no reason. Blocks for seconds."""
    try:
        look_at_certificate(url)
    except ssl.SSLCertVerificationError as error:
        return untrusted(error.verify_message)
    except (OSError, ValueError):
        pass
    return ""
