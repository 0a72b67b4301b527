"""The person at the screen, for tests: who says yes or no, and who has just clicked.

Not for: programs that ask real people; those set ``navigator.permissions.policy``.
"""

from __future__ import annotations

from collections.abc import Mapping

from mediastreams.capture import user_activation as _activation
from mediastreams.capture.permissions import LocalPolicy, permissions
from mediastreams.capture.requests import convert_permission_descriptor

__all__ = ["set_permission", "user_activation"]


def set_permission(name: str | Mapping[str, object], state: str) -> None:
    """Set the state of a permission: ``granted``, ``denied`` or ``prompt``.

    There are ``camera``, ``microphone``, ``display-capture`` and ``speaker-selection``; the camera's motors are named
    by a descriptor: ``{"name": "camera", "pan_tilt_zoom": True}``. What is at ``prompt`` is granted when it is asked
    for. `PermissionStatus` objects fire ``change``.

    Raises:
        ValueError: an unknown name or state.
        TypeError: the program has put a policy of its own in place: set that one.

    https://w3c.github.io/permissions/#set-permission-command
    """
    policy = permissions.policy
    if not isinstance(policy, LocalPolicy):
        raise TypeError(f"set_permission works on the usual policy; here {policy!r} decides")
    descriptor = {"name": name} if isinstance(name, str) else convert_permission_descriptor(name, {}, "set_permission")
    policy.set(descriptor["name"], state, pan_tilt_zoom=bool(descriptor.get("pan_tilt_zoom")))


def user_activation() -> None:
    """Act as if a person had just clicked: what needs that, `get_display_media` for one, may be called once.

    https://html.spec.whatwg.org/multipage/interaction.html#activation-triggering-input-event
    """
    _activation.activate()
