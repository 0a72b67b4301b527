"""Whether a library that processes sound is there, and its loading, once, when the first microphone needs it.

Not for: what it does (``_backends/livekit_apm.py``).

Rules of the file: looking loads nothing. Loading takes a while and starts threads that stay: worker threads only. What
failed once is not there for this process; nor is it for a child whose parent had loaded it: its threads are not in it.
"""

from __future__ import annotations

import logging
import os
import threading
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mediastreams._rules.sound_processing import PROCESSING_CHOICES, can_process

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mediastreams._engine.processing.processor import FrameProcessor
    from mediastreams._rules.sound_processing import Processing
    from mediastreams._rules.values import AudioMode, Setting

__all__ = ["Library", "library"]

_logger = logging.getLogger(__name__)
_MODULE: Final = "mediastreams._backends.livekit_apm"
_CURE: Final = 'pip install "mediastreams[aec]"'


class Library:
    """One for the process: `library`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded = False
        self._broken = False

    @property
    def there(self) -> bool:
        """Whether it is installed and has not failed. Loads nothing; some stats of files."""
        if self._loaded or self._broken:
            return not self._broken
        spec = find_spec("livekit.rtc") if find_spec("livekit") else None  # else looking below it fails
        folders = () if spec is None else spec.submodule_search_locations or ()
        return any((Path(folder) / "apm.py").is_file() for folder in folders)

    def choices(self, mode: AudioMode) -> Mapping[str, tuple[Setting, ...]]:
        """What a microphone that does nothing by itself offers in a mode."""
        if self.there and can_process(mode):
            return PROCESSING_CHOICES
        return dict.fromkeys(PROCESSING_CHOICES, (False,))

    @property
    def cures(self) -> Mapping[str, str]:
        """What to do so that a microphone offers more."""
        return {} if self.there else dict.fromkeys(PROCESSING_CHOICES, _CURE)

    def load(self) -> bool:
        """Load it, once. Blocks for some tenths of a second; says whether it is there. Worker threads only."""
        with self._lock:
            if not self._loaded and not self._broken:
                try:
                    import_module(_MODULE).start()
                except Exception:  # the border: whatever is wrong with it, the microphone can be heard without
                    _logger.warning("Sound is not processed: livekit does not load here", exc_info=True)
                    self._broken = True
                else:
                    self._loaded = True
            return self._loaded and not self._broken

    @staticmethod
    def make(processing: Processing) -> FrameProcessor:
        """A processor for one microphone. After `load`."""
        return import_module(_MODULE).LivekitProcessor(processing)  # type: ignore[no-any-return]

    def after_fork(self) -> None:
        """A child cannot use what its parent has loaded."""
        self._lock = threading.Lock()
        self._broken = self._broken or self._loaded


library: Final = Library()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=library.after_fork)
