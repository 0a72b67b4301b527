"""Session descriptions read and written; whatever comes, it is read or refused with the line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.bundles import bundle_mids, lead_of
from mediastreams._rules.sdp_reading import MOST_CHARACTERS, MOST_SECTIONS, SdpError, read_description
from mediastreams._rules.sdp_values import Description, Extension, Format, Section, Ssrc
from mediastreams._rules.sdp_writing import write_description

__all__ = []

HEAD = "v=0\r\no=- 7 3 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
UFRAG, PASSWORD = "abcd", "p" * 22
PRINT = ":".join(["AB"] * 32)

FULL = Description(
    session_id=7,
    version=3,
    bundles=(("a", "v", "d"),),
    ice_lite=True,
    sections=(
        Section(
            kind="audio",
            format_ids=("111", "0"),
            mid="a",
            direction="sendonly",
            formats=(Format(111, "opus", 48000, 2, "minptime=10", ("nack",)), Format(0, "PCMU", 8000, 1)),
            extensions=(Extension(1, "urn:x"),),
            msids=(("s", "t"), ("u", "")),
            ssrcs=(Ssrc(5, "c", "s t"), Ssrc(6, "c")),
            ssrc_groups=(("FID", (5, 6)),),
            ufrag=UFRAG,
            password=PASSWORD,
            ice_options=("trickle",),
            fingerprints=(("sha-256", PRINT),),
            setup="actpass",
            rtcp_mux=True,
            rtcp_rsize=True,
            candidates=("1 1 udp 1 192.0.2.1 9 typ host",),
            end_of_candidates=True,
        ),
        Section(
            kind="video", port=0, format_ids=("96",), mid="v", formats=(Format(96, "VP8", 90000),), bundle_only=True
        ),
        Section(
            kind="application",
            protocol="UDP/DTLS/SCTP",
            format_ids=("webrtc-datachannel",),
            mid="d",
            sctp_port=5000,
            max_message_size=262144,
        ),
    ),
)


def test_what_is_written_is_read_again():
    read = read_description(write_description(FULL))
    lines = [section.line for section in read.sections]
    assert all(text.startswith("m=") for text in (write_description(FULL).split("\r\n")[line - 1] for line in lines))
    assert write_description(read) == write_description(FULL)
    audio, video, data = read.sections
    assert (audio.rejected, video.rejected, data.rejected) == (False, False, False)
    assert (audio.is_rtp, video.is_rtp, data.is_rtp) == (True, True, False)
    assert (audio.is_data, data.is_data) == (False, True)
    assert read.find("v") is video
    assert read.find("x") is None
    assert audio.ssrcs == FULL.sections[0].ssrcs


def test_an_empty_bundle_and_a_section_without_anything_are_written():
    text = write_description(Description(bundles=((),), sections=(Section(kind="video", port=0, format_ids=("96",)),)))
    assert "a=group:BUNDLE\r\n" in text
    assert "a=mid" not in text
    assert "a=rtcp:" not in text
    assert read_description(text).sections[0].rejected


def read(*lines, media="m=audio 9 UDP/TLS/RTP/SAVPF 111 0 9"):
    return read_description(HEAD + "\r\n".join([media, *lines]) + "\r\n").sections[0]


def test_what_stands_for_the_session_holds_in_each_section():
    text = (
        HEAD
        + f"a=ice-ufrag:{UFRAG}\na=ice-pwd:{PASSWORD}\na=ice-options:trickle x\na=fingerprint:SHA-256 {PRINT.lower()}\n"
        + "a=setup:active\na=recvonly\na=extmap:3/sendonly urn:y\na=group:LS 1 2\na=group:BUNDLE 0 1\na=mid:z\n"
        + "m=audio 9 RTP/SAVPF 0\na=mid:0\na=extmap:4 urn:z\nm=video 9/2 RTP/SAVPF 96\na=mid:1\na=inactive\n"
        + "a=group:BUNDLE q\n"
        + "a=setup:passive\n"
    )
    description = read_description(text)
    one, two = description.sections
    assert description.bundles == (("0", "1"),)
    assert (one.ufrag, one.password, one.ice_options) == (UFRAG, PASSWORD, ("trickle", "x"))
    assert one.fingerprints == (("sha-256", PRINT),)
    assert (one.setup, two.setup) == ("active", "passive")
    assert (one.direction, two.direction) == ("recvonly", "inactive")
    assert one.extensions == (Extension(3, "urn:y"), Extension(4, "urn:z"))


def test_formats_come_from_their_lines_or_are_known():
    section = read(
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 a=1",
        "a=rtcp-fb:* nack",
        "a=rtcp-fb:111 transport-cc",
        "a=rtcp-fb:0 x",
    )
    opus, pcmu, g722 = section.formats
    assert opus == Format(111, "opus", 48000, 2, "a=1", ("nack", "transport-cc"))
    assert pcmu == Format(0, "PCMU", 8000, 1, "", ("nack", "x"))
    assert g722.name == "G722"
    assert read("a=rtpmap:96 L16/44100", media="m=audio 9 RTP/AVP 96 97").formats == (Format(96, "L16", 44100, 1),)
    assert read("a=rtpmap:96 VP8/90000", media="m=video 9 RTP/AVP 96").formats == (Format(96, "VP8", 90000, None),)
    assert read("a=fmtp:x y", "a=rtpmap:1 a/1", media="m=application 9 X *").formats == ()


def test_what_nobody_knows_is_skipped():
    section = read(
        "b=AS:30", "k=x", "a=what", "a=what:ever", "a=rid:1 send", "a=simulcast:send 1", "a=sctpmap:5000 x 1024"
    )
    assert section.direction == "sendrecv"


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ("", 1),
        ("x", 1),
        ("v=0", 1),
        ("v=1\no=- 1 1 IN IP4 0\ns=-\nt=0 0", 1),
        ("o=- 1 1 IN IP4 0\nv=0\ns=-\nt=0 0", 1),
        ("v=0\ns=-\no=- 1 1 IN IP4 0\nt=0 0", 2),
        ("v=0\no=- 1 1 IN IP4\ns=-\nt=0 0", 2),
        ("v=0\no=- 1 b IN IP4 0\ns=-\nt=0 0", 2),
        ("v=0\no=- 1 1 IN IP4 0\nt=0 0\ns=-", 3),
        (HEAD + "\n", 5),
        (HEAD + "V=0", 5),
        (HEAD + "a=" + "x" * 20_001, 5),
        (HEAD + "m=audio", 5),
        (HEAD + "m=audio 9 X ", 5),
        (HEAD + "m=aud\u00e4o 9 X 0", 5),
        (HEAD + "m=audio 70000 X 0", 5),
        (HEAD + "m=audio 9 X opus", 5),
        (HEAD + "m=audio 9 X 128", 5),
        (HEAD + "m=audio 9 X \u0663", 5),
        (HEAD + "a=ice-ufrag:abc", 5),
        (HEAD + "a=ice-ufrag:ab d", 5),
        (HEAD + "a=ice-pwd:short", 5),
        (HEAD + "a=fingerprint:sha-256", 5),
        (HEAD + "a=fingerprint:sha-256 XY:00", 5),
        (HEAD + f"a=fingerprint: {PRINT}", 5),
        (HEAD + "a=setup:maybe", 5),
        (HEAD + "a=extmap:1", 5),
        (HEAD + "a=extmap:x urn:y", 5),
        (HEAD + "a=extmap:1/up urn:y", 5),
        *[
            (HEAD + f"m=audio 9 X 0\na={attribute}", 6)
            for attribute in (
                "mid:",
                "mid:a b",
                "rtpmap:0",
                "rtpmap:0 a",
                "rtpmap:0 /8000",
                "rtpmap:0 a/b",
                "rtpmap:0 a/0",
                "rtpmap:0 a/1/2/3",
                "rtpmap:0 a/1/x",
                "rtpmap:x a/1",
                "rtpmap:0 \u00e4/1",
                "fmtp:x y",
                "rtcp-fb:x nack",
                "msid:",
                "msid:a b c",
                "ssrc:x cname:y",
                "ssrc-group:FID x",
                "sctp-port:99999",
                "max-message-size:-1",
            )
        ],
        (HEAD + "m=audio 9 X 0\n" * (MOST_SECTIONS + 1), MOST_SECTIONS + 5),
    ],
)
def test_what_is_malformed_is_refused_with_its_line(lines, line):
    with pytest.raises(SdpError) as caught:
        read_description(lines)
    assert caught.value.line == line


def test_a_text_without_end_is_refused():
    with pytest.raises(SdpError):
        read_description("x" * (MOST_CHARACTERS + 1))


def test_no_group_of_sources_is_none():
    assert read("a=ssrc-group:").ssrc_groups == (("", ()),)


def test_the_bundle_is_the_first_group_or_the_first_section():
    sections = tuple(Section(kind="audio", mid=mid, port=port) for mid, port in (("a", 0), ("b", 9), ("c", 9)))
    assert bundle_mids(Description(sections=sections)) == ("b",)
    assert bundle_mids(Description(bundles=((), ("c", "a")), sections=sections)) == ("c", "a")
    assert bundle_mids(Description()) == ()
    assert lead_of(Description(bundles=(("a", "c"),), sections=sections)) is sections[2]
    assert lead_of(Description()) is None


# --- whatever comes --------------------------------------------------------------------------------------------------

LINES = write_description(FULL).splitlines()


def refused_line(text):
    """Give the line for which a text is refused; ``None``: it is read."""
    try:
        read_description(text)
    except SdpError as error:
        return error.line
    return None


@given(st.text())
def test_any_text_is_read_or_refused(text):
    line = refused_line(text)
    assert line is None or line >= 1


@given(
    st.lists(
        st.one_of(
            st.sampled_from(LINES),
            st.tuples(st.sampled_from(LINES), st.integers(0, 40), st.text(max_size=4)).map(
                lambda change: change[0][: change[1]] + change[2] + change[0][change[1] + 1 :]
            ),
        ),
        max_size=60,
    )
)
def test_a_description_whose_lines_were_shaken_is_read_or_refused(lines):
    text = HEAD + "\r\n".join(lines)
    line = refused_line(text)
    if line is None:
        written = write_description(read_description(text))
        assert write_description(read_description(written)) == written
    else:
        assert 1 <= line <= text.count("\n") + 1
