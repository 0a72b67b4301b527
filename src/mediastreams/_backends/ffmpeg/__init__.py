"""Files and URLs through FFmpeg: `Movie` opens one, its `FileSource`s are the streams inside."""
