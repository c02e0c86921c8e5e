"""Lines per CPU second that the parsers turn into events.

Each pass decodes the log with a fresh decoder; state changes are collected every 2,000 lines, as ingest does.
"""

from __future__ import annotations

import gc
import sys
import time
from itertools import islice
from pathlib import Path

from socterm.event import Chunk
from socterm.parsers import Decoder

from benchmarks.frame import Figure, Setting
from benchmarks.measure import python, run

BATCH = 2000
LINES = 300_000


def measure(lines: list[bytes], now: int) -> float:
    """One pass over the lines; lines per CPU second."""
    decoder = Decoder("bench")
    chunks = [Chunk("bench", at, lines[at : at + BATCH], {}, now) for at in range(0, len(lines), BATCH)]
    start = time.process_time()
    for chunk in chunks:
        decoder.decode(chunk)
        decoder.changes()
    return len(lines) / (time.process_time() - start)


def parse(setting: Setting) -> list[Figure]:
    """Lines to events, in a process of its own: the median of three passes."""
    lines, median, best = run(python("-m", "benchmarks.bench_parse", setting.log())).out.split()
    return [
        Figure("parse", float(median), "lines/CPU s", note=f"{int(lines):,} lines, best {float(best):,.0f}")
    ]


def _child(log: Path) -> None:
    with log.open("rb") as file:
        lines = [line.rstrip(b"\n") for line in islice(file, LINES)]
    now = int(log.stat().st_mtime * 1_000_000)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as `socterm run` does
    passes = sorted(measure(lines, now) for _ in range(3))
    sys.stdout.write(f"{len(lines)} {passes[1]} {passes[2]}\n")


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
