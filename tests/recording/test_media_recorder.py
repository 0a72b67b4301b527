"""`MediaRecorder`: states, events in order, attributes, and what is refused."""

import asyncio
import inspect
import time

import pytest

import mediastreams as ms
from mediastreams import BlobEvent, MediaRecorder, MediaStream, NotSupportedError

__all__ = []

EVENTS = ("start", "stop", "dataavailable", "pause", "resume", "error")
SUPPORTED = [
    "video/webm",
    "video/webm;codecs=vp8",
    'video/webm; codecs="vp9"',
    'video/webm;codecs="vp8,opus"',
    "video/webm;codecs=vp9,opus",
    "video/webm;codecs=av1,opus",
    "video/mp4",
    "video/mp4;codecs=avc1.64003E,mp4a.40.2",
    "video/mp4;codecs=avc3.64003E,mp4a.40.2",
    "video/mp4;codecs=vp9,opus",
    "video/mp4;codecs=av01,mp4a.40.2",
    "video/mp4;codecs=hvc1.1.6.L186.B0,opus",
    "video/mp4;codecs=hev1.1.6.L186.B0,mp4a.40.2",
    "video/x-matroska",
    "video/x-matroska;codecs=avc1",
    "video/x-matroska;codecs=hev1.1.6.L186.B0,opus",
    "audio/webm",
    'audio/webm; codecs="opus"',
    "audio/ogg",
    "audio/mp4",
    "audio/wav",
    "audio/flac",
]
UNSUPPORTED = [
    "''",
    "audio/banana",
    "video/pineapple",
    "video/invalid",
    'audio/mp4: codecs="opus"',
    'audio/webm; codecs="vorbis"',
    'video/webm; codecs="vp8, vorbis"',
    'video/webm; codecs="vp8, vp9"',
    "video/webm;codecs=avc1",
]


def heard(recorder):
    """The events from now on, as they come."""
    events = []
    for name in EVENTS:
        recorder.add_event_listener(name, events.append)
    return events


def names(events):
    return [event.type for event in events]


async def stopped(recorder):
    return await recorder.wait_for("stop", timeout=20)


@pytest.fixture
def camera(make_stream, made):
    """A stream of a live camera of 160 by 120 pixels."""
    return make_stream(
        made.Scripted("video", made.live_pictures(60), live=True), settings={"width": 160, "height": 120}
    )


@pytest.fixture
def both(make_stream, made):
    """A stream of a live camera and a microphone."""
    return make_stream(
        made.Scripted("video", made.live_pictures(60), live=True),
        made.Scripted("audio", made.live_sounds(60), live=True),
        settings={"width": 160, "height": 120},
    )


@pytest.fixture
def microphone(make_stream, made):
    return make_stream(made.Scripted("audio", made.live_sounds(60), live=True))


# ── what it is ───────────────────────────────────────────────────────────────────────────────────


def test_a_new_recorder_is_inactive_and_has_its_defaults(camera):
    recorder = MediaRecorder(camera)
    assert (recorder.stream, recorder.state, recorder.mime_type) == (camera, "inactive", "")
    assert (recorder.video_bits_per_second, recorder.audio_bits_per_second) == (200_000, 128_000)
    assert recorder.audio_bitrate_mode == "variable"
    assert "inactive" in repr(recorder)


@pytest.mark.parametrize("mime_type", SUPPORTED)
def test_a_type_that_is_supported_is_kept_as_it_was_written(mime_type):
    assert MediaRecorder.is_type_supported(mime_type) is True
    assert MediaRecorder(MediaStream(), {"mimeType": mime_type}).mime_type == mime_type


@pytest.mark.parametrize("mime_type", UNSUPPORTED)
def test_a_type_that_is_not_supported_is_refused(mime_type):
    assert MediaRecorder.is_type_supported(mime_type) is False
    with pytest.raises(NotSupportedError, match="MediaRecorder: "):
        MediaRecorder(MediaStream(), mime_type=mime_type)


def test_the_empty_type_leaves_the_choice():
    assert MediaRecorder.is_type_supported("")


