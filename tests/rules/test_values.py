import dataclasses

import pytest

from mediastreams._rules.values import AudioMode, DeviceModel, Range, VideoMode


def test_a_range_contains_its_ends_and_what_is_between():
    span = Range(1, 5)
    assert 1 in span
    assert 5 in span
    assert 2.5 in span
    assert 0.99 not in span
    assert 5.01 not in span


@pytest.mark.parametrize("value", [Range(0, 1), VideoMode(1, 1, 1, 1), AudioMode(48000, 2), DeviceModel("video")])
def test_values_cannot_be_changed(value):
    name = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, 3)


def test_a_device_model_is_adaptable_and_offers_nothing_unless_said():
    model = DeviceModel("audio")
    assert (model.modes, dict(model.choices), dict(model.ranges), dict(model.defaults)) == ((), {}, {}, {})
    assert model.adaptable
    assert model == DeviceModel("audio")
