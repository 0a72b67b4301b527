"""How long a thread has waited for a processor: a machine that is busy with others is no fault of the library's."""

from pathlib import Path

__all__ = ["run_delay"]

_RUN_DELAY = Path("/proc/thread-self/schedstat")


def run_delay():
    """Seconds this thread has waited for a processor so far; 0 where the system does not tell."""
    try:
        return int(_RUN_DELAY.read_text(encoding="ascii").split()[1]) / 1e9
    except OSError:
        return 0.0
