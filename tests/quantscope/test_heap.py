"""What was freed goes back to the system, whatever stands behind it on the heap."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from quantscope.heap import bound_heap

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))

if sys.argv[1] == "bound":
    assert bound_heap()
# What is freed once teaches the library to map less by itself.
taught = b"x" * (30 * 2**20 + len(sys.argv))
del taught
before = resident()
blocks, behind = [], []
for _ in range(64):
    blocks.append(b"x" * (2**20 + len(sys.argv)))
    behind.append(b"x" * (2**10 + len(sys.argv)))
del blocks
print((resident() - before) // 1024)
"""


def megabytes_kept(how: str) -> int:
    command = [sys.executable, "-c", PROGRAM, how]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.parametrize(("how", "least", "most"), [("bound", -64, 4), ("as it is", 32, 80)])
def test_what_is_freed_stays_only_where_nothing_is_said(how: str, least: int, most: int) -> None:
    assert least <= megabytes_kept(how) <= most
