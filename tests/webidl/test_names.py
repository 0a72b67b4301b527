"""The naming rule, there and back."""

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._webidl.names import to_idl, to_python

PAIRS = [
    ("getUserMedia", "get_user_media"),
    ("deviceId", "device_id"),
    ("mimeType", "mime_type"),
    ("toJSON", "to_json"),
    ("toDataURL", "to_data_url"),
    ("createObjectURL", "create_object_url"),
    ("canInsertDTMF", "can_insert_dtmf"),
    ("sdpMLineIndex", "sdp_m_line_index"),
    ("userInsertedDevices", "user_inserted_devices"),
    ("numberOfChannels", "number_of_channels"),
    ("base64Certificate", "base64_certificate"),
    ("onaddtrack", "onaddtrack"),
    ("id", "id"),
    ("MediaStreamTrack", "MediaStreamTrack"),
    ("RTCPeerConnection", "RTCPeerConnection"),
    ("AT_TARGET", "AT_TARGET"),
    ("from", "from_"),
    ("iso", "iso"),
    ("", ""),
]


@pytest.mark.parametrize(("idl", "python"), PAIRS)
def test_an_idl_name_has_one_python_spelling_and_the_way_back_finds_it(idl, python):
    assert to_python(idl) == python
    assert to_idl(python) == idl


@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=8), min_size=1, max_size=4))
def test_every_camel_case_name_without_acronyms_comes_back(words):
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    assert to_idl(to_python(camel)) == camel
    assert not keyword.iskeyword(to_python(camel))


def test_a_python_name_is_its_own_python_spelling():
    assert [to_python(python) for _, python in PAIRS] == [python for _, python in PAIRS]
