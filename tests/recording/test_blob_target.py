"""`BlobTarget`: a file that grows, given out piece by piece."""

import errno
import tempfile

import pytest

from mediastreams.errors import QuotaExceededError
from mediastreams.files.spool import BlobSpool
from mediastreams.recording.blob_target import BlobTarget
from mediastreams.testing import ManualClock

__all__ = []


@pytest.fixture
def clock():
    return ManualClock()


def target(clock, container="webm", *, rewindable=True):
    return BlobTarget(clock, container=container, rewindable=rewindable)


def test_what_was_written_is_given_out_with_its_time(clock):
    made = target(clock)
    assert (bytes(made.hand_over("a/b")[0]), made.hand_over("a/b")[1]) == (b"", 0.0)
    clock.advance_blocking(1)
    made.write(b"head")
    clock.advance_blocking(0.25)
    blob, timecode = made.hand_over("video/webm")
    assert (bytes(blob), blob.type, timecode) == (b"head", "video/webm", 0.0)
    clock.advance_blocking(0.25)
    made.write(b"one")
    clock.advance_blocking(0.25)
    made.write(b"two")
    assert made.pending == 6
    blob, timecode = made.hand_over("video/webm")
    assert (bytes(blob), timecode) == (b"onetwo", 500.0)
    assert (made.hand_over("")[1], made.pending, made.size) == (750.0, 0, 10)


def test_until_something_is_given_out_ffmpeg_may_go_back(clock):
    made = target(clock)
    made.write(b"head....body")
    made.seek(4)
    made.write(b"long")
    made.seek(8)
    made.write(b"BODY and more")
    assert (made.tell(), made.seekable(), made.seek(0, 2)) == (21, True, 21)
    assert bytes(made.hand_over("")[0]) == b"headlongBODY and more"


def test_what_was_given_out_stays_and_nothing_follows_the_attempt_to_change_it(clock):
    made = target(clock)
    made.write(b"head....")
    blob, _ = made.hand_over("")
    made.write(b"cluster")
    made.patch(2, b"XX")
    made.patch(8, b"C")
    made.seek(4)
    assert made.write(b"long") == 4
    made.seek(0, 2)
    made.write(b"index")
    assert (bytes(blob), bytes(made.hand_over("")[0])) == (b"head....", b"Cluster")


def test_an_error_leaves_what_was_whole(clock):
    made = target(clock)
    made.write(b"head....")
    made.checkpoint()
    made.seek(4)
    made.write(b"long")
    made.seek(8)
    made.write(b"half a clus")
    made.roll_back()
    made.write(b"nothing any more")
    assert bytes(made.hand_over("")[0]) == b"head...."


def test_a_full_disk_is_an_error_of_the_system_and_loses_nothing_whole(clock, monkeypatch, tmp_path):
    made = target(clock)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def full(_self):
        raise QuotaExceededError("the disk is full")

    made._spool = BlobSpool(in_memory=0)
    made.write(b"head")
    made.checkpoint()
    monkeypatch.setattr(BlobSpool, "_spill", full)
    with pytest.raises(OSError, match="the disk is full") as caught:
        made.write(b"x" * 300_000)
    assert caught.value.errno == errno.ENOSPC
    made.roll_back()
    assert bytes(made.hand_over("")[0]) == b"head"


def box(name, size=16):
    return size.to_bytes(4, "big") + name + bytes(size - 8)


@pytest.mark.parametrize("given", [0, 1, 2, 3])
def test_of_an_mp4_that_was_given_out_in_part_the_second_index_is_left_away(clock, given):
    made = target(clock, "mp4")
    pieces = [box(b"ftyp"), box(b"moov", 40), box(b"moof") + box(b"mdat", 100)]
    got = []
    for index, piece in enumerate(pieces):
        made.write(piece)
        if index < given:
            got.append(bytes(made.hand_over("")[0]))
    made.write(box(b"moof") + box(b"mdat") + box(b"moov", 60))
    got.append(bytes(made.hand_over("")[0]))
    assert b"".join(got) == b"".join(pieces) + box(b"moof") + box(b"mdat")


def test_an_mp4_with_one_index_keeps_it(clock):
    made = target(clock, "mp4")
    large = (1).to_bytes(4, "big") + b"mdat" + (50).to_bytes(8, "big") + bytes(34)
    whole = box(b"ftyp") + large + box(b"moov", 60)
    made.write(whole)
    assert bytes(made.hand_over("")[0]) == whole
