"""Retention under load: lines come in at a steady rate while the store is held to a size it has long passed.

Seen from outside: the size of the files, and how long nothing was committed while lines came in. A machine
that does other things as well makes gaps of its own: those before the store was full are told too.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.data import quiet_lines, write_lines
from benchmarks.frame import Figure, Setting
from benchmarks.measure import percentile, python, queued, run, socterm

RATE = 5_000
LIMIT = 48 << 20
TICK = 0.02
LOOK = 0.002
ALLOWED = 1.10
STALL = 200.0


class Producer(threading.Thread):
    """Appends the lines of one log to another at a steady rate; `done` is set when the time is up."""

    def __init__(self, lines: Path, log: Path, seconds: float) -> None:
        super().__init__(daemon=True)
        self._lines = lines
        self._log = log
        self._seconds = seconds
        self.written = 0
        self.began = 0.0
        self.done = threading.Event()

    def run(self) -> None:
        """Write a little, fifty times a second."""
        began = self.began = time.monotonic()
        with self._lines.open("rb") as source, self._log.open("ab", buffering=0) as out:
            while (now := time.monotonic()) < began + self._seconds:
                some = [
                    line
                    for _ in range(int((now - began) * RATE) - self.written)
                    if (line := next(source, b""))
                ]
                out.write(b"".join(some))
                self.written += len(some)
                time.sleep(TICK)
        self.done.set()


class Watcher:
    """Looks at a store's files, and whether another process has committed: when, and how big they were."""

    def __init__(self, db: Path) -> None:
        self._path = db
        self._db = sqlite3.connect(f"file:{db}?mode=ro", uri=True, isolation_level=None, timeout=1)
        self._version = -1
        self._last = 0.0
        self.gaps: list[tuple[float, bool]] = []
        self.file = self.log = 0
        self.full = False

    def look(self) -> None:
        """One look; a gap counts as one of a full store once something was deleted."""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return
        now = time.monotonic()
        if self._version >= 0:
            self.gaps.append(((now - self._last) * 1000, self.full))
        self._version, self._last = version, now
        self.file = max(self.file, self._path.stat().st_size)
        wal = self._path.with_name(self._path.name + "-wal")
        self.log = max(self.log, wal.stat().st_size if wal.exists() else 0)
        if not self.full:
            self.full = bool(self._db.execute("SELECT EXISTS (SELECT 1 FROM let_go)").fetchone()[0])


def soak(setting: Setting) -> list[Figure]:
    """As many seconds as asked for, at 5,000 lines a second."""
    lines = write_lines(
        setting.folder / "lines.log", int(RATE * setting.seconds) + RATE, quiet_lines(setting.seed)
    )
    log, db, config = setting.folder / "soak.log", setting.folder / "soak.db", setting.folder / "soak.toml"
    log.touch()
    config.write_text(f'[retention]\nmax_size = "{LIMIT}"\n')
    found = setting.folder / "steps.json"
    arguments = ("run", "-q", "--tail", log, "--db", db, "--config", config)
    command = [str(part) for part in python("-m", "benchmarks.bench_soak", found, *arguments)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=sys.stderr) as ingest:
        try:
            watcher = _first_look(db, ingest)
            producer = Producer(lines, log, setting.seconds)
            producer.start()
            while not producer.done.is_set():
                watcher.look()
                time.sleep(LOOK)
            _until_stored(db, producer.written, watcher)
        finally:
            ingest.terminate()
            ingest.wait(30)
    return [*_sizes(watcher), *_steps(found), *_gaps(watcher), *_content(db, producer.written)]


def _first_look(db: Path, ingest: subprocess.Popen[bytes]) -> Watcher:
    limit = time.monotonic() + 60
    while time.monotonic() < limit and ingest.poll() is None:
        try:
            with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as look:
                if look.execute("SELECT count(*) FROM sources").fetchone()[0]:
                    return Watcher(db)
        except sqlite3.OperationalError:
            pass  # not there yet
        time.sleep(0.05)
    raise RuntimeError("the ingest never opened its store")


def _until_stored(db: Path, written: int, watcher: Watcher) -> None:
    limit = time.monotonic() + 60
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as look:
        while look.execute("SELECT coalesce(sum(lines), 0) FROM sources").fetchone()[0] < written:
            if time.monotonic() > limit:
                raise RuntimeError("the ingest did not keep up")
            watcher.look()
            time.sleep(0.05)


def _sizes(watcher: Watcher) -> list[Figure]:
    note = f"limit {LIMIT >> 20} MiB; log beside it up to {watcher.log / LIMIT:.2f} × the limit"
    return [Figure("file, greatest", watcher.file / LIMIT, "× the limit", ALLOWED, more=False, note=note)]


def _steps(found: Path) -> list[Figure]:
    """How long retention kept the ingest from its lines, step by step."""
    steps = [(took * 1000, max(0.0, took - queued) * 1000) for took, queued in json.loads(found.read_text())]
    if not steps:
        raise RuntimeError("nothing was ever deleted: more --seconds")
    took, ours = [step[0] for step in steps], [step[1] for step in steps]
    note = f"{len(steps):,} steps"
    return [
        Figure("step of retention p99", percentile(took, 0.99), "ms"),
        Figure("step of retention, longest", max(took), "ms"),
        Figure("the same, less waiting for a processor", max(ours), "ms", STALL, more=False, note=note),
    ]


def _gaps(watcher: Watcher) -> list[Figure]:
    full = [gap for gap, was_full in watcher.gaps if was_full]
    before = [gap for gap, was_full in watcher.gaps if not was_full]
    if not full or not before:
        raise RuntimeError("the store never got full: more --seconds")
    note = f"{len(full)} commits; before it was full {max(before):.0f}"
    return [
        Figure("time without a commit p99", percentile(full, 0.99), "ms"),
        Figure("time without a commit, longest", max(full), "ms", note=note),
    ]


def _content(db: Path, written: int) -> list[Figure]:
    """What `db check` finds wrong, such as evidence of an alert that is gone; and whether lines were lost."""
    try:
        run(socterm("db", "check", "--db", db))
        problems = 0.0
    except RuntimeError as error:
        print(error, file=sys.stderr)
        problems = 1.0
    facts = json.loads(run(socterm("db", "info", "--json", "--db", db)).out)
    lost = written - facts["events"] - facts["let_go"]
    note = f"{facts['evidence']:,} lines of evidence kept, {facts['let_go']:,} of {written:,} let go"
    return [
        Figure("lines neither stored nor let go", float(lost), "lines", 0, more=False),
        Figure("stores that are not sound", problems, "stores", 0, more=False, note=note),
    ]


def _probed(found: Path, arguments: list[str]) -> None:
    """`socterm` as it is, with each step of retention that did something measured."""
    from socterm.cli import main
    from socterm.store.keeping.retention import Retention

    steps: list[tuple[float, float]] = []
    step = Retention.step

    def measured(self: Any, now: int) -> bool:
        began, waited = time.perf_counter(), queued()
        worked = step(self, now)
        if worked:
            steps.append((time.perf_counter() - began, queued() - waited))
        return worked

    Retention.step = measured  # type: ignore[method-assign]
    sys.argv = ["socterm", *arguments]
    try:
        main()
    finally:
        found.write_text(json.dumps(steps))


if __name__ == "__main__":
    _probed(Path(sys.argv[1]), sys.argv[2:])
