"""The algorithm of ``getUserMedia``, split at its parts: candidates, permission, opening.

Not for: selecting settings (``_rules``), opening devices (``track_source.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mediastreams._rules.exposure import set_device_information_exposure
from mediastreams._rules.requests import (
    PERMISSION_NAMES,
    asks_pan_tilt_zoom,
    specific_failure_is_allowed,
    user_media_request,
    without_pan_tilt_zoom,
)
from mediastreams._rules.select_settings import Overconstrained, Selection, select_settings
from mediastreams._webidl.tasks import in_parallel
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.capture.permissions import MOTORS, permissions
from mediastreams.errors import (
    AbortError,
    NotAllowedError,
    NotFoundError,
    NotReadableError,
    OverconstrainedError,
)

if TYPE_CHECKING:
    from mediastreams._rules.constraints import Constraints
    from mediastreams._rules.values import Kind, Settings
    from mediastreams.capture.listing import ListedDevice
    from mediastreams.capture.media_devices import MediaDevices
    from mediastreams.capture.requests import RequestedMedia
    from mediastreams.capture.track_source import TrackSource

__all__ = ["Opened", "get_user_media", "open_candidate", "stream_of"]

_DEVICE_CLASSES: Final[Mapping[str, str]] = {"audio": "audioinput", "video": "videoinput"}
_CURE: Final = 'Plug one in, or set MEDIASTREAMS_FAKE_DEVICES=1 (or MediaDevices(backends=["fake"])) for a fake one.'
_NOUNS: Final[Mapping[str, str]] = {"audio": "microphone", "video": "camera"}


@dataclass(frozen=True, slots=True)
class Opened:
    """A source that runs and is reserved, and the settings its track will have."""

    source: TrackSource
    settings: Settings


async def get_user_media(devices: MediaDevices, requested: RequestedMedia) -> MediaStream:
    """*The getUserMedia algorithm*.

    Raises:
        TypeError: nothing was requested, or a required constraint that cannot select a device.
        NotFoundError, OverconstrainedError, NotAllowedError, NotReadableError, AbortError: as the standard says.

    https://w3c.github.io/mediacapture-main/#dom-mediadevices-getusermedia
    """
    # 1-3. What is requested, as constraints. 11.3.4 is here too: which constraints may be required needs no devices.
    constraints = user_media_request(audio=requested["audio"], video=requested["video"])
    # 4-10, 11.1. NOT-HERE: documents, their activity, permissions policy and visibility.
    #
    # 11.2-11.3. Candidates of each kind. Whoever is denied one kind gets the same answer to every question.
    listed = await devices._list()
    _refuse_what_is_denied(constraints)
    final_set = {kind: _candidates(kind, listed, asked) for kind, asked in constraints.items()}
    # 11.4-11.5. Permission, before anything is opened.
    if requested["video"] is not False and asks_pan_tilt_zoom(requested["video"]):
        await permissions._ask(MOTORS)  # who says no to that may still be asked for the camera alone
    await _request_permission(devices, final_set, constraints)
    _hide_motors(final_set)
    # 11.6-11.7. NOT-HERE: a page waits for the focus.
    #
    # 11.8. The device information exposure. SPEC-ISSUE: a kind that is permitted but was not captured would be exposed
    # along; web-platform-tests want its ids hidden, and a user agent may always expose less.
    devices._exposure = set_device_information_exposure(devices._exposure, tuple(constraints), {}, value=True)
    # 11.9. Open one device of each kind, at the same time.
    opened = await _open_all(final_set, constraints)
    # 11.9.5-11.12. The tracks, with their constraints.
    return stream_of(devices, opened, {kind: requested[kind] or {} for kind in constraints})


def _refuse_what_is_denied(requested: Collection[Kind]) -> None:
    """Steps 11.3.6, 11.13.1 and 11.14.1, permission failure: nobody is asked, and no other failure tells more."""
    states = {PERMISSION_NAMES[kind]: permissions._state_of({"name": PERMISSION_NAMES[kind]}) for kind in requested}
    if not specific_failure_is_allowed(requested, states):
        raise _not_allowed(next(name for name, state in states.items() if state == "denied"))


def _candidates(kind: Kind, listed: Sequence[ListedDevice], constraints: Constraints) -> list[ListedDevice]:
    """Step 11.3 for one kind: the devices, default first, that can satisfy the constraints."""
    of_kind = [one for one in listed if one.device.device_class == _DEVICE_CLASSES[kind]]
    # 11.3.1, 11.13. NotFound Failure.
    if not of_kind:
        raise NotFoundError(f"There is no {_NOUNS[kind]}. {_CURE}")
    of_kind.sort(key=lambda one: not one.device.default)
    # 11.3.2-11.3.5, 11.14. Those for which settings exist; Constraint Failure.
    failed = select_settings([one.model for one in of_kind], constraints)
    if isinstance(failed, Overconstrained):
        # DEVIATION: the standard hides the constraint's name until something was captured, against fingerprinting;
        # to a local program that is permitted the device it is always told.
        raise OverconstrainedError(failed.constraint, failed.message)
    return [one for one in of_kind if isinstance(select_settings([one.model], constraints), Selection)]


async def _request_permission(
    devices: MediaDevices, final_set: dict[Kind, list[ListedDevice]], constraints: Mapping[Kind, Constraints]
) -> None:
    """Step 11.5: *request permission to use* each kind; one after another, so that a person sees one question.

    A device that has a live track is permitted: where it is the best candidate nobody is asked, and it is the only one.
    """
    for kind, candidates in final_set.items():
        name = PERMISSION_NAMES[kind]
        if permissions._state_of({"name": name}) == "prompt":
            best, _ = _final_candidate(candidates, constraints[kind])
            if devices._captures(best.model.device_id):
                final_set[kind] = [best]
                continue
        if await permissions._ask({"name": name}) != "granted":
            raise _not_allowed(name)


def _hide_motors(final_set: dict[Kind, list[ListedDevice]]) -> None:
    """Without the permission to move it a track's camera has neither pan nor tilt nor zoom, as long as the track lives.

    SPEC-ISSUE: by the text only a track that was made by asking for the permission supports them; web-platform-tests
    want them wherever the permission is granted, asked for or not.

    https://w3c.github.io/mediacapture-image/#mediatrackcapabilities-members
    """
    if "video" in final_set and permissions._state_of(MOTORS) != "granted":
        final_set["video"] = [replace(one, model=without_pan_tilt_zoom(one.model)) for one in final_set["video"]]


def _not_allowed(name: str) -> NotAllowedError:
    return NotAllowedError(f"Permission for the {name} is denied by navigator.permissions.policy.")


async def _open_all(
    final_set: Mapping[Kind, list[ListedDevice]], constraints: Mapping[Kind, Constraints]
) -> list[Opened]:
    """Step 11.9 for all kinds at once; when one fails or the wait is cancelled, nothing stays open."""
    tasks = [
        asyncio.ensure_future(open_candidate(candidates, constraints[kind])) for kind, candidates in final_set.items()
    ]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:  # without waiting: a second cancellation must not lose what the first has to close
            if task.done():
                _give_back(task)
            elif not task.get_loop().is_closed():  # else whoever opens sees that nobody waits
                task.cancel()
                task.add_done_callback(_give_back)
        raise


def _give_back(task: asyncio.Task[Opened]) -> None:
    """Close what was opened for a request that failed or was given up."""
    if not task.cancelled() and task.exception() is None:
        task.result().source.hub.release()


def _final_candidate(candidates: Sequence[ListedDevice], constraints: Constraints) -> tuple[ListedDevice, Selection]:
    """Step 11.9.1: the candidate with the smallest fitness distance."""
    selection = select_settings([one.model for one in candidates], constraints)
    if isinstance(selection, Overconstrained):
        raise OverconstrainedError(selection.constraint, selection.message)
    return next(one for one in candidates if one.model is selection.device), selection


async def open_candidate(candidates: Sequence[ListedDevice], constraints: Constraints) -> Opened:
    """Steps 11.9.1-11.9.4 for one kind: open the best candidate, or the next best while hardware fails.

    Raises:
        OverconstrainedError: none satisfies the constraints.
        NotReadableError: all that fit are busy or failing.
        NotAllowedError: the system refuses.
        AbortError: any other failure.
    """
    remaining = list(candidates)
    last: Exception | None = None
    while remaining:
        chosen, selection = _final_candidate(remaining, constraints)
        remaining.remove(chosen)
        try:
            return await _open(chosen, selection, constraints)
        except NotAllowedError:
            raise
        except (NotReadableError, NotFoundError, OverconstrainedError, AbortError) as error:
            # 11.9.2. Remove the candidate and begin again with the others.
            last = error
    if isinstance(last, NotFoundError):  # it was unplugged between listing and opening
        raise NotReadableError(str(last)) from last
    assert last is not None
    raise last


async def _open(listed: ListedDevice, selection: Selection, constraints: Constraints) -> Opened:
    """Open a device in the mode that was selected; what it really runs in may need other settings."""

    def open_device() -> Opened:
        source = listed.source()  # here, because the back end may import what takes a second
        source, settings = source.ready_for(selection.settings, constraints)
        return Opened(source, source.open_for(selection.mode, settings, constraints))

    try:
        return await in_parallel(open_device, abandoned=lambda late: late.source.hub.release())
    except (NotAllowedError, NotReadableError, NotFoundError, OverconstrainedError):
        raise
    except OSError as error:
        raise NotReadableError(f"{listed.device.label or 'The device'}: {error}", errno=error.errno) from error
    except Exception as error:
        raise AbortError(f"{listed.device.label or 'The device'} could not be opened: {error}") from error


def stream_of(devices: MediaDevices, opened: Sequence[Opened], given: Mapping[Kind, Mapping[str, Any]]) -> MediaStream:
    """Steps 11.9.5-11.12: a stream with a track on each source; the reservations go over to the tracks."""
    tracks = []
    for one in opened:
        tracks.append(MediaStreamTrack._create(one.source, one.settings, given[one.source.kind]))
        one.source.hub.release()
    devices._tie(tracks)
    return MediaStream(tracks)
