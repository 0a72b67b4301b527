"""The algorithms of `ImageCapture.take_photo`, ``get_photo_capabilities`` and ``get_photo_settings``.

Not for: waiting for the picture (``exposure.py``).

Rules of the file: what a photo can be is decided from the source's model. A track whose source has no modes (a canvas,
a generator, a file) gives photos of what it shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from mediastreams._engine.clock import wall_time
from mediastreams._engine.convert import scaled, to_ndarray
from mediastreams._engine.exif import exif_of, with_exif
from mediastreams._engine.still import StillFormat, still
from mediastreams._engine.video_adapter import VideoAdapter
from mediastreams._rules.serving import cheapest_mode
from mediastreams._rules.values import Mode, VideoMode
from mediastreams._webidl.tasks import in_parallel
from mediastreams.capture.apply_constraints import turn_of
from mediastreams.capture.dictionaries import MediaSettingsRange
from mediastreams.capture.track_source import pinned
from mediastreams.errors import DOMException, NotSupportedError, UnknownError
from mediastreams.files.blob import Blob
from mediastreams.imaging.exposure import Exposure
from mediastreams.imaging.photo_types import FillLightMode, PhotoCapabilities, PhotoSettings, RedEyeReduction

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture
    from mediastreams.capture.media_stream_track import MediaStreamTrack

__all__ = ["FORMATS", "capabilities_for", "settings_of", "take_photo"]

FORMATS: Final[Mapping[str, StillFormat]] = {
    "image/jpeg": "jpeg",
    "image/png": "png",
    "image/webp": "webp",
    "image/avif": "avif",
}
_DARK: Final = 50  # of 255, on average: below this an automatic flash fires
_Size = tuple[int, int]


def _size_now(track: MediaStreamTrack) -> _Size | None:
    """The size that the source has now; ``None`` before anything is known."""
    hub = track._source.hub
    newest = hub.newest
    if newest is not None and not track._source.reopens:
        return newest.width, newest.height
    return (hub.mode.width, hub.mode.height) if isinstance(hub.mode, VideoMode) else None


def capabilities_for(track: MediaStreamTrack) -> PhotoCapabilities:
    """What photos the source can take: any size up to its largest, as they are scaled; the light, if it has one."""
    source = track._source
    sizes = [(mode.width, mode.height) for mode in source.selectable.modes if isinstance(mode, VideoMode)]
    now = _size_now(track)
    if now is not None:
        sizes.append(now)
    return PhotoCapabilities(
        red_eye_reduction=RedEyeReduction.NEVER,
        image_height=MediaSettingsRange(min=1, max=max(size[1] for size in sizes), step=1) if sizes else None,
        image_width=MediaSettingsRange(min=1, max=max(size[0] for size in sizes), step=1) if sizes else None,
        fill_light_mode=tuple(FillLightMode) if _has_light(track) else None,
    )


def settings_of(track: MediaStreamTrack) -> PhotoSettings:
    """What a photo is like when nothing is asked for."""
    now = _size_now(track)
    return PhotoSettings(
        fill_light_mode=FillLightMode.OFF if _has_light(track) else None,
        image_height=None if now is None else now[1],
        image_width=None if now is None else now[0],
        red_eye_reduction=False,
    )


def _has_light(track: MediaStreamTrack) -> bool:
    return {True, False} <= set(track._source.model.choices.get("torch", ()))


async def take_photo(track: MediaStreamTrack, asked: Mapping[str, Any], type: str, quality: float | None) -> Blob:
    """*takePhoto*, step 3.

    Raises:
        NotSupportedError: a setting that the capabilities do not have.
        UnknownError: no picture came of it.

    https://w3c.github.io/mediacapture-image/#dom-imagecapture-takephoto
    """
    _check(capabilities_for(track), asked)
    source = track._source
    size = _wanted_size(asked)
    newest = source.hub.newest
    if not source.device_class and newest is None and source.hub.mode is None:
        raise UnknownError("take_photo: the track shows nothing yet")
    # 3.1. Gather data from the source, with the settings.
    light = asked.get("fill_light_mode", FillLightMode.OFF)
    lit = light is FillLightMode.FLASH or (light is FillLightMode.AUTO and newest is not None and _is_dark(newest))
    exposure = Exposure(track, _photo_mode(track, size), light=lit)
    held = newest if not source.device_class and track.enabled else None  # what stands still need not be waited for

    def photo() -> Blob:
        picture = exposure.run() if held is None else held
        return _photo(picture, size, type, quality, track.label if source.device_class else "")

    try:
        # 3.3. The Blob. Who changes the camera for it waits for its turn.
        async with turn_of(track) if exposure.changes else nullcontext():
            return await in_parallel(photo)
    except asyncio.CancelledError:
        exposure.give_up()
        raise
    except (NotSupportedError, UnknownError):
        raise
    except (DOMException, OSError) as error:
        # 3.2. The operation cannot be completed.
        raise UnknownError(f"take_photo: {error}") from error


def _check(able: PhotoCapabilities, asked: Mapping[str, Any]) -> None:
    """Refuse what the device cannot do.

    SPEC-ISSUE: the text leaves open what becomes of such settings; web-platform-tests want them refused.
    """
    for name in ("image_width", "image_height"):
        span, value = able.get(name), asked.get(name)
        if value is not None and span is not None and not span.min <= value <= span.max:
            raise NotSupportedError(f"take_photo: {name} can be {span.min:g} to {span.max:g} here, not {value:g}")
    if asked.get("red_eye_reduction"):
        raise NotSupportedError("take_photo: no camera here reduces red eyes; leave red_eye_reduction out")
    light = asked.get("fill_light_mode")
    if light is not None and light not in (able.fill_light_mode or ()):
        raise NotSupportedError(f"take_photo: fill_light_mode={str(light)!r} needs a light, and this source has none")


def _wanted_size(asked: Mapping[str, Any]) -> tuple[int | None, int | None]:
    return tuple(  # type: ignore[return-value]  # of two
        None if asked.get(name) is None else max(1, round(asked[name])) for name in ("image_width", "image_height")
    )


def _photo_mode(track: MediaStreamTrack, size: tuple[int | None, int | None]) -> Mode | None:
    """The mode to change to for a photo of a size, if it takes one that is larger than the one the camera is in.

    A camera that serves other tracks stays as it is, and so does one whose track is disabled.
    """
    source, hub = track._source, track._source.hub
    running, model = hub.mode, source.model
    if not source.reopens or not isinstance(running, VideoMode) or not track.enabled or not any(size):
        return None
    if any(feed is not track._feed and not feed.ended and feed.target for feed in hub.feeds):
        return None
    width, height = size
    if (width or 1) <= running.width and (height or 1) <= running.height:
        return None
    wanted = {name: value for name, value in (("width", width), ("height", height)) if value is not None}
    mode = cheapest_mode(model, [{**wanted, "resize_mode": "crop-and-scale"}])
    if mode is None:  # no mode has both: the one that has most
        of_video = [one for one in model.modes if isinstance(one, VideoMode)]
        mode = max(of_video, key=lambda one: (one.width * one.height, -one.cost), default=None)
    if not isinstance(mode, VideoMode) or (mode.width, mode.height) == (running.width, running.height):
        return None
    return pinned(mode, {"frame_rate": running.max_frame_rate})


def _is_dark(picture: Picture) -> bool:
    return float(to_ndarray(scaled(picture, 32, 24), "gray").mean()) < _DARK


def _photo(picture: Picture, size: tuple[int | None, int | None], type: str, quality: float | None, label: str) -> Blob:
    """Scale, encode, and write into the file what it is."""
    sized = VideoAdapter(*size, enlarge=True).process(picture) if any(size) else picture
    assert sized is not None  # this adapter does not decimate
    data = still(sized, FORMATS[type], quality)
    captured = picture.metadata.get("capture_time", picture.timestamp)
    taken = wall_time(int(captured)).astimezone()  # type: ignore[call-overload]  # µs, as every source writes it
    exif = exif_of(taken, sized.width, sized.height, model=label, software=_software())
    return Blob._made(with_exif(data, exif), type)


def _software() -> str:
    try:
        return f"mediastreams {version('mediastreams')}"
    except PackageNotFoundError:  # run from its source
        return "mediastreams"
