"""Computer vision in real time: how much of the picture moves, on the newest frame only, however slow the work is."""

import asyncio

import numpy as np

import mediastreams as ms


async def main() -> None:
    async with ms.media_devices.get_user_media(video={"width": 640, "height": 480, "frame_rate": 30}) as stream:
        before = None
        [track] = stream.get_video_tracks()
        frames = track.frames(format="gray", width=160, height=120)
        async for frame in frames:
            picture = frame.to_ndarray().astype(np.int16)
            if before is not None:
                moving = np.mean(np.abs(picture - before) > 24)
                print(
                    f"{ms.wall_time(frame.timestamp):%H:%M:%S.%f} {moving:6.1%} moves, {frames.stats.dropped} dropped"
                )
            before = picture
            if frames.stats.delivered == 20:
                break


asyncio.run(main())
