"""An hour of media, as fast as it can be encoded: memory stays what it is. ``pytest -m soak``."""

import resource
from pathlib import Path

import pytest

from mediastreams._engine.frames import Sound
from mediastreams.recording.record import record

__all__ = []

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

HOUR = 3600
RATE = 10


def resident():
    """MB in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def an_hour_of(made):
    one = made.tone(0, 4_800)

    def pictures():
        for i in range(HOUR * RATE):
            yield made.picture(made.T0 + i * 100_000, 40 + i * 2 % 160)

    def sounds():
        for i in range(HOUR * 10):
            yield Sound(one, 48_000, made.T0 + i * 100_000, "mono")

    return made.Scripted("video", pictures()), made.Scripted("audio", sounds())


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("a.mp4", {}),
        ("a.webm", {"mime_type": "video/webm;codecs=vp8"}),
        ("a.mkv", {}),
        ("%d.mp4", {"segment_seconds": 60, "keep_segments": 3}),
    ],
)
async def test_the_memory_of_an_hour_is_flat(made, make_stream, probe, tmp_path, name, keywords):
    seen = {}

    def look(progress):
        seen[int(progress.elapsed // 300)] = resident()

    summary = await record(make_stream(*an_hour_of(made)), tmp_path / name, progress=look, **keywords)
    assert summary.frames == HOUR * RATE
    assert summary.duration == pytest.approx(HOUR, abs=0.2)
    assert (await probe(summary.files[-1].path)).streams
    early = max(seen[index] for index in sorted(seen)[1:3])
    print({index * 5: round(size, 1) for index, size in seen.items()})
    assert seen[max(seen)] - early < 12


async def test_waiting_for_an_hour_holds_what_half_a_minute_needs(made, make_stream, tmp_path):
    seen = {}

    def look(progress):
        assert progress.waiting or not progress.held
        seen[len(seen)] = (progress.held, resident())

    await record(make_stream(*an_hour_of(made)), tmp_path / "a.mp4", preroll=30, progress=look)
    helds = [held for held, _ in seen.values() if held]
    print(max(helds), seen[len(seen) // 4][1], seen[len(seen) - 2][1])
    assert max(helds) < 3 * helds[len(helds) // 2]
    assert seen[len(seen) - 2][1] - seen[len(seen) // 4][1] < 12
