"""Media Capture and Streams for Python: the browser's ``MediaStream``, outside the browser.

``import mediastreams as ms`` costs little: a name is imported when it is first used. Written by
``tools/shop_window.py``; a test compares it with the IDL table.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediastreams import abc as abc
    from mediastreams import errors as errors
    from mediastreams import testing as testing
    from mediastreams._engine.audio_data import AudioData
    from mediastreams._engine.clock import wall_time
    from mediastreams._engine.frame_iterator import FrameIterator, FrameStats
    from mediastreams._engine.image_bitmap import ImageBitmap
    from mediastreams._engine.video_frame import VideoFrame
    from mediastreams._engine.video_layout import DOMRectReadOnly, PlaneLayout, VideoColorSpace
    from mediastreams._webidl.byob_reader import ReadableStreamBYOBReader
    from mediastreams._webidl.error_event import ErrorEvent, ErrorEventInit
    from mediastreams._webidl.event import Event, EventInit
    from mediastreams._webidl.events import AddEventListenerOptions, EventListenerOptions, EventTarget
    from mediastreams._webidl.listeners import EventListener
    from mediastreams._webidl.readable_stream import (
        ReadableStream,
        ReadableStreamDefaultReader,
        ReadableStreamReaderMode,
        ReadableStreamReadResult,
    )
    from mediastreams.capture.audio_output_options import AudioOutputOptions
    from mediastreams.capture.capture_controller import CaptureController
    from mediastreams.capture.constraint_types import (
        ConstrainBooleanOrDOMStringParameters,
        ConstrainBooleanParameters,
        ConstrainDOMStringParameters,
        ConstrainDoubleRange,
        ConstrainPoint2DParameters,
        ConstrainULongRange,
        MediaTrackConstraints,
        MediaTrackConstraintSet,
    )
    from mediastreams.capture.device_change_event import DeviceChangeEvent, DeviceChangeEventInit
    from mediastreams.capture.dictionaries import (
        DoubleRange,
        MediaSettingsRange,
        MediaTrackCapabilities,
        MediaTrackSettings,
        MediaTrackSupportedConstraints,
        Point2D,
        ULongRange,
    )
    from mediastreams.capture.enums import (
        AudioSelectionPreferenceEnum,
        CaptureStartFocusBehavior,
        CursorCaptureConstraint,
        DisplayCaptureSurfaceType,
        EchoCancellationModeEnum,
        HumanFaceDetectionModeEnum,
        MediaDeviceKind,
        MediaStreamTrackState,
        MeteringMode,
        MonitorTypeSurfacesEnum,
        PermissionState,
        SelfCapturePreferenceEnum,
        SurfaceSwitchingPreferenceEnum,
        SystemAudioPreferenceEnum,
        VideoFacingModeEnum,
        VideoResizeModeEnum,
        WindowAudioPreferenceEnum,
    )
    from mediastreams.capture.media_device_info import InputDeviceInfo, MediaDeviceInfo
    from mediastreams.capture.media_devices import MediaDevices
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.capture.media_stream_track_event import MediaStreamTrackEvent, MediaStreamTrackEventInit
    from mediastreams.capture.navigator import Navigator, media_devices, navigator
    from mediastreams.capture.permissions import LocalPolicy, Permissions, PermissionStatus
    from mediastreams.capture.requests import (
        CameraDevicePermissionDescriptor,
        DisplayMediaStreamOptions,
        MediaStreamConstraints,
        PermissionDescriptor,
    )
    from mediastreams.capture.track_stats import MediaStreamTrackAudioStats, MediaStreamTrackVideoStats
    from mediastreams.elements.audio_element import AudioElement
    from mediastreams.elements.canvas_capture import CanvasCaptureMediaStreamTrack
    from mediastreams.elements.canvas_element import CanvasElement
    from mediastreams.elements.canvas_pillow import TextMetrics
    from mediastreams.elements.canvas_rendering_context_2d import CanvasRenderingContext2D
    from mediastreams.elements.image_data import ImageData
    from mediastreams.elements.media_element import MediaElement
    from mediastreams.elements.media_error import MediaError
    from mediastreams.elements.open import open
    from mediastreams.elements.picture_in_picture_event import PictureInPictureEvent, PictureInPictureEventInit
    from mediastreams.elements.picture_in_picture_window import PictureInPictureWindow
    from mediastreams.elements.time_ranges import TimeRanges
    from mediastreams.elements.video_element import VideoElement
    from mediastreams.elements.video_frame_callbacks import VideoFrameCallbackMetadata
    from mediastreams.elements.video_playback_quality import VideoPlaybackQuality
    from mediastreams.errors import (
        AbortError,
        DataError,
        DOMException,
        EncodingError,
        InvalidAccessError,
        InvalidModificationError,
        InvalidStateError,
        NetworkError,
        NotAllowedError,
        NotFoundError,
        NotReadableError,
        NotSupportedError,
        OperationError,
        OverconstrainedError,
        QuotaExceededError,
        SecurityError,
        UnknownError,
        UnknownMemberWarning,
    )
    from mediastreams.errors import SyntaxError as SyntaxError
    from mediastreams.errors import TimeoutError as TimeoutError
    from mediastreams.files.blob import Blob, BlobPropertyBag, EndingType
    from mediastreams.files.file import File, FilePropertyBag
    from mediastreams.files.url import URL
    from mediastreams.imaging.image_capture import ImageCapture
    from mediastreams.imaging.photo_types import FillLightMode, PhotoCapabilities, PhotoSettings, RedEyeReduction
    from mediastreams.recording.blob_event import BlobEvent, BlobEventInit
    from mediastreams.recording.enums import BitrateMode, RecordingState
    from mediastreams.recording.media_recorder import MediaRecorder
    from mediastreams.recording.media_recorder_options import MediaRecorderOptions
    from mediastreams.recording.record import Recording, record
    from mediastreams.recording.summary import RecordedFile, RecordingProgress, RecordingSummary
    from mediastreams.transform.generators import (
        MediaStreamTrackGenerator,
        MediaStreamTrackGeneratorInit,
        VideoTrackGenerator,
    )
    from mediastreams.transform.processor import MediaStreamTrackProcessor, MediaStreamTrackProcessorInit
    from mediastreams.transform.writable_stream import WritableStream, WritableStreamDefaultWriter

__all__ = [
    "URL",
    "AbortError",
    "AddEventListenerOptions",
    "AudioData",
    "AudioElement",
    "AudioOutputOptions",
    "AudioSelectionPreferenceEnum",
    "BitrateMode",
    "Blob",
    "BlobEvent",
    "BlobEventInit",
    "BlobPropertyBag",
    "CameraDevicePermissionDescriptor",
    "CanvasCaptureMediaStreamTrack",
    "CanvasElement",
    "CanvasRenderingContext2D",
    "CaptureController",
    "CaptureStartFocusBehavior",
    "ConstrainBooleanOrDOMStringParameters",
    "ConstrainBooleanParameters",
    "ConstrainDOMStringParameters",
    "ConstrainDoubleRange",
    "ConstrainPoint2DParameters",
    "ConstrainULongRange",
    "CursorCaptureConstraint",
    "DOMException",
    "DOMRectReadOnly",
    "DataError",
    "DeviceChangeEvent",
    "DeviceChangeEventInit",
    "DisplayCaptureSurfaceType",
    "DisplayMediaStreamOptions",
    "DoubleRange",
    "EchoCancellationModeEnum",
    "EncodingError",
    "EndingType",
    "ErrorEvent",
    "ErrorEventInit",
    "Event",
    "EventInit",
    "EventListener",
    "EventListenerOptions",
    "EventTarget",
    "File",
    "FilePropertyBag",
    "FillLightMode",
    "FrameIterator",
    "FrameStats",
    "HumanFaceDetectionModeEnum",
    "ImageBitmap",
    "ImageCapture",
    "ImageData",
    "InputDeviceInfo",
    "InvalidAccessError",
    "InvalidModificationError",
    "InvalidStateError",
    "LocalPolicy",
    "MediaDeviceInfo",
    "MediaDeviceKind",
    "MediaDevices",
    "MediaElement",
    "MediaError",
    "MediaRecorder",
    "MediaRecorderOptions",
    "MediaSettingsRange",
    "MediaStream",
    "MediaStreamConstraints",
    "MediaStreamTrack",
    "MediaStreamTrackAudioStats",
    "MediaStreamTrackEvent",
    "MediaStreamTrackEventInit",
    "MediaStreamTrackGenerator",
    "MediaStreamTrackGeneratorInit",
    "MediaStreamTrackProcessor",
    "MediaStreamTrackProcessorInit",
    "MediaStreamTrackState",
    "MediaStreamTrackVideoStats",
    "MediaTrackCapabilities",
    "MediaTrackConstraintSet",
    "MediaTrackConstraints",
    "MediaTrackSettings",
    "MediaTrackSupportedConstraints",
    "MeteringMode",
    "MonitorTypeSurfacesEnum",
    "Navigator",
    "NetworkError",
    "NotAllowedError",
    "NotFoundError",
    "NotReadableError",
    "NotSupportedError",
    "OperationError",
    "OverconstrainedError",
    "PermissionDescriptor",
    "PermissionState",
    "PermissionStatus",
    "Permissions",
    "PhotoCapabilities",
    "PhotoSettings",
    "PictureInPictureEvent",
    "PictureInPictureEventInit",
    "PictureInPictureWindow",
    "PlaneLayout",
    "Point2D",
    "QuotaExceededError",
    "ReadableStream",
    "ReadableStreamBYOBReader",
    "ReadableStreamDefaultReader",
    "ReadableStreamReadResult",
    "ReadableStreamReaderMode",
    "RecordedFile",
    "Recording",
    "RecordingProgress",
    "RecordingState",
    "RecordingSummary",
    "RedEyeReduction",
    "SecurityError",
    "SelfCapturePreferenceEnum",
    "SurfaceSwitchingPreferenceEnum",
    "SystemAudioPreferenceEnum",
    "TextMetrics",
    "TimeRanges",
    "ULongRange",
    "UnknownError",
    "UnknownMemberWarning",
    "VideoColorSpace",
    "VideoElement",
    "VideoFacingModeEnum",
    "VideoFrame",
    "VideoFrameCallbackMetadata",
    "VideoPlaybackQuality",
    "VideoResizeModeEnum",
    "VideoTrackGenerator",
    "WindowAudioPreferenceEnum",
    "WritableStream",
    "WritableStreamDefaultWriter",
    "media_devices",
    "navigator",
    "open",
    "record",
    "wall_time",
]

_HOME = {
    "AbortError": "errors",
    "AddEventListenerOptions": "_webidl.events",
    "AudioData": "_engine.audio_data",
    "AudioElement": "elements.audio_element",
    "AudioOutputOptions": "capture.audio_output_options",
    "AudioSelectionPreferenceEnum": "capture.enums",
    "BitrateMode": "recording.enums",
    "Blob": "files.blob",
    "BlobEvent": "recording.blob_event",
    "BlobEventInit": "recording.blob_event",
    "BlobPropertyBag": "files.blob",
    "CameraDevicePermissionDescriptor": "capture.requests",
    "CanvasCaptureMediaStreamTrack": "elements.canvas_capture",
    "CanvasElement": "elements.canvas_element",
    "CanvasRenderingContext2D": "elements.canvas_rendering_context_2d",
    "CaptureController": "capture.capture_controller",
    "CaptureStartFocusBehavior": "capture.enums",
    "ConstrainBooleanOrDOMStringParameters": "capture.constraint_types",
    "ConstrainBooleanParameters": "capture.constraint_types",
    "ConstrainDOMStringParameters": "capture.constraint_types",
    "ConstrainDoubleRange": "capture.constraint_types",
    "ConstrainPoint2DParameters": "capture.constraint_types",
    "ConstrainULongRange": "capture.constraint_types",
    "CursorCaptureConstraint": "capture.enums",
    "DOMException": "errors",
    "DOMRectReadOnly": "_engine.video_layout",
    "DataError": "errors",
    "DeviceChangeEvent": "capture.device_change_event",
    "DeviceChangeEventInit": "capture.device_change_event",
    "DisplayCaptureSurfaceType": "capture.enums",
    "DisplayMediaStreamOptions": "capture.requests",
    "DoubleRange": "capture.dictionaries",
    "EchoCancellationModeEnum": "capture.enums",
    "EncodingError": "errors",
    "EndingType": "files.blob",
    "ErrorEvent": "_webidl.error_event",
    "ErrorEventInit": "_webidl.error_event",
    "Event": "_webidl.event",
    "EventInit": "_webidl.event",
    "EventListener": "_webidl.listeners",
    "EventListenerOptions": "_webidl.events",
    "EventTarget": "_webidl.events",
    "File": "files.file",
    "FilePropertyBag": "files.file",
    "FillLightMode": "imaging.photo_types",
    "FrameIterator": "_engine.frame_iterator",
    "FrameStats": "_engine.frame_iterator",
    "HumanFaceDetectionModeEnum": "capture.enums",
    "ImageBitmap": "_engine.image_bitmap",
    "ImageCapture": "imaging.image_capture",
    "ImageData": "elements.image_data",
    "InputDeviceInfo": "capture.media_device_info",
    "InvalidAccessError": "errors",
    "InvalidModificationError": "errors",
    "InvalidStateError": "errors",
    "LocalPolicy": "capture.permissions",
    "MediaDeviceInfo": "capture.media_device_info",
    "MediaDeviceKind": "capture.enums",
    "MediaDevices": "capture.media_devices",
    "MediaElement": "elements.media_element",
    "MediaError": "elements.media_error",
    "MediaRecorder": "recording.media_recorder",
    "MediaRecorderOptions": "recording.media_recorder_options",
    "MediaSettingsRange": "capture.dictionaries",
    "MediaStream": "capture.media_stream",
    "MediaStreamConstraints": "capture.requests",
    "MediaStreamTrack": "capture.media_stream_track",
    "MediaStreamTrackAudioStats": "capture.track_stats",
    "MediaStreamTrackEvent": "capture.media_stream_track_event",
    "MediaStreamTrackEventInit": "capture.media_stream_track_event",
    "MediaStreamTrackGenerator": "transform.generators",
    "MediaStreamTrackGeneratorInit": "transform.generators",
    "MediaStreamTrackProcessor": "transform.processor",
    "MediaStreamTrackProcessorInit": "transform.processor",
    "MediaStreamTrackState": "capture.enums",
    "MediaStreamTrackVideoStats": "capture.track_stats",
    "MediaTrackCapabilities": "capture.dictionaries",
    "MediaTrackConstraintSet": "capture.constraint_types",
    "MediaTrackConstraints": "capture.constraint_types",
    "MediaTrackSettings": "capture.dictionaries",
    "MediaTrackSupportedConstraints": "capture.dictionaries",
    "MeteringMode": "capture.enums",
    "MonitorTypeSurfacesEnum": "capture.enums",
    "Navigator": "capture.navigator",
    "NetworkError": "errors",
    "NotAllowedError": "errors",
    "NotFoundError": "errors",
    "NotReadableError": "errors",
    "NotSupportedError": "errors",
    "OperationError": "errors",
    "OverconstrainedError": "errors",
    "PermissionDescriptor": "capture.requests",
    "PermissionState": "capture.enums",
    "PermissionStatus": "capture.permissions",
    "Permissions": "capture.permissions",
    "PhotoCapabilities": "imaging.photo_types",
    "PhotoSettings": "imaging.photo_types",
    "PictureInPictureEvent": "elements.picture_in_picture_event",
    "PictureInPictureEventInit": "elements.picture_in_picture_event",
    "PictureInPictureWindow": "elements.picture_in_picture_window",
    "PlaneLayout": "_engine.video_layout",
    "Point2D": "capture.dictionaries",
    "QuotaExceededError": "errors",
    "ReadableStream": "_webidl.readable_stream",
    "ReadableStreamBYOBReader": "_webidl.byob_reader",
    "ReadableStreamDefaultReader": "_webidl.readable_stream",
    "ReadableStreamReadResult": "_webidl.readable_stream",
    "ReadableStreamReaderMode": "_webidl.readable_stream",
    "RecordedFile": "recording.summary",
    "Recording": "recording.record",
    "RecordingProgress": "recording.summary",
    "RecordingState": "recording.enums",
    "RecordingSummary": "recording.summary",
    "RedEyeReduction": "imaging.photo_types",
    "SecurityError": "errors",
    "SelfCapturePreferenceEnum": "capture.enums",
    "SurfaceSwitchingPreferenceEnum": "capture.enums",
    "SyntaxError": "errors",
    "SystemAudioPreferenceEnum": "capture.enums",
    "TextMetrics": "elements.canvas_pillow",
    "TimeRanges": "elements.time_ranges",
    "TimeoutError": "errors",
    "ULongRange": "capture.dictionaries",
    "URL": "files.url",
    "UnknownError": "errors",
    "UnknownMemberWarning": "errors",
    "VideoColorSpace": "_engine.video_layout",
    "VideoElement": "elements.video_element",
    "VideoFacingModeEnum": "capture.enums",
    "VideoFrame": "_engine.video_frame",
    "VideoFrameCallbackMetadata": "elements.video_frame_callbacks",
    "VideoPlaybackQuality": "elements.video_playback_quality",
    "VideoResizeModeEnum": "capture.enums",
    "VideoTrackGenerator": "transform.generators",
    "WindowAudioPreferenceEnum": "capture.enums",
    "WritableStream": "transform.writable_stream",
    "WritableStreamDefaultWriter": "transform.writable_stream",
    "media_devices": "capture.navigator",
    "navigator": "capture.navigator",
    "open": "elements.open",
    "record": "recording.record",
    "wall_time": "_engine.clock",
}


if not TYPE_CHECKING:  # to a type checker a name that is not here is an error

    def __getattr__(name: str) -> object:
        if name in ("abc", "errors", "testing"):
            return import_module(f"mediastreams.{name}")
        home = _HOME.get(name)
        if home is None:
            raise AttributeError(f"module 'mediastreams' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"mediastreams.{home}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *("abc", "errors", "testing")})
