"""Statistics of one sender, as webrtc-stats names them, in snake_case.

Rules of the file: times are seconds where the standard says so; ids are unique within a connection's report.

https://w3c.github.io/webrtc-stats/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mediastreams._engine.clock import get_clock, wall_time
from mediastreams.webrtc.sending.encoded import VideoChoice

if TYPE_CHECKING:
    from mediastreams.webrtc.sending.outlet import Outlet

__all__ = ["sender_stats"]


def sender_stats(outlet: Outlet) -> list[Mapping[str, object]]:
    """Describe a sender: codec, media-source, outbound-rtp, remote-inbound-rtp, as far as there is anything."""
    plan, track = outlet.plan, outlet.track
    timestamp = wall_time(get_clock().now_us()).timestamp() * 1000
    found: list[Mapping[str, object]] = []
    codec_id = source_id = None
    if plan is not None:
        codec = plan.codec
        codec_id = f"CO-{plan.mid}-{codec.payload_type}"
        fmtp = ";".join(name if value is None else f"{name}={value}" for name, value in codec.parameters.items())
        found.append(
            _without_nothing(
                id=codec_id,
                type="codec",
                timestamp=timestamp,
                payload_type=codec.payload_type,
                mime_type=codec.mime_type,
                clock_rate=codec.clock_rate,
                channels=codec.channels,
                sdp_fmtp_line=fmtp or None,
            )
        )
    if track is not None:
        source_id = f"SO-{outlet.ssrc}"
        found.append(_media_source(outlet, source_id, timestamp))
    if plan is not None:
        found.append(_outbound(outlet, codec_id, source_id, timestamp))
        if outlet.feedback.reports:
            found.append(_remote_inbound(outlet, codec_id, timestamp))
    return found


def _without_nothing(**values: object) -> Mapping[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _media_source(outlet: Outlet, source_id: str, timestamp: float) -> Mapping[str, object]:
    track = outlet.track
    assert track is not None
    shape = outlet.shape
    size = {} if shape is None else {"width": shape[0], "height": shape[1], "frames_per_second": round(shape[2], 3)}
    return _without_nothing(
        id=source_id, type="media-source", timestamp=timestamp, track_identifier=track.id, kind=outlet.kind, **size
    )


def _outbound(outlet: Outlet, codec_id: str | None, source_id: str | None, timestamp: float) -> Mapping[str, object]:
    writer, feedback, plan = outlet.writer, outlet.feedback, outlet.plan
    assert plan is not None
    values: dict[str, object] = {
        "id": f"OT-{outlet.ssrc}",
        "type": "outbound-rtp",
        "timestamp": timestamp,
        "ssrc": outlet.ssrc,
        "kind": outlet.kind,
        "mid": plan.mid,
        "codec_id": codec_id,
        "media_source_id": source_id,
        "remote_id": f"RI-{outlet.ssrc}" if feedback.reports else None,
        "packets_sent": writer.packets + writer.repeated_packets,
        "bytes_sent": writer.octets + writer.repeated_octets,
        "header_bytes_sent": writer.header_octets,
        "retransmitted_packets_sent": writer.repeated_packets,
        "retransmitted_bytes_sent": writer.repeated_octets,
        "rtx_ssrc": outlet.rtx_ssrc if plan.codec.rtx is not None else None,
        "target_bitrate": outlet.target_bit_rate,
        "active": outlet.sending,
    }
    if outlet.kind == "video":
        size = outlet.encoded_size
        values |= {
            "frames_sent": outlet.frames,
            "frames_encoded": outlet.frames,
            "key_frames_encoded": outlet.key_frames,
            "frame_width": None if size is None else size[0],
            "frame_height": None if size is None else size[1],
            "fir_count": feedback.firs,
            "pli_count": feedback.plis,
            "encoder_implementation": outlet.encoder_name,
            "scalability_mode": "L1T1" if isinstance(outlet.choice, VideoChoice) else None,
        }
    values["nack_count"] = feedback.nacks
    return _without_nothing(**values)


def _remote_inbound(outlet: Outlet, codec_id: str | None, timestamp: float) -> Mapping[str, object]:
    feedback, plan = outlet.feedback, outlet.plan
    assert plan is not None
    return _without_nothing(
        id=f"RI-{outlet.ssrc}",
        type="remote-inbound-rtp",
        timestamp=timestamp,
        ssrc=outlet.ssrc,
        kind=outlet.kind,
        codec_id=codec_id,
        local_id=f"OT-{outlet.ssrc}",
        packets_received=max(0, outlet.writer.packets - feedback.lost),
        packets_lost=feedback.lost,
        fraction_lost=feedback.fraction,
        jitter=feedback.jitter / plan.codec.clock_rate,
        round_trip_time=feedback.round_trip,
        total_round_trip_time=feedback.round_trip_total,
        round_trip_time_measurements=feedback.round_trips,
    )
