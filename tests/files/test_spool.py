import errno
import gc
import os
import tempfile

import pytest

import mediastreams as ms
from mediastreams import Blob
from mediastreams.files import spool as module
from mediastreams.files.spool import BlobSpool
from mediastreams.files.stores import Memory, TemporaryStore

KIB = 1024


@pytest.fixture(autouse=True)
def _folder_of_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def kinds(blob):
    return [type(extent.store) for extent in blob._content.extents]


def test_a_blob_is_what_was_written_since_the_last_one():
    spool = BlobSpool()
    spool.write(b"one")
    spool.write(memoryview(b"two"))
    assert spool.pending == 6
    first = spool.blob("video/webm;codecs=VP8")
    assert (bytes(first), first.type, spool.pending) == (b"onetwo", "video/webm;codecs=VP8", 0)
    spool.write(b"three")
    assert bytes(spool.blob()) == b"three"
    assert (bytes(spool.blob()), spool.size) == (b"", 11)
    assert bytes(first) == b"onetwo"


def test_the_bytes_are_copied():
    spool, buffer = BlobSpool(), bytearray(b"then")
    spool.write(buffer)
    buffer[:] = b"now!"
    assert bytes(spool.blob()) == b"then"


def test_what_is_little_stays_in_memory(monkeypatch):
    monkeypatch.setattr(module, "TemporaryStore", None)  # would fail
    spool = BlobSpool(in_memory=1024 * KIB)
    for _ in range(4):
        spool.write(bytes(250 * KIB))
    assert issubclass(kinds(spool.blob())[0], Memory)


async def test_what_is_much_goes_to_disk():
    data = os.urandom(3000 * KIB)
    spool = BlobSpool(in_memory=1024 * KIB)
    for start in range(0, len(data), 100 * KIB):
        spool.write(data[start : start + 100 * KIB])
    blob = spool.blob()
    assert kinds(blob)[0] is TemporaryStore
    assert sum(e.length for e in blob._content.extents if isinstance(e.store, Memory)) <= 1024 * KIB
    assert bytes(blob) == await blob.bytes() == data
    assert b"".join([chunk async for chunk in blob.stream()]) == data


def test_many_small_blobs_that_are_kept_do_not_pile_up_in_memory():
    spool = BlobSpool(in_memory=1024 * KIB)
    kept = []
    for index in range(60):
        spool.write(bytes([index]) * 300 * KIB)
        kept.append(spool.blob())
    in_memory = sum(e.length for blob in kept for e in blob._content.extents if isinstance(e.store, Memory))
    assert in_memory <= 1024 * KIB + 256 * KIB
    assert all(bytes(blob) == bytes([index]) * 300 * KIB for index, blob in enumerate(kept))
    whole = Blob(kept)
    assert len(whole._content.extents) < 10  # neighbours on disk are one piece


def test_memory_that_is_given_back_is_used_again(monkeypatch):
    monkeypatch.setattr(module, "TemporaryStore", None)  # would fail
    spool = BlobSpool(in_memory=1024 * KIB)
    for _ in range(20):
        spool.write(bytes(800 * KIB))
        assert spool.blob().size == 800 * KIB  # and dropped


def test_the_space_of_dropped_blobs_is_given_back_file_by_file(monkeypatch):
    monkeypatch.setattr(module, "_FILE_SIZE", 1000 * KIB)
    spool = BlobSpool(in_memory=0)
    blobs = []
    for _ in range(10):
        spool.write(bytes(500 * KIB))
        blobs.append(spool.blob())
    files = {id(e.store) for blob in blobs for e in blob._content.extents}
    assert len(files) == 5
    del blobs[:-1]
    gc.collect()
    alive = [one for one in gc.get_objects() if isinstance(one, TemporaryStore)]
    assert len(alive) <= 2


