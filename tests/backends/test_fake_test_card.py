"""The picture of a fake camera: its counter survives what happens to pictures, and it is cheap."""

import io

import av
import numpy as np
import pytest

from mediastreams._backends.fake.card_code import COUNTER_RANGE, bits_of, code_box
from mediastreams._backends.fake.glyphs import text_mask
from mediastreams._backends.fake.test_card import Look, TestCard
from mediastreams.testing import read_counter, read_flash


def _rgb(frame, *size):
    width, height = size or (frame.width, frame.height)
    return av.video.reformatter.VideoReformatter().reformat(frame, width, height, "rgb24").to_ndarray()


@pytest.mark.parametrize("size", [(160, 120), (320, 240), (640, 360), (641, 361), (1080, 1920), (1920, 1080)])
@pytest.mark.parametrize("counter", [0, 1, 77_777, COUNTER_RANGE - 1])
def test_the_counter_is_read_back_at_every_size(size, counter):
    picture = _rgb(TestCard(Look(*size, "A")).paint(counter, 0, 123_456))
    assert read_counter(picture) == counter
    assert read_flash(picture)


def test_the_counter_wraps_around():
    picture = _rgb(TestCard(Look(320, 240)).paint(COUNTER_RANGE + 5, 500_000, 0))
    assert read_counter(picture) == 5
    assert not read_flash(picture)


@pytest.mark.parametrize(
    "kind", [{"desktop": True, "cursor": True}, {"blur": True}, {"saturation": 0}, {"brightness": 255}]
)
def test_no_look_hides_the_counter(kind):
    assert read_counter(_rgb(TestCard(Look(640, 480, "A", **kind)).paint(4242, 0, 999_999))) == 4242


def test_nothing_that_moves_passes_over_the_counter():
    card = TestCard(Look(320, 240, "A", cursor=True))
    for step in range(120):
        assert read_counter(_rgb(card.paint(step, step * 33_333, step * 33_333))) == step


@pytest.mark.parametrize("crop", [(90, 160), (180, 180), (320, 100), (240, 180)])
def test_the_counter_survives_a_crop_about_the_middle(crop):
    picture = _rgb(TestCard(Look(320, 180)).paint(31_415, 0, 0))
    width, height = crop
    top, left = max(0, (180 - height) // 2), max(0, (320 - width) // 2)
    assert read_counter(picture[top : top + height, left : left + width]) == 31_415


@pytest.mark.parametrize("size", [(1280, 720), (320, 180), (160, 90), (240, 180), (100, 400)])
def test_the_counter_survives_scaling(size):
    assert read_counter(_rgb(TestCard(Look(1920, 1080)).paint(27_182, 0, 0), *size)) == 27_182


@pytest.mark.parametrize(("codec", "container"), [("libvpx", "webm"), ("libx264", "mp4"), ("mjpeg", "matroska")])
@pytest.mark.parametrize("size", [(320, 240), (640, 360)])
def test_the_counter_survives_strong_compression(codec, container, size):
    memory = io.BytesIO()
    card = TestCard(Look(*size, "A"))
    with av.open(memory, "w", format=container) as output:
        stream = output.add_stream(codec, rate=30)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.bit_rate = 200_000
        if codec == "libvpx":
            stream.options = {"deadline": "realtime", "cpu-used": "8", "threads": "1"}
        for index in range(45):
            frame = card.paint(index + 1000, index * 33_333, index * 33_333)
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    memory.seek(0)
    with av.open(memory) as written:
        counters = [read_counter(_rgb(frame)) for frame in written.decode(video=0)]
    assert counters == list(range(1000, 1045))


def test_a_picture_without_a_counter_is_refused():
    for picture in (np.zeros((90, 160, 3), np.uint8), np.full((90, 160, 3), 255, np.uint8)):
        with pytest.raises(ValueError, match="no frame counter"):
            read_counter(picture)
    with pytest.raises(ValueError, match="rgb24"):
        read_counter(np.zeros((90, 160), np.uint8))


def test_a_damaged_counter_is_refused():
    picture = _rgb(TestCard(Look(640, 360)).paint(12345, 0, 0)).copy()
    left, top, _, _ = code_box(640, 360).inner
    picture[top : top + code_box(640, 360).down, left : left + code_box(640, 360).across] ^= 255
    with pytest.raises(ValueError, match="damaged"):
        read_counter(picture)


def test_every_single_wrong_block_is_noticed():
    for counter in (0, 5, 99_999):
        bits = bits_of(counter).ravel()
        for index in range(bits.size):
            changed = bits.copy()
            changed[index] ^= True
            number = int("".join("01"[int(bit)] for bit in changed[:18]), 2)
            assert tuple(bits_of(number).ravel()) != tuple(changed)


def test_each_frame_has_memory_of_its_own():
    card = TestCard(Look(64, 64))
    first = card.paint(1, 0, 0)
    before = bytes(first.planes[0])
    card.paint(2, 500_000, 500_000)
    assert bytes(first.planes[0]) == before


def test_the_picture_moves():
    card = TestCard(Look(320, 240))
    a, b = (_rgb(card.paint(0, 0, elapsed)).astype(int) for elapsed in (0, 33_333))
    assert np.abs(a - b).max() > 100


def test_letters_are_drawn_as_they_are():
    assert ["".join(".#"[int(point)] for point in row) for row in text_mask("I1", 1)] == [
        "###..#.",
        ".#..##.",
        ".#...#.",
        ".#...#.",
        "###.###",
    ]
    assert text_mask("", 2).shape == (10, 0)
    assert not text_mask("\N{SNOWMAN}", 1).any()
