"""Blobs, and URLs of blobs, as what is opened."""

import pytest
from tests.media import make_movie

import mediastreams as ms
from mediastreams.elements.resources import media_input


@pytest.fixture
def film(tmp_path):
    return make_movie(tmp_path / "film.mkv", frames=10)


async def pictures(src):
    async with ms.open(src, clock="free") as stream:
        assert stream.video.label
        return [frame async for frame in stream.video.frames(policy="wait")]


async def test_a_blob_in_memory_is_opened(film):
    assert len(await pictures(ms.Blob([film.read_bytes()]))) == 10


async def test_a_blob_of_many_pieces_is_opened(film):
    data = film.read_bytes()
    assert len(await pictures(ms.Blob([data[at : at + 999] for at in range(0, len(data), 999)]))) == 10


async def test_a_file_on_disk_is_opened_and_gives_its_name(film):
    async with ms.open(ms.File.from_path(film)) as stream:
        assert "film.mkv" in stream.video.label


async def test_the_url_of_a_blob_is_opened_though_it_is_revoked_right_after(film):
    url = ms.URL.create_object_url(ms.Blob([film.read_bytes()]))
    opening = pictures(url + "#t=0")
    task = ms.open(url, clock="free")
    ms.URL.revoke_object_url(url)
    async with task as stream:
        assert stream.video is not None
    with pytest.raises(ms.NotReadableError, match="revoked"):  # begun after that
        await opening


async def test_a_url_that_stands_for_nothing_is_refused_at_once():
    with pytest.raises(ms.NotReadableError, match="stands for nothing"):
        ms.open("BLOB:null/no-such")


async def test_a_blob_without_media_is_refused():
    for blob in (ms.Blob(), ms.Blob(["no film"])):
        with pytest.raises(ms.NotSupportedError):
            await ms.open(blob)


async def test_a_file_that_changed_before_it_was_opened_is_not_read(film):
    file = ms.File.from_path(film)
    film.write_bytes(film.read_bytes() + b"more")
    with pytest.raises(ms.NotReadableError, match="has changed"):
        await ms.open(file)


def test_everything_else_stays_as_it_is(film):
    for src in (str(film), film, b"bytes", "http://example.org/blob:"):
        assert media_input(src) is src
