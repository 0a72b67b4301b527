"""``Link`` header fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams.webrtc.whip.links import ice_servers_of, links_for

TURN = {"urls": "turn:turn.example:3478?transport=udp", "username": 'a "b"', "credential": "c\\d, e; f>"}


def test_servers_are_read_from_one_field_or_several():
    assert ice_servers_of(
        [
            '<stun:s.example>; rel="ice-server", <https://x.example/>; rel="next"',
            r'<turn:t.example?transport=tcp>; rel=ice-server; username="u"; credential="p,;\"q"',
        ]
    ) == [
        {"urls": "stun:s.example"},
        {"urls": "turn:t.example?transport=tcp", "username": "u", "credential": 'p,;"q'},
    ]


@pytest.mark.parametrize(
    "field",
    [
        "",
        "nonsense",
        "<>",
        '<http://x>; rel="ice-server"',
        "<turn:x>; rel=ice-server",
        '<stun:x>; rel="other"',
        "<stun:x>",
    ],
)
def test_what_names_no_server_is_left_out(field):
    assert ice_servers_of([field]) == []


def test_there_are_no_more_than_twenty():
    assert len(ice_servers_of(["<stun:x>; rel=ice-server"] * 500)) == 20


def test_what_is_written_is_read_again():
    servers = [{"urls": ["stun:a.example", "stuns:b.example"]}, TURN]
    assert ice_servers_of(links_for(servers)) == [{"urls": "stun:a.example"}, {"urls": "stuns:b.example"}, TURN]


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    assert isinstance(ice_servers_of([text]), list)
