"""The devices there are: what back ends list, with public ids.

Not for: what a program is told of them (``_rules/exposure.py``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediastreams._engine.registry import hub_of
from mediastreams._rules.device_ids import identified
from mediastreams._rules.exposure import KnownDevice
from mediastreams.capture.track_source import TrackSource

if TYPE_CHECKING:
    from mediastreams._rules.values import DeviceModel
    from mediastreams.abc import Backend, Device, Sink

__all__ = ["ListedDevice", "list_devices"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """One device of a back end; ``model`` carries the public ids."""

    backend: Backend
    device: Device
    model: DeviceModel

    @property
    def known(self) -> KnownDevice:
        """As the rules of exposure see it; not for display surfaces."""
        return KnownDevice(
            self.device.device_class,  # type: ignore[arg-type]  # display surfaces are never exposed
            self.model.device_id,
            self.device.label,
            self.model.group_id,
            default=self.device.default,
        )

    def sink(self) -> Sink:
        """A new sink at rest for an output. Opens nothing.

        Raises:
            NotSupportedError: it is no output, or its back end renders nothing.
        """
        return self.backend.create_sink(self.device)

    def source(self) -> TrackSource:
        """The device as a source for tracks; all requests share one hub."""
        return TrackSource(
            hub_of(self.backend, self.device),
            self.model,
            self.device.label,
            reopens=True,
            device_class=self.device.device_class,
        )


def list_devices(backends: Sequence[Backend]) -> tuple[ListedDevice, ...]:
    """List the devices of all back ends. Blocks for some milliseconds, opens nothing.

    A back end that fails is left out with a warning in the log.
    """
    found: list[ListedDevice] = []
    for backend in backends:
        try:
            devices = backend.list_devices()
        except Exception:  # the border: one broken back end must not take the others' devices away
            _logger.warning("The back end %r could not list its devices", backend.name, exc_info=True)
            continue
        for device in devices:
            model = identified(
                device.model,
                backend=backend.name,
                device_class=device.device_class,
                native_id=device.native_id,
                group=device.group,
            )
            found.append(ListedDevice(backend, device, model))
    return tuple(found)
