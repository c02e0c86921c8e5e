"""Single rooms of the road as figures of the frame; each can be run by itself for more detail."""

from __future__ import annotations

import gc
from itertools import islice

from benchmarks import bench_parse, bench_sources, bench_store
from benchmarks.frame import Figure, Setting

LINES = 300_000


def parse(setting: Setting) -> list[Figure]:
    """Lines to events: the median of three passes."""
    log = setting.log()
    with log.open("rb") as file:
        lines = [line.rstrip(b"\n") for line in islice(file, LINES)]
    gc.freeze()
    passes = sorted(bench_parse.measure(lines, int(log.stat().st_mtime * 1_000_000)) for _ in range(3))
    return [Figure("parse", passes[1], "lines/CPU s", note=f"{len(lines):,} lines")]


def store(setting: Setting) -> list[Figure]:
    """Events to rows, with and without full text, and what a pane asks for."""
    plain = bench_store.fill(setting.folder / "plain.db", LINES, full_text=False)
    full = bench_store.fill(setting.folder / "full.db", LINES, full_text=True)
    reads = bench_store.reads(setting.folder / "full.db", LINES)
    return [
        Figure("store without full text", plain["rate"], "events/CPU s", 100_000),
        Figure("store with full text", full["rate"], "events/CPU s", 60_000),
        Figure("store, disk", full["bytes"] / full["raw"], "× raw", 4, more=False),
        *(Figure(f"read {name}", spent, "ms") for name, spent in reads),
    ]


def sources(setting: Setting) -> list[Figure]:
    """Reading alone: files, pipes, datagrams beside a busy thread."""
    folder = setting.folder
    wakes = bench_sources.latency(folder, 200)
    loss, _ = bench_sources.udp_loss(50_000, 3.0, busy=True)
    return [
        Figure("file", bench_sources.file_rate(folder, 1_000_000), "lines/CPU s", 1_500_000),
        Figure("stdin", bench_sources.stdin_rate(folder), "lines/CPU s"),
        Figure(
            "file, one line a read", bench_sources.small_append_rate(folder, 20_000), "lines/CPU s", 20_000
        ),
        Figure("file, line → chunk p50", wakes["latency p50 ms"], "ms"),
        Figure("following a silent file", bench_sources.idle_cost(folder, 3.0), "% of a CPU"),
        Figure("UDP at 50,000/s, lost", loss, "%", 0, more=False, note="beside a busy thread"),
    ]
