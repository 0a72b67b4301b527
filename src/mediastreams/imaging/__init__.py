"""MediaStream Image Capture: stills of a track."""
