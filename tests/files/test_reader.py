import io
import os

import pytest

from mediastreams import Blob, File
from mediastreams.files.reader import BlobReader


def test_a_blob_reads_like_a_file():
    reader = BlobReader(Blob([b"012", b"x" * 70_000, b"789"]))
    assert reader.readable()
    assert reader.seekable()
    assert reader.read(2) == b"01"
    assert reader.tell() == 2
    assert reader.seek(-3, os.SEEK_END) == 70_003
    assert reader.read() == b"789"
    assert reader.read(5) == b""
    assert reader.seek(-1, os.SEEK_CUR) == 70_005
    assert reader.read(None) == b"9"
    reader.seek(1_000_000)
    assert reader.read(5) == b""
    with pytest.raises(ValueError, match="before the beginning"):
        reader.seek(-1)


def test_pythons_own_readers_stand_on_it():
    data = os.urandom(100_000)
    assert io.BufferedReader(BlobReader(Blob([data]))).read() == data


def test_a_name_is_a_files():
    assert BlobReader(File([], "film.webm")).name == "film.webm"
    assert BlobReader(Blob()).name == "blob"
