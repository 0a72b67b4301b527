"""Remote tracks and their streams, as a description of the peer names them.

https://w3c.github.io/webrtc-pc/#process-remote-tracks
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mediastreams._rules.directions import receives
from mediastreams._webidl.events import fire_event
from mediastreams.capture.media_stream import MediaStream
from mediastreams.webrtc.track_event import RTCTrackEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mediastreams.capture.media_stream_track import MediaStreamTrack
    from mediastreams.webrtc.peer_connection import RTCPeerConnection
    from mediastreams.webrtc.rtp_receiver import RTCRtpReceiver
    from mediastreams.webrtc.rtp_transceiver import RTCRtpTransceiver

__all__ = ["News", "process_remote_tracks", "set_associated_remote_streams"]


@dataclass
class News:
    """What is to be told: ``trackEventInits``, ``muteTracks``, ``addList``, ``removeList``."""

    tracks: list[RTCRtpTransceiver] = field(default_factory=list)
    muted: list[RTCRtpTransceiver] = field(default_factory=list)
    added: list[tuple[MediaStream, MediaStreamTrack]] = field(default_factory=list)
    removed: list[tuple[MediaStream, MediaStreamTrack]] = field(default_factory=list)

    def tell(self, connection: RTCPeerConnection) -> None:
        """Mute, remove, add, and fire ``track``, in this order."""
        for transceiver in self.muted:
            transceiver._receiver._inlet.set_active(False)
        for stream in dict.fromkeys(stream for stream, _ in self.removed):
            stream._remove_tracks_by_library([track for known, track in self.removed if known is stream])
        for stream in dict.fromkeys(stream for stream, _ in self.added):
            stream._add_tracks_by_library([track for known, track in self.added if known is stream])
        for transceiver in self.tracks:
            receiver = transceiver._receiver
            fire_event(
                connection,
                "track",
                RTCTrackEvent,
                receiver=receiver,
                track=receiver.track,
                streams=receiver._streams,
                transceiver=transceiver,
            )


def process_remote_tracks(
    connection: RTCPeerConnection, transceiver: RTCRtpTransceiver, direction: str, msids: Sequence[str], news: News
) -> None:
    """*Process remote tracks*; ``direction`` is in our view.

    https://w3c.github.io/webrtc-pc/#process-remote-tracks
    """
    # 1. The streams.
    more = set_associated_remote_streams(connection, transceiver._receiver, msids, news)
    # 2. A track that comes.
    before = transceiver._fired_direction
    if (receives(direction) and not receives(before)) or more:
        news.tracks.append(transceiver)
    # 3-4. A track that goes.
    if not receives(direction) and receives(before):
        news.muted.append(transceiver)
    # 5. What was told.
    transceiver._fired_direction = direction


def set_associated_remote_streams(
    connection: RTCPeerConnection, receiver: RTCRtpReceiver, msids: Sequence[str], news: News
) -> bool:
    """*Set the associated remote streams*; whether the track is in more of them now.

    https://w3c.github.io/webrtc-pc/#set-associated-remote-streams
    """
    # 2-3. The streams of this connection by id.
    streams = []
    for msid in dict.fromkeys(msids):
        stream = connection._remote_streams.get(msid)
        if stream is None:
            stream = MediaStream()
            stream._id = msid
            connection._remote_streams[msid] = stream
        streams.append(stream)
    # 4-6. What changes.
    track = receiver.track
    news.removed += [(stream, track) for stream in receiver._streams if stream not in streams]
    added = [(stream, track) for stream in streams if stream not in receiver._streams]
    news.added += added
    # 7. The new ones.
    receiver._streams = tuple(streams)
    receiver._inlet.set_sync_group(streams[0].id if streams else "")
    return bool(added)
