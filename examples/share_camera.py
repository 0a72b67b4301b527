"""A camera on a page of this machine, for any number of viewers: the address is printed; Ctrl+C ends it."""

import asyncio
import os

import mediastreams as ms

SECONDS = 1 if os.environ.get("MEDIASTREAMS_FAKE_DEVICES") else None  # a test of this example does not wait for Ctrl+C


async def main() -> None:
    async with (
        ms.media_devices.get_user_media(video={"width": 640, "frame_rate": 30}, audio=True) as stream,
        ms.webrtc.serve(stream, max_viewers=20) as server,
    ):
        print(f"look at {server.url}")
        await asyncio.wait([asyncio.ensure_future(server.wait_closed())], timeout=SECONDS)
        print(f"{server.viewers} were looking")


asyncio.run(main())
