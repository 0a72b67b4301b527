"""Dispatching: which listeners run, in which order, and what they can do to the event."""

import copy
import pickle
import threading
import time

import pytest

from mediastreams._webidl.conversions import dom_string
from mediastreams._webidl.dictionaries import Member, Schema
from mediastreams._webidl.event import EVENT_INIT
from mediastreams._webidl.events import Event, EventTarget, fire_event
from mediastreams.errors import InvalidStateError, UnknownMemberWarning


class NamedEvent(Event):
    _schema = Schema("NamedEventInit", Member("name", dom_string, required=True), inherits=EVENT_INIT)

    @property
    def name(self):
        return self._init["name"]


def test_listeners_run_in_the_order_they_were_added():
    target, heard = EventTarget(), []
    for number in range(5):
        target.add_event_listener("x", lambda _, number=number: heard.append(number))
    target.dispatch_event(Event("x"))
    target.dispatch_event(Event("other"))
    assert heard == [0, 1, 2, 3, 4]


def test_an_event_carries_its_target_while_and_after_it_is_dispatched():
    target, seen = EventTarget(), []
    event = Event("x")
    assert (event.target, event.current_target, event.event_phase) == (None, None, Event.NONE)
    assert event.composed_path() == []
    target.add_event_listener("x", lambda e: seen.append((e, e.target, e.current_target, e.event_phase)))
    target.add_event_listener("x", lambda e: seen.append(e.composed_path()))
    target.dispatch_event(event)
    assert seen == [(event, target, target, Event.AT_TARGET), [target]]
    assert (event.target, event.current_target, event.event_phase) == (target, None, Event.NONE)


def test_the_same_function_is_added_once_but_once_more_with_capture():
    target, heard = EventTarget(), []
    for options in (None, False, {"once": True}, True, {"capture": True, "passive": True}):
        target.add_event_listener("x", heard.append, options)
    target.dispatch_event(Event("x"))
    assert len(heard) == 2


def test_bound_methods_of_one_object_are_the_same_listener_and_can_be_removed():
    class Ear:
        def __init__(self):
            self.heard = 0

        def __eq__(self, other):
            return True

        __hash__ = None

        def listen(self, _event):
            self.heard += 1

    target, one, other = EventTarget(), Ear(), Ear()
    target.add_event_listener("x", one.listen)
    target.add_event_listener("x", one.listen)
    target.add_event_listener("x", other.listen)
    target.dispatch_event(Event("x"))
    target.remove_event_listener("x", one.listen)
    target.dispatch_event(Event("x"))
    assert (one.heard, other.heard) == (1, 2)


def test_removing_needs_the_same_type_function_and_capture():
    target, heard = EventTarget(), []
    target.add_event_listener("x", heard.append, capture=True)
    target.remove_event_listener("y", heard.append, capture=True)
    target.remove_event_listener("x", print, capture=True)
    target.remove_event_listener("x", heard.append)
    target.dispatch_event(Event("x"))
    assert len(heard) == 1
    target.remove_event_listener("x", heard.append, {"capture": True})
    target.dispatch_event(Event("x"))
    assert len(heard) == 1


def test_listeners_that_capture_run_first_at_the_target():
    target, heard = EventTarget(), []
    target.add_event_listener("x", lambda _: heard.append("bubble"))
    target.add_event_listener("x", lambda _: heard.append("capture"), True)
    target.dispatch_event(Event("x"))
    assert heard == ["capture", "bubble"]


def test_stop_propagation_ends_the_phase_and_stop_immediate_propagation_everything():
    target, heard = EventTarget(), []

    def stop(event):
        heard.append("stop")
        event.stop_propagation()

    target.add_event_listener("x", stop, capture=True)
    target.add_event_listener("x", lambda _: heard.append("also capture"), capture=True)
    target.add_event_listener("x", lambda _: heard.append("bubble"))
    event = Event("x")
    target.dispatch_event(event)
    assert heard == ["stop", "also capture"]
    target.remove_event_listener("x", stop, capture=True)
    target.dispatch_event(event)  # the flag does not outlive the dispatch
    assert heard[2:] == ["also capture", "bubble"]
    target.add_event_listener("y", Event.stop_immediate_propagation)
    target.add_event_listener("y", lambda _: heard.append("never"))
    target.dispatch_event(Event("y"))
    assert "never" not in heard