@pytest.mark.parametrize("wrong", [None, 1, b"video/webm"])
def test_a_type_is_a_string(wrong):
    with pytest.raises(TypeError, match="expected a str"):
        MediaRecorder.is_type_supported(wrong)


@pytest.mark.parametrize(
    "options",
    [
        {"mime_type": 1},
        {"bits_per_second": -1},
        {"video_bits_per_second": "many"},
        {"audio_bitrate_mode": "steady"},
        {"video_key_frame_interval_duration": float("nan")},
        {"video_key_frame_interval_count": 2**32},
        [],
    ],
)
def test_options_of_the_wrong_type_are_refused(options):
    with pytest.raises(TypeError):
        MediaRecorder(MediaStream(), options)


@pytest.mark.parametrize("wrong", [None, [], "stream"])
def test_only_streams_are_recorded(wrong):
    with pytest.raises(TypeError, match="expected a MediaStream"):
        MediaRecorder(wrong)


def test_two_key_frame_intervals_are_one_too_many():
    with pytest.raises(NotSupportedError, match="one of the two"):
        MediaRecorder(MediaStream(), video_key_frame_interval_duration=10, video_key_frame_interval_count=10)


@pytest.mark.parametrize(
    ("mime_type", "mode"),
    [("", "constant"), ("audio/webm", "constant"), ("audio/mp4", "constant"), ("audio/flac", "variable")],
)
def test_a_constant_rate_is_had_where_the_codec_can(mime_type, mode):
    assert MediaRecorder(MediaStream(), mime_type=mime_type, audio_bitrate_mode="constant").audio_bitrate_mode == mode


# ── bit rates ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "video", "audio"),
    [
        ({"audio_bits_per_second": 0}, 200_000, 0),
        ({"video_bits_per_second": 0}, 0, 64_000),
        ({"audio_bits_per_second": 100_000}, 200_000, 100_000),
        ({"video_bits_per_second": 1_000_000}, 1_000_000, 64_000),
        ({"bits_per_second": 2_000_000}, 1_872_000, 128_000),
        ({"bits_per_second": 0, "audio_bits_per_second": 100_000, "video_bits_per_second": 10**6}, 10_000, 6_000),
        ({"bits_per_second": 2_000_000, "audio_bits_per_second": 0, "video_bits_per_second": 0}, 1_872_000, 128_000),
    ],
)
def test_rates_are_as_asked_and_one_for_all_overrides(both, options, video, audio):
    recorder = MediaRecorder(both, options)
    assert (recorder.video_bits_per_second, recorder.audio_bits_per_second) == (video, audio)


def test_a_rate_is_given_for_the_kind_that_is_missing_too(camera, microphone):
    for stream in (camera, microphone):
        recorder = MediaRecorder(stream, bits_per_second=2_000_000)
        assert recorder.video_bits_per_second + recorder.audio_bits_per_second == 2_000_000
        assert min(recorder.video_bits_per_second, recorder.audio_bits_per_second) > 0


async def test_starting_gives_the_whole_rate_to_the_kinds_that_are_there(camera, microphone, both):
    for stream, rates in ((camera, (500_000, 0)), (microphone, (0, 500_000)), (both, (450_000, 50_000))):
        async with MediaRecorder(stream, bits_per_second=500_000) as recorder:
            recorder.start()
            assert (recorder.video_bits_per_second, recorder.audio_bits_per_second) == rates
        assert (recorder.video_bits_per_second, recorder.audio_bits_per_second) == (450_000, 50_000)


async def test_starting_leaves_rates_that_were_chosen_or_given(both):
    for options in ({}, {"audio_bits_per_second": 100_000, "video_bits_per_second": 10**6}):
        async with MediaRecorder(both, options) as recorder:
            before = (recorder.video_bits_per_second, recorder.audio_bits_per_second)
            recorder.start()
            assert (recorder.video_bits_per_second, recorder.audio_bits_per_second) == before


# ── the course of events ─────────────────────────────────────────────────────────────────────────


