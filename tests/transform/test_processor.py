"""``MediaStreamTrackProcessor``: a track's frames as a stream."""

import asyncio
import gc

import numpy as np
import pytest

import mediastreams as ms


def picture(level, timestamp):
    return ms.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), timestamp=timestamp)


def sound(timestamp):
    return ms.AudioData.from_ndarray(np.zeros((2, 480), np.float32), sample_rate=48000, timestamp=timestamp)


@pytest.fixture
def generator():
    generator = ms.VideoTrackGenerator()
    with generator.track:
        yield generator


async def _write(generator, *timestamps):
    for timestamp in timestamps:
        await generator.writable.write(picture(timestamp % 255, timestamp))


async def test_what_is_written_comes_out(generator):
    processor = ms.MediaStreamTrackProcessor(track=generator.track)
    await _write(generator, 200)
    frame = await anext(processor.readable)
    assert isinstance(frame, ms.VideoFrame)
    assert frame.timestamp == 200
    assert frame.to_ndarray()[0, 0].tolist() == [200, 200, 200]
    assert processor.readable is processor.readable


async def test_reads_that_wait_are_served_in_order(generator):
    reader = ms.MediaStreamTrackProcessor({"track": generator.track, "maxBufferSize": 10}).readable.get_reader()
    reads = [asyncio.create_task(reader.read()) for _ in range(4)]
    for timestamp in range(4):
        await _write(generator, timestamp)
        await asyncio.sleep(0)
    assert [(await read).value.timestamp for read in reads] == [0, 1, 2, 3]


@pytest.mark.parametrize(("size", "left"), [(0, [7]), (1, [7]), (3, [5, 6, 7]), (100, list(range(8)))])
async def test_the_newest_frames_wait_and_the_others_are_counted(generator, size, left):
    processor = ms.MediaStreamTrackProcessor(track=generator.track, max_buffer_size=size)
    await _write(generator, *range(8))
    assert (processor.total_frames, processor.discarded_frames) == (8, 8 - len(left))
    assert [(await anext(processor.readable)).timestamp for _ in left] == left
    assert processor.total_frames == 8


async def test_sounds_are_processed_too():
    with ms.MediaStreamTrackGenerator(kind="audio") as track:
        processor = ms.MediaStreamTrackProcessor(track=track, max_buffer_size=2)
        await track.writable.write(sound(5))
        data = await anext(processor.readable)
        assert isinstance(data, ms.AudioData)
        assert data.timestamp == 5


async def test_a_stopped_track_closes_the_stream_and_what_waited_is_gone(generator):
    reader = ms.MediaStreamTrackProcessor(track=generator.track).readable.get_reader()
    await _write(generator, 1)
    generator.track.stop()
    await asyncio.wait_for(reader.closed, 5)
    assert await reader.read() == (None, True)


async def test_a_read_that_waits_learns_of_the_end(generator):
    reader = ms.MediaStreamTrackProcessor(track=generator.track).readable.get_reader()
    read = asyncio.create_task(reader.read())
    await asyncio.sleep(0)
    generator.track.stop()
    assert (await asyncio.wait_for(read, 5)).done
    await reader.closed


async def test_frames_that_waited_when_the_source_ended_by_itself_are_still_read(generator):
    stream = ms.MediaStreamTrackProcessor(track=generator.track, max_buffer_size=5).readable
    await _write(generator, 1, 2)
    await generator.writable.close()
    assert [frame.timestamp async for frame in stream] == [1, 2]
    assert generator.track.ready_state == "ended"


async def test_a_track_that_has_ended_gives_a_stream_that_is_closed(generator):
    generator.track.stop()
    reader = ms.MediaStreamTrackProcessor(track=generator.track).readable.get_reader()
    await asyncio.wait_for(reader.closed, 5)


