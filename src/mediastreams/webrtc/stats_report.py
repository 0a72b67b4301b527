"""`RTCStatsReport`: figures of a connection.

Not for: where figures come from.

https://w3c.github.io/webrtc-pc/#rtcstatsreport-object · https://w3c.github.io/webrtc-stats/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Self

from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.names import to_idl

__all__ = ["RTCStatsReport"]


@public
class RTCStatsReport(Mapping[str, Mapping[str, Any]]):
    """Figures by their id. Each is a mapping with ``type``, ``id``, ``timestamp`` and what the type has.

    A snapshot; names of members are Python's, `to_json` has the standard's.

    https://w3c.github.io/webrtc-pc/#rtcstatsreport-object
    """

    __slots__ = ("__weakref__", "_stats")
    __init__ = illegal_constructor("Await get_stats().")

    _stats: Mapping[str, Mapping[str, Any]]

    @classmethod
    def _of(cls, stats: Iterable[Mapping[str, Any]]) -> Self:
        report = cls.__new__(cls)
        report._stats = MappingProxyType({str(one["id"]): MappingProxyType(dict(one)) for one in stats})
        return report

    def __getitem__(self, id: str) -> Mapping[str, Any]:
        return self._stats[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stats)

    def __len__(self) -> int:
        return len(self._stats)

    def to_json(self) -> dict[str, dict[str, Any]]:
        """Return plain data under the standard's names."""
        return {id: {to_idl(name): value for name, value in one.items()} for id, one in self._stats.items()}

    def __repr__(self) -> str:
        return f"<RTCStatsReport {', '.join(sorted({str(one['type']) for one in self._stats.values()}))}>"
