"""The small rules of a connection: signalling states, directions, states of transports, candidates, URLs, records."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.candidate_lines import read_candidate
from mediastreams._rules.connection_states import connection_state, gathering_state, ice_connection_state
from mediastreams._rules.directions import answered, direction_of, receives, reversed_direction, sends
from mediastreams._rules.dtls_records import datagrams_of
from mediastreams._rules.ice_server_urls import read_ice_server_url
from mediastreams._rules.sdp_values import DIRECTIONS
from mediastreams._rules.signalling_state import TRANSITIONS, after_description, needs_rollback
from mediastreams.errors import InvalidStateError, NotSupportedError, SyntaxError

__all__ = []

STATES = ("stable", "have-local-offer", "have-remote-offer", "have-local-pranswer", "have-remote-pranswer", "closed")
ICE = ("new", "checking", "connected", "completed", "disconnected", "failed", "closed")
DTLS = ("new", "connecting", "connected", "closed", "failed")


# --- signalling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "side", "kind"),
    list(itertools.product(STATES, ("local", "remote"), ("offer", "pranswer", "answer", "rollback"))),
)
def test_a_description_leads_to_a_state_or_is_refused(state, side, kind):
    if (state, side, kind) in TRANSITIONS:
        after = after_description(state, side, kind)
        assert (after == "stable") == (kind in {"answer", "rollback"})
    else:
        with pytest.raises(InvalidStateError, match=state):
            after_description(state, side, kind)


def test_nothing_leads_out_of_closed_and_every_other_state_back_to_stable():
    assert not any(state == "closed" for state, *_ in TRANSITIONS)
    for state in STATES[1:-1]:
        assert "stable" in {after for (before, *_), after in TRANSITIONS.items() if before == state}


def test_only_an_offer_that_meets_ours_takes_ours_back():
    found = [
        (state, side, kind)
        for state in STATES
        for side in ("local", "remote")
        for kind in ("offer", "answer", "pranswer", "rollback")
        if needs_rollback(state, side, kind)
    ]
    assert found == [("have-local-offer", "remote", "offer")]


# --- directions ------------------------------------------------------------------------------------------------------


def test_a_direction_is_two_bits():
    for direction in DIRECTIONS:
        assert direction_of(send=sends(direction), receive=receives(direction)) == direction
        assert reversed_direction(reversed_direction(direction)) == direction
    assert not sends(None)
    assert not receives("stopped")


@pytest.mark.parametrize("wanted", DIRECTIONS)
@pytest.mark.parametrize("offered", DIRECTIONS)
def test_an_answer_takes_no_more_than_is_wanted_and_offered(wanted, offered):
    answer = answered(wanted, offered)
    assert sends(answer) == (sends(wanted) and receives(offered))
    assert receives(answer) == (receives(wanted) and sends(offered))


# --- states of transports --------------------------------------------------------------------------------------------


def test_the_states_of_one_transport():
    assert [ice_connection_state([state]) for state in ICE] == [
        "new",
        "checking",
        "connected",
        "completed",
        "disconnected",
        "failed",
        "new",
    ]
    assert ice_connection_state([]) == "new"
    assert ice_connection_state(["connected", "completed"]) == "connected"
    assert ice_connection_state(["connected", "new"]) == "checking"


@given(st.lists(st.sampled_from(ICE)), st.lists(st.sampled_from(DTLS)))
def test_the_state_of_a_connection_follows_the_worst(ice, dtls):
    state = connection_state(ice, dtls)
    every = {*ice, *dtls}
    assert (state == "failed") == ("failed" in every)
    if state == "connected":
        assert every <= {"connected", "completed", "closed"}
    if state == "new":
        assert every <= {"new", "closed"}
    if state == "disconnected":
        assert "disconnected" in ice
    if state == "connecting":
        assert every & {"new", "checking", "connecting"}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "new"),
        (["new"], "new"),
        (["gathering", "complete"], "gathering"),
        (["complete"], "complete"),
        (["complete", "new"], "new"),
    ],
)
def test_gathering_is_complete_when_all_are(states, expected):
    assert gathering_state(states) == expected


# --- candidates ------------------------------------------------------------------------------------------------------


def test_a_candidate_is_taken_apart():
    line = read_candidate(
        "a=candidate:8 1 TCP 99 fd00::1 9 typ srflx raddr 10.0.0.1 rport 5 tcptype passive generation 0 ufrag x"
    )
    assert (line.foundation, line.component, line.transport, line.priority) == ("8", 1, "tcp", 99)
    assert (line.address, line.port, line.type) == ("fd00::1", 9, "srflx")
    assert (line.related_address, line.related_port, line.tcp_type, line.ufrag) == ("10.0.0.1", 5, "passive", "x")
    assert read_candidate("candidate:8 1 udp 1 a-b.local 9 typ host rport 70000").related_port is None
    assert read_candidate("8 1 udp 1 a-b.local 9 typ host").address == "a-b.local"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "candidate:",
        "candidate:8 1 udp 1 192.0.2.1 9 typ",
        "candidate:8 0 udp 1 192.0.2.1 9 typ host",
        "candidate:8 1 udp 0 192.0.2.1 9 typ host",
        "candidate:8 1 udp 4294967296 192.0.2.1 9 typ host",
        "candidate:8 1 udp 1 192.0.2.1 65536 typ host",
        "candidate:8 1 udp 1 192.0.2.1 9 typ guess",
        "candidate:8 1 udp 1 -x 9 typ host",
        "candidate:8 1 udp 1 192.0.2.\u0661 9 typ host",
        "candidate:8 1 udp 1 192.0.2.1 9 typ host odd",
    ],
)
def test_what_is_no_candidate_is_none(text):
    assert read_candidate(text) is None


@given(st.text())
def test_any_text_is_a_candidate_or_none(text):
    assert read_candidate(text) is None or text.strip()


# --- URLs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("stun:a.example", ("stun", "a.example", 3478, "udp", False)),
        ("stuns:a.example", ("stuns", "a.example", 5349, "udp", False)),
        ("turn:[fd00::1]:99?transport=tcp", ("turn", "fd00::1", 99, "tcp", True)),
        ("turn:a?transport=udp", ("turn", "a", 3478, "udp", True)),
        ("turns:a", ("turns", "a", 5349, "tcp", True)),
    ],
)
def test_a_server_has_an_address(url, expected):
    found = read_ice_server_url(url)
    assert (found.scheme, found.host, found.port, found.transport, found.is_turn) == expected


@pytest.mark.parametrize(
    "url", ["", "stun:", "http:x", "stun:a:70000", "stun:a?transport=udp", "turn:a?x=udp", "turn://a"]
)
def test_what_is_no_url_of_a_server_is_refused(url):
    with pytest.raises(SyntaxError):
        read_ice_server_url(url)


@pytest.mark.parametrize("url", ["turn:a?transport=quic", "turns:a?transport=udp"])
def test_a_transport_that_is_not_there_is_refused(url):
    with pytest.raises(NotSupportedError):
        read_ice_server_url(url)


# --- records ---------------------------------------------------------------------------------------------------------


def record(size, *, version=12):
    if version == 12:
        return bytes([22, 0xFE, 0xFD, *range(8)]) + size.to_bytes(2, "big") + bytes(size)
    return bytes([0x2F, 1, 2]) + size.to_bytes(2, "big") + bytes(size)


def test_records_are_put_together_while_they_fit():
    parts = [record(500), record(500), record(500), record(1500), record(3)]
    assert list(datagrams_of(b"".join(parts))) == [parts[0] + parts[1], parts[2], parts[3], parts[4]]
    assert list(datagrams_of(b"")) == []


def test_records_of_the_newer_version_are_seen_too():
    parts = [record(700, version=13), record(700, version=13)]
    assert list(datagrams_of(b"".join(parts))) == parts
    short = bytes([0x24, 1]) + (4).to_bytes(2, "big") + bytes(4)
    assert list(datagrams_of(short + record(1300))) == [short, record(1300)]


@pytest.mark.parametrize("tail", [b"\x16\xfe", bytes([0x23, 1, 2, 3]), bytes([0x2F, 1])])
def test_what_has_no_length_goes_to_the_end(tail):
    assert list(datagrams_of(record(5) + tail)) == [record(5) + tail]


@given(st.binary(max_size=4000))
def test_nothing_is_lost_whatever_it_is(data):
    assert b"".join(datagrams_of(data)) == data
