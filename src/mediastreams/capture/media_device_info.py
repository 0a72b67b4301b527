"""`MediaDeviceInfo` and `InputDeviceInfo`: what a program may know of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from mediastreams._rules.capabilities import capabilities_of
from mediastreams._webidl.interfaces import default_to_json, illegal_constructor, public
from mediastreams.capture.dictionaries import MediaTrackCapabilities

if TYPE_CHECKING:
    from mediastreams._rules.values import DeviceModel
    from mediastreams.capture.enums import MediaDeviceKind

__all__ = ["InputDeviceInfo", "MediaDeviceInfo"]


@public
class MediaDeviceInfo:
    """One device of one listing, compared by identity. Everything but the kind is ``""`` before the first capture.

    https://w3c.github.io/mediacapture-main/#device-info
    """

    __slots__ = ("_device_id", "_group_id", "_kind", "_label", "_model")
    __init__ = illegal_constructor("They come from enumerate_devices().")

    _device_id: str
    _group_id: str
    _kind: MediaDeviceKind
    _label: str
    _model: DeviceModel | None

    @classmethod
    def _of(
        cls,
        kind: MediaDeviceKind,
        device_id: str = "",
        label: str = "",
        group_id: str = "",
        model: DeviceModel | None = None,
    ) -> Self:
        info = cls.__new__(cls)
        info._kind = kind
        info._device_id = device_id
        info._label = label
        info._group_id = group_id
        info._model = model
        return info

    @property
    def device_id(self) -> str:
        """Names the device among those of its kind; the same after a restart or when plugged in again."""
        return self._device_id

    @property
    def kind(self) -> MediaDeviceKind:
        """``"audioinput"``, ``"audiooutput"`` or ``"videoinput"``."""
        return self._kind

    @property
    def label(self) -> str:
        """What people call it: ``"Logitech C920"``."""
        return self._label

    @property
    def group_id(self) -> str:
        """Equal for the devices of one physical thing: a webcam's camera and microphone."""
        return self._group_id

    def to_json(self) -> dict[str, object]:
        """The wire form, with the IDL's names."""
        return default_to_json(self, "device_id", "kind", "label", "group_id")

    def __repr__(self) -> str:
        if not self._device_id:
            return f"<{type(self).__name__} {self._kind}: details after get_user_media() or permissions.request()>"
        return f"<{type(self).__name__} {self._kind} {self._label!r} {self._device_id[:12]}…>"


@public
class InputDeviceInfo(MediaDeviceInfo):
    """A camera or a microphone.

    https://w3c.github.io/mediacapture-main/#input-specific-device-info
    """

    __slots__ = ()

    def get_capabilities(self) -> MediaTrackCapabilities:
        """What a track of this device could be set to; empty before the first capture.

        https://w3c.github.io/mediacapture-main/#dom-inputdeviceinfo-getcapabilities
        """
        return (
            MediaTrackCapabilities()
            if self._model is None
            else MediaTrackCapabilities.from_rules(capabilities_of(self._model))
        )
