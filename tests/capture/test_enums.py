"""Enumerations are their strings."""

import json

import pytest

from mediastreams.capture import enums
from mediastreams.capture.enums import MediaStreamTrackState, VideoResizeModeEnum


def test_a_member_equals_its_string():
    assert MediaStreamTrackState.LIVE == "live"
    assert MediaStreamTrackState("ended") is MediaStreamTrackState.ENDED
    assert f"{VideoResizeModeEnum.CROP_AND_SCALE}" == "crop-and-scale"
    assert json.dumps([MediaStreamTrackState.LIVE]) == '["live"]'


@pytest.mark.parametrize("name", enums.__all__)
def test_enumerations_show_their_public_path(name):
    assert getattr(enums, name).__module__ == "mediastreams"
