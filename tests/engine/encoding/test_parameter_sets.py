"""Parameter sets and units, checked against what FFmpeg's own filter makes of the same stream."""

import av
import pytest
from av.bitstream import BitStreamFilterContext
from tests.media import make_movie

from mediastreams._engine.encoding.parameter_sets import length_size, parameter_sets, with_lengths


def units(packet):
    """The units of a packet; FFmpeg puts the sets after other things that a decoder may know first."""
    found = []
    while packet:
        end = 4 + int.from_bytes(packet[:4], "big")
        found.append(packet[4:end])
        packet = packet[end:]
    return sorted(found)


@pytest.mark.parametrize(
    ("encoder", "codec", "options"),
    [("libx264", "h264", {}), ("libx265", "hevc", {"x265-params": "log-level=none"})],
)
def test_units_with_marks_become_the_units_of_the_file(tmp_path, encoder, codec, options):
    path = make_movie(tmp_path / "a.mp4", codec=encoder, frames=8, size=(320, 240), options=options)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        head = stream.codec_context.extradata
        size = length_size(codec, head)
        assert size == 4
        marked = BitStreamFilterContext(f"{codec}_mp4toannexb", stream)
        seen = 0
        for packet in container.demux(stream):
            if not packet.size:
                continue
            stored = bytes(packet)
            (other,) = marked.filter(packet)
            expected = parameter_sets(codec, head) + stored if other.is_keyframe else stored
            assert units(with_lengths(bytes(other), size)) == units(expected)
            seen += 1
        assert seen == 8


def test_heads_without_lengths_have_no_sets_to_tell_again():
    assert length_size("h264", b"\0\0\0\1\x67\x42") is None
    assert length_size("h264", b"") is None
    assert length_size("vp9", b"\1" * 30) is None
    assert parameter_sets("vp9", b"\1" * 30) == b""
