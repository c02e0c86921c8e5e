"""Key to frame on a real pseudo-terminal: a big store, and lines that come in meanwhile."""

from __future__ import annotations

import re
import time
from pathlib import Path

from benchmarks import big
from benchmarks.bench_soak import RATE, Producer
from benchmarks.data import quiet_lines, write_lines
from benchmarks.frame import Figure, Setting
from benchmarks.measure import percentile, socterm
from benchmarks.terminal import Terminal, mentions

ROUNDS = 100
PAUSE = 0.05
"""Seconds between two keys: a person is no machine gun."""

KEYS = (("?", True), ("\x1b", False))
"""Open the help and close it: what each key does shows on the screen, and in no line of a log."""

SEEN = mentions("keys of this screen")


def keys(setting: Setting) -> list[Figure]:
    """From a key to the frame that shows what it did, while lines come in; and what memory that takes."""
    seconds = ROUNDS * 0.5 + 30
    lines = write_lines(setting.folder / "lines.log", int(RATE * seconds) + RATE, quiet_lines(setting.seed))
    log = setting.folder / "keys.log"
    log.touch()
    db = big.copy(setting.events, setting.alerts, setting.folder)
    home = str(setting.folder)
    environ = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
    with Terminal(socterm("--tail", log, "--db", db), environ) as terminal:
        terminal.until(mentions("alerts"))
        producer = Producer(lines, log, seconds)
        producer.start()
        terminal.until(mentions("bench"))
        _idle(terminal, 3.0)
        waits = _pressed(terminal)
        memory = _memory(terminal.pid)
    rate = producer.written / (time.monotonic() - producer.began)
    note = f"{len(waits)} keys, {rate:,.0f} lines/s meanwhile, {setting.events:,} events"
    return [
        Figure("key → frame p50", percentile(waits, 0.5), "ms"),
        Figure("key → frame p99", percentile(waits, 0.99), "ms", 100, more=False, note=note),
        *(Figure(f"memory, {what}", size, "MB", 350, more=False) for what, size in memory.items()),
    ]


def _pressed(terminal: Terminal) -> list[float]:
    waits = []
    for _ in range(ROUNDS):
        for key, opens in KEYS:
            pressed = time.perf_counter()
            terminal.press(key)
            shown = terminal.until(SEEN if opens else (lambda rows: not SEEN(rows)), 10.0)
            waits.append((shown - pressed) * 1000)
            _idle(terminal, PAUSE)
    return waits


def _idle(terminal: Terminal, seconds: float) -> None:
    limit = time.perf_counter() + seconds
    while (left := limit - time.perf_counter()) > 0:
        terminal.look(left)


def _memory(pid: int) -> dict[str, float]:
    """Peak resident memory (MB) of the console and of the ingest process it forked."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = {"console": _peak(pid)}
    if children:
        found["ingest"] = max(_peak(int(child)) for child in children)
    return found


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    said = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    return int(said[1]) / 1024 if said else 0.0
