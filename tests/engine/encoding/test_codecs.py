"""Which encoders open here, and how they are set."""

import av
import pytest

from mediastreams._engine.encoding import codecs
from mediastreams._engine.encoding.codecs import (
    ENCODERS,
    EncoderModel,
    VideoPlan,
    available_encoder,
    choose_encoder,
    default_bit_rate,
    hardware_encoder,
)
from mediastreams._engine.encoding.scheduling import open_encoder
from mediastreams._engine.frames import MICROSECONDS
from mediastreams._rules.mime_types import CONTAINERS
from mediastreams.errors import NotSupportedError

__all__ = []


@pytest.mark.parametrize("codec", sorted(ENCODERS))
def test_every_codec_of_the_table_opens_with_what_pyav_brings(codec):
    model = available_encoder(codec)
    assert model is not None
    assert model.formats


def test_every_codec_that_a_container_takes_is_in_the_table():
    assert {codec for one in CONTAINERS.values() for codec in one.video + one.audio} == set(ENCODERS)


def test_the_first_that_works_is_chosen():
    assert choose_encoder(["nothing", "vp8"])[0] == "vp8"
    with pytest.raises(NotSupportedError, match="no working encoder for nothing or nobody"):
        choose_encoder(["nothing", "nobody"])


def test_an_encoder_that_is_missing_or_refuses_is_passed_over(monkeypatch):
    missing = EncoderModel("h264_of_nobody", "video", ("yuv420p",), lambda _: {})
    refusing = EncoderModel("libx264", "video", ("yuv420p",), lambda _: {"preset": "warp"})
    working = EncoderModel("libvpx", "video", ("yuv420p",), lambda _: {})
    monkeypatch.setattr(codecs, "ENCODERS", {"test": (missing, refusing, working), "none": (missing,)})
    available_encoder.cache_clear()
    try:
        assert available_encoder("test") is working
        assert available_encoder("none") is None
    finally:
        available_encoder.cache_clear()


@pytest.fixture
def hardware(monkeypatch):
    """Set the table of hardware encoders: software stands in for a card, since a card would do the same here."""

    def set_table(**table):
        monkeypatch.setattr(codecs, "HARDWARE", table)
        hardware_encoder.cache_clear()
        available_encoder.cache_clear()

    yield set_table
    hardware_encoder.cache_clear()
    available_encoder.cache_clear()


def test_a_hardware_encoder_that_encodes_is_preferred_and_named_in_the_log(hardware, caplog):
    absent = EncoderModel("h264_of_nobody", "video", ("yuv420p",), lambda _: {})
    refusing = EncoderModel("libx264", "video", ("yuv420p",), lambda _: {"preset": "warp"})
    card = EncoderModel("libx264", "video", ("nv12",), lambda _: {"preset": "ultrafast"}, even=True)
    hardware(h264=(absent, refusing, card))
    with caplog.at_level("INFO", logger=codecs.__name__):
        assert choose_encoder(["h264"], hardware=True) == ("h264", card)
    assert "h264 is encoded by hardware: libx264" in caplog.text
    assert choose_encoder(["h264"])[1] is ENCODERS["h264"][0]


def test_a_hardware_encoder_that_only_opens_is_passed_over(hardware):
    sleepy = EncoderModel("libx264", "video", ("yuv420p",), lambda _: {"x264-params": "threads=1", "flags": "+pass2"})
    hardware(h264=(sleepy,))
    assert choose_encoder(["h264"], hardware=True)[1] is ENCODERS["h264"][0]


def test_a_codec_that_only_hardware_encodes_is_available(hardware, monkeypatch):
    card = EncoderModel("libx264", "video", ("yuv420p",), lambda _: {}, even=True)
    hardware(h264=(card,))
    monkeypatch.setattr(codecs, "ENCODERS", {})
    assert available_encoder("h264") is card


def test_what_hardware_is_asked_for_is_found_out_without_a_word(capfd):
    hardware_encoder.cache_clear()
    for codec in codecs.HARDWARE:
        hardware_encoder(codec)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("size", [(320, 240), (1280, 720), (1920, 1080)])
def test_vp8_which_spins_while_it_waits_for_its_threads_has_one(size):
    assert ENCODERS["vp8"][0].options(VideoPlan(*size, 30.0))["threads"] == "1"


def test_the_rate_follows_the_pixels():
    assert default_bit_rate(VideoPlan(1280, 720, 30)) == 2_764_800
    assert default_bit_rate(VideoPlan(16, 16, 30)) == 200_000


@pytest.mark.parametrize("size", [(16, 16), (128, 62), (62, 128)])
@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1", "h264"])
def test_small_pictures_are_encoded_whatever_rate_is_asked_for(codec, size):
    model = available_encoder(codec)
    plan = VideoPlan(*size, 30.0, 200_000)
    context = av.CodecContext.create(model.name, "w")
    context.width, context.height = size
    context.pix_fmt, context.bit_rate = "yuv420p", plan.bit_rate
    context.time_base, context.framerate = MICROSECONDS, 30
    context.options = dict(model.options(plan))
    open_encoder(context)
    black = av.VideoFrame(*size, "yuv420p")
    assert [*context.encode(black), *context.encode(None)]


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1", "h264", "h265"])
def test_no_encoder_holds_back_more_than_a_quarter_of_a_second(codec):
    model = available_encoder(codec)
    plan = VideoPlan(320, 240, 30.0)
    context = av.CodecContext.create(model.name, "w")
    context.width, context.height, context.pix_fmt = 320, 240, "yuv420p"
    context.time_base, context.framerate = MICROSECONDS, 30
    context.options = dict(model.options(plan))
    open_encoder(context)
    packets = 0
    for index in range(40):
        frame = av.VideoFrame(320, 240, "yuv420p")
        frame.time_base, frame.pts = MICROSECONDS, index * 33_333
        packets += len(context.encode(frame))
    assert 40 - packets <= 30 * 0.25 + 2  # and a frame for each thread
    assert not context.options, "an option that the encoder does not know"
    context.encode(None)
