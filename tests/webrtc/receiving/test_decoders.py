"""What is decoded, what is made up for, and what is refused."""

import contextlib
from fractions import Fraction

import av
import numpy as np
import pytest
from tests.webrtc.receiving.peer import AV1, G722, H264, OPUS, PCMA, PCMU, VP8, VP9, Pictures, Tone

from mediastreams.webrtc.receiving import libopus
from mediastreams.webrtc.receiving.chunk_formats import chunk_format_of
from mediastreams.webrtc.receiving.decoders import DecodingError, PictureDecoder, SoundDecoder, opus_channels

__all__ = []


@pytest.fixture(params=["libopus", "FFmpeg"])
def opus_by(request, monkeypatch):
    if request.param == "FFmpeg":
        monkeypatch.setattr(libopus, "_library", lambda: None)
    elif libopus._library() is None:
        pytest.skip("no libopus is found beside PyAV or in the system")
    return request.param


def spoken(count):
    """Something like a voice: harmonics that glide and swell. Opus packets of 20 ms, with copies of those before."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "flt"
    encoder.bit_rate = 32_000
    encoder.options = {"application": "voip", "fec": "1", "packet_loss": "20"}
    times = np.arange(960 * count) / 48_000
    phase = np.cumsum(2 * np.pi * (140 + 40 * np.sin(9 * times)) / 48_000)
    wave = sum(np.sin(k * phase) / k for k in range(1, 15)) * 0.15 * (0.6 + 0.4 * np.sin(25 * times))
    packets = []
    for number in range(count):
        piece = wave[None, number * 960 : (number + 1) * 960].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(piece, format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 960 * number, Fraction(1, 48_000)
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def error_of_losses(packets):
    """What is wrong with the sound that is made up for single losses, as a part of it; the middle of many."""
    clean = SoundDecoder(OPUS, 1)
    right = [np.concatenate(clean.decode(packet), axis=1) for packet in packets]
    decoder, errors = SoundDecoder(OPUS, 1), []
    for number, packet in enumerate(packets):
        if number > 10 and number % 7 == 3:
            continue
        if number > 10 and number % 7 == 4:
            made = np.concatenate(decoder.make_up(1, packet), axis=1)
            assert made.shape == (1, 960)
            wanted = right[number - 1]
            errors.append(float(np.sum((made - wanted) ** 2) / np.sum(wanted**2)))
        decoder.decode(packet)
    return float(np.median(errors))


def test_a_lost_packet_is_found_in_the_one_after_it_or_concealed(opus_by):
    error = error_of_losses(spoken(100))
    assert error < (0.1 if opus_by == "libopus" else 1.0)


def test_several_lost_packets_are_made_up_for_but_not_many(opus_by):
    packets = spoken(20)
    decoder = SoundDecoder(OPUS, 1)
    assert decoder.make_up(1, packets[1]) == []  # nothing was before it
    for packet in packets[:5]:
        decoder.decode(packet)
    assert sum(part.shape[1] for part in decoder.make_up(3, packets[8])) == 3 * 960
    assert decoder.make_up(6, packets[15]) == []


def test_stereo_stays_stereo_and_mono_mono(opus_by):
    for channels in (1, 2):
        tone = Tone(channels=channels)
        packets = [packet for packet in (tone.packet() for _ in range(5)) if packet]
        assert {opus_channels(packet) for packet in packets} == {channels}
        decoder = SoundDecoder(OPUS, channels)
        sound = np.concatenate([part for packet in packets for part in decoder.decode(packet)], axis=1)
        assert sound.shape == (channels, 960 * len(packets))
        assert sound.dtype == np.float32
        assert abs(sound[:, 2000:]).max() > 0.2


def test_damaged_sound_is_refused_and_the_next_goes_on(opus_by):
    packets = spoken(10)
    decoder = SoundDecoder(OPUS, 1)
    decoder.decode(packets[0])
    with pytest.raises(DecodingError):
        decoder.decode(b"\xff\xff\xff")
    assert decoder.decode(packets[1])[0].shape[1] == 960


@pytest.mark.parametrize(("codec", "rate", "length"), [(G722, 16_000, 320), (PCMU, 8_000, 160), (PCMA, 8_000, 160)])
def test_other_sound_is_decoded_and_not_made_up_for(codec, rate, length):
    tone, decoder = Tone(codec), SoundDecoder(codec, 1)
    sound = np.concatenate([part for _ in range(10) for part in decoder.decode(tone.packet())], axis=1)
    assert decoder.rate == rate
    assert sound.shape == (1, 10 * length)
    assert 0.3 < abs(sound[0, length:]).max() < 0.45
    assert decoder.make_up(1, tone.packet()) == []


@pytest.mark.parametrize("codec", [VP8, VP9, H264, AV1])
def test_a_picture_comes_out_as_soon_as_it_is_in(codec):
    pictures, decoder = Pictures(codec), PictureDecoder(codec)
    for number in range(5):
        (picture,) = decoder.decode(pictures.frame(number))
        assert abs(int(np.frombuffer(picture.planes[0], np.uint8)[8]) - Pictures.grey(number)) <= 3
    with contextlib.suppress(DecodingError):  # some say nothing about nonsense, and give nothing
        assert decoder.decode(b"\x0a\xff\xff\x00\x01" * 5) == []
    decoder.close()


@pytest.mark.parametrize(("codec", "name"), [(VP8, "vp8"), (VP9, "vp9"), (H264, "h264"), (AV1, "av1")])
def test_what_chunks_of_pictures_are_is_told_by_a_key_frame(codec, name, tmp_path):
    pictures = Pictures(codec)
    frames = [pictures.frame(number) for number in range(5)]
    format = chunk_format_of(codec, frames[0], width=64, height=48)
    assert (format.kind, format.codec, format.width, format.height) == ("video", name, 64, 48)
    with av.open(str(tmp_path / "film.mkv"), "w") as container:
        stream = container.add_stream_from_template(format.template, opaque=True)
        for number, data in enumerate(frames):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 30)
            packet.pts = packet.dts = number
            packet.is_keyframe = number == 0
            container.mux(packet)
    with av.open(str(tmp_path / "film.mkv")) as container:
        assert [(frame.width, frame.height) for frame in container.decode(video=0)] == [(64, 48)] * 5


@pytest.mark.parametrize(
    ("codec", "name", "rate"),
    [(OPUS, "opus", 48_000), (PCMU, "pcm_mulaw", 8_000), (PCMA, "pcm_alaw", 8_000), (G722, "adpcm_g722", 16_000)],
)
def test_what_chunks_of_sound_are(codec, name, rate):
    tone = Tone(codec)
    packet = next(packet for packet in (tone.packet() for _ in range(5)) if packet)
    format = chunk_format_of(codec, packet, channels=1)
    assert (format.kind, format.codec, format.sample_rate, format.channels) == ("audio", name, rate, 1)


def test_nonsense_is_no_key_frame():
    assert chunk_format_of(H264, b"\0\0\0\1\x67nonsense", width=1, height=1) is None