async def test_start_data_and_stop_come_in_that_order(both):
    recorder = MediaRecorder(both)
    events = heard(recorder)
    recorder.start()
    assert (recorder.state, recorder.mime_type) == ("recording", "")
    await recorder.wait_for("start")
    assert recorder.mime_type == 'video/webm;codecs="vp9,opus"'
    recorder.stop()
    assert (recorder.state, recorder.mime_type) == ("inactive", "")
    await stopped(recorder)
    assert names(events) == ["start", "dataavailable", "stop"]
    assert all(event.is_trusted and event.target is recorder for event in events)
    assert isinstance(events[1], BlobEvent)
    assert (events[1].data.type, events[1].timecode) == ('video/webm;codecs="vp9,opus"', 0.0)


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("video/mp4", 'video/mp4;codecs="avc1,mp4a.40.2"'),
        ("video/webm;codecs=vp8", "video/webm;codecs=vp8"),
        ("video/webm;codecs=vp8,opus", "video/webm;codecs=vp8,opus"),
    ],
)
async def test_from_start_on_the_type_names_the_codecs(both, asked, got):
    async with MediaRecorder(both, mime_type=asked) as recorder:
        recorder.start()
        assert recorder.mime_type == asked
        await recorder.wait_for("start")
        assert recorder.mime_type == got
    assert recorder.mime_type == asked


async def test_the_type_of_sound_alone_is_one_of_sound(microphone):
    async with MediaRecorder(microphone) as recorder:
        recorder.start()
        await recorder.wait_for("start")
        assert recorder.mime_type == 'audio/webm;codecs="opus"'


async def test_stopping_at_once_still_fires_start_first(both):
    recorder = MediaRecorder(both)
    events = heard(recorder)
    recorder.start()
    recorder.stop()
    await stopped(recorder)
    assert names(events) == ["start", "dataavailable", "stop"]


async def test_pausing_and_going_on_change_the_state_at_once_and_fire_later(camera):
    recorder = MediaRecorder(camera)
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("start")
    recorder.pause()
    recorder.pause()
    assert recorder.state == "paused"
    await recorder.wait_for("pause")
    recorder.resume()
    recorder.resume()
    assert recorder.state == "recording"
    await recorder.wait_for("resume")
    recorder.stop()
    await stopped(recorder)
    assert names(events) == ["start", "pause", "resume", "dataavailable", "stop"]
    assert events[3].data.size > 0


async def test_pausing_before_start_was_fired_is_told_after_it(camera):
    async with MediaRecorder(camera) as recorder:
        events = heard(recorder)
        recorder.start()
        recorder.pause()
        recorder.resume()
        await recorder.wait_for("resume")
        assert names(events) == ["start", "pause", "resume"]


async def test_stopping_in_a_pause_and_starting_again(camera):
    recorder = MediaRecorder(camera)
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("start")
    recorder.pause()
    await recorder.wait_for("pause")
    recorder.stop()
    assert recorder.state == "inactive"
    await stopped(recorder)
    recorder.start()
    assert recorder.state == "recording"
    await recorder.wait_for("start")
    assert names(events) == ["start", "pause", "dataavailable", "stop", "start"]
    recorder.stop()
    await stopped(recorder)


async def test_a_recorder_that_is_started_again_at_once_tells_the_end_of_the_first_run_first(camera):
    recorder = MediaRecorder(camera)
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("start")
    recorder.stop()
    recorder.start()
    assert recorder.state == "recording"
    recorder.stop()
    recorder.start()
    async with recorder:
        recorder.pause()
    assert names(events) == [
        *("start", "dataavailable", "stop"),
        *("start", "dataavailable", "stop"),
        *("start", "pause", "dataavailable", "stop"),
    ]
    assert recorder.state == "inactive"


async def test_data_that_is_asked_for_at_once_is_empty(camera):
    async with MediaRecorder(camera) as recorder:
        recorder.start()
        recorder.request_data()
        event = await recorder.wait_for("dataavailable")
        assert (event.data.size, event.timecode, recorder.state) == (0, 0.0, "recording")


async def test_data_that_is_asked_for_after_start_is_there(both):
    async with MediaRecorder(both) as recorder:
        recorder.start()
        await recorder.wait_for("start")
        recorder.request_data()
        event = await recorder.wait_for("dataavailable")
        assert event.data.size > 0
        assert event.data.type == recorder.mime_type


