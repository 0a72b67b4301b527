"""`MediaDevices`: the way in to cameras, microphones and displays.

Not for: the algorithms, each of which has a file of its own.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Never, Self

from mediastreams._engine.registry import default_backends, resolve_backends
from mediastreams._engine.worker import start_thread
from mediastreams._rules.exposure import (
    ExposedDevice,
    Exposure,
    exposed_devices,
    newly_exposed,
    set_device_information_exposure,
)
from mediastreams._rules.properties import PROPERTIES
from mediastreams._rules.requests import without_pan_tilt_zoom
from mediastreams._webidl.events import EventTarget, event_handler, fire_event
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.opening import Opening, attempt
from mediastreams._webidl.tasks import in_parallel, queue_task, snapshot, start_task
from mediastreams.capture.audio_output_options import convert_audio_output_options
from mediastreams.capture.device_change_event import DeviceChangeEvent
from mediastreams.capture.dictionaries import MediaTrackSupportedConstraints
from mediastreams.capture.enums import MediaDeviceKind, MediaStreamTrackState
from mediastreams.capture.get_display_media import capture_surfaces, get_display_media
from mediastreams.capture.get_user_media import get_user_media
from mediastreams.capture.listing import ListedDevice, list_devices
from mediastreams.capture.media_device_info import InputDeviceInfo, MediaDeviceInfo
from mediastreams.capture.permissions import MOTORS, permissions
from mediastreams.capture.requests import convert_display_media_stream_options, convert_media_stream_constraints
from mediastreams.capture.select_audio_output import select_audio_output

if TYPE_CHECKING:
    from mediastreams._rules.values import Kind
    from mediastreams.abc import Backend
    from mediastreams.capture.audio_output_options import AudioOutputOptions
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.capture.requests import DisplayMediaStreamOptions, MediaStreamConstraints

__all__ = ["MediaDevices"]

_NAMES = {"audio": "microphone", "video": "camera"}


@public
class MediaDevices(EventTarget):
    """Lists devices and opens them. ``mediastreams.media_devices`` is the process's own.

    ``MediaDevices(backends=["fake"])`` is an isolated one, with back ends by name or as objects. Belongs to the
    process: it serves successive event loops.

    https://w3c.github.io/mediacapture-main/#mediadevices
    """

    ondevicechange = event_handler("devicechange", DeviceChangeEvent)

    def __init__(self, *positional: Never, backends: Sequence[str | Backend] | None = None) -> None:
        """Make an isolated one on the given back ends.

        Raises:
            TypeError: ``backends`` is missing, or no list of names and `Backend` objects.
            ValueError: no back end of that name.
            ImportError: one needs a library that is not installed.
        """
        if positional or backends is None:
            raise TypeError(
                "Illegal constructor: the process's MediaDevices is mediastreams.media_devices; "
                'an isolated one is made by MediaDevices(backends=["fake"]), by keyword.'
            )
        self._begin(resolve_backends(backends))

    @classmethod
    def _of_process(cls) -> Self:
        """The one on all back ends that serve this system, which are looked up at the first need."""
        devices = cls.__new__(cls)
        devices._begin(None)
        return devices

    def _begin(self, wanted: list[Backend] | None) -> None:
        super().__init__()
        self._wanted = wanted
        self._announced: tuple[ListedDevice, ...] | None = None  # [[storedDeviceList]], from the first look on
        self._granted_outputs: frozenset[str] = frozenset()  # [[explicitlyGrantedAudioOutputDevices]]
        self._all_outputs = False
        self._exposure = Exposure()  # [[canExposeCameraInfo]], [[canExposeMicrophoneInfo]]
        self._listings = 0
        self._newest_listing = 0
        self._tracks: weakref.WeakSet[MediaStreamTrack] = weakref.WeakSet()  # [[mediaStreamTrackSources]]
        self._unwatch: list[Callable[[], None]] = []
        self._watching = False
        self._watch_lock = threading.Lock()
        permissions._listen(self)

    @property
    def _backends(self) -> list[Backend]:
        """Imports them at the first need: for worker threads."""
        if self._wanted is None:
            self._wanted = default_backends()
        return self._wanted

    # ── the standard ─────────────────────────────────────────────────────────────────────────────

    async def enumerate_devices(self) -> list[MediaDeviceInfo]:
        """List microphones, cameras and other devices, in this order, the system's default of each first.

        Before the first capture there is at most one microphone and one camera, without label and ids;
        ``await navigator.permissions.request({"name": "camera"})`` is the other way to have them told.

        https://w3c.github.io/mediacapture-main/#dom-mediadevices-enumeratedevices
        """
        self._owner.bind()
        # 2-4. NOT-HERE: documents that are not in view wait.
        listed = await self._list()
        if not self._watching:  # what the program has seen here is no change to a later listener
            self._announced = listed
        return self._infos(self._exposed(listed), listed)

    def get_supported_constraints(self) -> MediaTrackSupportedConstraints:
        """Which constraints this library knows: all that are ``True``.

        https://w3c.github.io/mediacapture-main/#dom-mediadevices-getsupportedconstraints
        """
        return MediaTrackSupportedConstraints.of(PROPERTIES)

    def get_user_media(
        self, constraints: MediaStreamConstraints | Mapping[str, Any] | None = None, **keywords: Any
    ) -> Opening[MediaStream]:
        """Open a camera, a microphone or both; ``await`` it, or ``async with`` it to have the tracks stopped.

        Args:
            constraints: ``{"video": …, "audio": …}``, each ``True`` or a mapping of constraints; also as keywords.

        Raises:
            TypeError: neither was asked for, or a malformed constraint.
            NotFoundError: there is no such device.
            OverconstrainedError: no device satisfies the constraints.
            NotAllowedError: the permission policy or the system says no.
            NotReadableError: the device is busy or fails.
            AbortError: it could not be opened for another reason.

        https://w3c.github.io/mediacapture-main/#dom-mediadevices-getusermedia
        """
        convert = convert_media_stream_constraints
        requested = attempt(lambda: convert(constraints, keywords, "get_user_media"))

        async def run() -> MediaStream:
            self._owner.bind()
            return await get_user_media(self, requested())

        return Opening(run(), _stop_tracks)

    def get_display_media(
        self, options: DisplayMediaStreamOptions | Mapping[str, Any] | None = None, **keywords: Any
    ) -> Opening[MediaStream]:
        """Capture a screen or a window; ``await`` it, or enter it with ``async with`` to have the track stopped.

        Args:
            options: ``video`` (``True`` or constraints: ``cursor``, ``frame_rate``, ``display_surface``) and more.

        Raises:
            TypeError: ``video`` is false, or constraints that would choose the surface.
            NotFoundError: there is no display.
            NotAllowedError: the permission policy says no.
            InvalidStateError: the policy would ask a person who has not just acted.
            NotReadableError: the display cannot be captured.

        https://w3c.github.io/mediacapture-screen-share/#dom-mediadevices-getdisplaymedia
        """
        convert = convert_display_media_stream_options
        requested = attempt(lambda: convert(options, keywords, "get_display_media"))

        async def run() -> MediaStream:
            self._owner.bind()
            return await get_display_media(self, requested())

        return Opening(run(), _stop_tracks)

    async def select_audio_output(
        self, options: AudioOutputOptions | Mapping[str, Any] | None = None, **keywords: Any
    ) -> MediaDeviceInfo:
        """Let the person choose an audio output; from then on `enumerate_devices` lists it and an element may use it.

        In a local process nobody is asked: it is the one asked for, else the system's default.

        Args:
            options: ``device_id``, if the application knows one from an earlier run.

        Raises:
            TypeError: malformed options.
            InvalidStateError: the policy would ask a person who has not just acted.
            NotAllowedError: the permission policy says no.
            NotFoundError: there is no audio output.

        https://w3c.github.io/mediacapture-output/#dom-mediadevices-selectaudiooutput
        """
        requested = convert_audio_output_options(options, keywords)
        self._owner.bind()
        return await select_audio_output(self, requested["device_id"])

    async def _capture_surface(self, surface: ListedDevice, video: Mapping[str, Any]) -> MediaStream:
        """Capture one surface that the program's user has named already: for the command."""
        return await capture_surfaces(self, [surface], convert_display_media_stream_options({"video": video}, {}))

    # ── the slots ────────────────────────────────────────────────────────────────────────────────

    async def _list(self) -> tuple[ListedDevice, ...]:
        listed = await in_parallel(lambda: list_devices(self._backends))
        if self._announced is None:
            self._announced = listed
        return listed

    def _exposed(self, listed: Iterable[ListedDevice]) -> list[ExposedDevice]:
        """*Creating a list of device info objects*: what the program may be told now."""
        live: set[Kind] = {track.kind for track in self._live_tracks() if not track._source.display}
        known = [
            replace(one.known, selected=self._all_outputs or one.model.device_id in self._granted_outputs)
            for one in listed
            if one.device.device_class not in ("monitor", "window")
        ]
        speakers = permissions._state_of({"name": "speaker-selection"})
        allowed = ("camera", "microphone") if speakers == "denied" else ("camera", "microphone", "speaker-selection")
        # Where a person is asked which output may be used, a microphone tells only of those of its own device.
        all_outputs = speakers == "granted"
        return exposed_devices(known, self._exposure, live=live, allowed=allowed, all_outputs=all_outputs)

    def _exposed_outputs(self, listed: Sequence[ListedDevice]) -> list[ListedDevice]:
        """The audio outputs that the program may know, the system's default first."""
        ids = {one.source.device_id for one in self._exposed(listed) if one.kind == "audiooutput"}
        found = [one for one in listed if one.device.device_class == "audiooutput" and one.model.device_id in ids]
        return sorted(found, key=lambda one: not one.device.default)

    def _expose_output(self, output: ListedDevice) -> MediaDeviceInfo:
        """List an output from now on, and tell what it is."""
        self._granted_outputs |= {output.model.device_id}
        model, kind = output.model, MediaDeviceKind.AUDIOOUTPUT
        info: MediaDeviceInfo = MediaDeviceInfo._of(kind, model.device_id, output.device.label, model.group_id, model)
        return info

    def _infos(self, exposed: Iterable[ExposedDevice], listed: Iterable[ListedDevice]) -> list[MediaDeviceInfo]:
        models = {(one.device.device_class, one.model.device_id): one.model for one in listed}
        infos: list[MediaDeviceInfo] = []
        for one in exposed:
            kind = MediaDeviceKind(one.kind)
            cls = MediaDeviceInfo if kind is MediaDeviceKind.AUDIOOUTPUT else InputDeviceInfo
            model = models[one.source.kind, one.source.device_id] if one.device_id else None
            if model is not None and permissions._state_of(MOTORS) != "granted":
                model = without_pan_tilt_zoom(model)
            infos.append(cls._of(kind, one.device_id, one.label, one.group_id, model))
        return infos

    def _tie(self, tracks: Iterable[MediaStreamTrack]) -> None:
        """*Tie track source to MediaDevices*.

        https://w3c.github.io/mediacapture-main/#dfn-tie-track-source-to-mediadevices
        """
        for track in tracks:
            track._tied_to = self
            self._tracks.add(track)

    def _captures(self, device_id: str) -> bool:
        """Whether a live track is attached to that device."""
        return any(track._source.model.device_id == device_id for track in self._live_tracks())

    def _live_tracks(self) -> list[MediaStreamTrack]:
        return [track for track in snapshot(self._tracks) if track.ready_state is MediaStreamTrackState.LIVE]

    # ── permissions ──────────────────────────────────────────────────────────────────────────────

    def _permission_granted(self, name: str) -> None:
        """A person was asked outside a capture, and said yes: details may be told."""
        if name == "speaker-selection":
            self._all_outputs = True
        kinds = [kind for kind, permission in _NAMES.items() if permission == name]
        self._exposure = set_device_information_exposure(self._exposure, kinds, {}, value=True)  # type: ignore[arg-type]

    def _permissions_changed(self) -> None:
        """*The device permission revocation algorithm* for what is denied now. Any thread.

        https://w3c.github.io/mediacapture-main/#dfn-device-permission-revocation-algorithm
        """
        if permissions._state_of({"name": "speaker-selection"}) == "denied":
            self._granted_outputs, self._all_outputs = frozenset(), False
        for kind, name in _NAMES.items():
            if permissions._state_of({"name": name}) != "denied":
                continue
            self._exposure = set_device_information_exposure(self._exposure, [kind], {}, value=False)  # type: ignore[list-item]
            for track in self._live_tracks():
                if track.kind == kind and not track._source.display:
                    queue_task(track._owner, track._end, None)

    # ── device changes ───────────────────────────────────────────────────────────────────────────

    def _listeners_changed(self) -> None:
        """Watch for changes while somebody listens: it costs threads."""
        wanted = self._has_listeners("devicechange")
        if wanted is not self._watching:
            self._watching = wanted
            start_thread("watch", self._watch_or_not)

    def _watch_or_not(self) -> None:
        """Begin or end watching, as it is wanted by now. A thread of its own: back ends may block."""
        with self._watch_lock:
            if not self._watching:
                while self._unwatch:
                    self._unwatch.pop()()
            elif not self._unwatch:
                self._unwatch = [backend.watch(self._changed) for backend in self._backends]
                if self._announced is None:
                    self._announced = list_devices(self._backends)
                else:  # what has changed since the program last looked
                    self._changed()

    def _changed(self) -> None:
        """A back end says that its listing may have changed. Any thread."""
        if self._has_listeners("devicechange"):
            self._owner.post(self._begin_notification)
        else:  # the loop of the listeners is gone
            self._listeners_changed()

    def _begin_notification(self) -> None:
        start_task(self._notify(), "Looking for changed devices")

    async def _notify(self) -> None:
        """*Device change notification steps*.

        https://w3c.github.io/mediacapture-main/#dfn-device-change-notification-steps
        """
        # 2. What there is now. One after another, or an older listing might overtake a newer one.
        self._listings += 1
        number = self._listings
        listed = await self._list()
        if number < self._newest_listing:
            return
        self._newest_listing = number
        # 1, 3. What the program may see of what it knew, and of that.
        last = self._exposed(self._announced or ())
        new = self._exposed(listed)
        # 5. The new list is what it knows.
        self._announced = listed
        # 4. Nothing that the program may see has changed.
        if _shown(new) == _shown(last):
            return
        # 6. This task fires.
        infos = self._infos(new, listed)
        event = DeviceChangeEvent("devicechange", devices=infos)
        inserted = {(one.kind, one.device_id) for one in newly_exposed(last, new)}
        event._user_inserted = tuple(info for info in infos if (str(info.kind), info.device_id) in inserted)
        fire_event(self, event)

    def __repr__(self) -> str:
        names = "default" if self._wanted is None else ", ".join(backend.name for backend in self._wanted)
        return f"<MediaDevices on {names}>"


def _shown(exposed: Iterable[ExposedDevice]) -> list[tuple[str, str, str, str]]:
    """What the program sees of it: entries that look the same are the same."""
    return [(one.kind, one.device_id, one.label, one.group_id) for one in exposed]


def _stop_tracks(stream: MediaStream) -> None:
    for track in stream.get_tracks():
        track.stop()
