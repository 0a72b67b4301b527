"""Media that is encoded already, sent as it is: whether it fits what was negotiated, and how it is cut into payloads.

Not for: when a track has chunks to pass (``_rules/chunk_mode.py``, the feed's `ChunkPort`).

Rules of the file: what a peer might not be able to show is not passed: another profile, pictures in another order than
they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mediastreams._engine.encoding.parameter_sets import length_size, parameter_sets
from mediastreams._rules.h264_profiles import DEFAULT_PROFILE_LEVEL_ID, H264Profile, fits_profile, profile_level
from mediastreams.webrtc.rtp import h264
from mediastreams.webrtc.rtp.audio import opus_samples
from mediastreams.webrtc.rtp.formats import LIMIT, format_of

if TYPE_CHECKING:
    from mediastreams._engine.frames import Chunk, ChunkFormat
    from mediastreams.webrtc.sending.encoded import AudioChoice, VideoChoice

__all__ = ["PassedVideo", "passed_sound", "sound_passes"]

_G711: Final = {"pcm_mulaw": "pcmu", "pcm_alaw": "pcma"}


def sound_passes(format: ChunkFormat | None, choice: AudioChoice) -> bool:
    """Whether a source's encoded sound is what was negotiated."""
    if format is None or format.kind != "audio":
        return False
    if format.codec == "opus":
        return choice.codec == "opus" and format.channels <= 2
    return _G711.get(format.codec) == choice.codec and format.sample_rate == 8_000 and format.channels == 1


def passed_sound(chunk: Chunk) -> tuple[bytes, int] | None:
    """Answer a chunk's bytes, and how long it lasts on RTP's clock; ``None``: it does not fit into a packet."""
    data = bytes(chunk.packet)
    if not 0 < len(data) <= LIMIT:
        return None
    try:
        return data, opus_samples(data) if chunk.format.codec == "opus" else len(data)
    except ValueError:
        return None


class PassedVideo:
    """Chunks of one format as payloads for one choice. Used by one thread."""

    def __init__(self, format: ChunkFormat, choice: VideoChoice) -> None:
        self.format = format
        self._choice = choice
        self._lengths = length_size(format.codec, format.extradata)
        self._sets: Sequence[bytes] = ()
        if format.codec == "h264":
            if self._lengths is not None:
                self._sets = h264.units_with_lengths(parameter_sets("h264", format.extradata), self._lengths)
            else:
                self._sets = h264.units_of(format.extradata)

    @staticmethod
    def fits(format: ChunkFormat | None, choice: VideoChoice) -> bool:
        """Whether what is known before the first chunk speaks for passing."""
        if format is None or format.codec != choice.codec or choice.scale > 1 or choice.frame_rate:
            return False
        if format.template.codec_context.has_b_frames:  # type: ignore[attr-defined]  # a stream of pictures
            return False  # RTP's receivers for calls show pictures in the order of their coming
        passed = PassedVideo(format, choice)
        return choice.codec != "h264" or (choice.mode == 1 and passed.profile_fits(passed._sets))

    def profile_fits(self, units: Sequence[bytes]) -> bool:
        """Whether the parameter sets among some units are of a profile that the peer decodes; so are none."""
        negotiated = profile_level(self._choice.profile or DEFAULT_PROFILE_LEVEL_ID)
        for unit in units:
            if unit[0] & 0x1F == 7:
                stream = profile_level(unit[1:4].hex())
                wanted = H264Profile.CONSTRAINED_BASELINE if negotiated is None else negotiated.profile
                if stream is None or not fits_profile(stream.profile, wanted):
                    return False
        return True

    def payloads(self, chunk: Chunk, number: int) -> list[bytes] | None:
        """Cut a chunk into payloads; ``None``: it is not what the peer decodes.

        Raises:
            ValueError: malformed.
        """
        data = bytes(chunk.packet)
        if self._choice.codec != "h264":
            if self._choice.codec == "vp9" and data and data[0] & 0x30:  # a profile other than 0
                return None
            return format_of(self._choice.codec).packetize(data, picture_id=number)
        units = h264.units_of(data) if self._lengths is None else h264.units_with_lengths(data, self._lengths)
        if chunk.key:
            if not self.profile_fits(units):
                return None
            if not any(unit[0] & 0x1F == 7 for unit in units):
                units = [*self._sets, *units]
        return h264.packetize_units(units)