async def test_a_cancelled_stream_is_detached_from_its_track(generator):
    processor = ms.MediaStreamTrackProcessor(track=generator.track)
    reader = processor.readable.get_reader()
    read = asyncio.create_task(reader.read())
    await asyncio.sleep(0)
    await reader.cancel()
    assert (await asyncio.wait_for(read, 5)).done
    await _write(generator, 1)
    assert processor.total_frames == 0
    assert generator.track.ready_state == "live"


async def test_a_read_that_is_given_up_loses_no_frame(generator):
    reader = ms.MediaStreamTrackProcessor(track=generator.track).readable.get_reader()
    read = asyncio.create_task(reader.read())
    await asyncio.sleep(0)
    read.cancel()
    await asyncio.wait([read])
    await _write(generator, 9)
    assert (await reader.read()).value.timestamp == 9


async def test_who_keeps_only_the_reader_keeps_reading(generator):
    reader = ms.MediaStreamTrackProcessor(track=generator.track).readable.get_reader()
    gc.collect()
    await _write(generator, 3)
    assert (await reader.read()).value.timestamp == 3


async def test_a_dropped_processor_is_detached(generator):
    processor = ms.MediaStreamTrackProcessor(track=generator.track)
    (port,) = generator.track._feed.ports
    del processor
    gc.collect()
    assert port.closed


async def test_a_slow_reader_skips_frames(generator):
    stream = ms.MediaStreamTrackProcessor(track=generator.track).readable
    seen = []
    for start in range(0, 12, 4):
        await _write(generator, *range(start, start + 4))
        seen.append((await anext(stream)).timestamp)
    assert seen == [3, 7, 11]


async def test_the_track_alone_will_do_or_the_generator_that_has_it(generator):
    for given in (generator.track, generator):
        processor = ms.MediaStreamTrackProcessor(given, max_buffer_size=2)
        await _write(generator, 4)
        assert (await anext(processor.readable)).timestamp == 4


async def test_a_track_is_piped_into_a_generator(generator):
    copy = ms.VideoTrackGenerator()
    frames = copy.track.frames()
    piping = asyncio.create_task(ms.MediaStreamTrackProcessor(generator).readable.pipe_to(copy.writable))
    await _write(generator, 11)
    assert (await anext(frames)).timestamp == 11
    generator.track.stop()
    await asyncio.wait_for(piping, 5)
    assert [frame async for frame in frames] == []
    assert copy.track.ready_state == "ended"


async def test_a_frame_that_comes_just_when_a_reader_begins_to_wait_is_not_missed(generator):
    """On another thread, between the reader's look and its waiting: nobody is there yet to be woken."""
    processor = ms.MediaStreamTrackProcessor(track=generator.track)
    port = processor._queue._port
    deliver = generator._sink.source._delivery.deliver
    looks = []

    class Port(type(port)):
        __slots__ = ()

        def take(self):
            item = super().take()
            if not looks:
                looks.append(item)
                deliver(picture(7, 7)._open("write"))
            return item

    await _write(generator, 1)
    assert (await anext(processor.readable)).timestamp == 1
    port.__class__ = Port
    assert (await asyncio.wait_for(anext(processor.readable), 5)).timestamp == 7
    assert looks == [None]


@pytest.mark.parametrize("wrong", [{}, {"track": None}, {"track": "video"}, {"max_buffer_size": 3}])
def test_there_must_be_a_track(wrong):
    with pytest.raises(TypeError, match="track"):
        ms.MediaStreamTrackProcessor(wrong)


@pytest.mark.parametrize("size", [-1, 65536, "3", float("nan")])
async def test_the_size_must_be_a_small_number(generator, size):
    with pytest.raises(TypeError, match="max_buffer_size"):
        ms.MediaStreamTrackProcessor(track=generator.track, max_buffer_size=size)


async def test_it_says_whose_frames_it_gives(generator):
    assert "MediaStreamTrack" in repr(ms.MediaStreamTrackProcessor(track=generator.track))
