"""WebRTC: streams from and to network peers (extra ``mediastreams[webrtc]``)."""
