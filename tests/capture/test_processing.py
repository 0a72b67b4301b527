"""Echo, noise and gain as constraints of a microphone whose sound is processed here: in a room, on a manual clock."""

import asyncio

import numpy as np
import pytest
from tests.rooms import RATE, Room, level, loss, lowered, room_answer, speak

import mediastreams as ms
from mediastreams._engine.feed import TrackFeed
from mediastreams._engine.frames import Sound
from mediastreams._engine.playout import Playout
from mediastreams._engine.processing.library import Library, library
from mediastreams._engine.source import SourceHub
from mediastreams.abc import AudioMode, Source

pytest.importorskip("livekit.rtc")

NAMES = ("echo_cancellation", "noise_suppression", "auto_gain_control")
CHORD = (440, 880, 1320)
OFF = dict.fromkeys(NAMES, False)
ECHO = {**OFF, "echo_cancellation": True}


class Listener:
    """Everything that a track gives, in the order of its times."""

    def __init__(self, track):
        self.track, self.chunks = track, []
        self.frames = track.frames()
        self.task = asyncio.ensure_future(self.listen())

    async def listen(self):
        async for data in self.frames:
            self.chunks.append((data.timestamp, data.to_ndarray().copy()))

    async def sound(self):
        """What there is until now; the track is stopped."""
        self.track.stop()
        await self.task
        for (at, samples), (next_at, _) in zip(self.chunks, self.chunks[1:], strict=False):
            assert abs(next_at - at - samples.shape[1] * 1e6 / RATE) < 3, "no hole, nothing twice"
        return np.concatenate([samples for _, samples in self.chunks], axis=1)


