"""The enumerations of capture: string values with names, ``track.ready_state == "live"`` holds."""

from __future__ import annotations

from enum import StrEnum

from mediastreams._webidl.interfaces import public

__all__ = [
    "AudioSelectionPreferenceEnum",
    "CaptureStartFocusBehavior",
    "CursorCaptureConstraint",
    "DisplayCaptureSurfaceType",
    "EchoCancellationModeEnum",
    "HumanFaceDetectionModeEnum",
    "MediaDeviceKind",
    "MediaStreamTrackState",
    "MeteringMode",
    "MonitorTypeSurfacesEnum",
    "PermissionState",
    "SelfCapturePreferenceEnum",
    "SurfaceSwitchingPreferenceEnum",
    "SystemAudioPreferenceEnum",
    "VideoFacingModeEnum",
    "VideoResizeModeEnum",
    "WindowAudioPreferenceEnum",
]


@public
class MediaStreamTrackState(StrEnum):
    """Whether a track still has a source.

    https://w3c.github.io/mediacapture-main/#dom-mediastreamtrackstate
    """

    LIVE = "live"
    ENDED = "ended"


@public
class MediaDeviceKind(StrEnum):
    """What a device is.

    https://w3c.github.io/mediacapture-main/#dom-mediadevicekind
    """

    AUDIOINPUT = "audioinput"
    AUDIOOUTPUT = "audiooutput"
    VIDEOINPUT = "videoinput"


@public
class VideoFacingModeEnum(StrEnum):
    """Where a camera looks, seen from the person who uses the device.

    https://w3c.github.io/mediacapture-main/#dom-videofacingmodeenum
    """

    USER = "user"
    ENVIRONMENT = "environment"
    LEFT = "left"
    RIGHT = "right"


@public
class VideoResizeModeEnum(StrEnum):
    """How a size comes about: natively, or by cropping and scaling.

    https://w3c.github.io/mediacapture-main/#dom-videoresizemodeenum
    """

    NONE = "none"
    CROP_AND_SCALE = "crop-and-scale"


@public
class EchoCancellationModeEnum(StrEnum):
    """Which sounds an echo canceller removes.

    https://w3c.github.io/mediacapture-main/#dom-echocancellationmodeenum
    """

    ALL = "all"
    REMOTE_ONLY = "remote-only"


@public
class PermissionState(StrEnum):
    """What an application may do without asking.

    https://w3c.github.io/permissions/#dom-permissionstate
    """

    GRANTED = "granted"
    DENIED = "denied"
    PROMPT = "prompt"


@public
class DisplayCaptureSurfaceType(StrEnum):
    """What kind of surface is captured.

    https://w3c.github.io/mediacapture-screen-share/#dom-displaycapturesurfacetype
    """

    MONITOR = "monitor"
    WINDOW = "window"
    BROWSER = "browser"


@public
class CursorCaptureConstraint(StrEnum):
    """When the pointer is in the picture.

    https://w3c.github.io/mediacapture-screen-share/#dom-cursorcaptureconstraint
    """

    NEVER = "never"
    ALWAYS = "always"
    MOTION = "motion"


@public
class SelfCapturePreferenceEnum(StrEnum):
    """Whether to offer the application's own surface.

    https://w3c.github.io/mediacapture-screen-share/#dom-selfcapturepreferenceenum
    """

    INCLUDE = "include"
    EXCLUDE = "exclude"


@public
class SystemAudioPreferenceEnum(StrEnum):
    """Whether to offer the system's sound with a monitor.

    https://w3c.github.io/mediacapture-screen-share/#dom-systemaudiopreferenceenum
    """

    INCLUDE = "include"
    EXCLUDE = "exclude"


@public
class WindowAudioPreferenceEnum(StrEnum):
    """Which sound to offer with a window.

    https://w3c.github.io/mediacapture-screen-share/#dom-windowaudiopreferenceenum
    """

    SYSTEM = "system"
    WINDOW = "window"
    EXCLUDE = "exclude"


@public
class SurfaceSwitchingPreferenceEnum(StrEnum):
    """Whether to offer changing the surface during the capture.

    https://w3c.github.io/mediacapture-screen-share/#dom-surfaceswitchingpreferenceenum
    """

    INCLUDE = "include"
    EXCLUDE = "exclude"


@public
class MonitorTypeSurfacesEnum(StrEnum):
    """Whether to offer monitors.

    https://w3c.github.io/mediacapture-screen-share/#dom-monitortypesurfacesenum
    """

    INCLUDE = "include"
    EXCLUDE = "exclude"


@public
class AudioSelectionPreferenceEnum(StrEnum):
    """How much sound matters to the application.

    https://w3c.github.io/mediacapture-screen-share/#dom-audioselectionpreferenceenum
    """

    PREFERRED = "preferred"


@public
class CaptureStartFocusBehavior(StrEnum):
    """Who gets the focus when the capture of a window begins.

    https://w3c.github.io/mediacapture-screen-share/#dom-capturestartfocusbehavior
    """

    FOCUS_CAPTURING_APPLICATION = "focus-capturing-application"
    FOCUS_CAPTURED_SURFACE = "focus-captured-surface"
    NO_FOCUS_CHANGE = "no-focus-change"


@public
class HumanFaceDetectionModeEnum(StrEnum):
    """What is detected of faces.

    https://w3c.github.io/mediacapture-extensions/#dom-humanfacedetectionmodeenum
    """

    NONE = "none"
    BOUNDING_BOX = "bounding-box"
    BOUNDING_BOX_WITH_LANDMARK_CENTER_POINT = "bounding-box-with-landmark-center-point"


@public
class MeteringMode(StrEnum):
    """How a camera finds focus, exposure or white balance.

    https://w3c.github.io/mediacapture-image/#meteringmode-section
    """

    NONE = "none"
    MANUAL = "manual"
    SINGLE_SHOT = "single-shot"
    CONTINUOUS = "continuous"
