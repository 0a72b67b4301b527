"""Payload formats: what is cut is put together again, and what comes from the network breaks nothing."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediastreams.webrtc.rtp import audio, av1, h264, vp8, vp9
from mediastreams.webrtc.rtp.formats import LIMIT, PayloadInfo, format_of

limits = st.integers(40, 1500)
pictures = st.integers(0, 0x7FFF)
MODULES = {"vp8": vp8, "vp9": vp9, "h264": h264, "av1": av1, "opus": audio}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_format_is_found_by_its_codec(name):
    assert format_of(name) is MODULES[name]


def test_an_unknown_codec_has_no_format():
    with pytest.raises(ValueError, match="theora"):
        format_of("theora")


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
@settings(max_examples=300)
@given(payloads=st.lists(st.binary(max_size=60), max_size=4))
def test_malformed_payloads_are_value_errors_and_nothing_else(module, payloads):
    for payload in payloads:
        with contextlib.suppress(ValueError):
            assert isinstance(module.inspect(payload), PayloadInfo)
    with contextlib.suppress(ValueError):
        assert isinstance(module.depacketize(payloads), bytes)


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
@settings(max_examples=300)
@given(frame=st.binary(max_size=400))
def test_malformed_frames_are_value_errors_and_nothing_else(module, frame):
    assert module.is_key(frame) in (True, False)
    try:
        payloads = module.packetize(frame, picture_id=7, limit=60)
    except ValueError:
        return
    assert all(0 < len(payload) <= 60 for payload in payloads)


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
@given(frame=st.binary(min_size=1, max_size=5000), data=st.data())
def test_a_damaged_payload_is_a_value_error_or_a_frame(module, frame, data):
    if module is h264:
        frame = b"\x00\x00\x01\x65" + frame
    if module is av1:
        frame = b"\x32" + av1._leb128(len(frame)) + frame
    if module is audio:
        frame = frame[:LIMIT]
    payloads = module.packetize(frame, picture_id=1)
    index = data.draw(st.integers(0, len(payloads) - 1))
    damaged = bytearray(payloads[index])
    at = data.draw(st.integers(0, min(8, len(damaged) - 1)))
    damaged[at] = data.draw(st.integers(0, 255))
    payloads[index] = bytes(damaged)[: data.draw(st.integers(0, len(damaged)))]
    try:
        module.inspect(payloads[index])
        module.depacketize(payloads)
    except ValueError:
        pass


@given(frame=st.binary(min_size=1, max_size=20_000), picture_id=pictures, limit=limits)
def test_vp8_comes_back_in_payloads_of_nearly_equal_size(frame, picture_id, limit):
    payloads = vp8.packetize(frame, picture_id=picture_id, limit=limit)
    assert vp8.depacketize(payloads) == frame
    assert max(map(len, payloads)) <= limit
    assert max(map(len, payloads)) - min(map(len, payloads)) <= 1
    infos = [vp8.inspect(payload) for payload in payloads]
    assert [info.start for info in infos] == [True] + [False] * (len(payloads) - 1)
    assert {info.picture_id for info in infos} == {(picture_id, 15)}
    assert infos[0].key is not frame[0] & 1


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x10\x00", PayloadInfo(start=True, key=True)),
        (b"\x10\x01", PayloadInfo(start=True, key=False)),
        (b"\x11\x00", PayloadInfo(start=False, key=False)),  # the second partition
        (b"\x00\x00", PayloadInfo(start=False, key=False)),
        (b"\x90\x80\x11\x00", PayloadInfo(start=True, key=True, picture_id=(0x11, 7))),
        (b"\x90\x80\x92\x34\x00", PayloadInfo(start=True, key=True, picture_id=(0x1234, 15))),
        (b"\x90\xf0\x92\x34\x05\x60\x00", PayloadInfo(start=True, key=True, picture_id=(0x1234, 15))),
        (b"\x90\x20\x60\x00", PayloadInfo(start=True, key=True)),
        (b"\x90\x40\x60\x01", PayloadInfo(start=True, key=False)),
    ],
)
def test_vp8_descriptors_of_others_are_read(payload, expected):
    assert vp8.inspect(payload) == expected


@pytest.mark.parametrize(
    "payload", [b"", b"\x10", b"\x90", b"\x90\x80", b"\x90\x80\x92", b"\x90\x80\x92\x34", b"\x90\x40\x00"]
)
def test_truncated_vp8_descriptors_are_refused(payload):
    with pytest.raises(ValueError, match="VP8"):
        vp8.inspect(payload)


def test_a_vp8_frame_without_its_beginning_or_with_two_is_refused():
    payloads = vp8.packetize(bytes(3000))
    for wrong in (payloads[1:], payloads[::-1], [*payloads, payloads[0]], []):
        with pytest.raises(ValueError, match="payloads"):
            vp8.depacketize(wrong)


def vp9_key(width, height, rest=b""):
    bits = (1 << 3 | 0) << 32 | (width - 1) << 16 | (height - 1)  # colour space 1, limited range
    return b"\x82\x49\x83\x42" + (bits << 12).to_bytes(6, "big") + rest


@given(frame=st.binary(min_size=1, max_size=20_000), picture_id=pictures, limit=limits)
def test_vp9_comes_back(frame, picture_id, limit):
    payloads = vp9.packetize(frame, picture_id=picture_id, limit=limit)
    assert vp9.depacketize(payloads) == frame
    assert max(map(len, payloads)) <= limit
    infos = [vp9.inspect(payload) for payload in payloads]
    assert [info.start for info in infos] == [True] + [False] * (len(payloads) - 1)
    assert {info.picture_id for info in infos} == {(picture_id, 15)}
    assert infos[0].key is vp9.is_key(frame)


@given(width=st.integers(1, 65535), height=st.integers(1, 65535))
def test_a_vp9_key_frame_tells_its_size(width, height):
    payloads = vp9.packetize(vp9_key(width, height, bytes(3000)), picture_id=5)
    assert payloads[0][0] & 0x02
    assert payloads[0][3:8] == b"\x10" + width.to_bytes(2, "big") + height.to_bytes(2, "big")
    assert vp9.depacketize(payloads) == vp9_key(width, height, bytes(3000))
    assert vp9.inspect(payloads[0]).key


@pytest.mark.parametrize(
    ("head", "length", "begin", "predicted"),
    [
        ("08", 1, True, False),
        ("8c11", 2, True, False),
        ("8c9234", 3, True, False),
        ("cc9234", 3, True, True),
        ("ac92341005", 5, True, False),  # layers, TL0PICIDX
        ("bc923410", 4, True, False),  # flexible: none
        ("dc923402", 4, True, True),  # one reference
        ("dc9234030502", 6, True, True),  # three
        ("8a923418 02800168 02 40 14 01".replace(" ", ""), 12, True, False),  # structure: a size, a group of two
        ("8a9234 30 0140 00b4 0280 0168".replace(" ", ""), 12, True, False),  # two spatial layers
    ],
)
def test_vp9_descriptors_of_others_are_read(head, length, begin, predicted):
    found = vp9.descriptor(bytes.fromhex(head) + b"\xff" * 5)
    assert (found.length, found.begin, found.predicted) == (length, begin, predicted)


def test_a_vp9_descriptor_has_at_most_three_references():
    with pytest.raises(ValueError, match="three references"):
        vp9.descriptor(bytes.fromhex("dc923403050702ffff"))


def test_spatial_layers_of_a_vp9_picture_are_put_together():
    low = bytes.fromhex("ac92340005") + b"low"
    high = bytes.fromhex("ac92340205") + b"high"
    assert vp9.depacketize([low, high]) == b"lowhigh"
    assert vp9.inspect(low).start
    assert not vp9.inspect(high).start


def test_a_vp9_picture_without_its_end_is_refused():
    payloads = vp9.packetize(bytes(3000))
    for wrong in (payloads[:-1], payloads[1:], [payloads[0], payloads[0]], []):
        with pytest.raises(ValueError, match="VP9"):
            vp9.depacketize(wrong)


def unit(kind, length, seed=1):
    return bytes((0x60 | kind, 0x80)) + bytes(1 + (seed + index) % 255 for index in range(length))


units = st.lists(
    st.builds(unit, st.sampled_from([1, 5, 6, 7, 8]), st.integers(0, 4000), st.integers(0, 250)), min_size=1, max_size=6
)


@given(units=units, limit=limits)
def test_h264_comes_back(units, limit):
    frame = b"".join(b"\x00\x00\x00\x01" + one for one in units)
    payloads = h264.packetize(frame, limit=limit)
    assert h264.depacketize(payloads) == frame
    assert max(map(len, payloads)) <= limit
    assert h264.inspect(payloads[0]).start
    assert h264.is_key(frame) is any(one[0] & 0x1F == 5 for one in units)
    if any(one[0] & 0x1F in (5, 7) for one in units):
        assert any(h264.inspect(payload).key for payload in payloads)
    else:
        assert not any(h264.inspect(payload).key for payload in payloads)


@given(units=units)
def test_h264_in_mode_0_is_one_unit_a_packet(units):
    frame = b"".join(b"\x00\x00\x01" + one for one in units)
    assert h264.packetize_single(frame) == units
    assert h264.depacketize(units) == frame.replace(b"\x00\x00\x01", b"\x00\x00\x00\x01")


@given(units=units, size=st.sampled_from([2, 4]))
def test_h264_of_files_is_split_by_its_lengths(units, size):
    frame = b"".join(len(one).to_bytes(size, "big") + one for one in units)
    assert h264.units_with_lengths(frame, size) == units
    with pytest.raises(ValueError, match="longer"):
        h264.units_with_lengths(frame[:-1], size)


def test_h264_parameter_sets_travel_with_the_picture():
    frame = b"".join(b"\x00\x00\x01" + unit(kind, 20) for kind in (9, 7, 8, 6, 5))
    (payload,) = h264.packetize(frame)
    assert payload[0] & 0x1F == 24
    assert [part[0] & 0x1F for part in h264.units_of(h264.depacketize([payload]))] == [7, 8, 6, 5]


def test_h264_fragments_are_marked_at_both_ends():
    payloads = h264.packetize(b"\x00\x00\x01" + unit(5, 5000))
    assert [payload[0] & 0x1F for payload in payloads] == [28] * len(payloads)
    assert [payload[1] >> 6 for payload in payloads] == [2, *[0] * (len(payloads) - 2), 1]
    for wrong in (payloads[:-1], payloads[1:], [payloads[0], payloads[0]], [payloads[0], unit(1, 5)], []):
        with pytest.raises(ValueError, match="missing"):
            h264.depacketize(wrong)


def test_a_slice_that_is_not_the_first_begins_no_frame():
    assert h264.inspect(b"\x41\x80\x00").start
    assert not h264.inspect(b"\x41\x40\x00").start
    assert h264.inspect(b"\x5c\x81\x80\x00").start
    assert not h264.inspect(b"\x5c\x81\x40\x00").start
    assert not h264.inspect(b"\x5c\x01\x80\x00").start


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x65", b"\x78\x00", b"\x78\x00\x05\x65", b"\x78\x00\x00\x00", b"\x7c\x85", b"\x7d\x00\x00", b"\x60\x00"],
)
def test_malformed_h264_is_refused(payload):
    with pytest.raises(ValueError, match=r"H\.264|STAP-A|FU-A"):
        h264.inspect(payload)
    with pytest.raises(ValueError, match=r"H\.264|STAP-A|FU-A"):
        h264.depacketize([payload])


def test_frames_with_nothing_to_send_are_refused():
    for nothing in (b"", b"\x00\x00\x01\x09\x10", b"abc"):
        with pytest.raises(ValueError, match="without NAL"):
            h264.packetize(nothing)
        with pytest.raises(ValueError, match="without NAL"):
            h264.packetize_single(nothing)
    for module in (vp8, vp9):
        with pytest.raises(ValueError, match="empty"):
            module.packetize(b"")
    with pytest.raises(ValueError, match="without anything"):
        av1.packetize(b"\x12\x00")
    with pytest.raises(ValueError, match="mode 0"):
        h264.packetize_single(b"\x00\x00\x01" + unit(5, 70_000))


def obu(kind, length, seed=0, extension=False):
    head = bytes((kind << 3 | 4, 0x20)) if extension else bytes((kind << 3,))
    return head + bytes((seed + index) % 256 for index in range(length))


obus = st.lists(
    st.builds(obu, st.sampled_from([1, 3, 4, 5, 6]), st.integers(0, 3000), st.integers(0, 255), st.booleans()),
    min_size=1,
    max_size=8,
)


def temporal_unit(obus):
    return b"\x12\x00" + b"".join(av1._with_size(one) for one in obus)


@given(obus=obus, limit=limits)
def test_av1_comes_back(obus, limit):
    unit = temporal_unit(obus)
    payloads = av1.packetize(unit, limit=limit)
    assert av1.depacketize(payloads) == unit
    assert max(map(len, payloads)) <= limit
    infos = [av1.inspect(payload) for payload in payloads]
    assert infos[0].start
    assert infos[0].key is av1.is_key(unit) is any(one[0] >> 3 & 15 == 1 for one in obus)
    assert not any(info.key for info in infos[1:])


def test_av1_leaves_out_delimiters_padding_and_sizes():
    unit = temporal_unit([obu(1, 10), obu(15, 50), obu(8, 5), obu(6, 20)])
    (payload,) = av1.packetize(unit)
    assert payload == b"\x28" + bytes((11,)) + obu(1, 10) + obu(6, 20)  # W = 2, N


def test_av1_with_more_than_three_elements_tells_every_length():
    parts = [obu(5, 3)] * 5
    (payload,) = av1.packetize(temporal_unit(parts))
    assert payload == b"\x00" + b"".join(bytes((4,)) + part for part in parts)


def test_the_last_obu_of_a_unit_may_have_no_size():
    assert av1.obus_of(b"\x12\x00\x32\x01\xaa\x30\xbb\xcc") == [b"\x30\xaa", b"\x30\xbb\xcc"]


def test_av1_of_senders_that_keep_sizes_is_taken():
    assert av1.depacketize([b"\x10\x32\x01\xaa"]) == b"\x12\x00\x32\x01\xaa"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00",
        b"\x20\x05\x30",
        b"\x20\x01\x30",
        b"\x00\x00",
        b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x10\x34",
    ],
)
def test_malformed_av1_is_refused(payload):
    with pytest.raises(ValueError, match=r"AV1|OBU"):
        av1.depacketize([payload])


def test_an_av1_obu_with_a_missing_part_is_refused():
    payloads = av1.packetize(temporal_unit([obu(6, 5000)]))
    for wrong in (payloads[:-1], payloads[1:], [payloads[0], payloads[0]], []):
        with pytest.raises(ValueError, match="missing"):
            av1.depacketize(wrong)
    with pytest.raises(ValueError, match="inside"):
        av1.inspect(b"\x88\x30")


def test_sound_is_one_payload():
    assert audio.packetize(b"abc") == [b"abc"]
    assert audio.depacketize([b"abc"]) == b"abc"
    assert audio.inspect(b"a") == PayloadInfo(start=True, key=True)
    for wrong in (b"", bytes(2000)):
        with pytest.raises(ValueError, match="fit"):
            audio.packetize(wrong)
    for wrong in ([], [b"a", b"b"], [b""]):
        with pytest.raises(ValueError, match="one payload"):
            audio.depacketize(wrong)


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (b"\x00", 480),
        (b"\x08\x00", 960),
        (b"\x18", 2880),
        (b"\x60", 480),
        (b"\x68", 960),
        (b"\x80", 120),
        (b"\xf8", 960),
        (b"\xf9", 1920),
        (b"\xfa", 1920),
        (b"\xfb\x03", 2880),
        (b"\xfb\x86", 5760),
    ],
)
def test_an_opus_packet_tells_its_length(packet, samples):
    assert audio.opus_samples(packet) == samples


@pytest.mark.parametrize("packet", [b"", b"\xfb", b"\xfb\x00", b"\xfb\x07", b"\x1b\x3f"])
def test_a_malformed_opus_packet_is_refused(packet):
    with pytest.raises(ValueError, match="Opus"):
        audio.opus_samples(packet)
