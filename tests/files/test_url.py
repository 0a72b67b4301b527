import gc
import re
import weakref

import pytest

import mediastreams as ms
from mediastreams import URL, Blob, File
from mediastreams.files.url import resolve


@pytest.fixture
def url():
    made = URL.create_object_url(Blob(["film"]))
    yield made
    URL.revoke_object_url(made)


def test_a_url_stands_for_its_blob_until_it_is_revoked():
    blob = Blob(["film"])
    url = URL.create_object_url(blob)
    assert resolve(url) is blob
    URL.revoke_object_url(url)
    with pytest.raises(ms.NotReadableError, match="revoked"):
        resolve(url)
    URL.revoke_object_url(url)


def test_a_url_has_an_origin_and_ends_with_a_random_uuid(url):
    assert re.fullmatch(r"blob:[^/]*/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", url)


def test_every_url_is_another_one_and_has_its_own_life():
    blob = File(["film"], "film.webm")
    first, second = URL.create_object_url(blob), URL.create_object_url(blob)
    assert first != second
    URL.revoke_object_url(first)
    assert resolve(second) is blob
    URL.revoke_object_url(second)


def test_a_fragment_does_not_matter_to_who_reads_but_to_who_revokes(url):
    for extra in ("#t=1", "?query", "x", " "):
        URL.revoke_object_url(url + extra)
    assert bytes(resolve(url + "#t=1,2")) == b"film"
    with pytest.raises(ms.NotReadableError):
        resolve(url + "?query")


def test_a_url_keeps_the_blob_and_revoking_frees_it():
    blob = Blob([b"x" * 100_000])
    gone = weakref.ref(blob)
    url = URL.create_object_url(blob)
    del blob
    gc.collect()
    assert gone() is not None
    URL.revoke_object_url(url)
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("other", ["", "http://example.org/", "blob:", "blob:null/no-such", "no url at all"])
def test_revoking_what_stands_for_nothing_is_no_error(other):
    URL.revoke_object_url(other)


def test_a_stream_has_no_url():
    with pytest.raises(TypeError, match="src_object"):
        URL.create_object_url(ms.MediaStream())


@pytest.mark.parametrize("other", [None, "blob:x", b"bytes", {}, 3])
def test_only_blobs_have_urls(other):
    with pytest.raises(TypeError, match="a Blob or File"):
        URL.create_object_url(other)


def test_a_url_is_text():
    with pytest.raises(TypeError, match="a str"):
        URL.revoke_object_url(None)


def test_there_are_no_instances():
    with pytest.raises(TypeError, match=r"urllib\.parse"):
        URL("http://example.org/")


def test_ten_thousand_urls_are_ten_thousand():
    blob = Blob()
    urls = {URL.create_object_url(blob) for _ in range(10_000)}
    for url in urls:
        URL.revoke_object_url(url)
    assert len(urls) == 10_000
