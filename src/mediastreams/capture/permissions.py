"""`Permissions`, `PermissionStatus`, and the policy that decides: who may use cameras, microphones, screens.

Not for: enforcing; the algorithms of capture ask here.

Rules of the file: in a local process everything is granted, because whoever runs a program has let it run. A
program that serves others replaces ``navigator.permissions.policy``.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import queue_task, snapshot
from mediastreams.abc import PermissionPolicy
from mediastreams.capture.enums import PermissionState
from mediastreams.capture.requests import PERMISSION_NAMES, convert_permission_descriptor

if TYPE_CHECKING:
    from mediastreams.capture.requests import PermissionDescriptor

__all__ = ["MOTORS", "LocalPolicy", "PermissionStatus", "Permissions", "permissions"]

MOTORS: Final[Mapping[str, Any]] = {"name": "camera", "pan_tilt_zoom": True}
"""The descriptor of the permission to move a camera."""


@public
class LocalPolicy(PermissionPolicy):
    """The default: a table of states, all ``granted`` at first. What is at ``prompt`` is granted when it is asked for.

    `set` is for tests and for programs with a settings page. The camera's motors are a permission of their own, which
    nobody has without the camera's.
    """

    def __init__(self) -> None:
        self._states: dict[str, PermissionState] = dict.fromkeys(PERMISSION_NAMES, PermissionState.GRANTED)
        self._motors = PermissionState.GRANTED

    def query(self, descriptor: Mapping[str, Any]) -> str:
        """Look into the table."""
        state = self._states[descriptor["name"]]
        if not descriptor.get("pan_tilt_zoom") or state is PermissionState.DENIED:
            return state
        denied = self._motors is PermissionState.DENIED
        return self._motors if denied or state is PermissionState.GRANTED else state

    async def request(self, descriptor: Mapping[str, Any]) -> str:
        """Say yes to what is at ``prompt``."""
        if self.query(descriptor) == PermissionState.PROMPT:
            moves = bool(descriptor.get("pan_tilt_zoom"))
            self.set(descriptor["name"], PermissionState.GRANTED, pan_tilt_zoom=moves)
        return self.query(descriptor)

    def set(self, name: str, state: str, *, pan_tilt_zoom: bool = False) -> None:
        """Set the state of one permission; `PermissionStatus` objects fire ``change``.

        ``pan_tilt_zoom``: of the camera's motors. Who may move a camera may use it, and who may not use it has to be
        asked again before it is moved.

        Raises:
            ValueError: an unknown name or state, or motors of what is no camera.

        https://w3c.github.io/mediacapture-main/#permissions-integration
        """
        if name not in self._states:
            raise ValueError(f"there is no permission {name!r}; there are {', '.join(self._states)}")
        if pan_tilt_zoom and name != "camera":
            raise ValueError(f"pan_tilt_zoom is of the permission 'camera', not of {name!r}")
        new = PermissionState(state)
        if pan_tilt_zoom:
            self._motors = new
        elif name == "camera" and new is not PermissionState.GRANTED and self._motors is PermissionState.GRANTED:
            self._motors = PermissionState.PROMPT
        if not pan_tilt_zoom or new is PermissionState.GRANTED:
            self._states[name] = new
        permissions.refresh()


@public
class PermissionStatus(EventTarget):
    """The state of one permission, followed: ``change`` fires when it changes.

    https://w3c.github.io/permissions/#permissionstatus-interface
    """

    __init__ = illegal_constructor("Ask permissions.query().")

    onchange = event_handler("change")

    _descriptor: Mapping[str, Any]
    _state: PermissionState

    @property
    def name(self) -> str:
        """``camera``, ``microphone``, ``display-capture`` or ``speaker-selection``."""
        name: str = self._descriptor["name"]
        return name

    @property
    def state(self) -> PermissionState:
        """``granted``, ``denied`` or ``prompt``."""
        return self._state

    def _follow(self, state: PermissionState) -> None:
        """*PermissionStatus update steps*.

        https://w3c.github.io/permissions/#dfn-permissionstatus-update-steps
        """
        if state is not self._state:
            self._state = state
            fire_event(self, "change")

    def _listeners_changed(self) -> None:
        """*Garbage collection*: one that somebody listens to is kept though nobody holds it.

        https://w3c.github.io/permissions/#garbage-collection
        """
        permissions._keep(self)

    def __repr__(self) -> str:
        return f"<PermissionStatus {self.name} {self._state}>"


@public
class Permissions:
    """``navigator.permissions``: asks the policy, and has it asked again when something may have changed.

    https://w3c.github.io/permissions/#permissions-interface
    """

    __init__ = illegal_constructor("It is navigator.permissions.")

    _policy: PermissionPolicy
    _statuses: weakref.WeakSet[PermissionStatus]
    _heard: set[PermissionStatus]  # those that somebody listens to
    _listeners: weakref.WeakSet[Any]

    @classmethod
    def _create(cls) -> Permissions:
        created = cls.__new__(cls)
        created._policy = LocalPolicy()
        created._statuses = weakref.WeakSet()
        created._heard = set()
        created._listeners = weakref.WeakSet()
        return created

    @property
    def policy(self) -> PermissionPolicy:
        """Who decides. Replaceable at any time by another `mediastreams.abc.PermissionPolicy`."""
        return self._policy

    @policy.setter
    def policy(self, policy: PermissionPolicy) -> None:
        if not isinstance(policy, PermissionPolicy):
            raise TypeError(f"the policy must be a mediastreams.abc.PermissionPolicy, not {policy!r}")
        self._policy = policy
        self.refresh()

    async def query(
        self, permission_desc: PermissionDescriptor | Mapping[str, Any] | None = None, **keywords: Any
    ) -> PermissionStatus:
        """The status of a permission, without asking anybody.

        Raises:
            TypeError: no name, or no such permission.

        https://w3c.github.io/permissions/#query-method
        """
        descriptor = convert_permission_descriptor(permission_desc, keywords, "Permissions.query")
        status: PermissionStatus = PermissionStatus.__new__(PermissionStatus)
        EventTarget.__init__(status)
        status._descriptor = descriptor
        status._state = self._state_of(descriptor)
        self._statuses.add(status)
        return status

    async def request(
        self, permission_desc: PermissionDescriptor | Mapping[str, Any] | None = None, **keywords: Any
    ) -> PermissionStatus:
        """Ask for a permission, as opening a device would, and answer its status.

        Once granted, `enumerate_devices` tells labels and ids of that kind of device.

        Raises:
            TypeError: no name, or no such permission.

        https://wicg.github.io/permissions-request/#dom-permissions-request
        """
        descriptor = convert_permission_descriptor(permission_desc, keywords, "Permissions.request")
        state = await self._ask(descriptor)
        if state is PermissionState.GRANTED:
            for listener in snapshot(self._listeners):
                listener._permission_granted(descriptor["name"])
        return await self.query(descriptor)

    def _state_of(self, descriptor: Mapping[str, Any]) -> PermissionState:
        """*Permission state*.

        https://w3c.github.io/permissions/#dfn-permission-state
        """
        return PermissionState(self._policy.query(descriptor))

    async def _ask(self, descriptor: Mapping[str, Any]) -> PermissionState:
        """*Request permission to use*: only what is at ``prompt`` is asked.

        https://w3c.github.io/permissions/#dfn-request-permission-to-use
        """
        state = self._state_of(descriptor)
        if state is PermissionState.PROMPT:
            state = PermissionState(await self._policy.request(descriptor))
            self.refresh()
        return state

    def refresh(self) -> None:
        """Ask the policy again, because its answers may have changed: `PermissionStatus` objects follow. Any thread."""
        for status in snapshot(self._statuses):
            self._keep(status)  # its listeners may have gone with their loop
            queue_task(status._owner, status._follow, self._state_of(status._descriptor))
        for listener in snapshot(self._listeners):
            listener._permissions_changed()

    def _keep(self, status: PermissionStatus) -> None:
        """Hold a status while somebody listens to it."""
        if status._has_listeners("change"):
            self._heard.add(status)
        else:
            self._heard.discard(status)

    def _listen(self, listener: Any) -> None:
        """Tell an object of every `refresh` and grant; held weakly."""
        self._listeners.add(listener)


permissions: Final = Permissions._create()
