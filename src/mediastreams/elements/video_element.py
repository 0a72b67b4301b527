"""`VideoElement`: a `MediaElement` that is heard, and whose picture can be had."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from mediastreams._webidl.conversions import boolean, unsigned_long, wrong_type
from mediastreams._webidl.events import event_handler
from mediastreams._webidl.interfaces import public
from mediastreams._webidl.tasks import report
from mediastreams.elements import loading
from mediastreams.elements.media_element import MediaElement
from mediastreams.elements.video_frame_callbacks import FrameCallbacks, describe
from mediastreams.elements.video_playback_quality import VideoPlaybackQuality
from mediastreams.errors import InvalidStateError

if TYPE_CHECKING:
    from mediastreams._engine.frames import Picture
    from mediastreams._engine.video_frame import VideoFrame
    from mediastreams.capture.media_devices import MediaDevices
    from mediastreams.elements.picture_in_picture import Shown
    from mediastreams.elements.picture_in_picture_window import PictureInPictureWindow
    from mediastreams.elements.playback import Playback
    from mediastreams.elements.resources import MediaResource
    from mediastreams.elements.video_frame_callbacks import VideoFrameRequestCallback

__all__ = ["VideoElement"]


@public
class VideoElement(MediaElement):
    """Plays pictures and sound; sound on the default output, or on another one.

    `current_frame` and ``VideoFrame(video)`` are what it shows now, ``canvas.draw_image(video)`` draws that,
    `request_video_frame_callback` tells of the next one, `request_picture_in_picture` shows it in a window.
    NOT-HERE: width, height, poster, playsinline: the layout of a page.

    https://html.spec.whatwg.org/multipage/media.html#htmlvideoelement
    """

    _sounds: ClassVar[bool] = True
    _shows: ClassVar[bool] = True

    onenterpictureinpicture = event_handler("enterpictureinpicture")
    onleavepictureinpicture = event_handler("leavepictureinpicture")

    def __init__(self, src: MediaResource = "", *, loop: bool = False, devices: MediaDevices | None = None) -> None:
        """Make an element, and let it load ``src`` if there is one. The arguments are those of `MediaElement`.

        Raises:
            TypeError: ``src`` is nothing that can be opened.
        """
        self._size = (0, 0)
        self._frame_callbacks = FrameCallbacks()
        self._shown: Shown | None = None  # in a window, while there is one
        self._shown_turn = asyncio.Lock()  # the picture-in-picture parallel queue
        self._disable_picture_in_picture = False
        super().__init__(src, loop=loop, devices=devices)

    @property
    def video_width(self) -> int:
        """The width of the pictures, turned upright, in pixels; 0 before it is known.

        https://html.spec.whatwg.org/multipage/media.html#dom-video-videowidth
        """
        return self._size[0] if self._ready_state > self.HAVE_NOTHING else 0

    @property
    def video_height(self) -> int:
        """The height of the pictures, turned upright, in pixels; 0 before it is known.

        https://html.spec.whatwg.org/multipage/media.html#dom-video-videoheight
        """
        return self._size[1] if self._ready_state > self.HAVE_NOTHING else 0

    def current_frame(self) -> VideoFrame | None:
        """What it shows now, as a frame of the caller's own; ``None`` while there is nothing. Any thread."""
        from mediastreams._engine.video_frame import VideoFrame

        picture = self._current_picture()
        return None if picture is None else VideoFrame._of(picture)

    def _current_picture(self) -> Picture | None:
        """The picture shown now; a canvas draws it."""
        playback = self._playback
        if playback is None or self._closed or self._ready_state < self.HAVE_CURRENT_DATA:
            return None
        return playback.view.picture

    def _shown_picture(self) -> Picture:
        """*Check the usability of the image argument*, for ``VideoFrame(video)``: what is shown now.

        https://html.spec.whatwg.org/multipage/canvas.html#check-the-usability-of-the-image-argument

        Raises: InvalidStateError (nothing is loaded yet, it is on its way to another place, or there is no picture).
        """
        picture = self._current_picture()
        if picture is None:
            raise InvalidStateError(
                "VideoFrame: the element shows no picture (yet): await its 'loadeddata' or 'seeked'"
            )
        return picture

    def get_video_playback_quality(self) -> VideoPlaybackQuality:
        """How many pictures were shown, and how many came too late, since the resource was loaded. Any thread.

        https://w3c.github.io/media-playback-quality/#dom-htmlvideoelement-getvideoplaybackquality
        """
        view = None if self._playback is None else self._playback.view
        latest = None if view is None else view.latest
        made: VideoPlaybackQuality = VideoPlaybackQuality._of(
            self._clock.now_us() / 1000,
            shown=0 if latest is None else latest.number,
            dropped=0 if view is None else view.dropped,
            corrupted=0 if view is None else view.corrupted,
        )
        return made

    # ── the next picture ─────────────────────────────────────────────────────────────────────────

    def request_video_frame_callback(self, callback: VideoFrameRequestCallback) -> int:
        """Call ``callback(now, metadata)`` once, when the next picture is shown; a handle to take that back.

        Raises:
            TypeError: ``callback`` cannot be called.

        https://wicg.github.io/video-rvfc/#dom-htmlvideoelement-requestvideoframecallback
        """
        if not callable(callback):
            raise wrong_type("VideoElement.request_video_frame_callback: callback", "a function", callback)
        self._owner.check("VideoElement.request_video_frame_callback")
        handle = self._frame_callbacks.add(callback)
        self._want_frames()
        return handle

    def cancel_video_frame_callback(self, handle: int) -> None:
        """Take a callback back; one that was called already is no error.

        Raises:
            TypeError: not a number.

        https://wicg.github.io/video-rvfc/#dom-htmlvideoelement-cancelvideoframecallback
        """
        self._owner.check("VideoElement.cancel_video_frame_callback")
        self._frame_callbacks.cancel(unsigned_long(handle, "VideoElement.cancel_video_frame_callback: handle"))
        self._want_frames()

    def _want_frames(self) -> None:
        if self._playback is not None:
            self._playback.view.wanted = bool(self._frame_callbacks)

    def _present_frame(self, playback: Playback) -> None:
        """*Run the video frame request callbacks*.

        https://wicg.github.io/video-rvfc/#video-rvfc-procedures
        """
        shown = playback.view.latest
        if shown is None or not self._frame_callbacks:
            return
        loop = asyncio.get_running_loop()
        self._frame_callbacks.run(
            self._clock.now_us() / 1000,
            describe(shown, self.current_time),
            lambda error: report(loop, error, "A video frame callback"),
        )
        self._want_frames()

    # ── a window ─────────────────────────────────────────────────────────────────────────────────

    async def request_picture_in_picture(self) -> PictureInPictureWindow:
        """Show it in a window on the screen, until that is closed: by a person, by the program, or with the element.

        Needs ``pip install "mediastreams[window]"``. The window follows what the element shows, and keeps it.

        Raises:
            NotSupportedError: what windows need is not installed, or there is no screen.
            InvalidStateError: there is no picture (yet), `disable_picture_in_picture` is set, the element was closed,
                or no window could be opened.

        https://w3c.github.io/picture-in-picture/#dom-htmlvideoelement-requestpictureinpicture
        """
        from mediastreams.elements import picture_in_picture

        self._owner.check("VideoElement.request_picture_in_picture")
        return await picture_in_picture.request(self)

    @property
    def disable_picture_in_picture(self) -> bool:
        """Whether it must not be shown in a window; setting it closes one that is open.

        https://w3c.github.io/picture-in-picture/#disable-pip
        """
        return self._disable_picture_in_picture

    @disable_picture_in_picture.setter
    def disable_picture_in_picture(self, value: bool) -> None:
        self._disable_picture_in_picture = boolean(value, "VideoElement.disable_picture_in_picture")
        if self._disable_picture_in_picture and self._shown is not None:
            self._shown.close()

    def close(self) -> None:
        """Close the resource, the output and the window for good; captured tracks end. Idempotent, any thread."""
        if self._shown is not None:
            self._shown.close()
        super().close()

    def _begin_resource(self, playback: Playback) -> None:
        self._size = (0, 0)
        playback.view.wanted = bool(self._frame_callbacks)

    def _set_size(self, size: object) -> None:
        """*If the media resource has pictures of another size*: tell it.

        https://html.spec.whatwg.org/multipage/media.html#concept-video-intrinsic-width
        """
        new: tuple[int, int] = size if isinstance(size, tuple) else (0, 0)
        if new != self._size:
            self._size = new
            loading.queue_event(self, "resize")
