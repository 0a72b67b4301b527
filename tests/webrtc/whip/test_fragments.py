"""The ICE part of descriptions."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams.webrtc.whip.fragments import Fragment, fragment_of, parse_fragment, with_fragment, write_fragment

HOST = "candidate:1 1 udp 2130706431 10.0.0.1 5000 typ host"
RELAY = "candidate:2 1 udp 1694498815 192.0.2.3 24500 typ relay raddr 0.0.0.0 rport 0"
PASSWORD = "x" * 22
DESCRIPTION = "\r\n".join(
    [
        "v=0", "o=- 77 4 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=ice-ufrag:old1", "a=ice-pwd:" + "o" * 24, f"a={HOST}",
        "a=end-of-candidates", "a=rtpmap:111 opus/48000/2",
        "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=ice-ufrag:old1",
        "a=ice-pwd:" + "o" * 24, "a=rtpmap:96 VP8/90000",
        "",
    ]
)  # fmt: skip


def test_a_fragment_has_credentials_and_candidates_of_their_sections():
    found = parse_fragment(
        f"a=ice-ufrag:abcd\r\na=ice-pwd:{PASSWORD}\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na={HOST}\r\na={RELAY}\r\n"
        "a=end-of-candidates\r\n"
    )
    assert found == Fragment("abcd", PASSWORD, (("0", HOST), ("0", RELAY)), complete=True)


def test_candidates_may_stand_before_their_mid_and_lines_may_end_in_newlines_only():
    assert parse_fragment(f"m=audio 9 RTP/AVP 0\na={HOST}\na=mid:x\na={RELAY}\n").candidates == (
        ("x", HOST),
        ("x", RELAY),
    )


def test_a_candidate_without_any_section_has_no_mid():
    assert parse_fragment(f"a={HOST}").candidates == ((None, HOST),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello", "no line"),
        ("a=ice-ufrag:abc", "no ICE credential"),
        ("a=ice-ufrag:ab cd", "no ICE credential"),
        ("a=ice-pwd:short", "no ICE credential"),
        ("a=x\x00", "no line"),
        ("a=" + "y" * 2000, "no line"),
        ("\n".join([f"a={HOST}"] * 101), "too many"),
    ],
)
def test_what_is_none_says_so(text, why):
    with pytest.raises(ValueError, match=why):
        parse_fragment(text)


def test_of_a_description_the_first_section_counts():
    assert fragment_of(DESCRIPTION) == Fragment("old1", "o" * 24, (("0", HOST),), complete=True)


def test_a_restart_changes_ice_and_the_version_and_nothing_else():
    new = with_fragment(DESCRIPTION, Fragment("new1", "n" * 24, (("0", RELAY),)))
    assert fragment_of(new) == Fragment("new1", "n" * 24, (("0", RELAY),))
    assert new.count("a=ice-ufrag:new1") == 2
    assert "old1" not in new
    assert "o=- 77 5 IN" in new
    ice = ("a=ice-", "a=candidate", "a=end-of", "o=")
    kept = [line for line in DESCRIPTION.splitlines() if not line.startswith(ice)]
    assert [line for line in new.splitlines() if not line.startswith(ice)] == kept


def test_a_restart_without_candidates_leaves_those_there_were():
    new = with_fragment(DESCRIPTION, Fragment("new1", "n" * 24))
    assert fragment_of(new) == Fragment("new1", "n" * 24, (("0", HOST),), complete=True)


def test_a_restart_needs_credentials():
    with pytest.raises(ValueError, match="ice-ufrag"):
        with_fragment(DESCRIPTION, Fragment())


def test_a_fragment_without_candidates_names_its_section():
    assert "a=mid:7" in write_fragment(Fragment("abcd", PASSWORD), "7")


@given(
    st.lists(st.tuples(st.sampled_from(["0", "1", "video"]), st.sampled_from([HOST, RELAY])), max_size=8),
    st.booleans(),
)
def test_what_is_written_is_read_again(candidates, complete):
    fragment = Fragment("abcd", PASSWORD, tuple(sorted(candidates)), complete)
    assert parse_fragment(write_fragment(fragment)) == fragment


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(ValueError):
        assert isinstance(parse_fragment(text), Fragment)
