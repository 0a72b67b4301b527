"""`AudioOutputOptions`: what an application passes to `MediaDevices.select_audio_output`, and its conversion."""

from collections.abc import Mapping
from typing import Final, TypedDict

from mediastreams._webidl.conversions import dom_string
from mediastreams._webidl.dictionaries import Member, Schema, merge_arguments
from mediastreams._webidl.interfaces import public

__all__ = ["AudioOutputOptions", "convert_audio_output_options"]


@public
class AudioOutputOptions(TypedDict, total=False):
    """Which output is wanted, if the application knows one already.

    https://w3c.github.io/mediacapture-output/#dom-audiooutputoptions
    """

    device_id: str


_AUDIO_OUTPUT_OPTIONS: Final[Schema[AudioOutputOptions]] = Schema(
    "AudioOutputOptions", Member("device_id", dom_string, default="")
)


def convert_audio_output_options(
    options: Mapping[str, object] | None, keywords: Mapping[str, object], where: str = "select_audio_output"
) -> AudioOutputOptions:
    """Convert the arguments of ``select_audio_output``; the member is present in the result."""
    return _AUDIO_OUTPUT_OPTIONS.convert(merge_arguments(options, keywords, where), where)
