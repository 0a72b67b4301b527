"""Echo cancellation, noise suppression and gain control of microphones; whatever library does it."""
