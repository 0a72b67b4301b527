"""The algorithm of ``selectAudioOutput``, and what ``setSinkId`` asks of devices: which outputs may be used.

Not for: playing (``_engine/playout.py``) or an element's own state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mediastreams._rules.device_ids import DEFAULT_ID, resolve_device_id
from mediastreams.capture import user_activation
from mediastreams.capture.enums import PermissionState
from mediastreams.capture.permissions import permissions
from mediastreams.errors import InvalidStateError, NotAllowedError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mediastreams.capture.listing import ListedDevice
    from mediastreams.capture.media_device_info import MediaDeviceInfo
    from mediastreams.capture.media_devices import MediaDevices

__all__ = ["output_device", "select_audio_output"]

_DESCRIPTOR: Final = {"name": "speaker-selection"}
_DENIED: Final = "Permission for speaker-selection is denied by navigator.permissions.policy."


async def select_audio_output(devices: MediaDevices, device_id: str) -> MediaDeviceInfo:
    """*The selectAudioOutput method*.

    Raises:
        InvalidStateError: a person would be asked, and has not just acted.
        NotAllowedError: the permission policy says no.
        NotFoundError: there is no audio output.

    https://w3c.github.io/mediacapture-output/#dom-mediadevices-selectaudiooutput
    """
    # 1. DEVIATION: in a local process that is granted outputs, running the program was the person's act; only where
    # the policy would ask, the activation is needed.
    state = permissions._state_of(_DESCRIPTOR)
    if state is PermissionState.PROMPT and not user_activation.is_active():
        raise InvalidStateError("Choosing an output needs a person's act just before: see testing.user_activation().")
    # 6.2. Denied already.
    if state is PermissionState.DENIED:
        raise NotAllowedError(_DENIED)
    # 6.3-6.4. The outputs there are.
    listed = await devices._list()
    outputs = _outputs(listed)
    if not outputs:
        raise NotFoundError("There is no audio output: no speaker, and no sound server that has one.")
    # 6.5-6.7. The choice. Nobody is there to point at one: it is the one asked for if it is there, else the default.
    wanted = resolve_device_id(device_id, [one.model.device_id for one in outputs])
    chosen = next((one for one in outputs if one.model.device_id == wanted), outputs[0])
    exposed_before = any(one.model.device_id == chosen.model.device_id for one in devices._exposed_outputs(listed))
    if not (device_id and exposed_before) and await permissions._ask(_DESCRIPTOR) is not PermissionState.GRANTED:
        raise NotAllowedError(_DENIED)
    # 6.8-6.10. It is told, and listed from now on.
    return devices._expose_output(chosen)


async def output_device(devices: MediaDevices, sink_id: str) -> ListedDevice | None:
    """*The setSinkId method*, as far as it is about devices: find the one that the id names.

    ``""`` is the system's default of now, ``None`` where there is no output at all.

    Raises:
        NotFoundError: no output that the application may know has this id.
        NotAllowedError: it may use no other output than the default.

    https://w3c.github.io/mediacapture-output/#dom-htmlmediaelement-setsinkid
    """
    # 1-5, 7 are the element's. NOT-HERE: permissions policy of a document.
    #
    # 6.2. Asked first: what is denied is not listed, and the reason would be lost.
    if sink_id and permissions._state_of(_DESCRIPTOR) is PermissionState.DENIED:
        raise NotAllowedError(_DENIED)
    listed = await devices._list()
    if not sink_id:
        return next(iter(_outputs(listed)), None)
    # 6.1. Only what enumerate_devices would tell.
    for output in devices._exposed_outputs(listed):
        if output.model.device_id == sink_id or (sink_id == DEFAULT_ID and output.device.default):
            return output
    raise NotFoundError(
        f"There is no audio output {sink_id!r} that may be known here: "
        "select_audio_output(), or capturing a microphone, tells them"
    )


def _outputs(listed: Iterable[ListedDevice]) -> list[ListedDevice]:
    """The audio outputs, the system's default first."""
    found = [one for one in listed if one.device.device_class == "audiooutput"]
    return sorted(found, key=lambda one: not one.device.default)
