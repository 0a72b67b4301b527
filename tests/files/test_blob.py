import copy
import gc
import os
import weakref
from array import array

import numpy as np
import pytest

import mediastreams as ms
from mediastreams import Blob


def test_no_parts_make_an_empty_blob_without_a_type():
    blob = Blob()
    assert (blob.size, blob.type, bytes(blob)) == (0, "", b"")


def test_text_buffers_and_blobs_are_put_one_after_the_other():
    inner = Blob([b"-in-"])
    samples = np.array([1, 258], "<u2")
    blob = Blob(["é", b"a", bytearray(b"b"), memoryview(b"xcx")[1:2], inner, samples, array("B", [7]), inner])
    assert bytes(blob) == "é".encode() + b"abc-in-\x01\x00\x02\x01\x07-in-"
    assert blob.size == 18


def test_any_iterable_gives_the_parts():
    assert bytes(Blob(part for part in ("a", "b"))) == b"ab"


@pytest.mark.parametrize("parts", ["text", b"bytes", bytearray(b"x"), 7, {"a": 1}, Blob(), np.zeros(3, np.uint8)])
def test_what_is_no_sequence_is_refused(parts):
    with pytest.raises(TypeError, match="a sequence of buffers, Blobs and strings"):
        Blob(parts)


@pytest.mark.parametrize("part", [None, 1, 1.5, {}, object(), ["nested"]])
def test_a_part_that_is_no_bytes_is_refused_and_its_place_named(part):
    with pytest.raises(TypeError, match=r"Blob\[1\]"):
        Blob(["fine", part])


def test_an_error_of_the_iterable_itself_comes_through():
    def parts():
        yield b"a"
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Blob(parts())


def test_the_bytes_are_those_of_the_moment():
    buffer, samples = bytearray(b"then"), np.arange(100_000, dtype=np.uint8)
    blob = Blob([buffer, samples])
    buffer[:] = b"now!"
    samples[:] = 0
    assert bytes(blob)[:6] == b"then\x00\x01"


def test_arrays_that_lie_in_steps_and_backwards_are_read_as_they_are_seen():
    rows = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert bytes(Blob([rows[:, ::2], rows[::-1, 0]])) == bytes([0, 2, 4, 6, 8, 10, 8, 4, 0])


def test_empty_buffers_add_nothing():
    assert bytes(Blob([b"", np.zeros((0, 4)), "", Blob(), b"x"])) == b"x"


def test_halves_of_surrogate_pairs_become_replacement_characters():
    assert bytes(Blob(["\ud800", "\ud83d\ude00"])) == "\ufffd😀".encode()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("Text/HTML; Charset=UTF-8", "text/html; charset=utf-8"),
        ("no type at all ~", "no type at all ~"),
        ("a/\u00e5", ""),
        ("a\tb", ""),
        ("\u212a", ""),
        ("a/b\x7f", ""),
        ("\0", ""),
    ],
)
def test_a_type_is_lower_case_ascii_or_nothing(given, kept):
    assert Blob([], {"type": given}).type == kept
    assert Blob([], type=given).type == kept
    assert Blob([b"x"], {"type": "a/b"}).slice(0, 1, given).type == kept


def test_line_endings_are_kept_unless_native_ones_are_asked_for(monkeypatch):
    text = "a\r\nb\rc\nd\n\r"
    assert bytes(Blob([text])) == text.encode()
    assert (
        bytes(Blob([text, b"\r\n"], endings="native"))
        == text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", os.linesep).encode() + b"\r\n"
    )
    monkeypatch.setattr(os, "linesep", "\r\n")
    assert bytes(Blob([text], {"endings": "native"})) == b"a\r\nb\r\nc\r\nd\r\n\r\n"
    assert bytes(Blob(["a\r", "\nb"], endings=ms.EndingType.NATIVE)) == b"a\r\n\r\nb"  # part by part


def test_wrong_options_are_named():
    with pytest.raises(TypeError, match="endings"):
        Blob([], {"endings": "dos"})
    with pytest.raises(TypeError, match=r"Blob\.type"):
        Blob([], {"type": 1})
    with pytest.raises(TypeError, match="a mapping"):
        Blob([], "text/plain")
    with pytest.warns(ms.UnknownMemberWarning, match="did you mean 'type'"):
        Blob([], {"typ": "a/b"})


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, b"0123456789"),
        (3, None, b"3456789"),
        (None, 3, b"012"),
        (-3, None, b"789"),
        (-3, -1, b"78"),
        (2, -2, b"234567"),
        (5, 2, b""),
        (-100, 100, b"0123456789"),
        (100, None, b""),
        (None, -100, b""),
        (2.5, 3.5, b"23"),
        (float("nan"), 1, b"0"),
        (-(2**70), 2**70, b"0123456789"),
    ],
)
def test_a_slice_is_what_lies_between_counted_from_either_end(start, end, expected):
    blob = Blob([b"01", "234", Blob(["5678"]), b"9"])
    part = blob.slice(start, end)
    assert (bytes(part), part.size) == (expected, len(expected))


