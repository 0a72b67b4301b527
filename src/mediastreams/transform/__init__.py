"""MediaStreamTrack Insertable Media Processing: frames into and out of tracks."""
