"""`VideoEncoder`: where its key frames are, and what the codec is called in the file."""

import io
from types import SimpleNamespace

import av
import pytest

from mediastreams._engine.encoding.codecs import KeyFrames, VideoPlan, available_encoder
from mediastreams._engine.encoding.video_encoder import VideoEncoder
from mediastreams._engine.frames import Picture

__all__ = []

STEP = 40_000


def picture(index):
    frame = av.VideoFrame(64, 64, "yuv420p")
    for plane in frame.planes:
        memoryview(plane)[:] = bytes((index * 3 % 200 + 20,)) * plane.buffer_size
    return Picture.stamped(frame, index * STEP, STEP)


def encoded(codec, plan, container, count=60, **options):
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        encoder = VideoEncoder(out, available_encoder(codec), plan, None, options=options, least_step=1000)
        encoder.start_at(0)
        for index in range(count):
            for packet in encoder.encode(picture(index)):
                out.mux_one(packet)
        for packet in encoder.flush():
            out.mux_one(packet)
    file.seek(0)
    with av.open(file) as made:
        stream = made.streams.video[0]
        keys = [
            round(packet.pts * packet.time_base * 1e6 / STEP) for packet in made.demux(stream) if packet.is_keyframe
        ]
        return SimpleNamespace(keys=keys, tag=stream.codec_context.codec_tag, codec=stream.codec_context.name)


def plan(**keywords):
    return VideoPlan(64, 64, 25.0, 200_000, **keywords)


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1", "h264", "h265"])
def test_a_key_frame_follows_after_so_many_pictures(codec):
    made = encoded(codec, plan(key_frames=KeyFrames(count=19)), "matroska")
    assert made.keys == [0, 20, 40]


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1", "h264", "h265"])
def test_a_key_frame_follows_after_so_much_time(codec):
    made = encoded(codec, plan(key_frames=KeyFrames(interval=1_000_000)), "matroska")
    assert made.keys == [0, 25, 50]


def test_after_no_picture_at_all_means_that_all_are_key_frames():
    assert encoded("vp8", plan(key_frames=KeyFrames(count=0)), "webm", count=5).keys == [0, 1, 2, 3, 4]


def test_who_sets_the_distance_of_key_frames_as_an_option_of_the_encoder_gets_that():
    assert encoded("h264", plan(), "matroska", g="15", sc_threshold="0").keys == [0, 15, 30, 45]


@pytest.mark.parametrize(
    ("codec", "asked", "written"),
    [
        ("h264", None, "avc1"),
        ("h264", "avc3", "avc3"),
        ("h265", None, "hvc1"),
        ("h265", "hev1", "hev1"),
        ("h265", "hvc1", "hvc1"),
    ],
)
def test_the_form_of_a_codec_in_mp4_is_as_asked(codec, asked, written):
    assert encoded(codec, plan(tag=asked), "mp4", count=5).tag == written
