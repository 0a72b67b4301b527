"""From the source options to a stream."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from mediastreams.capture.media_devices import MediaDevices
from mediastreams.capture.media_stream import MediaStream
from mediastreams.capture.navigator import navigator
from mediastreams.cli.constraints import parse_constraint_options
from mediastreams.errors import NotFoundError

if TYPE_CHECKING:
    from mediastreams.capture.listing import ListedDevice

__all__ = ["open_stream"]

_CLASSES: Final = {"video": "videoinput", "audio": "audioinput"}
_NOUNS: Final = {"video": "camera", "audio": "microphone"}
_WISHES: Final[dict[str, dict[str, Any]]] = {
    # What "the best" is where nothing else is asked: a good picture that any machine can encode in real time.
    "video": {"width": 1280, "height": 720, "frame_rate": 30},
    "audio": {},
}


async def open_stream(
    options: argparse.Namespace, kinds: Sequence[str], clock: Literal["real", "free"] = "free"
) -> MediaStream:
    """Open what the options name: a file, a screen, or devices. ``clock``: a file's, as `open` says.

    Raises:
        NotFoundError: no such device; the message lists those there are.
        ValueError: options that contradict each other.
    """
    constraints = parse_constraint_options(options.constraints)
    if options.input is not None:
        return await _open_input(options, constraints, clock)
    devices = MediaDevices(backends=["fake"]) if options.fake else navigator.media_devices
    tracks = []
    wanted = [kind for kind in kinds if getattr(options, _NOUNS[kind]) != "none"]
    if options.screen is not None and "video" in wanted:
        if options.camera is not None:
            raise ValueError("--screen and --camera are two pictures: give one of them")
        wanted = [kind for kind in wanted if kind == "audio" and options.microphone is not None]
        screen = await _open_screen(devices, options.screen, constraints["video"])
        tracks.extend(screen.get_tracks())
    if not wanted and not tracks:
        raise ValueError("nothing is left to take: --camera none and --microphone none")
    try:
        tracks.extend(await _open_devices(devices, options, wanted, constraints))
    except BaseException:
        for track in tracks:
            track.stop()
        raise
    return MediaStream(tracks)


async def _open_input(
    options: argparse.Namespace, constraints: dict[str, dict[str, Any]], clock: Literal["real", "free"]
) -> MediaStream:
    for name in ("camera", "microphone", "screen", "fake"):
        if getattr(options, name) not in (None, "none", False):
            raise ValueError(f"--input and --{name} are two sources: give one of them")
    from mediastreams.elements.open import open as open_file

    stream = await open_file(options.input, clock=clock)
    if options.camera == "none":
        _drop(stream, "video")
    if options.microphone == "none":
        _drop(stream, "audio")
    try:
        for track in stream.get_tracks():
            if constraints[track.kind]:
                await track.apply_constraints(constraints[track.kind])
    except BaseException:
        for track in stream.get_tracks():
            track.stop()
        raise
    return stream


def _drop(stream: MediaStream, kind: str) -> None:
    for track in stream.get_tracks():
        if track.kind == kind:
            track.stop()
            stream.remove_track(track)


async def _open_screen(devices: MediaDevices, name: str, constraints: dict[str, Any]) -> MediaStream:
    if name:
        surfaces = [one for one in await devices._list() if one.device.device_class in ("monitor", "window")]
        chosen = _choose(surfaces, name, "screen or window")
        return await devices._capture_surface(chosen, constraints)
    return await devices.get_display_media(video=constraints or True)


async def _open_devices(
    devices: MediaDevices, options: argparse.Namespace, wanted: Sequence[str], constraints: dict[str, dict[str, Any]]
) -> list[Any]:
    """A camera and a microphone, or what there is of them; fakes for what is missing where that was asked for."""
    listed = await devices._list()
    asked: dict[str, dict[str, Any]] = {}
    missing: list[str] = []
    for kind in wanted:
        of_kind = [one for one in listed if one.device.device_class == _CLASSES[kind]]
        name = getattr(options, _NOUNS[kind])
        if of_kind:
            asked[kind] = {**_WISHES[kind], **constraints[kind]}
            if name:
                asked[kind]["device_id"] = {"exact": _choose(of_kind, name, _NOUNS[kind]).model.device_id}
        elif name is not None and not options.fake_if_none:
            raise NotFoundError(f"There is no {_NOUNS[kind]}: {_cure()}")
        else:
            missing.append(kind)
    nouns = " and no ".join(_NOUNS[kind] for kind in missing)
    if missing and not options.fake_if_none:
        if not asked:
            raise NotFoundError(f"There is no {nouns}: {_cure()}")
        _say(f"There is no {nouns}: going on without.")
    tracks = list((await devices.get_user_media(asked)).get_tracks()) if asked else []
    if missing and options.fake_if_none:
        _say(f"There is no {nouns}: using the fake {' and '.join(_NOUNS[kind] for kind in missing)}.")
        fakes = MediaDevices(backends=["fake"])
        try:
            stream = await fakes.get_user_media({kind: {**_WISHES[kind], **constraints[kind]} for kind in missing})
        except BaseException:
            for track in tracks:
                track.stop()
            raise
        tracks.extend(stream.get_tracks())
    return tracks


def _cure() -> str:
    return "plug one in, or try --fake, --screen or --input FILE; `mediastreams devices` lists what there is"


def _choose(devices: Sequence[ListedDevice], name: str, noun: str) -> ListedDevice:
    """The device that a part of its label or id names; an exact label wins.

    Raises:
        NotFoundError: none, or several.
    """
    part = name.casefold()
    exact = [one for one in devices if part in (one.device.label.casefold(), one.model.device_id)]
    found = exact or [
        one for one in devices if part in one.device.label.casefold() or one.model.device_id.startswith(part)
    ]
    if len(found) == 1:
        return found[0]
    labels = ", ".join(repr(one.device.label) for one in (found or devices)) or "none at all"
    if found:
        raise NotFoundError(f"{name!r} names several of them: {labels}; give a longer part of the label, or the id")
    raise NotFoundError(f"No {noun} has {name!r} in its label or id; there are: {labels}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
