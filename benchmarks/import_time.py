"""What it costs to begin: CPU time of ``import mediastreams`` and ``mediastreams --help``, in processes of their own.

Targets: 35 ms beside the bare interpreter, without av and numpy; 100 ms with the interpreter. Beside them the same
for PyAV and aiortc, where they are installed. Run: ``python benchmarks/import_time.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from importlib.util import find_spec

from pairing import compare, main_table

RUNS = 5
READY = "import mediastreams; mediastreams.media_devices.get_user_media"


def run(*arguments: str) -> None:
    for _ in range(RUNS):
        subprocess.run((sys.executable, *arguments), check=True, stdout=subprocess.DEVNULL)


def loaded(statement: str) -> set[str]:
    """Which of the heavy ones are loaded after it."""
    program = f"{statement}; import sys; print(*(sys.modules.keys() & {{'av', 'numpy', 'asyncio'}}))"
    done = subprocess.run((sys.executable, "-c", program), check=True, capture_output=True, text=True)
    return set(done.stdout.split())


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    programs = {
        "the bare interpreter": ("-c", "pass"),
        "import mediastreams": ("-c", "import mediastreams"),
        "mediastreams --help": ("-m", "mediastreams", "--help"),
        "import mediastreams; get_user_media is there": (
            "-c",
            "import mediastreams as m; m.media_devices.get_user_media",
        ),
    }
    for other in ("av", "aiortc"):
        if find_spec(other):
            programs[f"import {other}"] = ("-c", f"import {other}")
    results = compare({name: partial(run, *arguments) for name, arguments in programs.items()})
    bare = results["the bare interpreter"]
    main_table("CPU time of a process", results, per=RUNS, unit="ms", scale=1e3)
    beside = {name: [a - b for a, b in zip(results[name], bare, strict=True)] for name in list(programs)[1:]}
    main_table("the same, less the bare interpreter", beside, per=RUNS, unit="ms", scale=1e3)
    for statement in ("import mediastreams", READY):
        print(f"{statement}: loads {loaded(statement) or 'neither av, numpy nor asyncio'}")
