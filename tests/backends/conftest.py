"""Back ends are tested where they can be imported."""

from __future__ import annotations

import sys

collect_ignore_glob = [] if sys.platform == "linux" else ["test_v4l2*.py"]
