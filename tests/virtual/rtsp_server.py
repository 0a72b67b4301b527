"""An RTSP server on the loopback, run by the system's Python: ``/live`` plays, ``/publish`` takes one publisher.

Not for: import. GStreamer's server is the only one of Debian's; its Python binding is for the system's interpreter.

usage: python3 rtsp_server.py PORT FILE: 0 for any free port, which is printed; FILE takes what is published.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 - versions come first

LIVE = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=25/1"
    " ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=12 ! rtph264pay name=pay0 pt=96"
    " audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=1 ! opusenc ! rtpopuspay name=pay1 pt=97 )"
)
PUBLISH = "( rtph264depay name=depay0 ! h264parse ! video/x-h264,stream-format=byte-stream ! filesink location={} )"


def main(port, path):
    """Serve until the process is ended."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    live = GstRtspServer.RTSPMediaFactory()
    live.set_launch(LIVE)
    live.set_shared(True)
    server.get_mount_points().add_factory("/live", live)
    publish = GstRtspServer.RTSPMediaFactory()
    publish.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
    publish.set_launch(PUBLISH.format(path))
    server.get_mount_points().add_factory("/publish", publish)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


main(*sys.argv[1:])