def test_a_slice_has_a_type_of_its_own():
    blob = Blob(["text"], type="text/plain")
    assert blob.slice().type == ""
    assert blob.slice(0, 1, "Image/PNG").type == "image/png"
    assert type(ms.File([blob], "name").slice()) is Blob


@pytest.mark.parametrize("arguments", [("1",), (0, b"1"), (0, 1, 2)])
def test_a_slice_by_something_else_is_refused(arguments):
    with pytest.raises(TypeError, match=r"Blob\.slice"):
        Blob(["text"]).slice(*arguments)


def test_slices_and_sums_share_their_bytes():
    whole = Blob([bytes(1_000_000)])
    part = whole.slice(10, 500_000).slice(10, 400_000)
    total = Blob([part, whole, part])
    store = whole._content.extents[0].store
    assert {extent.store for blob in (part, total) for extent in blob._content.extents} == {store}
    assert total.size == 1_000_000 + 2 * 399_990


def test_neighbouring_slices_put_together_again_are_one_piece():
    whole = Blob([bytes(range(256)) * 4])
    again = Blob([whole.slice(at, at + 100) for at in range(0, 1100, 100)])
    assert len(again._content.extents) == 1
    assert bytes(again) == bytes(whole)


async def test_text_is_utf_8_whatever_the_type_says():
    blob = Blob(["naïve"], type="text/plain;charset=utf-16")
    assert await blob.text() == "naïve"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"\xef\xbb\xbfa", "a"),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa"),
        (b"a\xffb\xe2\x82", "a\ufffdb\ufffd"),
    ],
)
async def test_text_is_decoded_as_the_encoding_standard_says(data, text):
    assert await Blob([data]).text() == text
    assert "".join([piece async for piece in Blob([data]).text_stream()]) == text


async def test_everything_comes_as_bytes():
    blob = Blob([b"\x00\xff", "é"])
    assert await blob.array_buffer() == await blob.bytes() == bytes(blob) == b"\x00\xff\xc3\xa9"
    assert type(await blob.bytes()) is bytes


async def test_reading_twice_gives_the_same():
    blob = Blob(["same"])
    assert await blob.text() == await blob.text()


async def test_a_stream_gives_everything_in_pieces_of_bounded_size():
    data = os.urandom(700_000)
    chunks = [chunk async for chunk in Blob([data[:100], data[100:]]).stream()]
    assert b"".join(chunks) == data
    assert all(0 < len(chunk) <= 262_144 for chunk in chunks)


async def test_a_stream_of_nothing_is_at_its_end():
    assert [chunk async for chunk in Blob().stream()] == []
    reader = Blob().stream().get_reader()
    assert await reader.read() == (None, True)


async def test_a_streams_text_is_never_cut_inside_a_character():
    text = "x" + "€" * 200_000
    pieces = [piece async for piece in Blob([text]).text_stream()]
    assert len(pieces) > 1
    assert "".join(pieces) == text
    assert "\ufffd" not in text


async def test_a_stream_outlives_its_blob():
    stream = Blob([b"kept" * 100_000]).stream()
    gc.collect()
    assert sum([len(chunk) async for chunk in stream]) == 400_000


async def test_a_cancelled_stream_lets_go_of_the_bytes():
    stream = Blob([b"x" * 1_000_000]).stream()
    store = weakref.ref(stream._source._content.extents[0].store)
    await anext(stream)
    await stream.cancel()
    assert store() is None
    assert [chunk async for chunk in stream] == []


def test_a_blob_says_what_it_is_and_is_itself_only():
    blob = Blob([b"x" * 1234], type="video/webm")
    assert repr(blob) == "<Blob 1,234 bytes 'video/webm'>"
    assert repr(Blob()) == "<Blob 0 bytes>"
    assert blob == blob  # noqa: PLR0124 - identity is meant
    assert blob != Blob([b"x" * 1234], type="video/webm")
    assert len({blob, blob.slice()}) == 2
    assert weakref.ref(blob)() is blob
    assert type(blob).__module__ == "mediastreams"


def test_a_blob_is_shared_rather_than_copied():
    with pytest.raises(TypeError, match="share it"):
        copy.copy(Blob())


def test_attributes_cannot_be_set():
    with pytest.raises(AttributeError):
        Blob().size = 3
    with pytest.raises(AttributeError):
        Blob().type = "a/b"


async def test_each_stream_begins_at_the_beginning():
    blob = Blob(["hello"], type="text/plain; charset=utf-16le")
    first, second = blob.text_stream(), blob.text_stream()
    assert isinstance(first, ms.ReadableStream)
    assert first is not second
    assert [piece async for piece in first] == [piece async for piece in second] == ["hello"]
