"""The servers as fixtures for the tests of this folder."""

from tests.virtual.servers import pulse, xvfb

__all__ = ["pulse", "xvfb"]