def test_a_stop_before_dispatching_lets_nobody_hear():
    target, heard = EventTarget(), []
    target.add_event_listener("x", heard.append)
    event = Event("x")
    event.stop_propagation()
    target.dispatch_event(event)
    assert heard == []


def test_a_once_listener_is_gone_before_it_runs():
    target, heard = EventTarget(), []

    def listen(event):
        heard.append(event.type)
        target.dispatch_event(Event("x"))

    target.add_event_listener("x", listen, once=True)
    target.dispatch_event(Event("x"))
    assert heard == ["x"]
    assert not target._has_listeners()


def test_a_listener_removed_while_dispatching_does_not_run_and_one_added_waits_for_the_next_event():
    target, heard = EventTarget(), []

    def late(_event):
        heard.append("late")

    def victim(_event):
        heard.append("victim")

    def meddle(_event):
        target.remove_event_listener("x", victim)
        target.add_event_listener("x", late)

    target.add_event_listener("x", meddle)
    target.add_event_listener("x", victim)
    target.dispatch_event(Event("x"))
    assert heard == []
    target.dispatch_event(Event("x"))
    assert heard == ["late"]


@pytest.mark.parametrize(
    ("init", "options", "prevented"),
    [({}, {}, False), ({"cancelable": True}, {}, True), ({"cancelable": True}, {"passive": True}, False)],
)
def test_the_default_is_prevented_only_if_cancelable_and_not_passive(init, options, prevented):
    target = EventTarget()
    target.add_event_listener("x", Event.prevent_default, options)
    event = Event("x", init)
    assert target.dispatch_event(event) is not prevented
    assert event.default_prevented is prevented


def test_an_object_listens_by_its_method_which_is_looked_up_at_every_event():
    class Ear:
        heard = ()

        def handle_event(self, event):
            self.heard += (event.type,)

    target, ear = EventTarget(), Ear()
    target.add_event_listener("x", ear)
    target.dispatch_event(Event("x"))
    ear.handle_event = lambda event: setattr(ear, "heard", "replaced")
    target.dispatch_event(Event("x"))
    assert ear.heard == "replaced"


def test_no_callback_is_no_listener():
    target = EventTarget()
    target.add_event_listener("x", None)
    target.remove_event_listener("x", None)
    assert not target._has_listeners()


@pytest.mark.parametrize("callback", ["text", 5, object()])
def test_what_can_be_no_listener_is_refused(callback):
    with pytest.raises(TypeError, match="expected a function or an object with handle_event"):
        EventTarget().add_event_listener("x", callback)


def test_options_of_the_wrong_type_are_refused_and_a_signal_says_what_to_do():
    target = EventTarget()
    with pytest.raises(TypeError, match="once: expected a bool"):
        target.add_event_listener("x", print, once=1)
    with pytest.raises(TypeError, match="use remove_event_listener"):
        target.add_event_listener("x", print, {"signal": object()})
    with pytest.raises(TypeError, match="type: expected a str"):
        target.add_event_listener(5, print)
    with pytest.warns(UnknownMemberWarning, match="did you mean 'passive'"):
        target.add_event_listener("x", print, pasive=True)


def test_the_program_s_events_are_not_trusted_and_the_library_s_are():
    target, trusted = EventTarget(), []
    target.add_event_listener("x", lambda e: trusted.append(e.is_trusted))
    event = Event("x")
    target.dispatch_event(event)
    fire_event(target, "x")
    fire_event(target, event)
    target.dispatch_event(event)
    assert trusted == [False, True, True, False]


