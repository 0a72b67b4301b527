"""Moving media: frames, clock, source, track feed, adapter, ports, workers, encoding, registry."""
