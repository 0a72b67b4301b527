"""AudioData: handles on shared sound, by WebCodecs' names, with defined scaling."""

import gc
import weakref

import numpy as np
import pytest

from mediastreams._engine.audio_data import AudioData
from mediastreams._engine.frames import Sound
from mediastreams.errors import InvalidStateError, UnknownMemberWarning

NUMBERS = np.random.default_rng(0)
FLOATS = NUMBERS.uniform(-1, 1, (2, 480)).astype(np.float32)
SAMPLES = {"u8": np.uint8, "s16": np.int16, "s32": np.int32, "f32": np.float32}


def made(**more):
    return AudioData.from_ndarray(FLOATS, sample_rate=48000, timestamp=1_000_000, **more)


def samples_of(name):
    dtype = np.dtype(SAMPLES[name])
    if dtype.kind == "f":
        return FLOATS
    info = np.iinfo(dtype)
    array = NUMBERS.integers(info.min, info.max, (2, 480), endpoint=True, dtype=dtype)
    array[:, :2] = info.min, info.max
    # 32 bits pass through float32: 24 of them are kept.
    return array & ~np.int32(0xFF) if name == "s32" else array


def init(name, array, **more):
    planar = name.endswith("-planar")
    data = np.ascontiguousarray(array if planar else array.T)
    return {
        "format": name,
        "sample_rate": 48000,
        "number_of_frames": array.shape[1],
        "number_of_channels": array.shape[0],
        "timestamp": 7,
        "data": data,
    } | more


# ── what it is made of ──


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("planar", ["", "-planar"])
def test_what_goes_in_as_a_buffer_comes_out_as_it(name, planar):
    array = samples_of(name)
    if name == "s32":
        array = np.minimum(array, 2**31 - 129)
    data = AudioData(init(name + planar, array))
    if planar:
        for index in range(2):
            out = np.zeros(480, SAMPLES[name])
            assert data.allocation_size(plane_index=index, format=name + planar) == out.nbytes
            data.copy_to(out, plane_index=index, format=name + planar)
            assert np.array_equal(out, array[index])
    else:
        out = np.zeros((480, 2), SAMPLES[name])
        assert data.allocation_size(plane_index=0, format=name) == out.nbytes
        data.copy_to(out, plane_index=0, format=name)
        assert np.array_equal(out, array.T)


def test_its_attributes_are_webcodecs():
    data = AudioData(init("s16", samples_of("s16")))
    assert (data.format, data.sample_rate, data.number_of_frames, data.number_of_channels) == (
        "f32-planar",
        48000,
        480,
        2,
    )
    assert (data.timestamp, data.duration, data.layout, data.gap) == (7, 10_000, "stereo", 0)


def test_the_idls_spelling_is_accepted():
    data = AudioData(
        {
            "format": "f32",
            "sampleRate": 8000,
            "numberOfFrames": 1,
            "numberOfChannels": 1,
            "timestamp": 0,
            "data": bytes(4),
        }
    )
    assert data.sample_rate == 8000


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"data": bytes(10)}, "too few"),
        ({"data": 5}, "a buffer"),
        ({"format": "s24"}, "one of u8"),
        ({"number_of_frames": 0}, "positive"),
        ({"sample_rate": 0}, "sample rate"),
        ({"timestamp": "now"}, "number"),
    ],
)
def test_what_does_not_fit_is_a_type_error(more, message):
    with pytest.raises(TypeError, match=message):
        AudioData(init("s16", samples_of("s16"), **more))


def test_missing_members_are_named_and_unknown_ones_warn():
    with pytest.raises(TypeError, match="needs a member 'format'"):
        AudioData()
    with pytest.warns(UnknownMemberWarning, match="did you mean 'timestamp'"):
        AudioData(init("s16", samples_of("s16")), timestam=4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.int32, np.uint8])
def test_arrays_of_the_usual_types_are_scaled(dtype):
    full = 1.0 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    low = -1.0 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).min
    data = AudioData.from_ndarray(np.array([[low, full]], dtype), sample_rate=8000, timestamp=0)
    assert data.to_ndarray().dtype == np.float32
    assert data.to_ndarray()[0, 0] == -1
    assert data.to_ndarray()[0, 1] == pytest.approx(1, abs=0.01)
    assert data.layout == "mono"


def test_one_channel_may_come_without_its_axis():
    assert AudioData.from_ndarray(np.zeros(10, np.float32), sample_rate=8000, timestamp=0).number_of_channels == 1


def test_an_array_is_copied_or_adopted():
    array = FLOATS.copy()
    copied = AudioData.from_ndarray(array, sample_rate=48000, timestamp=0)
    adopted = AudioData.from_ndarray(array, sample_rate=48000, timestamp=0, copy=False)
    assert copied.to_ndarray().ctypes.data != array.ctypes.data
    assert adopted.to_ndarray().ctypes.data == array.ctypes.data


def test_an_adopted_array_stays_its_owners_to_look_at_only():
    array = FLOATS.copy()
    AudioData.from_ndarray(array, sample_rate=48000, timestamp=0, copy=False)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 1


def test_arrays_lying_across_say_so():
    with pytest.raises(ValueError, match=r"array\.T"):
        AudioData.from_ndarray(FLOATS.T, sample_rate=48000, timestamp=0)
    for shape in [(2, 3, 4), (0, 5), ()]:
        with pytest.raises(ValueError, match=r"\[channels, samples\]"):
            AudioData.from_ndarray(np.zeros(shape, np.float32), sample_rate=48000, timestamp=0)
    with pytest.raises(TypeError, match="complex"):
        AudioData.from_ndarray(np.zeros((1, 5), complex), sample_rate=48000, timestamp=0)


