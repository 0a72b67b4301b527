"""Constraints: what a camera can do, what it is set to, and what happens when it cannot."""

import asyncio

import mediastreams as ms


async def main() -> None:
    async with ms.media_devices.get_user_media(video=True) as stream:
        [track] = stream.get_video_tracks()
        print("can do ", track.get_capabilities())
        print("is set ", track.get_settings())

        await track.apply_constraints(width={"exact": 320}, aspect_ratio={"ideal": 16 / 9}, frame_rate={"max": 15})
        print("now    ", track.get_settings())

        small = track.clone()
        await small.apply_constraints(width=160, height=90)
        print("clone  ", small.get_settings())
        small.stop()

        try:
            await track.apply_constraints(frame_rate={"exact": 1000})
        except ms.OverconstrainedError as error:
            print("refused", error.constraint, "–", error)


asyncio.run(main())
