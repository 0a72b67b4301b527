"""Back ends by name, and the one hub of each device."""

import gc
import logging

import pytest

from mediastreams._engine import registry
from mediastreams._engine.registry import BACKENDS, backend_named, default_backends, hub_of, resolve_backends
from mediastreams.abc import Backend
from mediastreams.testing import FakeBackend, FakeCamera


@pytest.fixture
def platform(monkeypatch):
    """A platform whose back ends the test chooses."""
    table = {}
    monkeypatch.setattr(registry, "BACKENDS", {**BACKENDS, "odd": "mediastreams.no_such_module:Backend"})
    monkeypatch.setattr(registry, "_PLATFORM", table)
    monkeypatch.setattr(registry, "_instances", {})
    monkeypatch.setattr(registry, "entry_points", lambda group: [])

    def choose(*names):
        import sys

        table[sys.platform] = names

    return choose


def test_every_back_end_of_the_table_is_known_by_its_name():
    for name in BACKENDS:
        module, _, attribute = BACKENDS[name].partition(":")
        assert module.startswith("mediastreams._backends.")
        assert attribute.endswith("Backend")
    for names in registry._PLATFORM.values():
        assert set(names) <= set(BACKENDS)


def test_a_name_gives_the_process_s_one_back_end_but_a_new_fake_each_time():
    assert backend_named("fake") is backend_named("fake")
    one, other = resolve_backends(["fake"]), resolve_backends(["fake"])
    assert one[0] is not other[0]
    assert isinstance(one[0], Backend)
    mine = FakeBackend([])
    assert resolve_backends([mine]) == [mine]


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(ValueError, match="there is no back end 'moon'; there are fake, v4l2"):
        backend_named("moon")


@pytest.mark.parametrize("wrong", ["fake", 5, [5], None])
def test_back_ends_are_given_as_a_list(wrong):
    with pytest.raises(TypeError, match="backends must"):
        resolve_backends(wrong)


def test_fakes_never_step_in_silently(platform, monkeypatch):
    platform()
    assert default_backends() == []
    monkeypatch.setenv("MEDIASTREAMS_FAKE_DEVICES", "1")
    assert [type(one) for one in default_backends()] == [FakeBackend]
    monkeypatch.setenv("MEDIASTREAMS_FAKE_DEVICES", "0")
    assert default_backends() == []


def test_a_back_end_whose_library_is_missing_takes_only_its_own_devices_away(platform, caplog):
    platform("odd", "fake")
    with caplog.at_level(logging.WARNING):
        assert [one.name for one in default_backends()] == ["fake"]
    assert "The back end 'odd' is left out" in caplog.text


def test_third_parties_plug_in_by_an_entry_point(platform, monkeypatch):
    class Entry:
        name = "theirs"

        def load(self):
            return FakeBackend

    monkeypatch.setattr(registry, "entry_points", lambda group: [Entry()] if group == "mediastreams.backends" else [])
    platform()
    assert [type(one) for one in default_backends()] == [FakeBackend]
    assert backend_named("theirs") is backend_named("theirs")


@pytest.mark.parametrize("name", ["fake", "gdigrab"])
def test_an_entry_point_does_not_bring_a_back_end_of_ours_by_its_name(platform, monkeypatch, name):
    class Entry:
        def load(self):
            return FakeBackend

    entry = Entry()
    entry.name = name
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    platform()
    assert default_backends() == []


def test_a_third_party_s_back_end_that_fails_takes_only_its_own_devices_away(platform, monkeypatch, caplog):
    class Entry:
        name = "broken"

        def load(self):
            raise OSError("no such driver")

    monkeypatch.setattr(registry, "entry_points", lambda group: [Entry()])
    platform("fake")
    assert [one.name for one in default_backends()] == ["fake"]
    assert "no such driver" in caplog.text


def test_all_requests_for_a_device_share_one_hub_while_somebody_holds_it():
    backend = FakeBackend([FakeCamera(label="One"), FakeCamera(label="Two")])
    one, two = backend.list_devices()
    hub = hub_of(backend, one)
    assert hub_of(backend, backend.list_devices()[0]) is hub
    assert hub_of(backend, two) is not hub
    assert hub_of(FakeBackend([FakeCamera(label="One")]), one) is not hub
    source = hub.source
    del hub
    gc.collect()
    assert hub_of(backend, one).source is not source
