"""Media elements, and files as streams: `MediaElement`, `open`."""
