"""`Navigator`: where the platform hands out its objects; ``mediastreams.navigator`` is the one there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mediastreams._webidl.interfaces import illegal_constructor, public
from mediastreams._webidl.tasks import Owner, queue_task, start_task
from mediastreams.capture.media_devices import MediaDevices
from mediastreams.capture.permissions import Permissions, permissions
from mediastreams.capture.requests import convert_media_stream_constraints

if TYPE_CHECKING:
    from mediastreams.capture.media_stream import MediaStream

__all__ = ["Navigator", "media_devices", "navigator"]


@public
class Navigator:
    """Hands out `media_devices` and `permissions`, the same objects every time.

    https://w3c.github.io/mediacapture-main/#navigator-interface-extensions
    """

    __init__ = illegal_constructor("It is mediastreams.navigator.")

    _media_devices: MediaDevices
    _permissions: Permissions

    @property
    def media_devices(self) -> MediaDevices:
        """The process's devices."""
        return self._media_devices

    @property
    def permissions(self) -> Permissions:
        """Who may use them."""
        return self._permissions

    def get_user_media(
        self,
        constraints: Mapping[str, Any],
        success_callback: Callable[[MediaStream], object],
        error_callback: Callable[[BaseException], object],
    ) -> None:
        """*The legacy getUserMedia*: the outcome goes to one of two functions, on the running loop or the library's.

        Raises:
            TypeError: malformed constraints, or a callback that is not callable. That nothing was asked for, and all
                other errors, goes to ``error_callback``.

        https://w3c.github.io/mediacapture-main/#legacy-getusermedia-interface
        """
        for callback in (success_callback, error_callback):
            if not callable(callback):
                raise TypeError(f"Navigator.get_user_media: a callback must be callable, not {callback!r}")
        opening = self._media_devices.get_user_media(convert_media_stream_constraints(constraints, {}))

        async def run() -> None:
            # 4-6. One of the two callbacks; what a callback raises goes to the loop's handler, like any task's.
            try:
                stream = await opening
            except Exception as error:  # noqa: BLE001 - every rejection is the callback's
                error_callback(error)
            else:
                success_callback(stream)

        queue_task(Owner(), start_task, run(), "A callback of get_user_media")


def _create() -> Navigator:
    created: Navigator = Navigator.__new__(Navigator)
    created._media_devices = MediaDevices._of_process()
    created._permissions = permissions
    return created


navigator: Final = _create()
media_devices: Final = navigator.media_devices
