"""Running something in a process of its own, and what it cost."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a child process used: CPU and wall seconds, peak resident memory in MB; and what it printed."""

    cpu: float
    wall: float
    rss: float
    out: str


def run(command: Sequence[str | Path]) -> Cost:
    """Run to the end and measure. Raises `RuntimeError` with the end of its output where it fails."""
    started = time.perf_counter()
    with subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as child:
        assert child.stdout is not None
        out = child.stdout.read().decode("utf-8", "replace")
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {child.returncode}: {out[-800:]}")
    wall = time.perf_counter() - started
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, out)


def python(*arguments: str | Path) -> list[str | Path]:
    """A command line for this interpreter."""
    return [sys.executable, *arguments]


def socterm(*arguments: str | Path) -> list[str | Path]:
    """A command line for socterm itself, as a user runs it."""
    return [Path(sys.executable).parent / "socterm", *arguments]


def count_lines(path: Path) -> int:
    """Lines of a file."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed (nearest rank).

    >>> percentile([1, 2, 3, 4], 0.5), percentile([5], 0.99)
    (2, 5)
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def queued(pid: int = 0) -> float:
    """Seconds a thread was ready and had no processor, which others had; 0 where nobody counts them.

    This thread, or the first one of another process.
    """
    thread = f"{pid}/task/{pid}" if pid else "thread-self"
    try:
        return int(Path(f"/proc/{thread}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0
