"""The statistics of one receiver, by the names of the standard: ``inbound-rtp``, ``remote-outbound-rtp``, ``codec``.

https://w3c.github.io/webrtc-stats/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mediastreams._engine.clock import wall_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediastreams._rules.values import Kind
    from mediastreams.webrtc.plans import Codec
    from mediastreams.webrtc.receiving.feedback import Feedback
    from mediastreams.webrtc.receiving.figures import Figures
    from mediastreams.webrtc.receiving.stream import RemoteStream

__all__ = ["inbound_statistics"]

_NTP_EPOCH_SECONDS: Final = 2_208_988_800


def inbound_statistics(
    kind: Kind,
    stream: RemoteStream,
    figures: Figures,
    feedback: Feedback,
    *,
    mid: str,
    track_id: str,
    now: int,
    frame_rate: float | None,
) -> list[Mapping[str, object]]:
    """Describe what one SSRC has brought. ``now`` in µs of the clock."""
    common = {"timestamp": _wall(now), "ssrc": stream.ssrc, "kind": kind}
    codec = _codec(stream.codec, mid, common["timestamp"])
    inbound = {
        **common,
        **_packets(stream),
        **(_pictures(figures, feedback, frame_rate) if kind == "video" else _sounds(figures)),
        "type": "inbound-rtp",
        "id": f"IN{stream.ssrc}",
        "mid": mid,
        "track_identifier": track_id,
        "codec_id": codec["id"],
        "nack_count": feedback.nacks,
    }
    found: list[Mapping[str, object]] = [inbound, codec]
    if stream.sender is not None:
        inbound["remote_id"] = f"RO{stream.ssrc}"
        info = stream.sender.info
        found.append(
            {
                **common,
                "type": "remote-outbound-rtp",
                "id": f"RO{stream.ssrc}",
                "local_id": inbound["id"],
                "codec_id": codec["id"],
                "packets_sent": info.packet_count,
                "bytes_sent": info.octet_count,
                "reports_sent": stream.sender.count,
                "remote_timestamp": ((info.ntp_timestamp >> 32) - _NTP_EPOCH_SECONDS) * 1000
                + ((info.ntp_timestamp & 0xFFFFFFFF) * 1000 >> 32),
            }
        )
    return found


def _wall(time: int) -> float:
    """Milliseconds since 1970, of an instant of the clock."""
    return wall_time(time).timestamp() * 1000


def _codec(codec: Codec, mid: str, timestamp: object) -> dict[str, object]:
    parameters = ";".join(name if value is None else f"{name}={value}" for name, value in codec.parameters.items())
    found: dict[str, object] = {
        "type": "codec",
        "id": f"CI{mid}_{codec.payload_type}",
        "timestamp": timestamp,
        "payload_type": codec.payload_type,
        "mime_type": codec.mime_type,
        "clock_rate": codec.clock_rate,
    }
    if codec.channels is not None:
        found["channels"] = codec.channels
    if parameters:
        found["sdp_fmtp_line"] = parameters
    return found


def _packets(stream: RemoteStream) -> dict[str, object]:
    reception = stream.reception
    return {
        "packets_received": reception.packets + stream.retransmitted,
        "bytes_received": reception.bytes + stream.retransmitted_bytes,
        "header_bytes_received": reception.header_bytes,
        "packets_lost": reception.lost,
        "jitter": reception.jitter / reception.clock_rate,
        "retransmitted_packets_received": stream.retransmitted,
        "retransmitted_bytes_received": stream.retransmitted_bytes,
        "last_packet_received_timestamp": _wall(stream.latest_arrival),
    }


def _pictures(figures: Figures, feedback: Feedback, frame_rate: float | None) -> dict[str, object]:
    found: dict[str, object] = {
        "frames_received": figures.frames_received,
        "frames_decoded": figures.frames_decoded,
        "key_frames_decoded": figures.key_frames_decoded,
        "frames_dropped": figures.frames_dropped,
        "total_decode_time": figures.decoding_time,
        "jitter_buffer_delay": figures.waiting_time,
        "jitter_buffer_emitted_count": figures.frames_delivered,
        "freeze_count": figures.freezes,
        "total_freezes_duration": figures.freezing_time,
        "pli_count": feedback.plis,
        "fir_count": 0,
    }
    if figures.width:
        found |= {"frame_width": figures.width, "frame_height": figures.height}
    if frame_rate is not None:
        found["frames_per_second"] = frame_rate
    return found


def _sounds(figures: Figures) -> dict[str, object]:
    return {
        "total_samples_received": figures.samples,
        "concealed_samples": figures.concealed_samples,
        "concealment_events": figures.concealments,
        "jitter_buffer_delay": figures.waiting_time,
        "jitter_buffer_emitted_count": figures.samples - figures.concealed_samples,
        "audio_level": figures.level,
        "total_audio_energy": figures.energy,
        "total_samples_duration": figures.sounding_time,
    }
