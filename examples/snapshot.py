"""One picture of the default camera, as a file. Run with MEDIASTREAMS_FAKE_DEVICES=1 where there is no camera."""

import asyncio
from pathlib import Path

import mediastreams as ms


async def main() -> None:
    async with ms.media_devices.get_user_media(video=True) as stream:
        assert stream.video is not None
        async for frame in stream.video.frames():
            Path("snapshot.png").write_bytes(frame._repr_png_())  # what Jupyter shows
            print(frame)
            break


asyncio.run(main())
