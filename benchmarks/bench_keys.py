"""Key to frame on a real pseudo-terminal: a big store, and lines that come in meanwhile."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import big
from benchmarks.bench_soak import RATE, Producer
from benchmarks.data import quiet_lines, write_lines
from benchmarks.frame import Figure, Setting
from benchmarks.measure import percentile, queued, socterm
from benchmarks.terminal import Terminal, mentions

ROUNDS = 60
PAUSE = 0.05
"""Seconds between two keys: a person is no machine gun."""

HELP = mentions("─ keys ─")


def _cursor(rows: list[str]) -> int:
    """The row of the alert that the cursor is on."""
    return next((number for number, row in enumerate(rows) if "▌" in row), -1)


def keys(setting: Setting) -> list[Figure]:
    """From a key to the frame that shows what it did, while lines come in; and what memory that takes."""
    seconds = ROUNDS * 0.8 + 30
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
    rate = producer.written / min(seconds, time.monotonic() - producer.began)
    took, ours = [wait[0] for wait in waits], [wait[1] for wait in waits]
    note = f"{len(waits)} keys, {rate:,.0f} lines/s meanwhile, {setting.events:,} events"
    return [
        Figure("key → frame p50", percentile(took, 0.5), "ms"),
        Figure("key → frame p99", percentile(took, 0.99), "ms", 100, more=False, note=note),
        Figure("the same, less waiting for a processor", percentile(ours, 0.99), "ms"),
        *(Figure(f"memory, {what}", size, "MB", 350, more=False) for what, size in memory.items()),
    ]


def _pressed(terminal: Terminal) -> list[tuple[float, float]]:
    """Open the help and close it, go down the alerts and up again: what each does shows on the screen.

    (ms, the same less what the console and this process waited for a processor) of each key.
    """
    waits = []
    for _ in range(ROUNDS):
        for key, seen in (("?", HELP), ("q", _not(HELP)), ("j", _moved), ("k", _moved)):
            before = terminal.text
            pressed = time.perf_counter()
            terminal.press(key)
            queue = queued() + queued(terminal.pid)
            shown = terminal.until(partial(seen, before=before) if seen is _moved else seen, 10.0)
            queue = queued() + queued(terminal.pid) - queue
            waits.append(((shown - pressed) * 1000, max(0.0, shown - pressed - queue) * 1000))
            _idle(terminal, PAUSE)
    return waits


def _not(seen: Callable[[list[str]], bool]) -> Callable[[list[str]], bool]:
    return lambda rows: not seen(rows)


def _moved(rows: list[str], before: list[str]) -> bool:
    return _cursor(rows) != _cursor(before)


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
