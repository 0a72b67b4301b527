"""macOS: cameras and screens through AVFoundation."""
