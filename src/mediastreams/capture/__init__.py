"""Media Capture and Streams; Screen Capture."""
