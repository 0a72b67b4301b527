"""`ImageCapture`: the object; its algorithms are in ``take_photo.py`` and ``grab_frame.py``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mediastreams._webidl.conversions import dom_string, double, wrong_type
from mediastreams._webidl.dictionaries import merge_arguments
from mediastreams._webidl.interfaces import public
from mediastreams.capture.enums import MediaStreamTrackState
from mediastreams.capture.media_stream_track import MediaStreamTrack
from mediastreams.errors import InvalidStateError, NotSupportedError, OperationError
from mediastreams.imaging.photo_types import PHOTO_SETTINGS, PhotoCapabilities, PhotoSettings

if TYPE_CHECKING:
    from mediastreams._engine.image_bitmap import ImageBitmap
    from mediastreams.files.blob import Blob

__all__ = ["ImageCapture"]


@public
class ImageCapture:
    """Photos and frames of a video track: ``blob = await ms.ImageCapture(stream.video).take_photo()``.

    Owns nothing: the track is the program's. Its calls belong to the track's loop, and may overlap.

    https://w3c.github.io/mediacapture-image/#imagecaptureapi
    """

    __slots__ = ("__weakref__", "_track")

    _track: MediaStreamTrack[Any]

    def __init__(self, video_track: MediaStreamTrack[Any]) -> None:
        """Take the track to be looked at.

        Raises:
            TypeError: no track.
            NotSupportedError: a track of sound.

        https://w3c.github.io/mediacapture-image/#dom-imagecapture-imagecapture
        """
        if not isinstance(video_track, MediaStreamTrack):
            raise wrong_type("ImageCapture: video_track", "a MediaStreamTrack", video_track)
        if video_track.kind != "video":
            raise NotSupportedError("ImageCapture: the track is one of sound; pass stream.video")
        self._track = video_track

    @property
    def track(self) -> MediaStreamTrack[Any]:
        """The track passed to the constructor."""
        return self._track

    def _check_live(self, what: str) -> None:
        self._track._owner.check(f"ImageCapture.{what}")
        if self._track.ready_state is not MediaStreamTrackState.LIVE:
            raise InvalidStateError(f"{what}: the track has ended")

    async def take_photo(
        self,
        photo_settings: PhotoSettings | Mapping[str, Any] | None = None,
        *,
        type: str = "image/jpeg",
        quality: float | None = None,
        **members: Any,
    ) -> Blob:
        """Take a photo with the track's source: ``await capture.take_photo(image_width=1920)``.

        A size is made of the camera's nearest mode: where that is larger than the one it runs in and no other track
        uses the camera, it changes to it for a moment, during which the track is muted. With one side the aspect ratio
        is kept; without a size the photo is as large as the camera's pictures are now. A disabled track gives black.

        The file says when, by which device and by which program it was taken, and never where.

        Args:
            photo_settings: ``image_width``, ``image_height``, ``fill_light_mode``, ``red_eye_reduction``.
            type: an addition: ``"image/jpeg"``, ``"image/png"``, ``"image/webp"`` or ``"image/avif"``.
            quality: an addition: 0 … 1, for what is compressed with loss.

        Raises:
            InvalidStateError: the track has ended.
            NotSupportedError: a setting that `get_photo_capabilities` does not have, or a type that cannot be written.
            UnknownError: the track ended or was muted before there was a picture, or the device failed.
            TypeError: malformed settings.
            ValueError: a quality out of range.
            RuntimeError: called outside the loop that owns the track.

        https://w3c.github.io/mediacapture-image/#dom-imagecapture-takephoto
        """
        from mediastreams.imaging.take_photo import FORMATS, take_photo

        where = "ImageCapture.take_photo"
        asked = PHOTO_SETTINGS.convert(merge_arguments(photo_settings, members, where), where)
        if dom_string(type, f"{where}: type") not in FORMATS:
            raise NotSupportedError(f"take_photo: photos are of type {', '.join(FORMATS)}, not {type!r}")
        if quality is not None and not 0 <= double(quality, f"{where}: quality") <= 1:
            raise ValueError(f"take_photo: quality must be from 0 to 1, not {quality}")
        # 1. Only a live track.
        self._check_live("take_photo")
        # 2-4. In parallel.
        return await take_photo(self._track, asked, type, quality)

    async def grab_frame(self) -> ImageBitmap:
        """Take a snapshot of what the track shows, as its consumers see it.

        SPEC-ISSUE: the text has only ended tracks refused; web-platform-tests want disabled ones refused as well, and
        name muted ones beside them.

        Raises:
            InvalidStateError: the track has ended, or is disabled or muted.
            UnknownError: it ended or was muted before there was a frame.
            RuntimeError: called outside the loop that owns the track.

        https://w3c.github.io/mediacapture-image/#dom-imagecapture-grabframe
        """
        from mediastreams.imaging.grab_frame import grab_frame

        # 1. Only a live track.
        self._check_live("grab_frame")
        if not self._track.enabled:
            raise InvalidStateError("grab_frame: the track is disabled")
        if self._track._feed.muted and not self._track._source.hub.away:
            raise InvalidStateError("grab_frame: the track is muted")
        # 2-4. In parallel.
        return await grab_frame(self._track)

    async def get_photo_capabilities(self) -> PhotoCapabilities:
        """Tell what photos the track's source can take.

        Raises:
            InvalidStateError: the track has ended.
            OperationError: it ended meanwhile.
            RuntimeError: called outside the loop that owns the track.

        https://w3c.github.io/mediacapture-image/#dom-imagecapture-getphotocapabilities
        """
        from mediastreams.imaging.take_photo import capabilities_for

        await self._gathering("get_photo_capabilities")
        return capabilities_for(self._track)

    async def get_photo_settings(self) -> PhotoSettings:
        """Tell what a photo is like for which nothing is asked.

        Raises:
            InvalidStateError: the track has ended.
            OperationError: it ended meanwhile.
            RuntimeError: called outside the loop that owns the track.

        https://w3c.github.io/mediacapture-image/#dom-imagecapture-getphotosettings
        """
        from mediastreams.imaging.take_photo import settings_of

        await self._gathering("get_photo_settings")
        return settings_of(self._track)

    async def _gathering(self, what: str) -> None:
        """Steps 1-3.2 of both: what is known of the source is at hand, and told in a later task, as in parallel."""
        # 1. Only a live track.
        self._check_live(what)
        # 2-3.1.
        await asyncio.sleep(0)
        # 3.2. The data cannot be gathered.
        if self._track.ready_state is not MediaStreamTrackState.LIVE:
            raise OperationError(f"{what}: the track ended meanwhile")

    def __repr__(self) -> str:
        return f"<ImageCapture of {self._track!r}>"
