"""What went wrong with a camera, in the standard's names and with the cure.

Not for: deciding whether to go on (``v4l2_source.py``).
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from mediastreams.errors import DOMException, NotAllowedError, NotFoundError, NotReadableError

__all__ = ["holders", "translate"]


def translate(error: OSError, *, label: str, path: str, proc: str = "/proc") -> DOMException:
    """Turn an error of the operating system into the standard's, keeping ``errno`` where the class has one."""
    number = error.errno or 0
    camera = f"The camera “{label}” ({path})"
    match number:
        case errno.EACCES | errno.EPERM:
            return NotAllowedError(
                f"{camera} may not be opened by this user: add it to the group “video” "
                "(sudo usermod -aG video $USER) and log in again",
                errno=number,
            )
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return NotFoundError(f"{camera} is not there: it was unplugged or its driver was unloaded")
        case errno.EBUSY:
            return NotReadableError(f"{camera} is in use{_by_whom(path, proc)}", errno=number)
        case errno.ENOSPC:
            text = "needs more room than its USB bus has left: plug it into another port, or ask for a smaller size"
        case errno.EPIPE | errno.ENOLINK:
            text = "delivers nothing yet: its media pipeline is not set up (see media-ctl)"
        case errno.ENOMEM:
            text = "has no memory for its buffers: ask for a smaller size"
        case _:
            text = f"failed: {os.strerror(number) if number else error}"
    return NotReadableError(f"{camera} {text}", errno=number or None)


def holders(path: str, proc: str = "/proc") -> list[tuple[int, str]]:
    """Processes that have the device open, as far as this user may see: number and name, our own included."""
    found = []
    for folder in Path(proc).glob("[0-9]*"):
        try:
            if any(str(entry.readlink()) == path for entry in (folder / "fd").iterdir()):
                found.append((int(folder.name), (folder / "comm").read_text(errors="replace").strip()))
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return sorted(found)


def _by_whom(path: str, proc: str) -> str:
    others = holders(path, proc)
    mine = [entry for entry in others if entry[0] == os.getpid()]
    names = ", ".join(f"{name} (process {number})" for number, name in others if number != os.getpid())
    if names:
        return f" by {names}: close that program and try again"
    if mine:
        return " by this program in another form: stop its other tracks first"
    return " by another program: close it and try again"
