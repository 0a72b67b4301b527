"""What comes from a peer: packets into frames, on time, and frames into a track."""
