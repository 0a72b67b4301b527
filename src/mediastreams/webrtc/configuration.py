"""*Set the configuration*: what a connection may be told, converted and checked.

Not for: using it.

https://w3c.github.io/webrtc-pc/#set-the-configuration
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mediastreams._rules.ice_server_urls import read_ice_server_url
from mediastreams._webidl.conversions import enumeration, instance_of, sequence_of, unsigned_short, wrong_type
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams.errors import InvalidAccessError, InvalidModificationError, SyntaxError
from mediastreams.webrtc.dictionaries import ICE_SERVER, RTCConfiguration, RTCIceServer
from mediastreams.webrtc.enums import RTCBundlePolicy, RTCIceTransportPolicy, RTCRtcpMuxPolicy
from mediastreams.webrtc.transport.certificate import RTCCertificate, expired

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediastreams.webrtc.transport.ice_generation import Server

__all__ = ["Configuration", "read_configuration"]

_MOST_SERVERS: Final = 32


def _octet(value: object, where: str, /) -> int:
    number = unsigned_short(value, where)
    if number > 255:
        raise wrong_type(where, "an integer of 0 … 255", value)
    return number


_SCHEMA: Final[Schema[dict[str, Any]]] = Schema(
    "RTCConfiguration",
    Member("ice_servers", sequence_of(ICE_SERVER), default=()),
    Member("ice_transport_policy", enumeration(RTCIceTransportPolicy), default=RTCIceTransportPolicy.ALL),
    Member("bundle_policy", enumeration(RTCBundlePolicy), default=RTCBundlePolicy.BALANCED),
    Member("rtcp_mux_policy", enumeration(RTCRtcpMuxPolicy), default=RTCRtcpMuxPolicy.REQUIRE),
    Member("certificates", sequence_of(instance_of(RTCCertificate)), default=()),
    Member("ice_candidate_pool_size", _octet, default=0),
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration that was found to be good."""

    members: Mapping[str, Any]
    servers: tuple[Server, ...]

    @property
    def relay_only(self) -> bool:
        """Whether nothing but relays may be used."""
        return self.members["ice_transport_policy"] is RTCIceTransportPolicy.RELAY

    @property
    def certificates(self) -> tuple[RTCCertificate, ...]:
        """Those that were given."""
        return tuple(self.members["certificates"])

    def public(self) -> RTCConfiguration:
        """A copy as the program may change it."""
        members = dict(self.members)
        members["ice_servers"] = [RTCIceServer(**server) for server in members["ice_servers"]]
        members["certificates"] = list(members["certificates"])
        return RTCConfiguration(**members)


def read_configuration(
    given: Mapping[str, Any], where: str, old: Configuration | None, *, pool_is_fixed: bool = False
) -> Configuration:
    """Convert and check; against the one that is in force.

    Raises:
        TypeError: a member of the wrong type.
        SyntaxError, NotSupportedError: a server's URL.
        InvalidAccessError: an expired certificate, or a TURN server without credentials.
        InvalidModificationError: what cannot be changed was.
    """
    members = _SCHEMA.convert(given, where)
    # 1-3. What stays as it is.
    if old is not None:
        fixed = ["certificates", "bundle_policy", "rtcp_mux_policy"]
        if pool_is_fixed:
            fixed.append("ice_candidate_pool_size")
        for name in fixed:
            if name == "certificates":
                same = [id(one) for one in members[name]] == [id(one) for one in old.members[name]]
            else:
                same = members[name] == old.members[name]
            if not same:
                raise InvalidModificationError(f"{where}: {name} cannot be changed any more")
    elif any(expired(certificate) for certificate in members["certificates"]):
        raise InvalidAccessError(f"{where}: a certificate has expired")
    # 4-6. The servers.
    servers: list[Server] = []
    for server in members["ice_servers"][:_MOST_SERVERS]:
        servers += _servers(server, where)
    return Configuration(members, tuple(servers))


def _servers(given: Mapping[str, Any], where: str) -> list[Server]:
    """*Validate an ICE server URL*, of each.

    https://w3c.github.io/webrtc-pc/#dfn-validate-an-ice-server-url
    """
    from mediastreams.webrtc.transport.ice_generation import Server

    urls = [given["urls"]] if isinstance(given["urls"], str) else list(given["urls"])
    if not urls:
        raise SyntaxError(f"{where}: an ICE server without a URL")
    found = []
    for url in urls:
        address = read_ice_server_url(url)
        username, credential = given.get("username"), given.get("credential")
        if address.is_turn:
            if username is None or credential is None:
                raise InvalidAccessError(f"{where}: {url[:60]!r} needs username and credential")
            if len(username.encode()) > 508:
                raise InvalidAccessError(f"{where}: a username of more than 508 bytes")
        found.append(Server(url, address, username, credential))
    return found
