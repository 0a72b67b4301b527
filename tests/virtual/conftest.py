"""The servers as fixtures for the tests of this folder."""

from tests.virtual.chromium import chromium_plays
from tests.virtual.servers import pulse, xvfb

__all__ = ["chromium_plays", "pulse", "xvfb"]
