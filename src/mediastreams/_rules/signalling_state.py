"""The signalling state of a connection as a table, and what setting a description does to the descriptions.

Not for: what stands in a description.

https://w3c.github.io/webrtc-pc/#rtcsignalingstate-enum · https://www.rfc-editor.org/rfc/rfc9429#section-3.2
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TRANSITIONS", "SdpType", "Side", "SignallingState", "after_description", "needs_rollback"]

SignallingState: TypeAlias = Literal[
    "stable", "have-local-offer", "have-remote-offer", "have-local-pranswer", "have-remote-pranswer", "closed"
]
SdpType: TypeAlias = Literal["offer", "pranswer", "answer", "rollback"]
Side: TypeAlias = Literal["local", "remote"]

TRANSITIONS: Final[Mapping[tuple[SignallingState, Side, SdpType], SignallingState]] = MappingProxyType(
    {
        ("stable", "local", "offer"): "have-local-offer",
        ("stable", "remote", "offer"): "have-remote-offer",
        ("have-local-offer", "local", "offer"): "have-local-offer",
        ("have-local-offer", "remote", "answer"): "stable",
        ("have-local-offer", "remote", "pranswer"): "have-remote-pranswer",
        ("have-local-offer", "local", "rollback"): "stable",
        ("have-local-offer", "remote", "rollback"): "stable",
        ("have-remote-offer", "remote", "offer"): "have-remote-offer",
        ("have-remote-offer", "local", "answer"): "stable",
        ("have-remote-offer", "local", "pranswer"): "have-local-pranswer",
        ("have-remote-offer", "local", "rollback"): "stable",
        ("have-remote-offer", "remote", "rollback"): "stable",
        ("have-local-pranswer", "local", "pranswer"): "have-local-pranswer",
        ("have-local-pranswer", "local", "answer"): "stable",
        ("have-remote-pranswer", "remote", "pranswer"): "have-remote-pranswer",
        ("have-remote-pranswer", "remote", "answer"): "stable",
    }
)
"""(state, whose, type) → the state after. What is not here is an InvalidStateError."""


def after_description(state: SignallingState, side: Side, kind: SdpType) -> SignallingState:
    """The state that a description leads to.

    Raises:
        InvalidStateError: it cannot come now.
    """
    after = TRANSITIONS.get((state, side, kind))
    if after is None:
        raise InvalidStateError(f"a {side} {kind} cannot be set while the signaling state is {state!r}")
    return after


def needs_rollback(state: SignallingState, side: Side, kind: SdpType) -> bool:
    """Whether a remote offer meets ours, which is then taken back first.

    https://w3c.github.io/webrtc-pc/#dom-peerconnection-setremotedescription
    """
    return side == "remote" and kind == "offer" and state == "have-local-offer"
