"""*Transient activation*: whether a person has just acted.

Here nobody clicks; an application that asks people, and `mediastreams.testing.user_activation`, say it.

https://html.spec.whatwg.org/multipage/interaction.html#transient-activation
"""

from __future__ import annotations

from typing import Final

from mediastreams._engine.clock import get_clock

__all__ = ["activate", "consume", "is_active"]

_DURATION_NS: Final = 5_000_000_000
_expires: list[int] = []  # at most one: the instant until which the last act counts


def activate() -> None:
    """Say that a person has acted now."""
    _expires[:] = [get_clock().now_ns() + _DURATION_NS]


def is_active() -> bool:
    """Whether a person has just acted; the act still counts afterwards.

    https://html.spec.whatwg.org/multipage/interaction.html#transient-activation
    """
    return bool(_expires) and _expires[0] >= get_clock().now_ns()


def consume() -> bool:
    """Whether a person has just acted; the act is used up.

    https://html.spec.whatwg.org/multipage/interaction.html#consume-user-activation
    """
    return bool(_expires) and _expires.pop() >= get_clock().now_ns()
