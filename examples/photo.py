"""A photo larger than the stream, with the camera zoomed in; prints what the file says of itself.

Run with MEDIASTREAMS_FAKE_DEVICES=1 where there is no camera.
"""

import asyncio
from pathlib import Path

import mediastreams as ms


async def main() -> None:
    # Asking for zoom asks for the permission to move the camera, too.
    async with ms.media_devices.get_user_media(video={"width": 640, "height": 480, "zoom": True}) as stream:
        [track] = stream.get_video_tracks()
        zoom = track.get_capabilities().zoom
        if zoom is not None and zoom.max is not None:
            await track.apply_constraints(width=640, height=480, zoom=min(2, zoom.max))

        capture = ms.ImageCapture(track)
        able = await capture.get_photo_capabilities()
        wide, high = able.image_width, able.image_height
        size = {} if wide is None or high is None else {"image_width": wide.max, "image_height": high.max}
        photo = await capture.take_photo(size)  # the camera changes its mode for that, and back
        Path("photo.jpg").write_bytes(bytes(photo))

        bitmap = await capture.grab_frame()  # what the stream shows, without encoding anything
        print(f"photo.jpg: {photo.type}, {photo.size} bytes; the stream goes on with {bitmap.width}x{bitmap.height}")


asyncio.run(main())
