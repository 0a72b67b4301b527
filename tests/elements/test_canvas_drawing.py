"""Drawing on a canvas: rectangles, pictures, pixels, text, outlines."""

import math
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import mediastreams as ms
from mediastreams import CanvasElement, ImageData

RED, GREEN, BLUE, CLEAR = (255, 0, 0, 255), (0, 128, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0)


@pytest.fixture
def canvas():
    return CanvasElement(8, 6)


@pytest.fixture
def context(canvas):
    return canvas.get_context("2d")


def seen(canvas):
    return np.asarray(canvas.get_image_data())


def pixel(canvas, x, y):
    return tuple(int(value) for value in seen(canvas)[y, x])


def colours(array):
    return {tuple(int(value) for value in one) for one in array.reshape(-1, array.shape[-1])}


def quarters(height=40, width=60, channels=4):
    """Red, green, blue, white; the last quarter half transparent where there are four channels."""
    array = np.zeros((height, width, channels), np.uint8)
    array[..., 3:] = 255
    array[: height // 2, : width // 2, 0] = 255
    array[: height // 2, width // 2 :, 1] = 255
    array[height // 2 :, : width // 2, 2] = 255
    array[height // 2 :, width // 2 :, :] = 255
    array[height // 2 :, width // 2 :, 3:] = 128
    return array


# ── the canvas ───────────────────────────────────────────────────────────────────────────────────


def test_a_canvas_is_as_large_as_in_a_page_and_transparent_black():
    canvas = CanvasElement()
    assert (canvas.width, canvas.height) == (300, 150)
    assert colours(seen(canvas)) == {CLEAR}
    assert repr(canvas) == "<CanvasElement 300×150>"


def test_setting_a_side_begins_anew_even_with_the_same_number(canvas, context):
    canvas.fill_style = "red"
    canvas.fill_rect(0, 0, 8, 6)
    context.save()
    canvas.width = 8
    assert colours(seen(canvas)) == {CLEAR}
    assert canvas.fill_style == "#000000"
    canvas.fill_style = "red"
    context.restore()  # nothing is saved any more
    assert canvas.fill_style == "#ff0000"
    canvas.height = 3
    assert seen(canvas).shape == (3, 8, 4)


@pytest.mark.parametrize("size", [(-1, 5), ("8", 5), (None, 5), (2**32, 5), (math.nan, 5)])
def test_a_size_that_is_none_is_refused(canvas, size):
    with pytest.raises(TypeError, match="CanvasElement: width"):
        CanvasElement(*size)
    with pytest.raises(TypeError, match=r"CanvasElement\.width"):
        canvas.width = size[0]
    assert (canvas.width, canvas.height) == (8, 6)


def test_a_gigantic_canvas_says_so_when_it_is_painted():
    canvas = CanvasElement(2**31, 2**31)
    with pytest.raises(ms.QuotaExceededError, match="too large"):
        canvas.fill_rect(0, 0, 1, 1)


def test_a_canvas_without_pixels_is_drawn_on_in_vain():
    canvas = CanvasElement(0, 5)
    canvas.fill_rect(0, 0, 9, 9)
    canvas.put_image_data(quarters())
    canvas.draw_image(quarters())
    with pytest.raises(ms.DOMException, match="no pixels") as caught:
        canvas.get_image_data()
    assert caught.value.name == "IndexSizeError"


def test_there_is_one_context_and_only_of_two_dimensions(canvas, context):
    assert canvas.get_context("2d") is context
    assert context.canvas is canvas
    assert canvas.get_context("webgl") is None
    with pytest.raises(TypeError):
        canvas.get_context(2)
    with pytest.raises(TypeError, match="get_context"):
        ms.CanvasRenderingContext2D()


# ── rectangles ───────────────────────────────────────────────────────────────────────────────────


def test_a_rectangle_is_filled_and_nothing_else(canvas):
    canvas.fill_style = "green"
    canvas.fill_rect(2, 1, 3, 4)
    expected = np.zeros((6, 8, 4), np.uint8)
    expected[1:5, 2:5] = GREEN
    assert np.array_equal(seen(canvas), expected)


@pytest.mark.parametrize("rectangle", [(5, 5, -3, -4), (2, 1, 3, 4)])
def test_sizes_below_zero_count_back(canvas, rectangle):
    canvas.fill_rect(*rectangle)
    assert np.argwhere(seen(canvas)[..., 3]).min(0).tolist() == [1, 2]
    assert np.argwhere(seen(canvas)[..., 3]).max(0).tolist() == [4, 4]


@pytest.mark.parametrize(
    "rectangle",
    [(8, 0, 3, 3), (-5, 0, 5, 3), (0, 0, 0, 3), (0, math.nan, 3, 3), (0, 0, math.inf, 3), (1e300, 0, 1, 1)],
)
def test_rectangles_that_touch_nothing_draw_nothing(canvas, rectangle):
    canvas.fill_rect(*rectangle)
    canvas.clear_rect(*rectangle)
    canvas.get_context("2d").stroke_rect(*(min(value, 1e200) + 20 for value in rectangle))
    assert colours(seen(canvas)) == {CLEAR}


def test_a_rectangle_that_reaches_over_every_edge_is_cut_off(canvas):
    canvas.fill_style = "blue"
    canvas.fill_rect(-1e9, -1e9, 2e9, 2e9)
    assert colours(seen(canvas)) == {BLUE}


def test_edges_between_pixels_cover_them_in_part(canvas):
    canvas.fill_style = "white"
    canvas.fill_rect(1.5, 1, 2, 1.25)
    alpha = seen(canvas)[..., 3]
    assert alpha[1, 1:5].tolist() == [128, 255, 128, 0]
    assert alpha[2, 1:4].tolist() == [32, 64, 32]
    assert colours(seen(canvas)[1:3, 1:4, :3]) == {(255, 255, 255)}  # colours are not darkened by transparency


def test_transparent_colours_mix_with_what_is_below(canvas):
    canvas.fill_style = "rgb(200, 0, 0)"
    canvas.fill_rect(0, 0, 4, 6)
    canvas.fill_style = "rgba(0, 0, 200, 0.5)"
    canvas.fill_rect(0, 0, 8, 6)
    assert pixel(canvas, 0, 0) == pytest.approx((100, 0, 100, 255), abs=1)
    assert pixel(canvas, 5, 0) == pytest.approx((0, 0, 200, 128), abs=1)
    canvas.fill_rect(4, 0, 4, 6)  # twice half is three quarters
    assert pixel(canvas, 5, 0) == pytest.approx((0, 0, 200, 192), abs=1)


def test_the_global_alpha_is_for_all_that_is_drawn(canvas, context):
    context.global_alpha = 0.5
    canvas.fill_rect(0, 0, 1, 1)
    context.draw_image(np.full((1, 1, 3), 255, np.uint8), 1, 0)
    context.stroke_rect(3.5, 0.5, 2, 2)
    assert [pixel(canvas, x, 0)[3] for x in (0, 1, 3)] == pytest.approx([128] * 3, abs=1)
    for ignored in (-0.1, 1.1, math.nan):
        context.global_alpha = ignored
    assert context.global_alpha == 0.5


def test_clearing_makes_transparent_black_also_in_part(canvas):
    canvas.fill_style = "red"
    canvas.fill_rect(0, 0, 8, 6)
    canvas.clear_rect(1, 1, 2.5, 2)
    assert pixel(canvas, 1, 1) == CLEAR
    assert pixel(canvas, 3, 1) == (255, 0, 0, 128)
    assert pixel(canvas, 4, 1) == RED


def test_an_outline_of_a_rectangle_lies_on_both_sides_of_its_edge(canvas, context):
    context.stroke_style = "red"
    context.line_width = 2
    context.stroke_rect(2, 2, 4, 3)
    drawn = seen(canvas)[..., 3] == 255
    expected = np.zeros((6, 8), bool)
    expected[1:6, 1:7] = True
    expected[3:4, 3:5] = False
    assert np.array_equal(drawn, expected)
    context.line_width = 100
    context.stroke_rect(3, 3, -1, -1)
    assert colours(seen(canvas)) == {RED}
    for ignored in (0, -1, math.inf):
        context.line_width = ignored
    assert context.line_width == 100


def test_a_style_is_any_colour_of_css_and_what_is_none_raises(canvas, context):
    canvas.fill_style = "hsl(120 100% 25% / 50%)"
    assert canvas.fill_style == context.fill_style == "rgba(0, 128, 0, 0.5)"
    with pytest.raises(ValueError, match="did you mean 'magenta'"):
        canvas.fill_style = "magneta"
    with pytest.raises(TypeError, match="a str"):
        context.stroke_style = 0xFF0000
    assert (canvas.fill_style, context.stroke_style) == ("rgba(0, 128, 0, 0.5)", "#000000")


def test_what_was_saved_is_restored(context):
    context.fill_style = "red"
    context.save()
    context.fill_style, context.line_width, context.font = "blue", 5, "20px serif"
    context.text_align, context.text_baseline, context.image_smoothing_enabled = "center", "middle", False
    assert (context.text_align, context.text_baseline, context.image_smoothing_enabled) == ("center", "middle", False)
    context.restore()
    assert (context.fill_style, context.line_width, context.font) == ("#ff0000", 1, "10px sans-serif")
    assert (context.text_align, context.text_baseline, context.image_smoothing_enabled) == ("start", "alphabetic", True)


def test_numbers_are_numbers(canvas):
    for call in (canvas.fill_rect, canvas.clear_rect, canvas.get_context("2d").stroke_rect):
        with pytest.raises(TypeError, match="a number"):
            call("1", 2, 3, 4)


# ── pixels ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("channels", [3, 4])
def test_an_array_of_the_canvas_s_size_paints_all_of_it(channels):
    canvas, array = CanvasElement(60, 40), quarters(channels=channels)
    canvas.fill_rect(0, 0, 60, 40)
    canvas.put_image_data(array)
    assert np.array_equal(seen(canvas)[..., :channels], array)
    if channels == 3:
        assert (seen(canvas)[..., 3] == 255).all()
    array[:] = 0
    assert pixel(canvas, 0, 0) == RED


def test_a_grey_array_is_grey(canvas):
    canvas.put_image_data(np.full((6, 8), 99, np.uint8))
    assert colours(seen(canvas)) == {(99, 99, 99, 255)}


def test_pixels_are_put_anywhere_and_cut_off_at_the_edges(canvas):
    canvas.put_image_data(np.full((3, 3, 4), 7, np.uint8), 6, -1)
    assert np.argwhere(seen(canvas)[..., 3] == 7).tolist() == [[0, 6], [0, 7], [1, 6], [1, 7]]
    canvas.put_image_data(np.full((3, 3, 4), 9, np.uint8), 100, 100)


def test_a_part_of_the_pixels_can_be_put(canvas, context):
    data = ImageData(np.arange(36, dtype=np.uint8), 3)
    context.put_image_data(data, 2, 2, 1, 1, 1, 2)
    assert np.argwhere(seen(canvas).any(2)).tolist() == [[3, 3], [4, 3]]
    assert pixel(canvas, 3, 3) == (16, 17, 18, 19)
    context.put_image_data(data, 0, 0, 3, 3, -1, -2)
    assert np.argwhere(seen(canvas)[:3, :3].any(2)).tolist() == [[1, 2], [2, 2]]


def test_putting_replaces_rather_than_mixes(canvas):
    canvas.fill_rect(0, 0, 8, 6)
    canvas.put_image_data(np.full((6, 8, 4), (1, 2, 3, 4), np.uint8))
    assert colours(seen(canvas)) == {(1, 2, 3, 4)}


@pytest.mark.parametrize(
    "wrong", [np.zeros((6, 8, 4)), np.zeros((6, 8, 2), np.uint8), np.zeros(5, np.uint8), b"123", "x", None]
)
def test_what_shows_no_picture_is_refused_with_the_cure(canvas, wrong):
    for call in (canvas.put_image_data, canvas.draw_image):
        with pytest.raises(TypeError, match=r"uint8|no picture"):
            call(wrong)
    assert colours(seen(canvas)) == {CLEAR}


def test_pixels_are_copied_out_and_beyond_the_edges_transparent(canvas):
    canvas.fill_style = "red"
    canvas.fill_rect(0, 0, 8, 6)
    data = canvas.get_image_data(-1, 4, 3, 4)
    assert (data.width, data.height, len(data.data)) == (3, 4, 48)
    shown = np.asarray(data)
    assert [[tuple(map(int, one)) for one in row] for row in shown[:3]] == [
        [CLEAR, RED, RED],
        [CLEAR, RED, RED],
        [CLEAR, CLEAR, CLEAR],
    ]
    shown[:] = 5
    assert data.data[0] == 5
    assert colours(seen(canvas)) == {RED}
    back = canvas.get_image_data(3, 3, -2, -1)
    assert (back.width, back.height) == (2, 1)
    assert colours(np.asarray(canvas.get_image_data(100, 100, 2, 2))) == {CLEAR}


def test_image_data_is_made_of_a_size_or_of_bytes(context):
    for two in (2, 2.9, np.int64(2)):
        assert np.asarray(ImageData(two, 3)).shape == (3, 2, 4)
    of_bytes = ImageData(bytes(range(16)), 2)
    assert (of_bytes.width, of_bytes.height, of_bytes.color_space) == (2, 2, "srgb")
    assert np.asarray(of_bytes, dtype=float)[1, 1, 3] == 15
    assert (context.create_image_data(-3, 2).width, context.create_image_data(of_bytes).height) == (3, 2)
    for wrong, name in [
        ((0, 1), "IndexSizeError"),
        ((1, 0), "IndexSizeError"),
        ((b"", 1), "InvalidStateError"),
        ((b"12345", 1), "InvalidStateError"),
        ((bytes(16), 3), "IndexSizeError"),
        ((bytes(16), 2, 3), "IndexSizeError"),
    ]:
        with pytest.raises(ms.DOMException) as caught:
            ImageData(*wrong)
        assert caught.value.name == name
    for side in (10**6, 2**31):
        with pytest.raises(ValueError, match="memory"):
            ImageData(side, side)
        with pytest.raises(ValueError, match="memory"):
            context.get_image_data(0, 0, side, side)
    with pytest.raises(TypeError, match="a width or bytes"):
        ImageData("x", 1)
    with pytest.raises(TypeError, match="sh"):
        context.create_image_data(3)
    assert repr(of_bytes) == "<ImageData 2×2>"


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────


def test_a_picture_is_drawn_in_its_own_size(canvas):
    canvas.draw_image(np.full((2, 3, 3), (255, 0, 0), np.uint8), 1, 2)
    assert np.argwhere(seen(canvas)[..., 0]).min(0).tolist() == [2, 1]
    assert np.argwhere(seen(canvas)[..., 0]).max(0).tolist() == [3, 3]
    canvas.draw_image(np.full((2, 2), 77, np.uint8))
    assert pixel(canvas, 1, 1) == (77, 77, 77, 255)


def corners(array):
    height, width = array.shape[:2]
    return [
        tuple(int(v) for v in array[y, x])
        for y, x in [(height // 4, width // 4), (height // 4, -width // 4), (-height // 4, width // 4)]
    ]


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("size", [(30, 20), (120, 80), (61, 33)])
def test_a_picture_is_scaled(size, smooth):
    canvas = CanvasElement(*size)
    canvas.get_context("2d").image_smoothing_enabled = smooth
    canvas.draw_image(quarters(), 0, 0, *size)
    assert corners(seen(canvas)) == [RED, (0, 255, 0, 255), BLUE]
    assert pixel(canvas, size[0] - 3, size[1] - 3) == pytest.approx((255, 255, 255, 128), abs=2)


def test_a_part_of_a_picture_is_drawn_where_it_is_wanted():
    canvas = CanvasElement(20, 10)
    canvas.draw_image(quarters(), 30, 0, 30, 20, 10, 0, 10, 10)
    assert colours(seen(canvas)[:, :10]) == {CLEAR}
    assert colours(seen(canvas)[:, 10:]) == {(0, 255, 0, 255)}


def test_a_part_beyond_the_picture_is_cut_with_its_target_in_proportion():
    canvas = CanvasElement(40, 40)
    canvas.draw_image(np.full((10, 10, 3), 255, np.uint8), -5, -10, 20, 20, 0, 0, 40, 40)
    drawn = np.argwhere(seen(canvas)[..., 3])
    assert (drawn.min(0).tolist(), drawn.max(0).tolist()) == ([20, 10], [39, 29])


def test_sizes_below_zero_turn_nothing_around():
    canvas = CanvasElement(60, 40)
    canvas.draw_image(quarters(), 60, 40, -60, -40, 60, 40, -60, -40)
    assert np.array_equal(seen(canvas)[:20], quarters()[:20])


def test_an_enlargement_beyond_all_measure_takes_no_memory():
    canvas = CanvasElement(50, 50)
    canvas.draw_image(quarters(), -4e6, -4e6, 1e7, 1e7)
    assert colours(seen(canvas)) == {RED}
    canvas.draw_image(quarters(), -9e6, -4e6, 1e7, 1e7)
    assert colours(seen(canvas)) == {(0, 255, 0, 255)}


@pytest.mark.parametrize(
    "places", [(500, 0), (-500, 0), (0, 0, 0, 5), (math.nan, 0), (0, 0, 1, math.inf), (70, 0, 5, 5, 0, 0, 5, 5)]
)
def test_a_picture_that_is_nowhere_draws_nothing(canvas, places):
    canvas.draw_image(quarters(), *places)
    assert colours(seen(canvas)) == {CLEAR}


@pytest.mark.parametrize("count", [1, 3, 5, 7, 9])
def test_other_numbers_of_arguments_are_refused(canvas, count):
    with pytest.raises(TypeError, match="2, 4 or 8"):
        canvas.draw_image(quarters(), *range(count))


def test_transparent_pixels_let_through_what_is_below(canvas):
    canvas.fill_style = "white"
    canvas.fill_rect(0, 0, 8, 6)
    overlay = np.zeros((6, 8, 4), np.uint8)
    overlay[:, :4] = (255, 0, 0, 128)
    canvas.draw_image(overlay)
    assert pixel(canvas, 0, 0) == pytest.approx((255, 127, 127, 255), abs=1)
    assert pixel(canvas, 5, 0) == (255, 255, 255, 255)


def test_the_colours_of_what_nobody_sees_do_not_bleed_when_it_is_scaled():
    overlay = np.zeros((8, 8, 4), np.uint8)
    overlay[:, :4] = (255, 255, 255, 255)  # beside transparent black
    canvas = CanvasElement(29, 29)
    canvas.draw_image(overlay, 0, 0, 29, 29)
    visible = seen(canvas)[seen(canvas)[..., 3] > 40]
    assert visible[:, :3].min() > 245


def test_frames_are_drawn_whatever_their_format():
    for format in ("rgb24", "bgr24", "rgba", "gray", "yuv420p", "nv12"):
        if format in ("yuv420p", "nv12"):
            array = np.full((60, 60), 128, np.uint8)
            array[:40] = 235
        else:
            array = np.full((40, 60) if format == "gray" else (40, 60, len(format.rstrip("24"))), 255, np.uint8)
        frame = ms.VideoFrame.from_ndarray(array, format=format)
        for target in [(0, 0), (0, 0, 30, 20), (0, 0, 60, 40, 0, 0, 15, 15), (11, 7, 9, 9, 0, 0, 20, 20)]:
            canvas = CanvasElement(60, 40)
            canvas.draw_image(frame, *target)
            assert pixel(canvas, 5, 5) == pytest.approx((255, 255, 255, 255), abs=2), (format, target)


def test_a_frame_is_drawn_upright_mirrored_and_in_the_size_it_is_to_be_shown_in():
    frame = ms.VideoFrame(quarters(channels=3), timestamp=0)
    turned = ms.VideoFrame(frame, rotation=90)
    canvas = CanvasElement(40, 60)
    canvas.draw_image(turned)
    assert corners(seen(canvas)) == [BLUE, RED, (255, 255, 255, 255)]
    canvas.draw_image(ms.VideoFrame(frame, flip=True), 0, 0, 40, 60)
    assert corners(seen(canvas)) == [(0, 255, 0, 255), RED, (255, 255, 255, 255)]
    wide = ms.VideoFrame(frame, display_width=120, display_height=40)
    canvas = CanvasElement(120, 40)
    canvas.draw_image(wide)
    assert corners(seen(canvas)) == [RED, (0, 255, 0, 255), BLUE]
    canvas.draw_image(wide, 60, 0, 60, 20, 0, 0, 120, 40)
    assert colours(seen(canvas)) == {(0, 255, 0, 255)}


def test_a_closed_frame_cannot_be_drawn(canvas):
    frame = ms.VideoFrame(quarters(), timestamp=0)
    frame.close()
    with pytest.raises(ms.InvalidStateError, match="draw_image"):
        canvas.draw_image(frame)


def test_pictures_of_pillow_are_drawn(canvas):
    for mode in ("RGB", "RGBA", "L", "P", "LA", "1"):
        canvas.clear_rect(0, 0, 8, 6)
        canvas.draw_image(Image.new(mode, (4, 4), 1 if mode == "1" else "white"), 0, 0, 2, 2)
        assert pixel(canvas, 1, 1)[3] == 255
        assert pixel(canvas, 2, 2) == CLEAR
    canvas.draw_image(Image.new("RGBA", (2, 2), (255, 0, 0, 0)), 5, 5)
    assert pixel(canvas, 5, 5) == CLEAR


def test_a_canvas_is_drawn_on_another_and_on_itself(canvas):
    canvas.fill_style = "red"
    canvas.fill_rect(0, 0, 4, 6)
    other = CanvasElement(16, 12)
    other.draw_image(canvas, 0, 0, 16, 12)
    assert (pixel(other, 3, 3), pixel(other, 12, 3)) == (RED, CLEAR)
    canvas.draw_image(canvas, 2, 0)
    assert np.flatnonzero(seen(canvas)[0, :, 3]).tolist() == [0, 1, 2, 3, 4, 5]
    canvas.draw_image(canvas.get_image_data(0, 0, 1, 1), 7, 5)
    assert pixel(canvas, 7, 5) == RED
    with pytest.raises(ms.InvalidStateError, match="no pixels"):
        canvas.draw_image(CanvasElement(0, 0))


# ── text and outlines ────────────────────────────────────────────────────────────────────────────


def ink(canvas):
    found = np.argwhere(seen(canvas)[..., 3] > 40)
    return (*found.min(0)[::-1].tolist(), *found.max(0)[::-1].tolist()) if len(found) else None


def test_text_is_written_on_its_line_and_in_its_colour():
    canvas = CanvasElement(200, 60)
    context = canvas.get_context("2d")
    context.font, context.fill_style = "32px sans-serif", "blue"
    context.fill_text("Height", 20, 45)
    left, top, _, bottom = ink(canvas)
    assert left in range(20, 25)
    assert top in range(15, 25)
    assert bottom in range(45, 60)  # the g goes below the line
    assert colours(seen(canvas)[..., :3][seen(canvas)[..., 3] > 100]) == {(0, 0, 255)}
    assert context.measure_text("Height").width == pytest.approx(ink(canvas)[2] - 20, abs=5)


@pytest.mark.parametrize(("align", "expected"), [("left", 100), ("end", 60), ("center", 80)])
def test_text_is_aligned(align, expected):
    canvas = CanvasElement(200, 40)
    context = canvas.get_context("2d")
    context.font = "20px sans-serif"
    width = context.measure_text("HHH").width
    context.text_align, context.text_align = align, "nonsense"
    context.fill_text("HHH", 100, 30)
    start = 100 - (100 - expected) / 40 * width
    assert ink(canvas)[0] == pytest.approx(start, abs=4)


@pytest.mark.parametrize(("baseline", "rows"), [("top", (20, 45)), ("bottom", (0, 20)), ("middle", (10, 31))])
def test_text_hangs_stands_or_floats_on_its_place(baseline, rows):
    canvas = CanvasElement(100, 60)
    context = canvas.get_context("2d")
    context.font, context.text_baseline = "20px sans-serif", baseline
    context.fill_text("HH\n", 5, 20)
    _, top, _, bottom = ink(canvas)
    assert rows[0] <= top < bottom <= rows[1]


def test_text_that_is_too_wide_is_made_narrower():
    canvas = CanvasElement(300, 40)
    context = canvas.get_context("2d")
    context.font = "30px sans-serif"
    context.fill_text("a long line", 10, 30, 60)
    assert ink(canvas)[2] <= 71
    context.clear_rect(0, 0, 300, 40)
    for nothing in (("", 0, 0), ("x", math.nan, 0), ("x", 5, 5, 0), ("x", 5, 5, -1), ("x", 900, 5)):
        context.fill_text(*nothing)
    assert ink(canvas) is None


def test_a_font_is_a_size_and_a_family(context):
    for wrong in ("", "sans-serif", "20pt serif", "0px serif", "20px"):
        with pytest.raises(ValueError, match="no font"):
            context.font = wrong
    with pytest.raises(ValueError, match="too large"):
        context.font = "99999px sans-serif"
    context.font = "bold 20px/1.5 'No Such Font', sans-serif"
    assert context.measure_text("x").width > 5


def test_outlines_are_filled_with_smooth_edges():
    canvas = CanvasElement(40, 40)
    context = canvas.get_context("2d")
    context.arc(20, 20, 15, 0, 2 * math.pi)
    context.fill_style = "green"
    context.fill()
    area = seen(canvas)[..., 3].sum() / 255
    assert area == pytest.approx(math.pi * 225, rel=0.02)
    assert pixel(canvas, 20, 20) == GREEN
    assert len(colours(seen(canvas))) > 5
    context.begin_path()
    context.fill()  # of nothing
    context.clear_rect(0, 0, 40, 40)
    context.move_to(0, 0)
    context.line_to(40, 0)
    context.line_to(40, 40)
    context.close_path()
    context.rect(1, 30, 5, 5)
    context.fill()
    assert seen(canvas)[..., 3].sum() / 255 == pytest.approx(800 + 25, rel=0.03)
    assert pixel(canvas, 30, 5) == GREEN
    assert pixel(canvas, 5, 25) == CLEAR


@pytest.mark.parametrize("radius", [1e9, 1e300])
def test_an_arc_of_any_radius_is_drawn_before_long(radius):
    canvas = CanvasElement(20, 20)
    context = canvas.get_context("2d")
    context.arc(10, 10, radius, 0, 2 * math.pi)
    context.fill_style = "green"
    context.fill()
    assert colours(seen(canvas)) == {GREEN}


def test_lines_are_drawn_along_outlines():
    canvas = CanvasElement(40, 40)
    context = canvas.get_context("2d")
    context.line_width, context.stroke_style = 4, "red"
    context.move_to(5, 20)
    context.line_to(35, 20)
    context.stroke()
    assert ink(canvas) == pytest.approx((5, 18, 34, 21), abs=1)
    context.begin_path()
    context.clear_rect(0, 0, 40, 40)
    context.arc(20, 20, 12, math.pi, 0)  # the upper half
    context.stroke()
    assert ink(canvas) == pytest.approx((6, 6, 34, 21), abs=1)
    context.begin_path()
    context.clear_rect(0, 0, 40, 40)
    context.arc(20, 20, 12, math.pi, 0, True)  # the lower one
    context.stroke()
    assert ink(canvas) == pytest.approx((6, 19, 34, 34), abs=1)
    with pytest.raises(ms.DOMException, match="radius"):
        context.arc(0, 0, -1, 0, 1)
    context.line_to(math.nan, 3)


def test_without_pillow_everything_but_text_and_outlines_works(tmp_path):
    program = """
import sys
sys.modules["PIL"] = None
import numpy as np
import mediastreams as ms
canvas = ms.CanvasElement(20, 20)
canvas.fill_rect(0, 0, 5, 5)
canvas.draw_image(np.zeros((4, 4, 3), np.uint8), 0, 0, 20, 20)
assert canvas.to_data_url().startswith("data:image/png;base64,")
for call in (lambda: canvas.get_context("2d").fill_text("x", 0, 0), lambda: canvas.get_context("2d").fill()):
    try:
        canvas.get_context("2d").rect(0, 0, 5, 5)
        call()
    except ImportError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.count('pip install "mediastreams[images]"') == 2


async def test_a_canvas_is_an_array_and_becomes_a_frame():
    canvas = ms.CanvasElement(6, 4)
    canvas.fill_style = "rgb(50, 100, 150)"
    canvas.fill_rect(0, 0, 6, 4)
    assert np.asarray(canvas).shape == (4, 6, 4)
    assert np.asarray(canvas, np.float32).dtype == np.float32
    frame = ms.VideoFrame(canvas, timestamp=7, alpha="discard")
    assert (frame.coded_width, frame.coded_height, frame.timestamp) == (6, 4, 7)
    assert frame.to_ndarray("rgb24")[2, 3].tolist() == [50, 100, 150]
    canvas.clear_rect(0, 0, 6, 4)
    assert frame.to_ndarray("rgb24")[2, 3].tolist() == [50, 100, 150]
    canvas.width = 0
    with pytest.raises(ms.InvalidStateError, match="without pixels"):
        ms.VideoFrame(canvas, timestamp=8)
