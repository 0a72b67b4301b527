"""Media types and suffixes: what they mean."""

import pytest

from mediastreams._rules.mime_types import (
    CONTAINERS,
    MediaType,
    codec_of,
    container_of_suffix,
    container_of_type,
    mime_type_of,
    parse_mime_type,
    select_codec,
    type_problem,
)

__all__ = []


@pytest.mark.parametrize(
    ("text", "essence", "codecs"),
    [
        ("video/webm", "video/webm", None),
        (" Video/WebM ", "video/webm", None),
        ('video/webm;codecs="vp9,opus"', "video/webm", ("vp9", "opus")),
        ('video/webm; codecs="vp9, opus" ', "video/webm", ("vp9", "opus")),
        ("video/mp4;codecs=avc1.42E01E,mp4a.40.2", "video/mp4", ("avc1.42E01E", "mp4a.40.2")),
        ("video/webm;codecs=vp8", "video/webm", ("vp8",)),
        ('audio/ogg;rate=1;CODECS="op\\us"', "audio/ogg", ("opus",)),
        ('video/webm;codecs="vp8";codecs="vp9"', "video/webm", ("vp8",)),
        ('video/webm;codecs=""', "video/webm", ()),
    ],
)
def test_a_media_type_is_taken_apart(text, essence, codecs):
    assert parse_mime_type(text) == MediaType(essence, codecs)


@pytest.mark.parametrize(
    "text",
    ["", "webm", "video/", "video/webm;", "video/webm;codecs", 'video/webm;codecs="vp9', "video/webm codecs=vp9"],
)
def test_what_is_no_media_type_is_refused(text):
    with pytest.raises(ValueError, match="no media type"):
        parse_mime_type(text)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("vp8", "vp8"),
        ("VP8.0", "vp8"),
        ("vp09.00.10.08", "vp9"),
        ("av01.0.04M.08", "av1"),
        ("av1", "av1"),
        ("avc1.42E01E", "h264"),
        ("avc3.64001f", "h264"),
        ("h264", "h264"),
        ("H.264", "h264"),
        ("hvc1.1.6.L186.B0", "h265"),
        ("hev1", "h265"),
        ("hec1", None),
        ("opus", "opus"),
        ("mp4a.40.2", "aac"),
        ("mp4a.40.02", "aac"),
        ("aac", "aac"),
        ("flac", "flac"),
        ("pcm", "pcm"),
        ("1", "pcm"),
        ("mp4a.69", None),
        ("mp4a.40.5", None),
        ("mp4a.40.29", None),
        ("vorbis", None),
        ("vp99", None),
        ("", None),
    ],
)
def test_a_codec_has_many_spellings(text, codec):
    assert codec_of(text) == codec


@pytest.mark.parametrize(
    ("text", "container", "kind"),
    [
        ("video/webm", "webm", "video"),
        ("audio/webm", "webm", "audio"),
        ("audio/mp4", "mp4", "audio"),
        ("video/x-matroska", "matroska", "video"),
        ("audio/vnd.wave", "wav", "audio"),
        ("audio/flac", "flac", "audio"),
        ("audio/ogg", "ogg", "audio"),
    ],
)
def test_a_media_type_names_its_container(text, container, kind):
    media_type = parse_mime_type(text)
    assert container_of_type(media_type) is CONTAINERS[container]
    assert media_type.kind == kind


def test_an_unknown_media_type_has_no_container():
    assert container_of_type(parse_mime_type("video/ogg")) is None


@pytest.mark.parametrize(
    ("name", "container", "kind"),
    [
        ("a.webm", "webm", "video"),
        ("A.MP4", "mp4", "video"),
        ("x/y.m4a", "mp4", "audio"),
        ("a.b.mkv", "matroska", "video"),
        ("a.mka", "matroska", "audio"),
        ("a.wav", "wav", "audio"),
        ("a.flac", "flac", "audio"),
        ("a.opus", "ogg", "audio"),
    ],
)
def test_a_suffix_names_its_container(name, container, kind):
    assert container_of_suffix(name) == (CONTAINERS[container], kind)


@pytest.mark.parametrize("name", ["a.txt", "webm", "a", ""])
def test_an_unknown_suffix_has_no_container(name):
    assert container_of_suffix(name) is None


