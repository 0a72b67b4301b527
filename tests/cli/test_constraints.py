"""``--constraints`` from text to the mappings of getUserMedia."""

import pytest

from mediastreams.cli.constraints import parse_constraint_options


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], {"video": {}, "audio": {}}),
        (["width=1280"], {"video": {"width": 1280}, "audio": {}}),
        (["frameRate.min=24", "frame_rate.max=30"], {"video": {"frame_rate": {"min": 24, "max": 30}}, "audio": {}}),
        (["facing_mode=user"], {"video": {"facing_mode": "user"}, "audio": {}}),
        (["echo_cancellation=false"], {"video": {}, "audio": {"echo_cancellation": False}}),
        (["audio.device_id.exact=abc"], {"video": {}, "audio": {"device_id": {"exact": "abc"}}}),
        (["group_id=g"], {"video": {"group_id": "g"}, "audio": {"group_id": "g"}}),
        (['{"video": {"frameRate": {"exact": 15}}}'], {"video": {"frame_rate": {"exact": 15}}, "audio": {}}),
        (['{"video": {"advanced": [{"width": 640}]}}'], {"video": {"advanced": [{"width": 640}]}, "audio": {}}),
        (['{"sampleRate": 16000, "height": 480}'], {"video": {"height": 480}, "audio": {"sample_rate": 16000}}),
    ],
)
def test_pairs_and_json_go_to_the_kind_that_knows_them(texts, expected):
    assert parse_constraint_options(texts) == expected


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["width"], "neither key=value nor JSON"),
        (["=5"], "neither key=value nor JSON"),
        (["wdth=5"], "no constraint 'wdth'"),
        (["width.exactly=5"], "width.exactly"),
        (["width=5", "width.min=4"], "both"),
        (['{"video": '], "not JSON"),
        (['{"smell": 4}'], "no constraint 'smell'"),
        (['{"video": {"smell": 4}}'], "no constraint 'smell'"),
        (['{"video": true}'], "video must be an object"),
    ],
)
def test_what_is_neither_says_so(texts, message):
    with pytest.raises(ValueError, match=message):
        parse_constraint_options(texts)