def test_firing_makes_an_event_of_a_class_with_its_members():
    target, heard = EventTarget(), []
    target.add_event_listener("x", lambda e: heard.append((type(e), e.name, e.cancelable)))
    target.add_event_listener("x", Event.prevent_default)
    assert fire_event(target, "x", NamedEvent, name="a", cancelable=True) is False
    assert heard == [(NamedEvent, "a", True)]


def test_an_event_cannot_be_dispatched_while_it_is_being_dispatched():
    target, errors = EventTarget(), []

    def again(event):
        with pytest.raises(InvalidStateError) as caught:
            target.dispatch_event(event)
        errors.append(caught.value.name)

    target.add_event_listener("x", again)
    event = Event("x")
    target.dispatch_event(event)
    target.dispatch_event(event)
    assert errors == ["InvalidStateError"] * 2


@pytest.mark.parametrize("event", ["x", None, object()])
def test_only_events_are_dispatched(event):
    with pytest.raises(TypeError, match="dispatch_event: expected an Event"):
        EventTarget().dispatch_event(event)


def test_an_event_is_built_from_a_mapping_keywords_or_both():
    assert (Event("x").bubbles, Event("x").cancelable, Event("x").composed) == (False, False, False)
    event = Event("x", {"bubbles": True}, cancelable=True)
    assert (event.type, event.bubbles, event.cancelable) == ("x", True, True)
    assert NamedEvent("x", {"name": "a"}).name == "a"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Event(5), "^Event: type: expected a str"),
        (lambda: Event("x", {"bubbles": 1}), r"^Event\.bubbles: expected a bool"),
        (lambda: Event("x", 5), "^Event: expected a mapping"),
        (lambda: NamedEvent("x"), "^NamedEvent: NamedEventInit needs a member 'name'"),
    ],
)
def test_an_event_built_wrongly_says_what_is_wrong(build, message):
    with pytest.raises(TypeError, match=message):
        build()


def test_the_time_stamp_is_milliseconds_of_the_monotonic_clock():
    before = time.perf_counter() * 1000
    stamp = Event("x").time_stamp
    assert before <= stamp <= time.perf_counter() * 1000


def test_what_the_standard_makes_read_only_is_read_only():
    event = Event("x")
    for name in ("type", "target", "bubbles", "is_trusted", "time_stamp", "default_prevented", "event_phase"):
        with pytest.raises(AttributeError):
            setattr(event, name, 1)
    assert (Event.NONE, Event.CAPTURING_PHASE, Event.AT_TARGET, Event.BUBBLING_PHASE) == (0, 1, 2, 3)


def test_events_and_targets_show_what_they_are():
    event = Event("x")
    assert repr(event) == "<Event 'x'>"
    EventTarget().dispatch_event(event)
    assert repr(event) == "<Event 'x' at EventTarget>"
    assert Event.__module__ == EventTarget.__module__ == "mediastreams"


def test_a_subclass_knows_when_listeners_come_and_go():
    class Track(EventTarget):
        def __init__(self):
            super().__init__()
            self.noted = []

        def _listeners_changed(self):
            self.noted.append(self._has_listeners())

    track = Track()
    track.add_event_listener("ended", print)
    track.add_event_listener("ended", print)
    assert track._has_listeners("ended")
    assert not track._has_listeners("mute")
    track.remove_event_listener("ended", print)
    track.remove_event_listener("ended", print)
    assert track.noted == [True, False]


def test_threads_may_add_and_remove_at_the_same_time_and_none_is_lost():
    target = EventTarget()
    kept = []

    def work():
        for _ in range(100):
            keep, drop = (lambda _: None), (lambda _: None)
            target.add_event_listener("x", keep)
            target.add_event_listener("x", drop)
            target.remove_event_listener("x", drop)
            kept.append(keep)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {listener.callback for listener in target._listeners} == set(kept)
    assert len(kept) == 400


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_target_cannot_be_copied_or_pickled(duplicate):
    with pytest.raises(TypeError, match="EventTarget cannot be copied or pickled"):
        duplicate(EventTarget())
