"""Under which addresses others reach a server that listens on a host."""

from __future__ import annotations

import ipaddress

from mediastreams.webrtc.whip.credentials import is_loopback

__all__ = ["reachable_hosts"]


def reachable_hosts(host: str) -> list[str]:
    """The host, or for one that means all of them (``0.0.0.0``, ``::``) this machine's addresses, private ones first.

    Asks the system for its network interfaces; sends nothing.
    """
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return [host]
    if not address.is_unspecified:
        return [str(address)]
    import ifaddr

    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            one = ipaddress.ip_address(text)
            if one.version <= address.version and not (is_loopback(text) or one.is_link_local):
                found.append(one)
    found.sort(key=lambda one: (one.version, not one.is_private))
    return [str(one) for one in found] or ["127.0.0.1"]