async def test_every_request_is_answered_also_in_a_pause_and_before_the_end(camera):
    recorder = MediaRecorder(camera)
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("start")
    recorder.pause()
    recorder.request_data()
    await recorder.wait_for("dataavailable")
    recorder.request_data()
    recorder.request_data()
    recorder.stop()
    await stopped(recorder)
    assert names(events) == ["start", "pause", *["dataavailable"] * 4, "stop"]


@pytest.mark.parametrize("call", ["pause", "resume", "request_data"])
async def test_what_needs_a_recording_is_refused_without_one(camera, call):
    recorder = MediaRecorder(camera)
    with pytest.raises(ms.InvalidStateError, match=f"{call}: the recorder is inactive"):
        getattr(recorder, call)()
    recorder.start()
    recorder.stop()
    with pytest.raises(ms.InvalidStateError):
        getattr(recorder, call)()
    await stopped(recorder)


async def test_starting_twice_is_refused_and_stopping_twice_is_not(camera):
    recorder = MediaRecorder(camera)
    events = heard(recorder)
    recorder.stop()
    recorder.start()
    with pytest.raises(ms.InvalidStateError, match="start: the recorder is recording"):
        recorder.start()
    recorder.pause()
    with pytest.raises(ms.InvalidStateError, match="start: the recorder is paused"):
        recorder.start()
    recorder.stop()
    recorder.stop()
    await stopped(recorder)
    recorder.stop()
    await asyncio.sleep(0)
    assert names(events).count("stop") == 1


async def test_without_a_live_track_nothing_starts(camera):
    recorder = MediaRecorder(MediaStream())
    with pytest.raises(NotSupportedError, match="no track of the stream is live"):
        recorder.start()
    camera.video.stop()
    recorder.stream.add_track(camera.video)
    with pytest.raises(NotSupportedError, match="no track of the stream is live"):
        recorder.start()
    assert recorder.state == "inactive"


@pytest.mark.parametrize("wrong", [-1, 2**32, "100", float("inf")])
async def test_a_timeslice_is_a_whole_number(camera, wrong):
    recorder = MediaRecorder(camera)
    with pytest.raises(TypeError, match="timeslice"):
        recorder.start(wrong)
    assert recorder.state == "inactive"


async def test_pictures_do_not_go_into_a_type_of_sound(camera):
    recorder = MediaRecorder(camera, mime_type="audio/ogg")
    with pytest.raises(NotSupportedError, match="holds no pictures"):
        recorder.start()
    assert recorder.state == "inactive"


async def test_several_tracks_do_not_go_into_a_file_that_holds_one(make_stream, made):
    stream = make_stream(*(made.Scripted("audio", made.live_sounds(9), live=True) for _ in range(2)))
    with pytest.raises(NotSupportedError, match="wav holds one track, not 2"):
        MediaRecorder(stream, mime_type="audio/wav").start()


async def test_when_all_tracks_have_ended_it_stops_by_itself(camera):
    recorder = MediaRecorder(camera)
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("start")
    camera.video.stop()
    assert recorder.state == "recording"
    await stopped(recorder)
    assert recorder.state == "inactive"
    assert names(events) == ["start", "dataavailable", "stop"]
    recorder.stop()
    await asyncio.sleep(0)
    assert names(events) == ["start", "dataavailable", "stop"]


@pytest.mark.may_block
async def test_requests_between_the_end_of_the_tracks_and_its_events_are_answered(camera):
    recorder = MediaRecorder(camera)
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("start")
    camera.video.stop()
    deadline = time.monotonic() + 10
    while recorder._run._intakes and time.monotonic() < deadline:  # the worker's last act; no task runs meanwhile
        time.sleep(0.005)  # noqa: ASYNC251 - so it is
    recorder.request_data()
    recorder.request_data()
    await stopped(recorder)
    assert names(events) == ["start", *["dataavailable"] * 3, "stop"]
    assert [event.data.size > 0 for event in events[1:4]] == [False, False, True]
    assert len({event.data.type for event in events[1:4]}) == 1


