"""Seeing device nodes come and go, in a folder of our own."""

from __future__ import annotations

import struct
import threading

import pytest

from mediastreams._backends.linux.hotplug import FolderWatch, names_in
from mediastreams._backends.linux.v4l2_backend import V4L2Backend


@pytest.fixture
def watched(tmp_path):
    """A folder, and a queue of what a watch with a short settling time said."""
    news = threading.Semaphore(0)
    watch = FolderWatch(str(tmp_path), r"video\d+", news.release, settle_seconds=0.05)
    yield tmp_path, news
    watch.close()


def test_a_node_that_comes_changes_and_goes_is_noticed(watched):
    folder, news = watched
    node = folder / "video0"
    node.touch()
    assert news.acquire(timeout=5)
    node.chmod(0o600)
    assert news.acquire(timeout=5)
    node.rename(folder / "video1")
    assert news.acquire(timeout=5)
    (folder / "video1").unlink()
    assert news.acquire(timeout=5)


def test_other_names_are_no_news(watched):
    folder, news = watched
    (folder / "null").touch()
    (folder / "video").touch()
    (folder / "my-video0").touch()
    assert not news.acquire(timeout=0.2)
    (folder / "video0").touch()
    assert news.acquire(timeout=5)


def test_many_changes_at_once_are_one_piece_of_news(watched):
    folder, news = watched
    for number in range(20):
        (folder / f"video{number}").touch()
    assert news.acquire(timeout=5)
    assert not news.acquire(timeout=0.2)


def test_closing_twice_is_once_and_nothing_comes_afterwards(tmp_path):
    calls = []
    watch = FolderWatch(str(tmp_path), r"video\d+", lambda: calls.append(1), settle_seconds=0.05)
    (tmp_path / "video0").touch()
    watch.close()
    watch.close()
    (tmp_path / "video1").touch()
    assert calls == []


def test_a_watch_may_be_closed_in_its_own_call(tmp_path):
    closed = threading.Event()
    holder = []

    def close():
        holder[0].close()
        closed.set()

    holder.append(FolderWatch(str(tmp_path), r"video\d+", close, settle_seconds=0.01))
    (tmp_path / "video0").touch()
    assert closed.wait(5)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        FolderWatch(str(tmp_path / "none"), "x", lambda: None)


def test_the_back_end_watches_and_lets_go():
    stop = V4L2Backend().watch(lambda: None)
    stop()
    stop()


def test_names_of_a_block_of_events_are_read_and_losses_are_known():
    def event(mask, name):
        return struct.pack("iIII", 1, mask, 0, len(name)) + name

    raw = event(0x100, b"video0\0\0\0\0\0\0\0\0\0\0") + event(0x4000, b"") + event(0x200, b"null\0\0\0\0") + b"\0\0"
    assert list(names_in(raw)) == ["video0", None, "null"]
