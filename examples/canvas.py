"""A canvas becomes a camera: arrays with a progress bar drawn on them are recorded, the last one is kept as a JPEG."""

import asyncio

import numpy as np

import mediastreams as ms


async def main() -> None:
    canvas = ms.CanvasElement(320, 240)
    ramp = np.linspace(0, 255, 320, dtype=np.uint8)
    async with canvas.capture_stream(30) as stream:  # the line that makes it a camera
        async with ms.record(stream, "painted.webm") as recording:
            for number in range(60):
                picture = np.empty((240, 320, 3), np.uint8)
                picture[:] = np.roll(ramp, 4 * number)[None, :, None]
                canvas.put_image_data(picture)
                canvas.fill_style = "rgb(255 128 0 / 80%)"
                canvas.fill_rect(0, 230, 320 * number / 59, 10)
                await asyncio.sleep(1 / 30)
        print(recording.summary)
    still = await canvas.to_blob(type="image/jpeg", quality=0.9)
    print(still)


asyncio.run(main())
