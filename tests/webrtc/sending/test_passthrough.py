"""Media that is encoded already goes to the peer as it is, where that fits."""

import asyncio
import itertools
from fractions import Fraction

import av
import pytest
from tests.webrtc.sending.loopback import decoded, picture_loss

import mediastreams as ms
from mediastreams.webrtc.rtp.formats import format_of


def film(path, codec="libx264", *, rate=30, seconds=4, gop=20, sound=None, **options):
    """A film of the test card; answers its pictures' bytes."""
    written = []
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.gop_size = gop
        voice = container.add_stream(sound, rate=48_000, layout="stereo") if sound else None
        with av.open(f"testsrc2=size=320x240:rate={rate}", format="lavfi") as card:
            for index, frame in enumerate(card.decode(video=0)):
                picture = frame.reformat(format="yuv420p")
                picture.pts, picture.time_base, picture.pict_type = index, Fraction(1, rate), 0
                for packet in stream.encode(picture):
                    written.append(bytes(packet))
                    container.mux(packet)
                if index == rate * seconds:
                    break
        container.mux(stream.encode(None))
        if voice is not None:
            with av.open(f"sine=frequency=440:sample_rate=48000:duration={seconds}", format="lavfi") as tone:
                for chunk in tone.decode(audio=0):
                    container.mux(voice.encode(chunk))
            container.mux(voice.encode(None))
    return written


async def passing(outlet, transport):
    """A film plays from when it is opened: what is passed on begins with its next key frame."""
    await transport.until(lambda: outlet.sending and outlet._watch.encoder.line.passing)


BASELINE = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
VP8 = {"deadline": "realtime", "cpu-used": "-12", "threads": "1"}


@pytest.fixture
async def open_film():
    opened = []

    async def open_one(path):
        stream = await ms.open(str(path))
        opened.append(stream)
        return stream

    yield open_one
    for stream in opened:
        for track in stream.get_tracks():
            track.stop()


@pytest.mark.may_block(reason="it makes a film")
@pytest.mark.parametrize(
    ("codec", "name", "suffix", "options"),
    [
        ("libx264", "h264", "mp4", BASELINE),
        ("libvpx", "vp8", "webm", VP8),
        ("libvpx-vp9", "vp9", "webm", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    ],
)
async def test_a_film_of_the_negotiated_codec_is_not_encoded_again(
    tmp_path, open_film, sending, codec, name, suffix, options
):
    written = set(await asyncio.to_thread(film, tmp_path / f"film.{suffix}", codec, **options))
    stream = await open_film(tmp_path / f"film.{suffix}")
    outlet, transport = sending(stream.get_video_tracks()[0], name, 2 if name == "h264" else 0)
    await passing(outlet, transport)
    count = len(transport.frames(outlet.ssrc))
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= count + 10)
    frames = transport.frames(outlet.ssrc)
    assert outlet.encoder_name is None
    assert len(decoded(name, frames)) == len(frames)
    if name != "h264":  # whose packets have another form in files
        assert {format_of(name).depacketize(payloads) for _, payloads in frames[count:]} <= written
    assert outlet.stats()[2]["frame_width"] == 320


@pytest.mark.may_block(reason="it makes a film")
@pytest.mark.parametrize(
    ("options", "number"),
    [
        ({"preset": "ultrafast", "tune": "zerolatency", "profile": "high", "x264-params": "8x8dct=1"}, 2),  # for 42e01f
        ({"preset": "veryfast", "bf": "2", "profile": "main"}, 4),  # pictures in another order than they are shown
        (BASELINE, 3),  # packetization mode 0
    ],
)
async def test_what_the_peer_could_not_show_is_encoded_again(tmp_path, open_film, sending, options, number):
    await asyncio.to_thread(film, tmp_path / "film.mp4", **options)
    stream = await open_film(tmp_path / "film.mp4")
    outlet, transport = sending(stream.get_video_tracks()[0], "h264", number)
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= 10)
    assert not outlet._watch.encoder.line.passing
    assert outlet.encoder_name == "libx264"
    assert len(decoded("h264", transport.frames(outlet.ssrc))) >= 10


@pytest.mark.may_block(reason="it makes a film")
async def test_opus_is_passed_on(tmp_path, open_film, sending):
    await asyncio.to_thread(film, tmp_path / "film.webm", "libvpx", sound="libopus", **VP8)
    stream = await open_film(tmp_path / "film.webm")
    outlet, transport = sending(stream.get_audio_tracks()[0], "opus", stereo=1)
    await transport.until(lambda: len(transport.packets) >= 30)
    await passing(outlet, transport)
    stamps = [packet.timestamp for packet in transport.packets]
    assert {b - a & 0xFFFFFFFF for a, b in itertools.pairwise(stamps)} == {960}


@pytest.mark.may_block(reason="it makes a film")
async def test_a_late_viewer_does_not_wait_for_a_films_next_key_frame(tmp_path, open_film, sending):
    await asyncio.to_thread(film, tmp_path / "film.mp4", gop=100, seconds=9, **BASELINE)
    stream = await open_film(tmp_path / "film.mp4")
    track = stream.get_video_tracks()[0]
    first, seen = sending(track, "h264", 2)
    await passing(first, seen)
    await asyncio.sleep(0.5)
    late, transport = sending(track, "h264", 2)
    await transport.until(lambda: len(transport.frames(late.ssrc)) >= 5, 3)
    assert not late._watch.encoder.line.passing
    assert len(decoded("h264", transport.frames(late.ssrc))) >= 5
    shown = decoded("h264", seen.frames(first.ssrc))
    assert len(shown) == len(seen.frames(first.ssrc))


@pytest.mark.may_block(reason="it makes a film")
async def test_a_film_is_passed_on_again_after_its_next_key_frame(tmp_path, open_film, sending):
    await asyncio.to_thread(film, tmp_path / "film.mp4", gop=40, seconds=8, **BASELINE)
    stream = await open_film(tmp_path / "film.mp4")
    outlet, transport = sending(stream.get_video_tracks()[0], "h264", 2)
    await passing(outlet, transport)
    await asyncio.sleep(0.4)
    line = outlet._watch.encoder.line
    outlet.handle_rtcp(picture_loss(outlet.ssrc))
    await transport.until(lambda: not line.passing, 3)
    await transport.until(lambda: line.passing, 5)
    count = len(transport.frames(outlet.ssrc))
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= count + 3)
    frames = transport.frames(outlet.ssrc)
    assert len(decoded("h264", frames)) == len(frames)


@pytest.mark.may_block(reason="it makes a film")
async def test_a_disabled_film_shows_black_and_then_itself(tmp_path, open_film, sending):
    await asyncio.to_thread(film, tmp_path / "film.mp4", gop=15, seconds=8, **BASELINE)
    stream = await open_film(tmp_path / "film.mp4")
    track = stream.get_video_tracks()[0]
    outlet, transport = sending(track, "h264", 2)
    await passing(outlet, transport)
    track.enabled = False
    count = len(transport.frames(outlet.ssrc))
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= count + 8)
    assert decoded("h264", transport.frames(outlet.ssrc))[-1].to_ndarray(format="gray").max() <= 24
    track.enabled = True
    await passing(outlet, transport)
    count = len(transport.frames(outlet.ssrc))
    await transport.until(lambda: len(transport.frames(outlet.ssrc)) >= count + 3)
    frames = transport.frames(outlet.ssrc)
    shown = decoded("h264", frames)
    assert len(shown) == len(frames)
    assert shown[-1].to_ndarray(format="gray").max() > 60