async def test_when_one_of_two_tracks_ends_it_goes_on(both):
    async with MediaRecorder(both) as recorder:
        recorder.start()
        await recorder.wait_for("start")
        both.audio.stop()
        recorder.request_data()
        await recorder.wait_for("dataavailable")
        assert recorder.state == "recording"


@pytest.mark.parametrize("change", ["add", "remove"])
async def test_a_track_that_comes_or_goes_is_an_error(both, microphone, change):
    recorder = MediaRecorder(both)
    events = heard(recorder)
    recorder.start()
    if change == "add":
        both.add_track(microphone.audio)
    else:
        both.remove_track(both.audio)
    assert recorder.state == "recording"
    states = []
    recorder.onerror = lambda _: states.append(recorder.state)
    await stopped(recorder)
    assert names(events) == ["start", "error", "dataavailable", "stop"]
    assert isinstance(events[1], ms.ErrorEvent)
    assert events[1].error.name == "InvalidModificationError"
    assert isinstance(events[1].error, ms.InvalidModificationError)
    assert events[1].message == events[1].error.message
    assert (states, recorder.state) == (["inactive"], "inactive")


async def test_adding_a_track_that_is_there_changes_nothing(both):
    async with MediaRecorder(both) as recorder:
        events = heard(recorder)
        recorder.start()
        both.add_track(both.audio)
        await recorder.wait_for("start")
    assert names(events) == ["start", "dataavailable", "stop"]
    assert both._watchers == ()


@pytest.mark.parametrize("change", ["remove", "end"])
async def test_who_stops_it_right_after_the_tracks_changed_gets_no_error(both, change):
    recorder = MediaRecorder(both)
    events = heard(recorder)
    recorder.start()
    await recorder.wait_for("start")
    if change == "remove":
        both.remove_track(both.audio)
    else:
        both._stop_tracks()
    recorder.stop()
    await stopped(recorder)
    assert names(events) == ["start", "dataavailable", "stop"]


async def test_disabled_tracks_are_recorded(both):
    for track in both.get_tracks():
        track.enabled = False
    async with MediaRecorder(both) as recorder:
        events = heard(recorder)
        recorder.start()
        assert recorder.state == "recording"
        recorder.request_data()
        await recorder.wait_for("start")
    assert names(events) == ["dataavailable", "start", "dataavailable", "stop"]
    assert events[2].data.size > 0


async def test_what_the_handlers_are_called_is_what_the_draft_calls_them(camera):
    recorder = MediaRecorder(camera)
    seen = []
    for name in EVENTS:
        setattr(recorder, f"on{name}", lambda event: seen.append(event.type))
    recorder.start()
    await recorder.wait_for("start")
    recorder.pause()
    recorder.resume()
    recorder.stop()
    await stopped(recorder)
    assert seen == ["start", "pause", "resume", "dataavailable", "stop"]


# ── BlobEvent ────────────────────────────────────────────────────────────────────────────────────


def test_a_blob_event_needs_a_blob():
    for arguments in ((), (None,), ({},), ({"data": None},), ({"data": b"bytes"},)):
        with pytest.raises(TypeError):
            BlobEvent("type", *arguments)
    assert list(inspect.signature(BlobEvent).parameters)[:2] == ["type", "event_init_dict"]


def test_a_blob_event_has_what_it_was_made_of():
    blob = ms.Blob()
    event = BlobEvent("type", data=blob, timecode=2.5)
    assert (event.type, event.data, event.timecode, event.is_trusted) == ("type", blob, 2.5, False)
    assert BlobEvent("type", {"data": blob}).timecode == 0.0


def test_an_error_event_has_what_it_was_made_of():
    error = ms.DataError("bad")
    event = ms.ErrorEvent("error", error=error, message="m", filename="f.py", lineno=3, colno=4)
    assert (event.error, event.message, event.filename, event.lineno, event.colno) == (error, "m", "f.py", 3, 4)
    plain = ms.ErrorEvent("error")
    assert (plain.error, plain.message, plain.filename, plain.lineno, plain.colno) == (None, "", "", 0, 0)
