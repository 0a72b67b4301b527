"""A recording that comes in slices while it runs: upload each, keep them all, and it is one file.

Run with MEDIASTREAMS_FAKE_DEVICES=1 where there is no camera.
"""

import asyncio
from pathlib import Path

import mediastreams as ms


async def main() -> None:
    async with ms.media_devices.get_user_media(video=True, audio=True) as stream:
        kind = "video/mp4" if ms.MediaRecorder.is_type_supported("video/mp4;codecs=avc1,mp4a.40.2") else "video/webm"
        slices: list[ms.Blob] = []

        def keep(event: ms.BlobEvent) -> None:
            print(f"{event.timecode:5.0f} ms: {event.data}")
            slices.append(event.data)

        async with ms.MediaRecorder(stream, mime_type=kind, bits_per_second=1_500_000) as recorder:
            recorder.ondataavailable = keep
            recorder.start(500)  # milliseconds
            await asyncio.sleep(1)
            recorder.pause()  # the coffee is not in the film
            await asyncio.sleep(0.5)
            recorder.resume()
            await asyncio.sleep(1)

    path = Path("slices.mp4" if kind == "video/mp4" else "slices.webm")
    path.write_bytes(await ms.Blob(slices, type=kind).bytes())
    print(path, path.stat().st_size)


asyncio.run(main())
