"""What is said where the extra is not installed."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["need_extra"]


def need_extra() -> None:
    """See that the engine of Web Audio is installed.

    Raises:
        ImportError: it is not; with the command that installs it.
    """
    if find_spec("web_audio_api") is None:
        raise ImportError(
            'Web Audio needs one more package: pip install "mediastreams[audio]" (Linux and Windows on ARM have none)',
            name="web_audio_api",
        )
