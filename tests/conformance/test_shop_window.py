"""The shop window is what the tool writes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_shop_window_shows_what_is_public_and_nothing_else():
    result = subprocess.run(
        [sys.executable, ROOT / "tools" / "shop_window.py", "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
