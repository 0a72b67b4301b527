"""`Target`: what FFmpeg writes, made safe."""

import errno
import io
import os
import stat

import pytest

from mediastreams._engine.encoding.target import FileTarget, ObjectTarget, open_target

__all__ = []


def test_a_file_is_written_at_once(tmp_path):
    target = open_target(tmp_path / "a")
    target.write(b"hello")
    assert (tmp_path / "a").read_bytes() == b"hello"
    target.seek(0)
    target.write(b"J")
    assert (target.tell(), target.size) == (1, 5)
    assert target.seek(0, os.SEEK_END) == 5
    target.close()
    target.close()
    assert (tmp_path / "a").read_bytes() == b"Jello"


def test_rolling_back_restores_what_was_there_at_the_checkpoint(tmp_path):
    target = FileTarget(tmp_path / "a")
    target.write(b"0123456789")
    target.checkpoint()
    target.write(b"more")
    target.seek(2)
    target.write(b"XX")
    target.seek(3)
    target.write(b"YYYYYYYYYY")
    target.roll_back()
    target.write(b"nothing of this")
    target.close()
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_a_file_object_is_rolled_back_too_and_starts_where_it_stands():
    file = io.BytesIO(b"head")
    file.seek(4)
    target = ObjectTarget(file)
    target.write(b"0123")
    target.checkpoint()
    target.seek(1)
    target.write(b"Z")
    target.seek(4)
    target.write(b"more")
    target.roll_back()
    target.close()
    assert file.getvalue() == b"head0123"
    assert not file.closed


def test_a_new_file_that_stays_empty_is_removed_and_an_old_one_is_not(tmp_path):
    FileTarget(tmp_path / "new").close()
    (tmp_path / "old").write_bytes(b"x")
    FileTarget(tmp_path / "old").close()
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_the_first_error_is_kept_and_nothing_is_written_after_it():
    class Broken(io.RawIOBase):
        calls = 0

        def writable(self):
            return True

        def write(self, data):
            self.calls += 1
            raise OSError(errno.EDQUOT, "quota")

    file = Broken()
    target = ObjectTarget(file)
    with pytest.raises(OSError, match="your disk quota is used up") as caught:
        target.write(b"x")
    assert target.error is caught.value
    target.write(b"y")
    target.close()
    assert file.calls == 1


def test_a_file_object_the_caller_has_closed_is_an_os_error():
    file = io.BytesIO()
    target = ObjectTarget(file)
    file.close()
    with pytest.raises(OSError, match="closed file"):
        target.write(b"x")


def test_a_pipe_is_written_to_and_cannot_go_back(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        target = open_target(path)
        assert not target.seekable()
        target.write(b"abc")
        target.close()
        assert os.read(reader, 10) == b"abc"
        assert stat.S_ISFIFO(path.stat().st_mode)
    finally:
        os.close(reader)


@pytest.mark.parametrize(
    ("name", "error"), [("no/a", FileNotFoundError), (".", IsADirectoryError), ("file/a", NotADirectoryError)]
)
def test_a_path_that_cannot_be_opened_is_the_systems_error_with_a_cure(tmp_path, name, error):
    (tmp_path / "file").touch()
    with pytest.raises(error, match=r"cannot write the recording: .*(folder|path)") as caught:
        open_target(tmp_path / name)
    assert caught.value.errno
    assert caught.value.filename
