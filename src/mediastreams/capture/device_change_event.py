"""`DeviceChangeEvent`: devices came, went or changed places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, TypedDict

from mediastreams._webidl.conversions import instance_of, sequence_of
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT, Event
from mediastreams._webidl.interfaces import public
from mediastreams.capture.media_device_info import MediaDeviceInfo

__all__ = ["DeviceChangeEvent", "DeviceChangeEventInit"]


@public
class DeviceChangeEventInit(TypedDict, total=False):
    """What a `DeviceChangeEvent` is made of."""

    bubbles: bool
    cancelable: bool
    composed: bool
    devices: Sequence[MediaDeviceInfo]


_INIT: Final[Schema[dict[str, Any]]] = Schema(
    "DeviceChangeEventInit", Member("devices", sequence_of(instance_of(MediaDeviceInfo))), inherits=EVENT_INIT
)


@public
class DeviceChangeEvent(Event):
    """``devicechange`` of `MediaDevices`.

    https://w3c.github.io/mediacapture-main/#devicechangeevent
    """

    _schema: ClassVar[Schema[dict[str, Any]]] = _INIT

    def __init__(
        self, type: str, event_init_dict: DeviceChangeEventInit | Mapping[str, Any] | None = None, **event_init: Any
    ) -> None:
        """Make one.

        Raises:
            TypeError: a member has the wrong type.
        """
        super().__init__(type, event_init_dict, **event_init)
        self._devices: tuple[MediaDeviceInfo, ...] = tuple(self._init.get("devices", ()))
        self._user_inserted: tuple[MediaDeviceInfo, ...] = ()

    @property
    def devices(self) -> tuple[MediaDeviceInfo, ...]:
        """All devices there are now, as `enumerate_devices` lists them. The same object every time."""
        return self._devices

    @property
    def user_inserted_devices(self) -> tuple[MediaDeviceInfo, ...]:
        """Those among `devices` that came with this change. The same object every time."""
        return self._user_inserted