def test_without_codecs_the_container_gives_its_own_in_order_of_preference():
    assert select_codec(CONTAINERS["mp4"], "video", None) == ("h264", "av1", "vp9", "h265")
    assert select_codec(CONTAINERS["wav"], "video", None) == ()
    assert select_codec(CONTAINERS["webm"], "audio", ("vp8",)) == ("opus",)


def test_a_named_codec_is_the_only_choice():
    assert select_codec(CONTAINERS["webm"], "video", ("opus", "vp8")) == ("vp8",)
    assert select_codec(CONTAINERS["webm"], "audio", ("vp8", "opus")) == ("opus",)


def test_a_codec_the_container_does_not_take_is_refused_with_those_it_takes():
    with pytest.raises(ValueError, match=r"webm does not take 'avc1'; it takes vp9, vp8, av1"):
        select_codec(CONTAINERS["webm"], "video", ("avc1",))
    with pytest.raises(ValueError, match="it takes no video"):
        select_codec(CONTAINERS["wav"], "video", ("vp8",))


def test_an_unknown_codec_is_refused():
    with pytest.raises(ValueError, match="'theora' is not known"):
        select_codec(CONTAINERS["ogg"], "audio", ("theora",))


@pytest.mark.parametrize(
    ("container", "video", "audio", "text"),
    [
        ("webm", "vp9", "opus", 'video/webm;codecs="vp9,opus"'),
        ("webm", None, "opus", 'audio/webm;codecs="opus"'),
        ("mp4", "h264", "aac", 'video/mp4;codecs="avc1,mp4a.40.2"'),
        ("wav", None, "pcm", 'audio/wav;codecs="1"'),
        ("matroska", "h264", None, 'video/x-matroska;codecs="avc1"'),
        ("flac", None, None, "audio/flac"),
    ],
)
def test_a_file_has_a_media_type_that_is_read_back(container, video, audio, text):
    assert mime_type_of(CONTAINERS[container], video, audio) == text
    assert container_of_type(parse_mime_type(text)) is CONTAINERS[container]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "video/webm",
        'video/webm;codecs="vp9,opus"',
        'video/webm; codecs="av01.0.04M.08, opus"',
        "video/webm;codecs=opus",
        "VIDEO/WEBM;codecs=VP09.00.10.08",
        "video/mp4;codecs=avc1.42E01E,mp4a.40.2",
        "video/mp4;codecs=avc1,opus",
        "video/mp4;codecs=hev1.1.6.L186.B0,opus",
        "video/x-matroska;codecs=hvc1",
        "video/x-matroska;codecs=pcm",
        "audio/webm",
        "audio/ogg;codecs=opus",
        "audio/wav",
        "audio/wav;codecs=1",
        "audio/flac",
        "audio/mp4;codecs=mp4a.40.2",
    ],
)
def test_a_recorder_takes_types_that_containers_hold_and_encoders_make(text):
    assert type_problem(text, lambda _: True) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("webm", "no media type"),
        ('audio/mp4: codecs="opus"', "no media type"),
        ("video/invalid", "not recorded here"),
        ("audio/banana", "not recorded here"),
        ("text/plain", "not recorded here"),
        ("audio/webm;codecs=vorbis", "'vorbis' is not known"),
        ("video/webm;codecs=avc1", "does not hold 'avc1'"),
        ("video/mp4;codecs=vp8", "does not hold 'vp8'"),
        ("audio/ogg;codecs=aac", "does not hold 'aac'"),
        ("audio/webm;codecs=vp8", "holds no pictures"),
        ('video/webm;codecs="vp8,vp9"', "more than one video codec"),
        ('video/mp4;codecs="opus,mp4a.40.2"', "more than one audio codec"),
        ("video/mp4;codecs=av01.0.04M.10", "8 bits"),
        ("video/mp4;codecs=avc1.nonsense", "is not how H.264 is written"),
    ],
)
def test_a_recorder_says_why_it_does_not_take_a_type(text, problem):
    assert problem in type_problem(text, lambda _: True)


def test_without_an_encoder_a_type_is_not_taken():
    assert "no working encoder for 'vp9'" in type_problem("video/webm;codecs=vp9", lambda codec: codec != "vp9")
    assert type_problem("video/webm", lambda codec: codec == "av1") is None
    assert "no working encoder for video/webm" in type_problem("video/webm", lambda codec: codec == "opus")
    assert "no working encoder for audio/webm" in type_problem("audio/webm", lambda codec: codec == "vp8")
    assert "no working encoder for video/webm" in type_problem("video/webm;codecs=opus", lambda codec: codec == "opus")