def test_a_layout_must_have_the_arrays_channels():
    assert made(layout="stereo").layout == "stereo"
    assert AudioData.from_ndarray(np.zeros((6, 4), np.float32), sample_rate=8000, timestamp=0).layout == "5.1"
    with pytest.raises(ValueError, match="has 6 channels"):
        made(layout="5.1")
    with pytest.raises(ValueError, match="no channel layout 'loud'"):
        made(layout="loud")
    with pytest.raises(TypeError, match="sample rate"):
        AudioData.from_ndarray(FLOATS, sample_rate=-1, timestamp=0)


# ── samples out ──


def test_floats_are_shared_and_read_only():
    data = made()
    assert data.to_ndarray() is data.clone().to_ndarray()
    with pytest.raises(ValueError, match="read-only"):
        data.to_ndarray()[0, 0] = 1
    copy = data.to_ndarray(copy=True)
    copy[:] = 0
    assert np.array_equal(data.to_ndarray(), FLOATS)


def test_integers_are_rounded_to_the_nearest_and_clipped():
    values = np.array([0, 0.5 / 32768, 1.5 / 32768, -2.5 / 32768, 1.0, -1.0, 3.0, -3.0, np.nan, np.inf], np.float64)
    data = AudioData.from_ndarray(values, sample_rate=8000, timestamp=0)
    assert data.to_ndarray("int16")[0].tolist() == [0, 0, 2, -2, 32767, -32768, 32767, -32768, 0, 32767]
    assert data.to_ndarray("int32")[0, 4:].tolist() == [2**31 - 1, -(2**31), 2**31 - 1, -(2**31), 0, 2**31 - 1]
    assert data.to_ndarray("uint8")[0, 4:].tolist() == [255, 0, 255, 0, 128, 255]
    assert data.to_ndarray("float64").dtype == np.float64


def test_converted_arrays_are_read_only_unless_copied():
    with pytest.raises(ValueError, match="read-only"):
        made().to_ndarray("int16")[0, 0] = 1
    made().to_ndarray("int16", copy=True)[0, 0] = 1


def test_an_unknown_sample_format_is_named():
    with pytest.raises(ValueError, match="take float32"):
        made().to_ndarray("int24")


def test_a_part_of_the_samples_can_be_copied():
    out = np.zeros(5, np.float32)
    made().copy_to(out, {"plane_index": 1, "frame_offset": 10, "frame_count": 5})
    assert np.array_equal(out, FLOATS[1, 10:15])
    made().copy_to(bytearray(), plane_index=0, frame_count=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"plane_index": 2}, "no plane 2"),
        ({"plane_index": 1, "format": "s16"}, "no plane 1"),
        ({"plane_index": 0, "frame_offset": 480}, "not within"),
        ({"plane_index": 0, "frame_offset": 470, "frame_count": 11}, "not within"),
    ],
)
def test_samples_that_are_not_there_are_range_errors(options, message):
    with pytest.raises(ValueError, match=message):
        made().allocation_size(options)


def test_destinations_that_do_not_fit_are_errors():
    with pytest.raises(ValueError, match="1920 are needed"):
        made().copy_to(bytearray(1919), plane_index=0)
    with pytest.raises(TypeError, match="writable"):
        made().copy_to(bytes(1920), plane_index=0)
    with pytest.raises(TypeError, match="needs a member 'plane_index'"):
        made().copy_to(bytearray(1920))


# ── the handle ──


def test_closing_a_handle_leaves_its_clones_open():
    data = made()
    other = data.clone()
    data.close()
    data.close()
    assert np.array_equal(other.to_ndarray(), FLOATS)


def test_closed_data_has_a_time_but_no_samples_and_refuses_to_work():
    data = made()
    data.close()
    assert (data.timestamp, data.format, data.layout, data.duration) == (1_000_000, None, None, 0)
    assert (data.sample_rate, data.number_of_frames, data.number_of_channels, data.gap) == (0, 0, 0, 0)
    for use in (data.clone, data.to_ndarray, data.metadata, lambda: data.copy_to(bytearray(9), plane_index=0)):
        with pytest.raises(InvalidStateError, match="was closed"):
            use()
    assert "closed" in repr(data)


def test_a_context_manager_closes_and_the_sound_is_let_go():
    with made() as data:
        sound = weakref.ref(data._sound)
    gc.collect()
    assert sound() is None


def test_the_repr_says_what_and_when():
    assert repr(made()) == "<AudioData stereo 48000 Hz, 480 samples (10 ms) at 1.000000 s>"
    late = AudioData._of(Sound(FLOATS.copy(), 48000, 5, "stereo", gap=3, metadata={"capture_time": 2}))
    assert "after a gap of 3" in repr(late)
    assert (late.gap, late.metadata()) == (3, {"capture_time": 2})


def test_it_is_shown_under_its_public_name():
    assert f"{AudioData.__module__}.{AudioData.__qualname__}" == "mediastreams.AudioData"


def test_a_clone_keeps_the_format_that_was_asked_for():
    made = np.array([[1, 2]], np.int16)
    data = AudioData._of(AudioData.from_ndarray(np.zeros((1, 2), np.float32), sample_rate=8000)._sound, ("int16", made))
    assert data.clone().to_ndarray() is made
