"""What goes wrong with a camera, in the standard's names."""

from __future__ import annotations

import errno
import os

import pytest

from mediastreams._backends.linux.v4l2_errors import holders, translate
from mediastreams.errors import NotAllowedError, NotFoundError, NotReadableError


def translated(number, proc="/proc"):
    return translate(OSError(number, os.strerror(number)), label="Webcam", path="/dev/video9", proc=str(proc))


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EACCES, NotAllowedError, "group “video”"),
        (errno.EPERM, NotAllowedError, "group “video”"),
        (errno.ENODEV, NotFoundError, "unplugged"),
        (errno.ENOENT, NotFoundError, "unplugged"),
        (errno.EBUSY, NotReadableError, "in use by another program: close it"),
        (errno.ENOSPC, NotReadableError, "another port"),
        (errno.EPIPE, NotReadableError, "media-ctl"),
        (errno.ENOMEM, NotReadableError, "smaller size"),
        (errno.EIO, NotReadableError, "Input/output error"),
    ],
)
def test_an_error_has_its_name_its_number_and_a_cure(number, kind, words):
    error = translated(number)
    assert type(error) is kind
    assert words in str(error)
    assert "“Webcam” (/dev/video9)" in str(error)
    assert getattr(error, "errno", number) == number


def test_a_busy_camera_names_the_programs_that_have_it(tmp_path):
    for number, name, link in ((41, "zoom", "/dev/video9"), (42, "cheese", "/dev/video9"), (43, "cat", "/dev/null")):
        folder = tmp_path / str(number) / "fd"
        folder.mkdir(parents=True)
        (folder / "3").symlink_to(link)
        (tmp_path / str(number) / "comm").write_text(name + "\n")
    error = translated(errno.EBUSY, tmp_path)
    assert "in use by zoom (process 41), cheese (process 42): close that program" in str(error)


def test_a_camera_that_is_busy_with_ourselves_says_so(tmp_path):
    folder = tmp_path / str(os.getpid()) / "fd"
    folder.mkdir(parents=True)
    (folder / "3").symlink_to("/dev/video9")
    (tmp_path / str(os.getpid()) / "comm").write_text("python\n")
    assert "by this program" in str(translated(errno.EBUSY, tmp_path))


def test_who_holds_a_file_is_read_from_proc(tmp_path):
    file = tmp_path / "held"
    with file.open("w"):
        assert os.getpid() in [number for number, _ in holders(str(file))]
    assert holders(str(file)) == []
