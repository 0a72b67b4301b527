"""Arrays become a camera: a moving gradient is written into a track and recorded."""

import asyncio

import numpy as np

import mediastreams as ms


async def main() -> None:
    generator = ms.VideoTrackGenerator()
    stream = ms.MediaStream([generator.track])
    ramp = np.linspace(0, 255, 320, dtype=np.uint8)
    async with ms.record(stream, "painted.webm") as recording:
        for number in range(60):
            picture = np.empty((240, 320, 3), np.uint8)
            picture[:] = np.roll(ramp, 4 * number)[None, :, None]
            await generator.writable.write(ms.VideoFrame.from_ndarray(picture, format="rgb24"))
            await asyncio.sleep(1 / 30)
    print(recording.summary)
    generator.track.stop()


asyncio.run(main())
