"""The algorithm of ``getDisplayMedia``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mediastreams._rules.requests import display_media_request
from mediastreams.capture import user_activation
from mediastreams.capture.get_user_media import open_candidate, stream_of
from mediastreams.capture.permissions import permissions
from mediastreams.errors import InvalidStateError, NotAllowedError, NotFoundError

if TYPE_CHECKING:
    from mediastreams.capture.listing import ListedDevice
    from mediastreams.capture.media_devices import MediaDevices
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.capture.requests import RequestedDisplay

__all__ = ["capture_surfaces", "get_display_media"]


async def get_display_media(devices: MediaDevices, requested: RequestedDisplay) -> MediaStream:
    """*The getDisplayMedia algorithm*.

    Raises:
        TypeError: no video, or constraints that would choose the surface for the person.
        InvalidStateError: the controller has served before; or the person would be asked, and has not just acted.
        NotFoundError, NotAllowedError, NotReadableError, OverconstrainedError: as the standard says.

    https://w3c.github.io/mediacapture-screen-share/#dom-mediadevices-getdisplaymedia
    """
    # 1-3. A controller serves once.
    controller = requested.get("controller")
    if controller is None:
        return await _capture(devices, requested)
    controller._bind()
    try:
        return await _capture(devices, requested)
    except BaseException:
        controller._fail()
        raise


async def _capture(devices: MediaDevices, requested: RequestedDisplay) -> MediaStream:
    """Steps 4-12."""
    # 4. DEVIATION: in a local process that is granted displays, running the program was the person's act; only where
    # the policy would ask, the activation is needed and used up.
    if permissions._state_of({"name": "display-capture"}) == "prompt" and not user_activation.consume():
        raise InvalidStateError("Capturing a display needs a person's act just before: see testing.user_activation().")
    # 5-8. Constraints that may shape the picture, but not choose the surface.
    display_media_request(video=requested["video"], audio=requested["audio"])
    # SPEC-ISSUE: the text leaves both to the person; web-platform-tests want an error from who asks for a screen and
    # wants none offered.
    if requested.get("monitor_type_surfaces") == "exclude" and "monitor" in _preferred(requested):
        raise TypeError("get_display_media: display_surface asks for a monitor, monitor_type_surfaces excludes them")
    # 9-11. NOT-HERE: active, focused documents.
    #
    # 12.1. The sources there are. The audio of a display is optional in every browser, and no back end offers it yet.
    listed = await devices._list()
    surfaces = _surfaces(listed, requested)
    if not surfaces:
        raise NotFoundError(
            "There is no display to capture. On Linux an X11 server is needed (DISPLAY must be set); "
            "Wayland is not supported yet."
        )
    return await capture_surfaces(devices, surfaces[:1], requested)


async def capture_surfaces(
    devices: MediaDevices, surfaces: Sequence[ListedDevice], requested: RequestedDisplay
) -> MediaStream:
    """Steps 12.1.2-12.10, for the surfaces that may be chosen.

    Raises:
        NotAllowedError, NotReadableError, OverconstrainedError: as the standard says.
    """
    constraints = display_media_request(video=requested["video"], audio=requested["audio"])
    # 12.1.2-12.3, 12.10. Permission; the person's choice among the surfaces is the first that fits the preference.
    if await permissions._ask({"name": "display-capture"}) != "granted":
        raise NotAllowedError("Permission for display-capture is denied by navigator.permissions.policy.")
    # 12.4-12.9. Open, create the track, apply the constraints.
    opened = await open_candidate(surfaces, constraints["video"])
    stream = stream_of(devices, [opened], {"video": requested["video"] or {}})
    controller = requested.get("controller")
    if controller is not None:
        captured = surfaces[0]
        controller._begin(stream.get_video_tracks()[0], lambda: captured.backend.focus(captured.device))
    return stream


def _preferred(requested: RequestedDisplay) -> list[str]:
    """Which sorts of surface are asked for. A page of a browser is shown in a window."""
    preferred = (requested["video"] or {}).get("display_surface")
    if isinstance(preferred, dict):
        preferred = preferred.get("ideal")
    names = [preferred] if isinstance(preferred, str) else list(preferred or ())
    return [*names, "window"] if "browser" in names else names


def _surfaces(listed: Sequence[ListedDevice], requested: RequestedDisplay) -> list[ListedDevice]:
    """The surfaces, those of the preferred sort first, the main screen before others."""
    wanted = _preferred(requested)
    surfaces = [one for one in listed if one.device.device_class in ("monitor", "window")]
    if requested.get("monitor_type_surfaces") == "exclude":
        surfaces = [one for one in surfaces if one.device.device_class != "monitor"]
    return sorted(
        surfaces,
        key=lambda one: (
            one.device.device_class not in wanted,
            one.device.device_class != "monitor",
            not one.device.default,
        ),
    )
