"""What opening an encoder does to the scheduling of threads: nothing."""

import os
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from mediastreams._engine.encoding.codecs import ENCODERS, VideoPlan
from mediastreams._engine.encoding.scheduling import ordinary_scheduling
from mediastreams._engine.encoding.video_encoder import VideoEncoder
from mediastreams._engine.frames import Picture

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no such priorities")


def policies():
    return {os.sched_getscheduler(int(entry.name)) for entry in Path("/proc/self/task").iterdir()}


@pytest.mark.parametrize("codec", ["av1", "vp9", "h264"])
def test_no_thread_is_of_real_time_while_an_encoder_is_open(codec, tmp_path):
    usual = policies()
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        encoder = VideoEncoder(container, ENCODERS[codec][0], VideoPlan(320, 240, 30.0), None, options={}, least_step=1)
        picture = Picture.stamped(av.VideoFrame.from_ndarray(np.zeros((360, 320), np.uint8), format="yuv420p"), 0)
        container.mux(encoder.encode(picture))
        assert policies() == usual
        container.mux(encoder.flush())


def test_a_thread_gets_back_what_it_had_and_so_do_those_that_were_started():
    if os.geteuid() != 0:
        pytest.skip("only root may make real-time threads")
    go = threading.Event()
    started = []

    def rest():
        started.append(threading.get_native_id())
        go.wait()

    def work(found):
        with ordinary_scheduling():
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
            helper = threading.Thread(target=rest)  # inherits it
            helper.start()
            while not started:
                go.wait(0.001)
        found.extend(os.sched_getscheduler(thread) for thread in (threading.get_native_id(), *started))
        go.set()
        helper.join()

    found = []
    worker = threading.Thread(target=work, args=(found,))
    worker.start()
    worker.join()
    assert found == [os.SCHED_OTHER, os.SCHED_OTHER]
