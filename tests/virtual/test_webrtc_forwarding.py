"""A camera of the network, sent on to a peer as it came: RTSP with H.264 and Opus."""

import asyncio
from contextlib import ExitStack

import numpy as np
import pytest
from tests.virtual.network_servers import start_rtsp
from tests.webrtc import pairs

import mediastreams as ms
from mediastreams.webrtc.whip.tracks import prefer_what_passes

__all__ = []


@pytest.mark.may_block(reason="decoders of a busy machine")
async def test_a_camera_of_the_network_is_sent_on_without_being_encoded_again(tmp_path):
    with ExitStack() as stack:
        address, _ = await asyncio.to_thread(stack.enter_context, start_rtsp(tmp_path / "none"))
        async with ms.open(f"{address}/live") as stream, pairs.pair() as (one, other):
            came = {}
            other.ontrack = lambda event: came.setdefault(event.track.kind, event.track)
            for track in stream.get_tracks():
                prefer_what_passes(one.add_transceiver(track, {"streams": [stream]}), track)
            await pairs.connect(one, other)
            outlets = [sender._outlet for sender in one.get_senders()]
            await pairs.until(lambda: all(outlet.sending and outlet._watch.encoder.line.passing for outlet in outlets))
            async with asyncio.timeout(20):
                seen = []
                async for frame in came["video"].frames():
                    seen.append(frame.to_ndarray(format="gray").astype(int))
                    if len(seen) == 30:
                        break
                async for data in came["audio"].frames():
                    if np.abs(data.to_ndarray()).max() > 0.01:
                        break
            assert seen[-1].shape == (240, 320)
            assert np.abs(seen[-1] - seen[0]).mean() > 0.1  # it moves
            report = await one.get_stats()
            sent = {figures["kind"]: figures for figures in report.values() if figures["type"] == "outbound-rtp"}
            codecs = {kind: report[figures["codec_id"]]["mime_type"] for kind, figures in sent.items()}
            assert codecs == {"video": "video/H264", "audio": "audio/opus"}
            assert all(outlet._watch.encoder.line.passing for outlet in outlets)
            assert sent["video"].get("encoder_implementation") is None
