import errno
import gc
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

import mediastreams as ms
from mediastreams.files import stores
from mediastreams.files.stores import PathStore, TemporaryStore


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="open files are counted in /proc")


@pytest.fixture(autouse=True)
def _folder_of_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(params=["with positions", "without positions"])
def seeking(request, monkeypatch):
    """Systems without ``pread`` and ``pwrite``, too."""
    if request.param == "without positions":
        monkeypatch.delattr(os, "pread", raising=False)
        monkeypatch.delattr(os, "pwrite", raising=False)


@pytest.mark.usefixtures("seeking")
def test_what_was_written_is_read_from_any_place():
    store = TemporaryStore()
    store.append(b"0123")
    assert store.read(1, 2) == b"12"
    store.append(memoryview(b"4567"))
    assert store.read(2, 4) == b"2345"
    assert store.read(0, store.size) == b"01234567"


@pytest.mark.usefixtures("seeking")
def test_threads_read_while_another_writes():
    store = TemporaryStore()
    store.append(bytes([0]) * 1000)
    wrong = []

    def read():
        for _ in range(300):
            count = store.size // 1000
            places = {0, count // 2, count - 1}
            wrong.extend(at for at in places if store.read(at * 1000, 1000) != bytes([at % 256]) * 1000)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for thread in readers:
        thread.start()
    for index in range(1, 300):
        store.append(bytes([index % 256]) * 1000)
    for thread in readers:
        thread.join()
    assert wrong == []


@needs_proc
def test_a_temporary_file_has_no_name_and_goes_with_its_store(tmp_path):
    before = descriptors()
    store = TemporaryStore()
    store.append(b"x")
    assert list(tmp_path.iterdir()) == []
    assert descriptors() == before + 1
    del store
    gc.collect()
    deadline = time.monotonic() + 5
    while descriptors() > before and time.monotonic() < deadline:
        time.sleep(0.002)  # the reaper closes it
    assert descriptors() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_named_with_its_folder_and_its_cure(tmp_path):
    store = TemporaryStore()
    store.append(b"before")
    full = os.open("/dev/full", os.O_RDWR)
    kept = os.dup(store._file)
    os.dup2(full, store._file)
    try:
        with pytest.raises(ms.QuotaExceededError, match="TMPDIR") as caught:
            store.append(b"more")
        assert str(tmp_path) in caught.value.message
    finally:
        os.dup2(kept, store._file)
        os.close(full)
        os.close(kept)
    store.append(b" after")
    assert store.read(0, store.size) == b"before after"


def test_a_folder_that_is_gone_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(ms.NotReadableError, match="gone") as caught:
        TemporaryStore()
    assert caught.value.errno == errno.ENOENT


def test_a_temporary_file_that_lost_its_end_is_no_longer_readable():
    store = TemporaryStore()
    store.append(b"0123456789")
    os.ftruncate(store._file, 5)
    assert store.read(0, 5) == b"01234"
    with pytest.raises(ms.NotReadableError, match="lost its end"):
        store.read(3, 5)


def test_recordings_go_where_a_disk_is_unless_a_folder_was_chosen(tmp_path, monkeypatch):
    assert stores._folder() == str(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert stores._folder() == str(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    assert stores._folder() == ("/var/tmp" if os.access("/var/tmp", os.W_OK) else tempfile.gettempdir())


@needs_proc
def test_a_file_of_the_program_is_open_only_while_it_is_read(tmp_path):
    (tmp_path / "film").write_bytes(b"0123456789")
    before = descriptors()
    store = PathStore(str(tmp_path / "film"))
    assert store.read(2, 3) == b"234"
    assert descriptors() == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused_by_name(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(ms.NotAllowedError) as caught:
        PathStore(str(path)).read(0, 1)
    assert caught.value.errno == errno.EACCES


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_reads_on_and_its_parent_keeps_the_file():
    store = TemporaryStore()
    store.append(b"shared")
    child = os.fork()
    if not child:
        ok = store.read(0, 6) == b"shared"
        del store
        gc.collect()
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.read(0, 6) == b"shared"
