"""Event handler attributes."""

import pytest

from mediastreams._webidl.events import Event, EventTarget, event_handler, fire_event


class Target(EventTarget):
    onx = event_handler("x")
    ony = event_handler("y")


def test_a_handler_attribute_is_none_until_it_is_set_and_gives_back_what_was_set():
    target = Target()
    assert target.onx is None
    target.onx = print
    assert (target.onx, target.ony, Target().onx) == (print, None, None)


def test_a_handler_keeps_its_place_when_it_is_replaced():
    target, heard = Target(), []
    target.onx = lambda _: heard.append("old")
    target.add_event_listener("x", lambda _: heard.append("listener"))
    target.onx = lambda _: heard.append("new")
    fire_event(target, "x")
    assert heard == ["new", "listener"]


def test_a_handler_taken_away_loses_its_place():
    target, heard = Target(), []
    target.onx = lambda _: heard.append("handler")
    target.add_event_listener("x", lambda _: heard.append("listener"))
    target.onx = None
    fire_event(target, "x")
    target.onx = lambda _: heard.append("handler")
    fire_event(target, "x")
    assert heard == ["listener", "listener", "handler"]


@pytest.mark.parametrize("value", [None, 5, "text", {}])
def test_what_cannot_be_called_takes_the_handler_away(value):
    target = Target()
    target.onx = value
    target.onx = print
    target.onx = value
    assert target.onx is None
    assert not target._has_listeners()


def test_a_handler_and_the_same_function_as_listener_are_two():
    target, heard = Target(), []
    target.onx = heard.append
    target.add_event_listener("x", heard.append)
    fire_event(target, "x")
    assert len(heard) == 2
    target.remove_event_listener("x", heard.append)
    assert target.onx is not None


@pytest.mark.parametrize(("answer", "prevented"), [(False, True), (None, False), (0, False), (True, False)])
def test_a_handler_prevents_the_default_by_returning_false(answer, prevented):
    target = Target()
    target.onx = lambda _: answer
    assert target.dispatch_event(Event("x", cancelable=True)) is not prevented
    assert target.dispatch_event(Event("x")) is True


def test_a_listener_does_not_prevent_the_default_by_returning_false():
    target = Target()
    target.add_event_listener("x", lambda _: False)
    assert target.dispatch_event(Event("x", cancelable=True))


def test_handlers_are_members_of_the_class():
    assert isinstance(Target.onx, event_handler)
    assert {"onx", "ony"} <= set(dir(Target))
