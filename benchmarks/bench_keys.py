"""Key to frame on a real pseudo-terminal: a big store, and lines that come in meanwhile."""

from __future__ import annotations

import re
import time
from pathlib import Path

from benchmarks import big
from benchmarks.bench_soak import RATE, Producer
from benchmarks.data import quiet_lines, write_lines
from benchmarks.frame import Figure, Setting
from benchmarks.measure import percentile, queued, socterm
from benchmarks.terminal import Terminal, mentions

ROUNDS = 60
PAUSE = 0.07
"""Seconds between two keys: a person is no machine gun."""

KEYS = (
    ("down the alerts", "j", "▌"),
    ("up the alerts", "k", "▌"),
    ("open the help", "?", "Keys"),
    ("close the help", "q", "answers from"),
)
"""What is done, its key, and what is written then: the row of the cursor, the help's title, what it covered.

An emulator in Python would be slower than what it looks at: the bytes themselves are looked for.
"""


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
        terminal.drain(5.0)
        found = _pressed(terminal)
        memory = _memory(terminal.pid)
    rate = producer.written / min(seconds, time.monotonic() - producer.began)
    note = f"{ROUNDS} times, {rate:,.0f} lines/s meanwhile, {setting.events:,} events"
    return [
        *(figure for name, waits in found.items() for figure in _figures(name, waits, note)),
        *(Figure(f"memory, {what}", size, "MB", 350, more=False) for what, size in memory.items()),
    ]


def _figures(name: str, waits: list[tuple[float, float]], note: str) -> list[Figure]:
    took, ours = [wait[0] for wait in waits], [wait[1] for wait in waits]
    note = f"p50 {percentile(took, 0.5):.0f}; {note}"
    return [
        Figure(f"{name}, key → frame p99", percentile(took, 0.99), "ms", 100, more=False, note=note),
        Figure("the same, less waiting for a processor", percentile(ours, 0.99), "ms"),
    ]


def _pressed(terminal: Terminal) -> dict[str, list[tuple[float, float]]]:
    """(ms, the same less what the console and this process waited for a processor), by what was done."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in KEYS}
    for _ in range(ROUNDS):
        for name, key, text in KEYS:
            queue, pressed = queued() + queued(terminal.pid), time.perf_counter()
            terminal.press(key)
            took = terminal.until_written(text) - pressed
            queue = queued() + queued(terminal.pid) - queue
            found[name].append((took * 1000, max(0.0, took - queue) * 1000))
            terminal.drain(PAUSE)
    return found


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
