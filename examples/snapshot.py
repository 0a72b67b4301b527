"""One picture of the default camera, as a file; needs Pillow (``pip install "mediastreams[images]"``).

Run with MEDIASTREAMS_FAKE_DEVICES=1 where there is no camera.
"""

import asyncio

import mediastreams as ms


async def main() -> None:
    async with ms.media_devices.get_user_media(video=True) as stream:
        [track] = stream.get_video_tracks()
        async for frame in track.frames(width=640):
            frame.to_image().save("snapshot.png")  # a PIL image; in Jupyter, the frame itself is shown as a picture
            print(frame)
            break


asyncio.run(main())
