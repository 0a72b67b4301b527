"""When the reader behind several ports may go on."""

import threading

import pytest

from mediastreams._engine import room as room_module
from mediastreams._engine.port import SinkPort
from mediastreams._engine.room import Room


class Item:
    """As much of a frame as a queue looks at."""

    duration = 40_000

    def __init__(self, timestamp):
        self.timestamp = timestamp


@pytest.fixture
def now(monkeypatch):
    """The time that the room sees, in a list of one number."""
    instant = [100.0]
    monkeypatch.setattr(room_module.time, "perf_counter", lambda: instant[0])
    return instant


def port_in(room, policy="wait", bound_us=100_000):
    port = SinkPort(policy, bound_us=bound_us, on_item=lambda: None, room=room)
    room.add(port)
    return port


def fill(port, count=4):
    for number in range(count):
        port.put(Item(number * 40_000))


def test_nothing_is_read_before_somebody_asks():
    room = Room()
    port = port_in(room)
    assert not room.is_free()
    port.demand()
    assert room.is_free()


def test_a_full_port_holds_the_reader_until_something_is_taken():
    room = Room()
    port = port_in(room)
    fill(port)
    port.demand()
    assert not room.is_free()
    port.take()
    port.take()
    assert room.is_free()


def test_a_full_port_is_exceeded_when_its_consumer_takes_nothing_and_another_is_hungry(now):
    room = Room()
    audio, video = port_in(room), port_in(room)
    fill(audio)
    video.demand()
    assert not room.is_free()
    now[0] += 0.3
    assert room.is_free()
    video.put(Item(0))
    assert not room.is_free()  # nobody is hungry now
    video.take()
    assert room.is_free()  # and now again, without another wait


def test_a_slow_consumer_is_waited_for_though_another_is_hungry(now):
    room = Room()
    slow, quick = port_in(room), port_in(room)
    fill(slow, 20)
    quick.demand()
    for number in range(10):
        assert not room.is_free()
        now[0] += 0.2
        slow.take()
        slow.put(Item((20 + number) * 40_000))
    assert len(slow) == 20


def test_ports_that_drop_or_have_ended_or_were_closed_hold_nobody():
    room = Room()
    hungry = port_in(room)
    hungry.demand()
    dropping = [port_in(room, policy) for policy in ("latest", "drop-oldest")]
    for port in dropping:
        fill(port, 10)
    ended, closed = port_in(room), port_in(room)
    for port in (ended, closed):
        fill(port)
    ended.end()
    closed.close()
    assert room.is_free()


def test_the_wait_ends_with_the_take_and_with_the_wake():
    room = Room()
    port = port_in(room)
    fill(port)
    port.demand()
    wake = threading.Event()
    waiter = threading.Thread(target=room.wait, args=[wake])
    waiter.start()
    port.take()
    port.take()
    waiter.join(5)
    assert not waiter.is_alive()
    fill(port)
    waiter = threading.Thread(target=room.wait, args=[wake])
    waiter.start()
    wake.set()
    waiter.join(5)
    assert not waiter.is_alive()
