"""A level meter in a plain thread: no event loop in sight."""

import asyncio
import threading

import numpy as np

import mediastreams as ms


def meter(track: ms.MediaStreamTrack) -> None:
    for count, chunk in enumerate(track.frames(sample_rate=16000, channels=1, samples=1600)):
        level = np.sqrt(np.mean(chunk.to_ndarray() ** 2))
        print(f"{20 * np.log10(max(level, 1e-6)):6.1f} dBFS")
        if count == 15:
            break


async def main() -> None:
    async with ms.media_devices.get_user_media(audio={"echo_cancellation": False}) as stream:
        thread = threading.Thread(target=meter, args=stream.get_audio_tracks())
        thread.start()
        await asyncio.to_thread(thread.join)


asyncio.run(main())
