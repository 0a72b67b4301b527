"""Our VP8 and H.264 payloads against aiortc's, both ways, and real encoders' frames through every format."""

from fractions import Fraction

import av
import pytest
from aiortc.codecs.h264 import H264Encoder, h264_depayload
from aiortc.codecs.vpx import VpxPayloadDescriptor, vp8_depayload
from hypothesis import given
from hypothesis import strategies as st

from mediastreams.webrtc.rtp import h264, vp8
from mediastreams.webrtc.rtp.formats import format_of


@given(frame=st.binary(min_size=1, max_size=10_000), picture_id=st.integers(0, 0x7FFF))
def test_aiortc_reads_our_vp8(frame, picture_id):
    payloads = vp8.packetize(frame, picture_id=picture_id)
    assert b"".join(vp8_depayload(payload) for payload in payloads) == frame
    for index, payload in enumerate(payloads):
        descriptor, _ = VpxPayloadDescriptor.parse(payload)
        assert (descriptor.picture_id, descriptor.partition_start) == (picture_id, index == 0)


@given(
    part=st.binary(min_size=1, max_size=100),
    start=st.booleans(),
    picture_id=st.none() | st.integers(0, 0x7FFF),
    index=st.none() | st.integers(0, 255),
    layer=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 1)),
    key=st.none() | st.integers(0, 31),
)
def test_we_read_aiortcs_vp8(part, start, picture_id, index, layer, key):
    theirs = VpxPayloadDescriptor(
        partition_start=int(start), partition_id=0, picture_id=picture_id, tl0picidx=index, tid=layer, keyidx=key
    )
    length, begins, number = vp8.descriptor(bytes(theirs) + part)
    assert (length, begins) == (len(bytes(theirs)), start)
    assert number == (None if picture_id is None else (picture_id, 15))


units = st.lists(
    st.tuples(st.sampled_from([1, 5, 6, 7, 8]), st.binary(min_size=1, max_size=4000)).map(
        lambda pair: bytes((0x60 | pair[0],)) + bytes(byte | 1 for byte in pair[1])
    ),
    min_size=1,
    max_size=5,
)


@given(units=units)
def test_aiortc_reads_our_h264_and_we_theirs(units):
    frame = b"".join(b"\x00\x00\x00\x01" + unit for unit in units)
    assert b"".join(map(h264_depayload, h264.packetize(frame))) == frame
    assert h264.depacketize(H264Encoder._packetize(units)) == frame


ENCODERS = {
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "threads": "1"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "h264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency"}),
    "av1": ("libsvtav1", {"preset": "12", "svtav1-params": "pred-struct=1:rtc=1:rc=2", "b": "500000"}),
}


@pytest.mark.parametrize("name", sorted(ENCODERS))
@pytest.mark.may_block(reason="it encodes and decodes")
def test_frames_of_real_encoders_survive_the_journey(name):
    encoder, options = ENCODERS[name]
    context = av.CodecContext.create(encoder, "w")
    context.width, context.height, context.pix_fmt = 160, 120, "yuv420p"
    context.time_base, context.framerate, context.gop_size = Fraction(1, 30), Fraction(30), 4
    context.options = options
    from mediastreams._engine.encoding.scheduling import open_encoder

    open_encoder(context)
    frames = []
    with av.open("testsrc2=size=160x120:rate=30", format="lavfi") as card:
        for index, shown_by_card in enumerate(card.decode(video=0)):
            frame = shown_by_card.reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            frames += context.encode(frame)
            if index == 11:
                break
    frames += context.encode(None)
    format = format_of(name)
    decoder = av.CodecContext.create("libdav1d" if name == "av1" else name, "r")
    keys, shown = [], 0
    for index, packet in enumerate(frames):
        payloads = format.packetize(bytes(packet), picture_id=index, limit=300)
        infos = [format.inspect(payload) for payload in payloads]
        assert infos[0].start
        assert any(info.key for info in infos) is format.is_key(bytes(packet))
        keys.append(format.is_key(bytes(packet)))
        shown += len(decoder.decode(av.Packet(format.depacketize(payloads))))
    shown += len(decoder.decode(None))
    assert keys == [packet.is_keyframe for packet in frames]
    assert keys[0]
    assert shown == len(frames) == 12
