"""The command ``mediastreams``: list devices, record, take a picture."""

from mediastreams.cli.main import main

__all__ = ["main"]
