"""A program as a user writes it, for the type checker: ``test_typed_program.py`` runs pyright on it. Not to be run."""

import asyncio
from datetime import datetime
from typing import Any, assert_type

import mediastreams as ms


async def main() -> None:
    devices = ms.media_devices
    stream = await devices.get_user_media(video={"width": {"ideal": 1280}, "frame_rate": 30}, audio=True)
    assert_type(stream, ms.MediaStream)
    assert_type(await devices.get_user_media({"video": {"frameRate": 30}}), ms.MediaStream)
    assert_type(asyncio.create_task(devices.get_user_media(video=True)), asyncio.Task[ms.MediaStream])
    async with devices.get_display_media() as screen:
        assert_type(screen, ms.MediaStream)
    assert_type(stream.video, ms.MediaStreamTrack[ms.VideoFrame] | None)
    assert_type(stream.audio, ms.MediaStreamTrack[ms.AudioData] | None)
    assert stream.video
    assert stream.audio

    async for frame in stream.video.frames(format="bgr24"):
        assert_type(frame, ms.VideoFrame)
        assert_type(frame.coded_width, int)
        assert_type(ms.wall_time(frame.timestamp), datetime)
    async for frame in stream.video:
        assert_type(frame, ms.VideoFrame)
    for data in stream.audio.frames(sample_rate=16_000):
        assert_type(data, ms.AudioData)
    for track in stream.get_tracks():
        assert_type(track.frames(), ms.FrameIterator[ms.VideoFrame | ms.AudioData])
        async for either in track:
            print(either.timestamp, either.to_ndarray())
    any_track: ms.MediaStreamTrack = stream.video.clone()

    assert_type(any_track.ready_state, ms.MediaStreamTrackState)
    assert_type(any_track.get_settings().width, int | None)
    assert_type(await any_track.wait_for("ended", timeout=1), ms.Event)
    await any_track.apply_constraints(width=320, frame_rate={"max": 5})

    @any_track.on("ended")
    async def gone(event: ms.Event) -> None:
        print(event.type)

    def changed(event: ms.DeviceChangeEvent) -> None:
        print(event.devices)

    any_track.onended = lambda event: print(event.time_stamp)
    devices.ondevicechange = changed
    assert_type(await devices.enumerate_devices(), list[ms.MediaDeviceInfo])

    assert_type(await ms.record(stream, "clip.webm", duration=1), ms.RecordingSummary)
    async with ms.open("clip.webm") as movie, ms.record(movie, "copy.mp4") as recording:
        assert_type(recording.stats, ms.RecordingProgress)

    camera = ms.VideoTrackGenerator()
    assert_type(camera.track, ms.MediaStreamTrack[ms.VideoFrame])
    await camera.writable.write(ms.VideoFrame.from_ndarray(frame_of()))
    try:
        await ms.MediaDevices(backends=["fake"]).get_user_media()
    except ms.OverconstrainedError as error:
        assert_type(error.constraint, str)
    except ms.TimeoutError as error:
        assert_type(error.message, str)


def frame_of() -> Any:
    """An array."""


ms.MediaDevices(["fake"])  # expected: reportArgumentType
print(ms.MediaStreamTrak)  # expected: reportAttributeAccessIssue
ms.media_devices.get_user_media("video")  # expected: reportArgumentType
