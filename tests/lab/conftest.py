"""The lab: tests on real kernel devices, collected only inside the guest (see run.py)."""

from __future__ import annotations

import os

if "MEDIASTREAMS_LAB" not in os.environ:
    collect_ignore_glob = ["test_*.py"]