def alike(one, other):
    """How much the loudness of two voices goes up and down together, 20 ms by 20 ms."""
    loudness = [np.sqrt(np.square(voice).reshape(-1, RATE // 50).mean(axis=1)) for voice in (one, other)]
    return np.corrcoef(*loudness)[0, 1]


@pytest.fixture
def enter(clock):
    """``room, gum = enter(answer)``: a room, and get_user_media of its microphone."""
    opened = []

    def enter(answer=None, **options):
        room = Room(answer, **options)
        devices = ms.MediaDevices(backends=[room])

        async def gum(**constraints):
            stream = await devices.get_user_media(audio=constraints or True)
            opened.append(stream.audio)
            return stream.audio

        return room, gum

    yield enter
    for track in opened:
        track.stop()


@pytest.fixture
def speaker(clock):
    """``play(room, voice)``: sound it on the room's speaker from now on."""
    playouts = []

    def play(room, samples=None, feed=None):
        if not playouts:
            playouts.append(Playout(clock=clock))
            (device,) = [one for one in room.list_devices() if one.device_class == "audiooutput"]
            playouts[0].use(room.create_sink(device))
        if feed is not None:
            return playouts[0].add(feed)
        rest = [samples]

        def supply(length, mode, at):
            part, rest[0] = rest[0][:length], rest[0][length:]
            return np.stack([np.pad(part, (0, length - len(part)))] * mode.channel_count)

        return playouts[0].add_supply(supply)

    yield play
    for playout in playouts:
        playout.close()


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """Two people: one far away, whom the speaker sounds, and one in the room."""
    folder = tmp_path_factory.mktemp("voices")
    return speak(folder), speak(folder, 1, "en-gb", 80)


async def test_the_voice_of_the_speaker_is_not_heard_and_that_in_the_room_is(need, clock, enter, speaker, voices):
    need("espeak-ng")
    far, near = voices
    room, gum = enter(room_answer(loudness=0.3))
    track = await gum(**ECHO)
    listener = Listener(track)
    speaker(room, far)
    await clock.advance(len(far) / RATE)
    silent_from = 3 * RATE  # by then it has learned the room
    heard = np.concatenate(room.raw, axis=1)[0]
    speaker(room, far)
    said = near[: 6 * RATE]
    room.talk = said.copy()
    begin = sum(part.shape[1] for part in room.raw)
    await clock.advance(6)
    sound = (await listener.sound())[0]
    assert loss(heard[silent_from:], sound[silent_from : len(heard)]) >= 25, "echo return loss enhancement"
    both = sound[begin : begin + 5 * RATE]
    assert abs(level(both) - level(said[: 5 * RATE])) < 4, "the talker stays within a few dB"
    assert alike(both, said[: 5 * RATE]) > 0.7, "and it is the talker"
    assert alike(both, far[: 5 * RATE]) < 0.3


@pytest.mark.parametrize("options", [{"chunk": 441}, {"chunk": 1024, "channels": 2}, {"speed": 1.0005}])
async def test_echo_goes_whatever_chunks_and_channels_there_are_and_where_crystals_differ(
    need, clock, enter, speaker, voices, options
):
    need("espeak-ng")
    room, gum = enter(room_answer(), **options)
    listener = Listener(await gum(**ECHO))
    speaker(room, voices[0])
    await clock.advance(10)
    heard, sound = np.concatenate(room.raw, axis=1), await listener.sound()
    assert sound.shape[0] == heard.shape[0]
    late = slice(4 * RATE, sound.shape[1])
    for before, after in zip(heard[:, late], sound[:, late], strict=True):
        assert loss(before, after) >= 25


async def test_an_output_that_stops_and_another_that_begins_are_taken_out_again(need, clock, enter, speaker, voices):
    need("espeak-ng")
    room, gum = enter(room_answer())
    listener = Listener(await gum(**ECHO))
    for _ in range(2):
        voice = speaker(room, voices[0])
        await clock.advance(6)
        voice.close()
        await clock.advance(7)  # nothing is heard: it is forgotten
    heard, sound = np.concatenate(room.raw, axis=1)[0], (await listener.sound())[0]
    for begin in (0, 13):
        late = slice((begin + 3) * RATE, (begin + 6) * RATE - RATE // 2)
        assert loss(heard[late], sound[late]) >= 25


class Peer(Source):
    """What a peer sends: a sound, 10 ms at a time, as it comes."""

    kind = "audio"
    remote = True

    def __init__(self, clock, samples):
        self.clock, self.samples = clock, samples

    def start(self, mode, settings, delivery):
        self.delivery = delivery
        self.due()
        return mode

    def due(self):
        if self.delivery is not None:
            part, self.samples = self.samples[:480], self.samples[480:]
            if len(part) == 480:
                self.delivery.deliver(Sound(part[np.newaxis].copy(), RATE, self.clock.now_us() - 10_000, "mono"))
                self.clock.call_at(self.clock.now_ns() + 10_000_000, self.due)

    def stop(self):
        self.delivery = None


@pytest.mark.parametrize(("mode", "music_stays"), [("remote-only", True), ("all", False), (True, False)])
async def test_remote_only_takes_out_the_peers_and_leaves_what_this_program_plays(
    need, clock, enter, speaker, voices, mode, music_stays
):
    need("espeak-ng")
    room, gum = enter(room_answer(loudness=0.7))
    track = await gum(**{**OFF, "echo_cancellation": {"exact": mode}})
    assert track.get_settings().echo_cancellation == mode
    listener = Listener(track)
    hub = SourceHub(Peer(clock, voices[0]))
    hub.open(AudioMode(RATE, 1), {})
    feed = TrackFeed(hub)
    hub.add_feed(feed)
    hub.release()
    speaker(room, feed=feed)
    await clock.advance(5)
    feed.stop()
    times = np.arange(8 * RATE) / RATE
    chord = sum(0.03 * np.sin(2 * np.pi * hertz * times) for hertz in CHORD).astype(np.float32)
    speaker(room, chord)
    await clock.advance(5)
    heard, sound = np.concatenate(room.raw, axis=1)[0], (await listener.sound())[0]
    assert loss(heard[3 * RATE : 5 * RATE], sound[3 * RATE : 5 * RATE]) > 25, "the peer, alone"
    late = slice(8 * RATE, 9 * RATE)
    kept = max(lowered(sound[late], hertz) - lowered(heard[late], hertz) for hertz in CHORD)
    assert bool(kept > -6) is music_stays, kept


async def test_without_a_word_all_three_are_on_as_in_a_browser(enter):
    _, gum = enter()
    track = await gum()
    assert [track.get_settings()[name] for name in NAMES] == [True, True, True]
    capabilities = track.get_capabilities()
    assert capabilities.echo_cancellation == (True, False, "all", "remote-only")
    assert capabilities.noise_suppression == (True, False)
    assert "voice_isolation" not in capabilities


async def test_what_is_switched_off_is_the_sound_as_it_came(clock, enter):
    room, gum = enter()
    track = await gum(**OFF)
    listener = Listener(track)
    room.talk = np.random.default_rng(1).normal(size=RATE).astype(np.float32) / 5
    await clock.advance(0.5)
    sound = await listener.sound()
    assert (sound == np.concatenate(room.raw, axis=1)[:, : sound.shape[1]]).all()


async def test_music_is_not_processed(clock, enter):
    _, gum = enter()
    track = await gum()
    track.content_hint = "music"
    async with asyncio.timeout(5):
        while track.get_settings().echo_cancellation:
            await asyncio.sleep(0.01)
    assert [track.get_settings()[name] for name in NAMES] == [False, False, False]


async def test_it_is_switched_while_it_runs_without_a_click_and_without_opening_the_device_again(clock, enter):
    room, gum = enter()
    track = await gum(**OFF)
    listener = Listener(track)
    tone = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(6 * RATE) / RATE)
    room.talk = tone.astype(np.float32)
    changes = []
    track.add_event_listener("configurationchange", changes.append)
    for wish in (
        {"echo_cancellation": True},
        {},
        {"echo_cancellation": "all"},
        {"echo_cancellation": "remote-only"},
        {},
    ):
        await clock.advance(0.5)
        await track.apply_constraints({**OFF, **wish})
        assert {name: track.get_settings()[name] for name in NAMES} == {**OFF, **wish}
    await clock.advance(0.5)
    sound = (await listener.sound())[0]
    assert room.starts == 1
    assert changes == [], "what the application asked for is no news"
    # A tone has no steep places: a click would be one. Between 500 ms pieces there is only a fade.
    bend = np.abs(np.diff(sound, 2))
    assert bend.max() < 1.5 * np.abs(np.diff(tone[:RATE], 2)).max()
    assert level(sound[RATE // 10 :]) == pytest.approx(level(tone), abs=1.5)


async def test_a_clone_may_have_other_settings_and_equal_ones_share_the_work(clock, enter):
    room, gum = enter()
    track = await gum(**{**OFF, "noise_suppression": True})
    same, plain = track.clone(), track.clone()
    await plain.apply_constraints(OFF)
    assert track.get_settings().noise_suppression
    assert not plain.get_settings().noise_suppression
    processors = track._source.hub.processors
    assert len(processors) == 1
    listeners = [Listener(one) for one in (track, same, plain)]
    room.talk = np.random.default_rng(1).normal(size=4 * RATE).astype(np.float32) / 50
    await clock.advance(4)
    sound, equal, raw = [await listener.sound() for listener in listeners]
    late = slice(3 * RATE, 3 * RATE + RATE // 2)
    assert (sound[:, late] == equal[:, late]).all()
    assert loss(raw[:, late], sound[:, late]) > 8
    assert room.starts == 1
    del track, same, plain, listeners
    for _ in range(100):
        if not len(processors):
            break
        await asyncio.sleep(0.01)


async def test_a_disabled_track_is_silent_and_comes_back_processed(need, clock, enter, speaker, voices):
    need("espeak-ng")
    room, gum = enter(room_answer())
    track = await gum(**ECHO)
    listener = Listener(track)
    speaker(room, voices[0])
    await clock.advance(4)
    track.enabled = False
    await clock.advance(1)
    track.enabled = True
    await clock.advance(2)
    heard, sound = np.concatenate(room.raw, axis=1)[0], (await listener.sound())[0]
    assert not sound[round(4.05 * RATE) : round(4.95 * RATE)].any()
    assert sound[round(5.05 * RATE) :].any()
    assert loss(heard[round(5.05 * RATE) : len(sound)], sound[round(5.05 * RATE) :]) > 25, "it has not forgotten"


async def test_times_are_those_of_the_sound_and_the_added_latency_is_told(clock, enter):
    room, gum = enter()
    track = await gum()
    listener = Listener(track)
    click = np.zeros(RATE, np.float32)
    click[RATE // 2] = 0.9
    room.talk = click
    await clock.advance(1)
    assert track.stats.latency == pytest.approx(24.96, abs=0.1), "10 ms of the chunk and 15 of the filters"
    sound = (await listener.sound())[0]
    assert abs(int(np.abs(sound).argmax()) - RATE // 2) <= 10, "a click is spread by the filters"


async def test_with_the_extra_missing_it_is_refused_and_the_cure_is_told(clock, monkeypatch):
    monkeypatch.setattr("mediastreams._engine.processing.library.find_spec", lambda name: None)
    monkeypatch.setattr("tests.rooms.library", Library())
    devices = ms.MediaDevices(backends=[Room()])
    with pytest.raises(ms.OverconstrainedError, match=r"offers False.*pip install \"mediastreams\[aec\]\"") as refused:
        await devices.get_user_media(audio={"echo_cancellation": {"exact": True}})
    assert refused.value.constraint == "echo_cancellation"
    async with devices.get_user_media(audio=True) as stream:
        assert [stream.audio.get_settings()[name] for name in NAMES] == [False, False, False]
        assert stream.audio.get_capabilities().echo_cancellation == (False,)
        with pytest.raises(ms.OverconstrainedError, match="pip install"):
            await stream.audio.apply_constraints(noise_suppression={"exact": True})


@pytest.fixture
def broken(monkeypatch):
    """The library is there and does not load."""
    monkeypatch.setattr(library, "_loaded", False)
    monkeypatch.setattr(library, "_broken", False)
    monkeypatch.setattr("mediastreams._engine.processing.library._MODULE", "mediastreams._backends.nothing")


async def test_what_does_not_load_is_done_without_unless_it_is_required(clock, enter, broken):
    _, gum = enter()
    track = await gum()
    assert [track.get_settings()[name] for name in NAMES] == [False, False, False]
    assert track.get_capabilities().echo_cancellation == (False,)


async def test_what_does_not_load_cannot_be_required(clock, enter, broken):
    _, gum = enter()
    with pytest.raises(ms.OverconstrainedError) as refused:
        await gum(echo_cancellation={"exact": True})
    assert refused.value.constraint == "echo_cancellation"


async def test_what_does_not_load_later_is_refused_later(clock, enter, broken):
    _, gum = enter()
    track = await gum(**OFF)
    with pytest.raises(ms.OverconstrainedError, match="does not load here") as refused:
        await track.apply_constraints(noise_suppression={"exact": True})
    assert refused.value.constraint == "noise_suppression"
    assert not track.get_settings().noise_suppression


async def test_a_recording_of_processed_sound_is_whole(clock, enter, tmp_path):
    room, gum = enter()
    track = await gum()
    room.talk = np.random.default_rng(1).normal(size=3 * RATE).astype(np.float32) / 5
    stream = ms.MediaStream([track])
    path = tmp_path / "talk.wav"
    recording = asyncio.ensure_future(ms.record(stream, path, duration=2))
    while not recording.done():
        await clock.advance(0.1)
    summary = await recording
    assert summary.duration == pytest.approx(2, abs=0.03)
    assert path.stat().st_size > 2 * RATE * 2
