"""Lines per CPU second that the parsers turn into events.

    python benchmarks/bench_parse.py FILE [--lines N] [--check LINES_PER_SECOND]

FILE is any log; a large one (a real log multiplied) gives steadier figures. Each of three passes decodes it
with a fresh decoder, state changes collected after every 2,000 lines as ingest does.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import time
from pathlib import Path

from socterm.event import Chunk
from socterm.parsers import Decoder

BATCH = 2000


def measure(lines: list[bytes], now: int) -> float:
    """One pass over the lines; lines per CPU second."""
    decoder = Decoder("bench")
    chunks = [Chunk("bench", at, lines[at : at + BATCH], {}, now) for at in range(0, len(lines), BATCH)]
    start = time.process_time()
    for chunk in chunks:
        decoder.decode(chunk)
        decoder.changes()
    return len(lines) / (time.process_time() - start)


def main() -> int:
    """Print the best and the median pass; with --check, fail below that figure."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("file", type=Path)
    ap.add_argument("--lines", type=int, default=300_000, help="how many lines to read at most")
    ap.add_argument("--check", type=int, default=0, help="fail when the median is below this")
    args = ap.parse_args()
    lines = args.file.read_bytes().split(b"\n")[: args.lines]
    now = int(args.file.stat().st_mtime * 1_000_000)
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    passes = sorted(measure(lines, now) for _ in range(3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"parse: {len(lines)} lines, median {passes[1]:,.0f}/CPU s, best {passes[2]:,.0f}, peak {peak} MB")
    return 1 if args.check and passes[1] < args.check else 0


if __name__ == "__main__":
    sys.exit(main())
