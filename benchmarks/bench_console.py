"""The console: first frame, how long its event loop is held up, a line written to an alert on the screen."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.data import story_lines
from benchmarks.frame import Figure, Setting
from benchmarks.measure import count_lines, percentile, python, queued, run, socterm
from benchmarks.terminal import Terminal, mentions

SETTLE = 1.0
"""Seconds after the first frame in which the loop is not judged: the screen is being built."""

LOOK = 0.5
"""Seconds between two looks whether all lines are stored."""

ATTACKS = 40
RATE = 1000


def start(_setting: Setting) -> list[Figure]:
    """How long `--help` takes: the best of five, because the first fills the disk cache."""
    walls = [run(socterm("--help")).wall for _ in range(5)]
    return [Figure("socterm --help", min(walls), "s", 0.4, more=False)]


def first_frame(setting: Setting) -> list[Figure]:
    """From the call to a screen with its panes, on a small log and a new store."""
    waits = []
    for number in range(3):
        db = setting.folder / f"frame-{number}.db"
        with Terminal(socterm("--tail", setting.log(1000), "--db", db), _home(setting)) as terminal:
            waits.append(terminal.until(mentions("alerts")) - terminal.started)
    return [Figure("first frame", min(waits), "s", 1.5, more=False)]


def loop_lag(setting: Setting) -> list[Figure]:
    """How late the event loop comes back from a 5 ms sleep while ingest runs flat out.

    It is the console as it is called, with a probe on its loop. What comes before the first second and after
    the last line is not judged: the screen is being built, or the console is being left.
    """
    log, db, found = setting.log(), setting.folder / "lag.db", setting.folder / "lag.json"
    wanted = count_lines(log)
    command = python("-m", "benchmarks.bench_console", found, "--tail", log, "--from-start", "--db", db)
    with Terminal(command, _home(setting)) as terminal:
        terminal.until(mentions("alerts"))
        while (stored := _stored(db)) < wanted:
            done, until = stored, time.monotonic()
            if not terminal.drain(LOOK):
                raise RuntimeError("the console ended early")
        terminal.press("\x11")  # ^q: leave, so that the probe writes down what it saw
        terminal.wait()
    samples = [sample for sample in json.loads(found.read_text()) if sample[0] <= until]
    lags, lasted = [lag for _, lag, _ in samples], until - samples[0][0]
    ours = [max(0.0, lag - queued) for _, lag, queued in samples]
    note = f"{len(lags)} samples in {lasted:.0f} s, some {done / lasted:,.0f} lines/s beside them"
    return [
        Figure("loop lag p99", percentile(lags, 0.99) * 1000, "ms", 30, more=False, note=note),
        Figure("loop lag max", max(lags) * 1000, "ms", 120, more=False),
        Figure("loop lag p99, less waiting for a processor", percentile(ours, 0.99) * 1000, "ms"),
        Figure("loop lag max, less waiting for a processor", max(ours) * 1000, "ms"),
    ]


def line_to_alert(setting: Setting) -> list[Figure]:
    """At 1,000 lines/s: from the sixth wrong password in the file to its alert on the screen."""
    log, db = setting.folder / "live.log", setting.folder / "live.db"
    log.touch()
    waits = []
    with Terminal(socterm("--tail", log, "--db", db), _home(setting)) as terminal, log.open("a") as out:
        terminal.until(mentions("alerts"))
        noise = (line for line in story_lines(setting.seed) if "CRON" in line or "systemd" in line)
        for number in range(ATTACKS):
            until = time.perf_counter() + 0.25
            while time.perf_counter() < until:
                out.writelines(_now(next(noise)) for _ in range(RATE // 100))
                out.flush()
                terminal.look(0.01)
            address = f"198.18.{200 + number // 200}.{10 + number}"
            attack = "sshd[{}]: Failed password for root from {} port 40000 ssh2"
            out.writelines(_now("- host " + attack.format(9000 + 10 * number + n, address)) for n in range(6))
            out.flush()
            written = time.perf_counter()
            waits.append((terminal.until(mentions(address, "brute"), 20.0) - written) * 1000)
            terminal.press("g")  # back to the top: the cursor stays on its alert, new ones go above it
    note = f"{len(waits)} attacks"
    return [
        Figure("line → alert on screen p50", percentile(waits, 0.5), "ms"),
        Figure("line → alert on screen p99", percentile(waits, 0.99), "ms", 500, more=False, note=note),
    ]


def _now(line: str) -> str:
    """The line with the present moment as its stamp."""
    return f"{datetime.now(UTC).isoformat(timespec='microseconds')} {line.split(' ', 1)[1]}\n"


def _home(setting: Setting) -> dict[str, str]:
    home = str(setting.folder)
    return {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}


def _stored(db: Path) -> int:
    try:
        with sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=5) as connection:
            return int(connection.execute("SELECT coalesce(sum(lines), 0) FROM sources").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _probed(found: Path, arguments: list[str]) -> None:
    """The console as it is, with a task beside it that measures its loop."""
    from socterm.cli import main
    from socterm.console.app import SoctermApp

    lags: list[tuple[float, float, float]] = []
    build = SoctermApp.on_mount

    async def sample() -> None:
        await asyncio.sleep(SETTLE)
        while True:
            before, waited = time.monotonic(), queued()
            await asyncio.sleep(0.005)
            after = time.monotonic()
            lags.append((after, after - before - 0.005, queued() - waited))

    def on_mount(self: Any) -> None:
        build(self)
        self._probe = asyncio.get_running_loop().create_task(sample())

    SoctermApp.on_mount = on_mount  # type: ignore[method-assign]
    sys.argv = ["socterm", *arguments]
    try:
        main()
    finally:
        found.write_text(json.dumps(lags))


if __name__ == "__main__":
    _probed(Path(sys.argv[1]), sys.argv[2:])
