"""In which order tests run in parallel: those that wait for something real among those that only compute.

Not for: tests that depend on an order; there are none.

Rules of the file: xdist gives each worker a piece of the list, and whoever is done takes from the end of another's. So
each piece gets its share of both kinds, evenly mixed: while one worker waits another computes. What waits longest comes
before the end, where nobody is left to share. The tests of a file that waits stay together: some share fixtures.
"""

from collections import deque
from itertools import groupby

__all__ = ["WAITING", "dealt"]

WAITING = (
    "tests/backends/",
    "tests/cli/",
    "tests/contract/",
    "tests/docs/",
    "tests/recording/test_record_targets.py",
    "tests/recording/test_sending.py",
    "tests/virtual/",
    "tests/webrtc/",
)
"""What talks to processes, devices, servers and networks, in real time."""
_EARLY = 0.85  # of a piece: what waits is in this part of it


def dealt(tests, hands, *, file_of, waits):
    """Order tests for so many workers. ``file_of`` says what stays together, ``waits`` which tests wait."""
    files = [list(group) for _, group in groupby(tests, key=file_of)]
    slow = [file for file in files if waits(file[0])]
    quick = deque(test for file in files if not waits(file[0]) for test in file)
    mixed, left = [], len(tests)
    for hand in range(hands):
        size = left // (hands - hand)
        left -= size
        own = slow[hand::hands]
        room = max(0, size - sum(map(len, own))) if hand < hands - 1 else len(quick)
        mixed += _mixed(own, [quick.popleft() for _ in range(min(room, len(quick)))])
    return mixed


def _mixed(slow, quick):
    """Each slow file, and after it as much of the quick tests as it is of the slow ones."""
    most = round(_EARLY * len(quick))
    many = sum(map(len, slow))
    mixed, done, given = [], 0, 0
    for file in slow:
        mixed += file
        done += len(file)
        upto = most * done // many
        mixed += quick[given:upto]
        given = upto
    return mixed + quick[given:]
