"""Linux: V4L2 cameras, X11 screens and windows."""
