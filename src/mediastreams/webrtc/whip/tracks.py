"""Which of a stream's tracks goes into which section of a connection, now and after the stream has changed."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mediastreams.errors import DOMException

if TYPE_CHECKING:
    from mediastreams.capture.media_stream import MediaStream
    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver

__all__ = ["assigned_tracks", "exchange_tracks", "prefer_what_passes"]

_logger = logging.getLogger(__name__)


def assigned_tracks(
    transceivers: Iterable[RTCRtpTransceiver], stream: MediaStream | None
) -> list[tuple[RTCRtpTransceiver, MediaStreamTrack[Any] | None]]:
    """The first video section gets the first video track, and so on; ``None`` where there is no further track."""
    tracks: dict[str, deque[MediaStreamTrack[Any]]] = {
        "video": deque(stream.get_video_tracks() if stream else ()),
        "audio": deque(stream.get_audio_tracks() if stream else ()),
    }
    found: list[tuple[RTCRtpTransceiver, MediaStreamTrack[Any] | None]] = []
    for transceiver in transceivers:
        waiting = tracks[transceiver.receiver.track.kind]
        found.append((transceiver, waiting.popleft() if waiting else None))
    return found


def prefer_what_passes(transceiver: RTCRtpTransceiver, track: MediaStreamTrack[Any] | None) -> None:
    """Negotiate first what a track's source is encoded in already, so that it can be sent as it is."""
    format = None if track is None else track._feed.hub.source.chunk_format
    if track is None or format is None:
        return
    from mediastreams.webrtc.capabilities import capabilities, matching
    from mediastreams.webrtc.codecs import send_codecs
    from mediastreams.webrtc.sending.choices import choice_of
    from mediastreams.webrtc.sending.encoded import AudioChoice
    from mediastreams.webrtc.sending.passthrough import PassedVideo, sound_passes

    passing = []
    for codec in send_codecs(format.kind):
        choice = choice_of(codec)
        fits = sound_passes(format, choice) if isinstance(choice, AudioChoice) else PassedVideo.fits(format, choice)
        if fits:
            passing.append(codec)
    known = capabilities(format.kind, sending=True)
    if passing and known is not None:
        codecs = [dict(one) for one in known.codecs or ()]
        codecs.sort(key=lambda one: not any(matching(one, codec) for codec in passing))  # stable: the rest as it was
        transceiver.set_codec_preferences(codecs)


async def exchange_tracks(peer: RTCPeerConnection, stream: MediaStream | None) -> None:
    """Send the tracks that the stream has now instead of those it had, without negotiating again."""
    for transceiver, track in assigned_tracks(peer.get_transceivers(), stream):
        if transceiver.sender.track is not track:
            try:
                await transceiver.sender.replace_track(track)
            except DOMException as error:  # of this section: the others go on
                _logger.warning("%r cannot be sent in the place of another track: %s", track, error)
