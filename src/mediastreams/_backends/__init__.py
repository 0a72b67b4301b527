"""What reaches devices and files: one folder per system or technology, found by name, imported on first use."""
