"""Microphones and speakers, on every system: miniaudio moves the samples, the sound server tells what there is."""
