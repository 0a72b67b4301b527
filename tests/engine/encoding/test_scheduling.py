"""What opening an encoder does to the scheduling of threads: nothing."""

import os
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from mediastreams._engine.encoding.codecs import ENCODERS, VideoPlan
from mediastreams._engine.encoding.scheduling import open_encoder
from mediastreams._engine.encoding.video_encoder import VideoEncoder
from mediastreams._engine.frames import Picture
from mediastreams._engine.still import still

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no such priorities")


def policies():
    return {os.sched_getscheduler(int(entry.name)) for entry in Path("/proc/self/task").iterdir()}


def picture():
    return Picture.stamped(av.VideoFrame.from_ndarray(np.zeros((360, 320), np.uint8), format="yuv420p"), 0)


@pytest.mark.parametrize("codec", ["av1", "vp9", "h264"])
def test_no_thread_is_of_real_time_while_an_encoder_is_open(codec, tmp_path):
    usual = policies()
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        encoder = VideoEncoder(container, ENCODERS[codec][0], VideoPlan(320, 240, 30.0), None, options={}, least_step=1)
        container.mux(encoder.encode(picture()))
        assert policies() == usual
        container.mux(encoder.flush())


def test_a_picture_as_avif_leaves_its_caller_as_it_was():
    import ctypes

    still(picture(), "avif")
    policy, parameters = ctypes.c_int(-1), (ctypes.c_int * 8)()
    thread = ctypes.c_ulong(threading.get_ident())
    assert ctypes.CDLL(None).pthread_getschedparam(thread, ctypes.byref(policy), parameters) == 0
    assert (policy.value, parameters[0]) == (os.SCHED_OTHER, 0)


class Rude:
    """An encoder that makes its caller a real-time thread, and starts another, which inherits that."""

    def __init__(self):
        self.end = threading.Event()
        self.threads = []

    def open(self, strict=True):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        begun = threading.Event()
        self.threads.append(threading.Thread(target=lambda: (begun.set(), self.end.wait())))
        self.threads[0].start()
        begun.wait()


def test_neither_the_caller_nor_the_threads_that_were_started_are_of_real_time():
    if os.geteuid() != 0:
        pytest.skip("only root may make real-time threads")
    encoder = Rude()
    open_encoder(encoder)
    try:
        assert policies() == {os.SCHED_OTHER}
    finally:
        encoder.end.set()
        encoder.threads[0].join()


def test_an_encoder_that_refuses_says_why():
    class Refusing:
        def open(self, strict=True):
            raise ValueError("not that")

    with pytest.raises(ValueError, match="not that"):
        open_encoder(Refusing())
