"""Two programs exchange streams: one serves its camera and takes the other's. Here both run in one process.

Each half is a program of its own when the address is on another machine (``host=``, ``token=``, ``tls=``).
"""

import asyncio

import mediastreams as ms


async def host(addresses: asyncio.Queue[tuple[str, str]]) -> None:
    async with (
        ms.media_devices.get_user_media(video={"width": 320, "height": 240}) as camera,
        ms.webrtc.serve(camera, ingest=True, token="secret") as server,
    ):
        await addresses.put((server.whep_url, server.whip_url))
        async for guest in server:
            [picture] = guest.get_video_tracks()
            async for frame in picture:
                print(f"the host sees the guest: {frame.display_width}×{frame.display_height}")
                break
            await picture.wait_for("ended", timeout=20)
            break


async def guest(addresses: asyncio.Queue[tuple[str, str]]) -> None:
    look, send = await addresses.get()
    devices = ms.media_devices
    async with (
        devices.get_user_media(video={"width": 160, "height": 120}) as camera,
        ms.webrtc.publish(camera, send, token="secret") as publication,
        ms.webrtc.subscribe(look, token="secret", audio=False) as stream,
    ):
        [picture] = stream.get_video_tracks()
        async for frame in picture:
            print(f"the guest sees the host: {frame.display_width}×{frame.display_height}, {publication.state}")
            break
        await asyncio.sleep(1)


async def main() -> None:
    addresses: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    await asyncio.gather(host(addresses), guest(addresses))


asyncio.run(main())
