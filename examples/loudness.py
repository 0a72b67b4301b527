"""A level meter in a plain thread: no event loop in sight."""

import asyncio
import threading

import mediastreams as ms

PLAIN = {"echo_cancellation": False, "noise_suppression": False, "auto_gain_control": False}  # what is measured is real


def meter(track: ms.MediaStreamTrack) -> None:
    for count, level in enumerate(track.levels(interval=0.1)):
        print(f"{level.loudest:6.1f} dBFS {'█' * round(max(0.0, 60 + level.loudest) / 2)}")
        if count == 15:
            break


async def main() -> None:
    async with ms.media_devices.get_user_media(audio=PLAIN) as stream:
        thread = threading.Thread(target=meter, args=stream.get_audio_tracks())
        thread.start()
        await asyncio.to_thread(thread.join)


asyncio.run(main())
