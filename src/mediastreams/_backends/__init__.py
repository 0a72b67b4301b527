"""What reaches devices and files: one folder per system or technology. Back ends are found by name and imported on first use."""
