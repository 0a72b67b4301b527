"""Deliveries that are told of together: nothing is lost, and each consumer is woken once."""

import pytest

from mediastreams._engine.port import SinkPort
from mediastreams._engine.room import Room


class Item:
    def __init__(self, timestamp):
        self.timestamp = timestamp
        self.duration = 10


@pytest.fixture
def room():
    return Room()


def port_in(room, calls, name):
    port = SinkPort("wait", bound_us=1000, on_item=lambda: calls.append((name, len(port))), room=room)
    room.add(port)
    return port


def test_consumers_are_woken_once_when_everything_is_there(room):
    calls = []
    first, second, third = (port_in(room, calls, name) for name in "abc")
    with room.together():
        for timestamp in range(3):
            first.put(Item(timestamp))
            second.put(Item(timestamp))
        assert calls == []
    assert calls == [("a", 3), ("b", 3)]
    third.put(Item(9))
    assert calls[2:] == [("c", 1)]


def test_an_error_in_between_leaves_nobody_untold(room):
    calls = []
    port = port_in(room, calls, "a")

    def fail():
        with room.together():
            port.put(Item(0))
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert calls == [("a", 1)]
    port.put(Item(1))
    assert calls == [("a", 1), ("a", 2)]


def test_the_end_is_told_at_once(room):
    calls = []
    port = port_in(room, calls, "a")
    with room.together():
        port.put(Item(0))
        port.end()
        assert calls == [("a", 1)]
    assert port.ended
