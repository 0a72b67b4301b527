"""Conversions: right colours, made once, forgotten in time, and never a word written into the shared frame."""

import gc
import subprocess
import threading
import weakref

import av
import numpy as np
import pytest

from mediastreams._engine import convert
from mediastreams._engine.array_formats import LAYOUTS, frame_from_array
from mediastreams._engine.frames import MICROSECONDS, Picture
from mediastreams.errors import NotSupportedError

WIDTH, HEIGHT = 64, 48


def blocks(low=0, high=256, seed=1, channels=3):
    """Patches of 8x8 pixels of one colour: what chroma sampling leaves as it is."""
    small = np.random.default_rng(seed).integers(low, high, (HEIGHT // 8, WIDTH // 8, channels)).astype(np.uint8)
    return np.kron(small, np.ones((8, 8, 1), np.uint8))


def rgb_picture(timestamp=1000):
    return Picture.stamped(frame_from_array(blocks(), "rgb24", copy=True), timestamp)


def yuv_picture(name="yuv420p", colorspace=2, color_range=0, timestamp=1000):
    luma, cb, cr = np.moveaxis(blocks(64, 192, seed=2), 2, 0)
    array = np.concatenate([luma.ravel(), cb[::2, ::2].ravel(), cr[::2, ::2].ravel()]).reshape(HEIGHT * 3 // 2, WIDTH)
    frame = frame_from_array(array, name, copy=True)
    frame.colorspace, frame.color_range = colorspace, color_range
    return Picture.stamped(frame, timestamp), array


def by_ffmpeg(array, source, target, filters="scale"):
    command = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", source, "-s", f"{WIDTH}x{HEIGHT}", "-i", "-"]
    command += ["-vf", f"{filters},format={target}", "-f", "rawvideo", "-pix_fmt", target, "-"]
    done = subprocess.run(command, input=array.tobytes(), capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.uint8)


def difference(ours, theirs):
    return int(np.abs(ours.reshape(-1).astype(int) - theirs.reshape(-1)).max())


# ── colours ──


@pytest.mark.real
@pytest.mark.parametrize("name", ["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("span", ["tv", "pc"])
def test_the_tags_choose_matrix_and_range_as_in_ffmpeg(need, name, span):
    need("ffmpeg")
    tag = {"bt601": 6, "bt709": 1, "bt2020": 9}[name]
    picture, array = yuv_picture(colorspace=tag, color_range={"tv": 1, "pc": 2}[span])
    theirs = by_ffmpeg(array, "yuv420p", "rgb24", f"scale=in_color_matrix={name}:in_range={span}")
    assert difference(convert.to_ndarray(picture, "rgb24"), theirs) <= 1


@pytest.mark.real
@pytest.mark.parametrize(("source", "target"), [("yuv420p", "rgb24"), ("yuvj420p", "rgb24"), ("yuv420p", "gray")])
def test_untagged_pictures_convert_as_in_ffmpeg(need, source, target):
    need("ffmpeg")
    picture, array = yuv_picture(source)
    assert difference(convert.to_ndarray(picture, target), by_ffmpeg(array, source, target)) <= 1


@pytest.mark.real
def test_a_full_range_picture_becomes_limited_range_as_in_ffmpeg(need):
    need("ffmpeg")
    picture, array = yuv_picture("yuvj420p")
    theirs = by_ffmpeg(array, "yuvj420p", "yuv420p", "scale=out_range=tv")
    assert difference(convert.to_ndarray(picture, "yuv420p"), theirs) <= 1
    assert convert.to_format(picture, "yuv420p").av.color_range == 1


@pytest.mark.real
def test_rgb_becomes_yuv_of_bt601_as_in_ffmpeg_and_says_so(need):
    need("ffmpeg")
    made = convert.to_format(rgb_picture(), "yuv444p")
    ours = np.stack([convert.plane(made, index) for index in range(3)])
    assert difference(ours, by_ffmpeg(blocks(), "rgb24", "yuv444p")) <= 1
    assert (made.av.colorspace, made.av.color_range) == (6, 1)


def test_there_and_back_keeps_the_colours():
    there = convert.to_format(rgb_picture(), "yuv444p")
    assert difference(convert.to_ndarray(there, "rgb24"), blocks()) <= 3


def test_a_tagged_matrix_is_kept_on_the_way_there_and_back():
    picture = rgb_picture()
    picture.av.colorspace = 1
    there = convert.to_format(picture, "yuv444p")
    assert there.av.colorspace == 1
    assert not np.array_equal(convert.plane(there, 0), convert.plane(convert.to_format(rgb_picture(), "yuv444p"), 0))
    assert difference(convert.to_ndarray(there, "rgb24"), blocks()) <= 3


# ── arrays ──


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_every_array_format_comes_of_every_other_one_by_way_of_rgb(name):
    picture = rgb_picture()
    try:
        array = convert.to_ndarray(picture, name)
    except NotSupportedError:
        assert name in {"nv16", "yvyu422"}, "FFmpeg writes it"
        return
    layout = LAYOUTS[name]
    assert array.shape == layout.shape(WIDTH, HEIGHT)
    assert array.dtype == layout.dtype
    assert array.flags.c_contiguous
    assert not array.flags.writeable


@pytest.mark.parametrize(("name", "order"), [("bgr24", [2, 1, 0]), ("rgba", [0, 1, 2]), ("argb", [1, 2, 3])])
def test_channels_stand_in_the_order_of_the_name(name, order):
    assert np.array_equal(convert.to_ndarray(rgb_picture(), name)[:, :, order], blocks())


def test_an_array_of_padded_lines_is_contiguous():
    array = np.random.default_rng(0).integers(0, 256, (10, 37, 3)).astype(np.uint8)
    picture = Picture.stamped(frame_from_array(array, "rgb24", copy=True), 0)
    assert picture.av.planes[0].line_size > 37 * 3
    assert np.array_equal(convert.to_ndarray(picture, "rgb24"), array)
    assert convert.to_ndarray(picture, "rgb24").flags.c_contiguous


def test_an_unknown_format_is_named_with_what_was_meant():
    with pytest.raises(ValueError, match="did you mean 'rgb24'"):
        convert.to_ndarray(rgb_picture(), "rgb")
    with pytest.raises(ValueError, match="such as rgb24, bgr24"):
        convert.to_ndarray(rgb_picture(), "nonsense")
    with pytest.raises(TypeError):
        convert.to_ndarray(rgb_picture(), None)


@pytest.mark.parametrize("word", ["aged", "kept"])
def test_no_format_is_mistaken_for_what_the_memo_keeps_beside_the_results(word):
    old, black = rgb_picture(), rgb_picture()
    convert.age(old)
    convert.keep_for_ever(black)
    for picture in (old, black):
        with pytest.raises(ValueError, match=f"no array format {word!r}"):
            convert.to_ndarray(picture, word)


def test_two_spellings_share_one_array():
    picture = rgb_picture()
    assert convert.to_ndarray(picture, "gray8") is convert.to_ndarray(picture, "gray")


def test_an_odd_size_has_no_array_in_formats_that_share_chroma():
    picture = Picture.stamped(frame_from_array(np.zeros((5, 7, 3), np.uint8), "rgb24", copy=True), 0)
    with pytest.raises(ValueError, match="even size"):
        convert.to_ndarray(picture, "yuv420p")
    assert convert.to_ndarray(picture, "yuv444p").shape == (3, 5, 7)


# ── planes ──


def test_a_plane_is_a_view_that_cannot_be_written():
    picture, array = yuv_picture()
    luma, cb, cr = (convert.plane(picture, index) for index in range(3))
    assert np.array_equal(luma, array[:HEIGHT])
    assert cb.shape == cr.shape == (HEIGHT // 2, WIDTH // 2)
    assert luma.ctypes.data == picture.av.planes[0].buffer_ptr
    with pytest.raises(ValueError, match="read-only"):
        luma[0, 0] = 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        luma.flags.writeable = True


def test_interleaved_and_deep_planes_have_their_samples_apart():
    assert convert.plane(convert.to_format(rgb_picture(), "nv12"), 1).shape == (HEIGHT // 2, WIDTH // 2, 2)
    deep = convert.plane(convert.to_format(rgb_picture(), "yuv420p10le"), 0)
    assert (deep.dtype, deep.shape) == (np.uint16, (HEIGHT, WIDTH))
    assert convert.plane(convert.to_format(rgb_picture(), "rgb565le"), 0).shape == (HEIGHT, WIDTH, 2)
    assert convert.plane(convert.to_format(rgb_picture(), "monob"), 0).shape[0] == HEIGHT


def test_a_plane_outlives_every_other_reference():
    picture, array = yuv_picture()
    luma = convert.plane(picture, 0)
    del picture
    gc.collect()
    assert np.array_equal(luma, array[:HEIGHT])


def test_there_is_no_plane_beyond_the_last():
    with pytest.raises(IndexError, match="planes 0 to 0"):
        convert.plane(rgb_picture(), 1)


def test_a_frame_stored_bottom_first_reads_top_first():
    graph = av.filter.Graph()
    entry = graph.add_buffer(width=WIDTH, height=HEIGHT, format="rgb24", time_base=MICROSECONDS)
    graph.link_nodes(entry, graph.add("vflip"), graph.add("buffersink")).configure()
    graph.push(rgb_picture().av)
    flipped = graph.pull()
    assert flipped.planes[0].line_size < 0
    picture = Picture.stamped(flipped, 0)
    assert np.array_equal(convert.to_ndarray(picture, "rgb24"), blocks()[::-1])
    assert np.array_equal(convert.plane(picture, 0), blocks()[::-1])


# ── sizes ──


def test_a_scaled_picture_has_the_time_and_the_colours_of_its_source():
    picture, _ = yuv_picture(colorspace=1, color_range=1)
    small = convert.scaled(picture, 32, 24)
    assert (small.width, small.height, small.timestamp, small.av.pts) == (32, 24, 1000, 1000)
    assert small.av.time_base == MICROSECONDS
    assert (small.av.format.name, small.av.colorspace, small.av.color_range) == ("yuv420p", 1, 1)
    inner = convert.to_ndarray(small, "rgb24")[2::4, 2::4].astype(int)
    assert np.abs(inner - convert.to_ndarray(picture, "rgb24")[4::8, 4::8]).max() <= 2


def test_a_crop_is_exact_and_copies_nothing():
    picture, array = yuv_picture()
    part = convert.scaled(picture, 32, 16, (16, 8, 32, 16))
    assert np.array_equal(convert.plane(part, 0), array[8:24, 16:48])
    assert (
        convert.plane(part, 0).ctypes.data == picture.av.planes[0].buffer_ptr + 8 * picture.av.planes[0].line_size + 16
    )
    assert np.array_equal(convert.plane(part, 1), convert.plane(picture, 1)[4:12, 8:24])


def test_a_crop_can_be_scaled_too():
    part = convert.scaled(rgb_picture(), 8, 8, (16, 8, 16, 16))
    assert np.abs(convert.to_ndarray(part, "rgb24")[1::4, 1::4].astype(int) - blocks()[12:24:8, 20:32:8]).max() <= 1


def test_nothing_to_do_gives_the_same_picture():
    picture = rgb_picture()
    assert convert.scaled(picture, WIDTH, HEIGHT) is picture
    assert convert.scaled(picture, WIDTH, HEIGHT, (0, 0, WIDTH, HEIGHT)) is picture
    assert convert.to_format(picture, "rgb24") is picture


@pytest.mark.parametrize("crop", [(-2, 0, 8, 8), (0, 0, WIDTH + 1, 8), (60, 0, 8, 8), (0, 0, 0, 8)])
def test_a_crop_outside_the_picture_is_an_error(crop):
    with pytest.raises(ValueError, match="does not lie inside"):
        convert.scaled(rgb_picture(), 8, 8, crop)


def test_an_impossible_size_or_format_is_an_error():
    with pytest.raises(ValueError, match="cannot be 0x8"):
        convert.scaled(rgb_picture(), 0, 8)
    with pytest.raises(NotSupportedError, match="cannot convert rgb24 to vaapi"):
        convert.to_format(rgb_picture(), "vaapi")


# ── once ──


def test_sixty_four_consumers_in_eight_threads_share_one_conversion(monkeypatch):
    made = []
    really = convert._reformat
    monkeypatch.setattr(convert, "_reformat", lambda *args: made.append(args) or really(*args))
    picture = rgb_picture()
    start, arrays = threading.Barrier(8), []

    def consume():
        start.wait()
        arrays.extend(convert.to_ndarray(picture, "bgr24") for _ in range(8))

    threads = [threading.Thread(target=consume) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len({id(array) for array in arrays}) == 1
    assert len(arrays) == 64


def test_many_formats_of_one_picture_at_once_are_all_right_and_never_touch_it():
    picture, _ = yuv_picture(colorspace=1, color_range=1)
    frame = picture.av
    frame.color_trc, frame.color_primaries = 1, 1
    names = ["rgb24", "bgr24", "rgba", "bgra", "gray", "nv12", "yuv444p", "rgb48le"]
    expected = {name: convert.to_ndarray(yuv_picture(colorspace=1, color_range=1)[0], name) for name in names}
    stop, seen, wrong = threading.Event(), set(), []

    def watch():
        while not stop.is_set():
            seen.add((frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries, frame.pts))

    def work(name):
        for _ in range(100):
            other = Picture(frame, 1000)
            if not np.array_equal(convert.to_ndarray(other, name), expected[name]):
                wrong.append(name)

    watcher = threading.Thread(target=watch)
    threads = [threading.Thread(target=work, args=[name]) for name in names]
    watcher.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    watcher.join()
    assert wrong == []
    assert seen == {(1, 1, 1, 1, 1000)}


def test_a_scaled_picture_is_shared_with_its_own_conversions():
    picture = rgb_picture()
    first, second = convert.scaled(picture, 32, 24), convert.scaled(picture, 32, 24)
    assert first is second
    assert convert.to_ndarray(first, "gray") is convert.to_ndarray(second, "gray")


def test_a_failed_conversion_fails_again_and_blocks_nobody():
    picture = rgb_picture()
    for _ in range(2):
        with pytest.raises(NotSupportedError):
            convert.to_format(picture, "vaapi")
    assert convert.to_ndarray(picture, "gray").shape == (HEIGHT, WIDTH)


# ── ageing ──


def test_a_young_picture_keeps_its_conversions():
    picture = rgb_picture()
    array = weakref.ref(convert.to_ndarray(picture, "gray"))
    gc.collect()
    assert array() is not None


def test_an_old_picture_keeps_only_what_somebody_holds():
    picture = rgb_picture()
    held = convert.to_ndarray(picture, "bgr24")
    dropped = weakref.ref(convert.to_ndarray(picture, "gray"))
    convert.age(picture)
    gc.collect()
    assert dropped() is None
    assert convert.to_ndarray(picture, "bgr24") is held
    again = weakref.ref(convert.to_ndarray(picture, "gray"))
    gc.collect()
    assert again() is None


def test_what_was_scaled_ages_with_its_source():
    picture = rgb_picture()
    early = convert.scaled(picture, 32, 24)
    of_early = weakref.ref(convert.to_ndarray(early, "gray"))
    convert.age(picture)
    late = convert.scaled(picture, 16, 12)
    of_late = weakref.ref(convert.to_ndarray(late, "gray"))
    gc.collect()
    assert of_early() is None
    assert of_late() is None


def test_ageing_waits_for_no_conversion(monkeypatch):
    inside, go_on = threading.Event(), threading.Event()
    really = convert._reformat

    def slow(*args):
        inside.set()
        assert go_on.wait(10)
        return really(*args)

    monkeypatch.setattr(convert, "_reformat", slow)
    picture = rgb_picture()
    result = []
    thread = threading.Thread(target=lambda: result.append(weakref.ref(convert.to_ndarray(picture, "gray"))))
    thread.start()
    assert inside.wait(10)
    convert.age(picture)
    go_on.set()
    thread.join(10)
    gc.collect()
    assert result[0]() is None  # made after it had aged: nobody holds it


def test_a_picture_that_is_kept_does_not_age():
    picture = rgb_picture()
    convert.keep_for_ever(picture)
    array = weakref.ref(convert.to_ndarray(picture, "gray"))
    convert.age(picture)
    gc.collect()
    assert array() is not None


# ── other times ──


def test_a_restamped_picture_shares_pixels_and_conversions():
    picture = rgb_picture(timestamp=1000)
    other = convert.restamped(picture, 2000, 5)
    assert (other.timestamp, other.duration, other.av.pts) == (2000, 5, 1000)
    assert convert.to_ndarray(other, "gray") is convert.to_ndarray(picture, "gray")


def test_what_is_scaled_from_a_restamped_picture_has_its_own_time_and_shared_pixels():
    picture = rgb_picture(timestamp=1000)
    small = convert.scaled(picture, 32, 24)
    other = convert.scaled(convert.restamped(picture, 2000), 32, 24)
    assert (small.timestamp, other.timestamp) == (1000, 2000)
    assert other.av is small.av
    assert convert.to_ndarray(other, "gray") is convert.to_ndarray(small, "gray")
