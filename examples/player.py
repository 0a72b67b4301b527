"""A player: the camera and the microphone for two seconds, on the default speaker, with the number of pictures shown.

``video.src = "film.mp4"`` plays a file instead. Run with MEDIASTREAMS_FAKE_DEVICES=1 where there is no camera.
"""

import asyncio

import mediastreams as ms


async def main() -> None:
    async with ms.media_devices.get_user_media(video=True, audio=True) as stream, ms.VideoElement() as video:

        def count(_now: float, picture: ms.VideoFrameCallbackMetadata) -> None:
            print(f"\rpicture {picture.presented_frames} at {video.current_time:.2f} s", end="", flush=True)
            video.request_video_frame_callback(count)

        video.volume = 0.5
        video.src_object = stream
        video.request_video_frame_callback(count)
        await video.play()
        await asyncio.sleep(2)
        print(f"\n{video.video_width} x {video.video_height}: {video.current_frame()}")


asyncio.run(main())
