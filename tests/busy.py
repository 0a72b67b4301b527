"""How long threads have waited for a processor: a machine that is busy with others is no fault of the library's."""

from pathlib import Path

__all__ = ["run_delay", "run_delays", "waited_since"]

_RUN_DELAY = Path("/proc/thread-self/schedstat")
_THREADS = Path("/proc/self/task")


def run_delay():
    """Seconds this thread has waited for a processor so far; 0 where the system does not tell."""
    try:
        return _read(_RUN_DELAY)
    except OSError:
        return 0.0


def run_delays():
    """The same of every thread of the process, by its number."""
    found = {}
    for thread in _THREADS.iterdir() if _THREADS.is_dir() else ():
        try:
            found[thread.name] = _read(thread / "schedstat")
        except OSError:  # it has ended meanwhile
            continue
    return found


def waited_since(before):
    """Seconds that threads have waited since `run_delays` answered ``before``.

    Of all of them: one that holds the interpreter's lock and waits for a processor holds up the others.
    """
    return sum(seconds - before.get(thread, 0.0) for thread, seconds in run_delays().items())


def _read(path):
    return int(path.read_text(encoding="ascii").split()[1]) / 1e9
