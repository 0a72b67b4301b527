"""The servers as fixtures for the tests of this folder."""

from tests.virtual.browsers import browser
from tests.virtual.chromium import chromium_plays
from tests.virtual.servers import pulse, xvfb

__all__ = ["browser", "chromium_plays", "pulse", "xvfb"]