def test_a_full_disk_loses_nothing(monkeypatch):
    spool = BlobSpool(in_memory=0)
    spool.write(b"a" * 300 * KIB)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(TemporaryStore, "_write_at", full)
        with pytest.raises(ms.QuotaExceededError, match="full"):
            spool.write(b"b" * 300 * KIB)
        with pytest.raises(ms.QuotaExceededError, match="full"):
            spool.write(b"c")
    blob = spool.blob()
    assert bytes(blob) == b"a" * 300 * KIB + b"b" * 300 * KIB + b"c"
    spool.write(b"d" * 300 * KIB)  # there is room again
    assert kinds(spool.blob()) == [TemporaryStore]


def test_what_a_full_disk_did_not_take_is_taken_back_while_the_error_is_there(monkeypatch):
    spool = BlobSpool(in_memory=0)
    spool.write(b"a" * 300 * KIB)

    def full(*given):  # whose traceback holds what it was given
        raise OSError(errno.ENOSPC, f"No space left for {len(given)}")

    monkeypatch.setattr(TemporaryStore, "_write_at", full)
    with pytest.raises(ms.QuotaExceededError) as caught:
        spool.write(b"b" * 300 * KIB)
    spool.truncate(400 * KIB)
    assert caught.tb is not None
    assert (spool.size, spool.pending) == (400 * KIB, 400 * KIB)
    assert bytes(spool.blob()) == b"a" * 300 * KIB + b"b" * 100 * KIB


def test_a_disk_that_fails_otherwise_says_so(monkeypatch):
    def broken(*_):
        raise OSError(errno.EIO, "Input/output error")

    spool = BlobSpool(in_memory=0)
    monkeypatch.setattr(TemporaryStore, "_write_at", broken)
    with pytest.raises(ms.NotReadableError, match="Input/output error") as caught:
        spool.write(b"x" * 300 * KIB)
    assert caught.value.errno == errno.EIO


def test_a_spool_says_how_much_there_is():
    spool = BlobSpool()
    spool.write(bytes(2000))
    spool.blob()
    spool.write(b"abc")
    assert repr(spool) == "<BlobSpool 2,003 bytes, 3 pending>"


@pytest.mark.parametrize("in_memory", [0, 2**24])
def test_what_is_pending_may_be_rewritten_wherever_it_is(in_memory):
    spool = BlobSpool(in_memory)
    expected = bytearray()
    for index in range(5):
        spool.write(bytes((index,)) * 300_000)
        expected += bytes((index,)) * 300_000
    spool.write(b"end")
    expected += b"end"
    for place, data in ((0, b"head"), (299_990, b"x" * 900_000), (len(expected) - 3, b"END"), (7, b"")):
        spool.patch(place, data)
        expected[place : place + len(data)] = data
        assert spool.peek(place, len(data)) == data
    assert spool.peek(100, 1_400_000) == expected[100:1_400_100]
    assert bytes(spool.blob()) == expected


def test_what_was_given_out_is_not_rewritten():
    spool = BlobSpool()
    spool.write(b"0123456789")
    blob = spool.blob()
    spool.write(b"abc")
    with pytest.raises(ValueError, match="of 13 bytes the last 3 are pending"):
        spool.patch(9, b"X")
    with pytest.raises(ValueError, match="pending"):
        spool.patch(12, b"YZ")
    with pytest.raises(ValueError, match="pending"):
        spool.truncate(9)
    spool.patch(10, b"A")
    assert (bytes(blob), bytes(spool.blob())) == (b"0123456789", b"Abc")


@pytest.mark.parametrize("in_memory", [0, 2**24])
@pytest.mark.parametrize("size", [900_001, 900_000, 650_000, 600_000, 5, 0])
def test_what_was_written_last_may_be_taken_back(in_memory, size):
    spool = BlobSpool(in_memory)
    data = bytes(range(250)) * 1200
    for _ in range(3):
        spool.write(data)
    spool.write(b"!")
    spool.truncate(size)
    assert (spool.size, spool.pending) == (size, size)
    spool.write(b"more")
    assert bytes(spool.blob()) == (data * 3 + b"!")[:size] + b"more"
