"""Every microphone of this machine in one recording: an interview at one table."""

import asyncio
from contextlib import AsyncExitStack

import mediastreams as ms


async def main() -> None:
    await ms.navigator.permissions.request({"name": "microphone"})  # so that ids are told
    infos = await ms.media_devices.enumerate_devices()
    async with AsyncExitStack() as opened:
        streams = []
        for info in infos:
            if info.kind == "audioinput":
                audio = {"device_id": {"exact": info.device_id}}
                streams.append(await opened.enter_async_context(ms.media_devices.get_user_media(audio=audio)))
                print(info.label)
        with ms.mix(streams, gains=[1 / len(streams)] * len(streams)) as mixed:  # so that nothing can be too loud
            print(await ms.record(ms.MediaStream([mixed]), "table.flac", duration=3))


asyncio.run(main())
