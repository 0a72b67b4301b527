import errno
import os
import time

import pytest

import mediastreams as ms
from mediastreams import Blob, File


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "Kurzfilm ü.MP4"
    path.write_bytes(bytes(range(256)) * 4096)
    return path


def test_a_file_is_a_blob_with_name_and_date():
    before = int(time.time() * 1000)
    file = File(["one", b"two"], "a/b:c.txt", {"type": "Text/Plain"})
    assert isinstance(file, Blob)
    assert (file.name, file.type, bytes(file)) == ("a/b:c.txt", "text/plain", b"onetwo")
    assert before - 1 <= file.last_modified <= int(time.time() * 1000) + 1
    assert repr(file) == "<File 'a/b:c.txt' 6 bytes 'text/plain'>"


@pytest.mark.parametrize(("given", "kept"), [(0, 0), (-5, -5), (1_700_000_000_123, 1_700_000_000_123), (2.9, 2)])
def test_the_date_may_be_given_in_milliseconds(given, kept):
    assert File([], "n", last_modified=given).last_modified == kept
    assert File([], "n", {"lastModified": given}).last_modified == kept


def test_the_endings_of_a_files_text_may_be_native():
    assert bytes(File(["a\r\nb"], "n", endings="native")) == f"a{os.linesep}b".encode()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("text", "n"), "a sequence"),
        ((None, "n"), "a sequence"),
        (([1], "n"), r"File\[0\]"),
        (([], 1), "file_name"),
        (([], "n", {"last_modified": "now"}), "last_modified"),
        (([], "n", {"last_modified": 2**63}), "64 bits"),
        (([], "n", 5), "a mapping"),
    ],
)
def test_wrong_arguments_are_named(arguments, named):
    with pytest.raises(TypeError, match=named):
        File(*arguments)


def test_bits_and_name_are_needed():
    with pytest.raises(TypeError):
        File()
    with pytest.raises(TypeError):
        File([])


async def test_a_path_becomes_a_file_without_being_read(path):
    file = File.from_path(path)
    assert (file.name, file.size, file.type) == ("Kurzfilm ü.MP4", 1_048_576, "video/mp4")
    assert file.last_modified == path.stat().st_mtime_ns // 1_000_000
    part = file.slice(255, 258, "application/x")
    assert await part.bytes() == bytes(part) == b"\xff\x00\x01"
    assert await file.array_buffer() == path.read_bytes()
    chunks = [chunk async for chunk in Blob([b"head", file, part]).stream()]
    assert b"".join(chunks) == b"head" + path.read_bytes() + b"\xff\x00\x01"


def test_the_type_of_a_path_may_be_given(path):
    assert File.from_path(str(path), type="Video/X").type == "video/x"
    assert File.from_path(path.rename(path.with_suffix(".unheard-of"))).type == ""


async def test_an_empty_file_is_an_empty_blob(tmp_path):
    (tmp_path / "empty").touch()
    assert await File.from_path(tmp_path / "empty").text() == ""


async def test_a_file_that_has_changed_cannot_be_read(path):
    file = File.from_path(path)
    part = file.slice(10, 20)
    with path.open("r+b") as changing:
        changing.write(b"changed")
    os.utime(path, ns=(0, file.last_modified * 1_000_000 + 5_000_000_000))
    for read in (file.text, part.bytes, file.stream().get_reader().read, file.array_buffer):
        with pytest.raises(ms.NotReadableError, match="has changed"):
            await read()
    with pytest.raises(ms.NotReadableError, match="has changed"):
        bytes(file)


async def test_a_file_that_was_cut_off_while_it_is_streamed_ends_the_stream_with_an_error(path):
    stream = File.from_path(path).stream()
    assert len(await anext(stream)) == 262_144
    os.truncate(path, 300_000)
    with pytest.raises(ms.NotReadableError, match="has changed"):
        await anext(stream)
    with pytest.raises(ms.NotReadableError, match="has changed"):  # errored for good
        await anext(stream)


async def test_a_file_that_is_gone_cannot_be_read(path):
    file = File.from_path(path)
    path.unlink()
    with pytest.raises(ms.NotReadableError, match="There is no file") as caught:
        await file.text()
    assert caught.value.errno == errno.ENOENT


def test_a_path_that_is_no_file_is_refused(tmp_path):
    with pytest.raises(ms.NotReadableError, match="directory") as caught:
        File.from_path(tmp_path)
    assert caught.value.errno == errno.EISDIR
    with pytest.raises(ms.NotReadableError, match="no file") as caught:
        File.from_path(tmp_path / "missing")
    assert caught.value.errno == errno.ENOENT
    with pytest.raises(ms.NotReadableError, match="null"):
        File.from_path("a\0b")
    with pytest.raises(TypeError):
        File.from_path(7)
    with pytest.raises(TypeError, match="path must be a str"):
        File.from_path(b"bytes")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_file_that_could_be_read_twice(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ms.NotSupportedError, match="regular"):
        File.from_path(tmp_path / "pipe")


def test_a_relative_path_means_the_folder_of_the_moment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.txt").write_bytes(b"here")
    file = File.from_path("here.txt")
    monkeypatch.chdir("/")
    assert bytes(file) == b"here"


@pytest.mark.parametrize("name", ["dummy", "dummy/foo", "", "ü\ud800"])
def test_a_name_is_kept_as_it_is_but_for_halves_of_surrogate_pairs(name):
    assert File(["bits"], name).name == name.replace("\ud800", "\ufffd")


def test_members_that_nobody_knows_are_ignored_with_a_warning():
    with pytest.warns(ms.UnknownMemberWarning):
        assert File(["bits"], "dummy", {"name": "foo"}).name == "dummy"


@pytest.mark.parametrize(
    ("bits", "size"),
    [
        ([], 0),
        (["𝓽𝓮𝔁𝓽"], 16),
        ([Blob(["bits"]), File(["bits"], "world.txt"), Blob(), bytes(8)], 16),
        (iter(["ab", "cde"]), 5),
    ],
)
def test_the_bits_are_those_of_a_blob(bits, size):
    assert File(bits, "dummy").size == size
