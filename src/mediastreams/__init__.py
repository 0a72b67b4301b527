"""Media Capture and Streams for Python: the browser's ``MediaStream``, outside the browser.

``import mediastreams as ms`` costs little: a name is imported when it is first used. Written by
``tools/shop_window.py``; a test compares it with the IDL table.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mediastreams._engine.audio_data import AudioData as AudioData
    from mediastreams._engine.clock import wall_time as wall_time
    from mediastreams._engine.frame_iterator import FrameIterator as FrameIterator
    from mediastreams._engine.frame_iterator import FrameStats as FrameStats
    from mediastreams._engine.video_frame import VideoFrame as VideoFrame
    from mediastreams._engine.video_layout import DOMRectReadOnly as DOMRectReadOnly
    from mediastreams._engine.video_layout import PlaneLayout as PlaneLayout
    from mediastreams._engine.video_layout import VideoColorSpace as VideoColorSpace
    from mediastreams._webidl.event import Event as Event
    from mediastreams._webidl.event import EventInit as EventInit
    from mediastreams._webidl.events import AddEventListenerOptions as AddEventListenerOptions
    from mediastreams._webidl.events import EventListenerOptions as EventListenerOptions
    from mediastreams._webidl.events import EventTarget as EventTarget
    from mediastreams._webidl.listeners import EventListener as EventListener
    from mediastreams.capture.constraint_types import ConstrainBooleanOrDOMStringParameters as ConstrainBooleanOrDOMStringParameters
    from mediastreams.capture.constraint_types import ConstrainBooleanParameters as ConstrainBooleanParameters
    from mediastreams.capture.constraint_types import ConstrainDOMStringParameters as ConstrainDOMStringParameters
    from mediastreams.capture.constraint_types import ConstrainDoubleRange as ConstrainDoubleRange
    from mediastreams.capture.constraint_types import ConstrainPoint2DParameters as ConstrainPoint2DParameters
    from mediastreams.capture.constraint_types import ConstrainULongRange as ConstrainULongRange
    from mediastreams.capture.constraint_types import MediaTrackConstraintSet as MediaTrackConstraintSet
    from mediastreams.capture.constraint_types import MediaTrackConstraints as MediaTrackConstraints
    from mediastreams.capture.device_change_event import DeviceChangeEvent as DeviceChangeEvent
    from mediastreams.capture.device_change_event import DeviceChangeEventInit as DeviceChangeEventInit
    from mediastreams.capture.dictionaries import DoubleRange as DoubleRange
    from mediastreams.capture.dictionaries import MediaSettingsRange as MediaSettingsRange
    from mediastreams.capture.dictionaries import MediaTrackCapabilities as MediaTrackCapabilities
    from mediastreams.capture.dictionaries import MediaTrackSettings as MediaTrackSettings
    from mediastreams.capture.dictionaries import MediaTrackSupportedConstraints as MediaTrackSupportedConstraints
    from mediastreams.capture.dictionaries import Point2D as Point2D
    from mediastreams.capture.dictionaries import ULongRange as ULongRange
    from mediastreams.capture.enums import AudioSelectionPreferenceEnum as AudioSelectionPreferenceEnum
    from mediastreams.capture.enums import CursorCaptureConstraint as CursorCaptureConstraint
    from mediastreams.capture.enums import DisplayCaptureSurfaceType as DisplayCaptureSurfaceType
    from mediastreams.capture.enums import EchoCancellationModeEnum as EchoCancellationModeEnum
    from mediastreams.capture.enums import HumanFaceDetectionModeEnum as HumanFaceDetectionModeEnum
    from mediastreams.capture.enums import MediaDeviceKind as MediaDeviceKind
    from mediastreams.capture.enums import MediaStreamTrackState as MediaStreamTrackState
    from mediastreams.capture.enums import MeteringMode as MeteringMode
    from mediastreams.capture.enums import MonitorTypeSurfacesEnum as MonitorTypeSurfacesEnum
    from mediastreams.capture.enums import PermissionState as PermissionState
    from mediastreams.capture.enums import SelfCapturePreferenceEnum as SelfCapturePreferenceEnum
    from mediastreams.capture.enums import SurfaceSwitchingPreferenceEnum as SurfaceSwitchingPreferenceEnum
    from mediastreams.capture.enums import SystemAudioPreferenceEnum as SystemAudioPreferenceEnum
    from mediastreams.capture.enums import VideoFacingModeEnum as VideoFacingModeEnum
    from mediastreams.capture.enums import VideoResizeModeEnum as VideoResizeModeEnum
    from mediastreams.capture.enums import WindowAudioPreferenceEnum as WindowAudioPreferenceEnum
    from mediastreams.capture.media_device_info import InputDeviceInfo as InputDeviceInfo
    from mediastreams.capture.media_device_info import MediaDeviceInfo as MediaDeviceInfo
    from mediastreams.capture.media_devices import MediaDevices as MediaDevices
    from mediastreams.capture.media_stream import MediaStream as MediaStream
    from mediastreams.capture.media_stream_track import MediaStreamTrack as MediaStreamTrack
    from mediastreams.capture.media_stream_track_event import MediaStreamTrackEvent as MediaStreamTrackEvent
    from mediastreams.capture.media_stream_track_event import MediaStreamTrackEventInit as MediaStreamTrackEventInit
    from mediastreams.capture.navigator import Navigator as Navigator
    from mediastreams.capture.navigator import media_devices as media_devices
    from mediastreams.capture.navigator import navigator as navigator
    from mediastreams.capture.permissions import LocalPolicy as LocalPolicy
    from mediastreams.capture.permissions import PermissionStatus as PermissionStatus
    from mediastreams.capture.permissions import Permissions as Permissions
    from mediastreams.capture.requests import CameraDevicePermissionDescriptor as CameraDevicePermissionDescriptor
    from mediastreams.capture.requests import DisplayMediaStreamOptions as DisplayMediaStreamOptions
    from mediastreams.capture.requests import MediaStreamConstraints as MediaStreamConstraints
    from mediastreams.capture.requests import PermissionDescriptor as PermissionDescriptor
    from mediastreams.capture.track_stats import MediaStreamTrackAudioStats as MediaStreamTrackAudioStats
    from mediastreams.capture.track_stats import MediaStreamTrackVideoStats as MediaStreamTrackVideoStats
    from mediastreams.elements.media_element import MediaElement as MediaElement
    from mediastreams.elements.media_error import MediaError as MediaError
    from mediastreams.elements.open import open as open
    from mediastreams.errors import AbortError as AbortError
    from mediastreams.errors import DOMException as DOMException
    from mediastreams.errors import DataError as DataError
    from mediastreams.errors import EncodingError as EncodingError
    from mediastreams.errors import InvalidAccessError as InvalidAccessError
    from mediastreams.errors import InvalidModificationError as InvalidModificationError
    from mediastreams.errors import InvalidStateError as InvalidStateError
    from mediastreams.errors import NetworkError as NetworkError
    from mediastreams.errors import NotAllowedError as NotAllowedError
    from mediastreams.errors import NotFoundError as NotFoundError
    from mediastreams.errors import NotReadableError as NotReadableError
    from mediastreams.errors import NotSupportedError as NotSupportedError
    from mediastreams.errors import OperationError as OperationError
    from mediastreams.errors import OverconstrainedError as OverconstrainedError
    from mediastreams.errors import QuotaExceededError as QuotaExceededError
    from mediastreams.errors import SecurityError as SecurityError
    from mediastreams.errors import UnknownError as UnknownError
    from mediastreams.errors import UnknownMemberWarning as UnknownMemberWarning
    from mediastreams.recording.record import Recording as Recording
    from mediastreams.recording.record import record as record
    from mediastreams.recording.summary import RecordingProgress as RecordingProgress
    from mediastreams.recording.summary import RecordingSummary as RecordingSummary
    from mediastreams.transform.generators import MediaStreamTrackGenerator as MediaStreamTrackGenerator
    from mediastreams.transform.generators import MediaStreamTrackGeneratorInit as MediaStreamTrackGeneratorInit
    from mediastreams.transform.generators import VideoTrackGenerator as VideoTrackGenerator
    from mediastreams.transform.writable_stream import WritableStream as WritableStream
    from mediastreams.transform.writable_stream import WritableStreamDefaultWriter as WritableStreamDefaultWriter

__all__ = [
    "AbortError",
    "AddEventListenerOptions",
    "AudioData",
    "AudioSelectionPreferenceEnum",
    "CameraDevicePermissionDescriptor",
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
    "Event",
    "EventInit",
    "EventListener",
    "EventListenerOptions",
    "EventTarget",
    "FrameIterator",
    "FrameStats",
    "HumanFaceDetectionModeEnum",
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
    "MediaSettingsRange",
    "MediaStream",
    "MediaStreamConstraints",
    "MediaStreamTrack",
    "MediaStreamTrackAudioStats",
    "MediaStreamTrackEvent",
    "MediaStreamTrackEventInit",
    "MediaStreamTrackGenerator",
    "MediaStreamTrackGeneratorInit",
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
    "PlaneLayout",
    "Point2D",
    "QuotaExceededError",
    "Recording",
    "RecordingProgress",
    "RecordingSummary",
    "SecurityError",
    "SelfCapturePreferenceEnum",
    "SurfaceSwitchingPreferenceEnum",
    "SystemAudioPreferenceEnum",
    "ULongRange",
    "UnknownError",
    "UnknownMemberWarning",
    "VideoColorSpace",
    "VideoFacingModeEnum",
    "VideoFrame",
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
    "AudioSelectionPreferenceEnum": "capture.enums",
    "CameraDevicePermissionDescriptor": "capture.requests",
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
    "Event": "_webidl.event",
    "EventInit": "_webidl.event",
    "EventListener": "_webidl.listeners",
    "EventListenerOptions": "_webidl.events",
    "EventTarget": "_webidl.events",
    "FrameIterator": "_engine.frame_iterator",
    "FrameStats": "_engine.frame_iterator",
    "HumanFaceDetectionModeEnum": "capture.enums",
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
    "MediaSettingsRange": "capture.dictionaries",
    "MediaStream": "capture.media_stream",
    "MediaStreamConstraints": "capture.requests",
    "MediaStreamTrack": "capture.media_stream_track",
    "MediaStreamTrackAudioStats": "capture.track_stats",
    "MediaStreamTrackEvent": "capture.media_stream_track_event",
    "MediaStreamTrackEventInit": "capture.media_stream_track_event",
    "MediaStreamTrackGenerator": "transform.generators",
    "MediaStreamTrackGeneratorInit": "transform.generators",
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
    "PlaneLayout": "_engine.video_layout",
    "Point2D": "capture.dictionaries",
    "QuotaExceededError": "errors",
    "Recording": "recording.record",
    "RecordingProgress": "recording.summary",
    "RecordingSummary": "recording.summary",
    "SecurityError": "errors",
    "SelfCapturePreferenceEnum": "capture.enums",
    "SurfaceSwitchingPreferenceEnum": "capture.enums",
    "SystemAudioPreferenceEnum": "capture.enums",
    "ULongRange": "capture.dictionaries",
    "UnknownError": "errors",
    "UnknownMemberWarning": "errors",
    "VideoColorSpace": "_engine.video_layout",
    "VideoFacingModeEnum": "capture.enums",
    "VideoFrame": "_engine.video_frame",
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


def __getattr__(name: str) -> Any:
    if name in ("abc", "errors", "testing"):
        return import_module(f"mediastreams.{name}")
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'mediastreams' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"mediastreams.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
