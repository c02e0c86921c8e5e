"""Running socterm as a person or a service manager would: as a process, by its command line."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

SOCTERM = [sys.executable, "-m", "socterm"]

_KEPT = ("PATH", "LANG", "LC_ALL", "TERM", "PYTHONPATH", "PYTHONPYCACHEPREFIX", "XDG_CACHE_HOME")


def environment(home: Path) -> dict[str, str]:
    """An environment in which nothing of this machine's user configures socterm."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "HOME": str(home), "TZ": "UTC"}


def socterm(*arguments: object, home: Path, check: bool = True, stdin: bytes | None = None) -> str:
    """Run a command to its end; its standard output."""
    done = subprocess.run(
        [*SOCTERM, *map(str, arguments)], env=environment(home), input=stdin, capture_output=True, check=False
    )
    if check and done.returncode:
        said = f"{done.stderr.decode()}{done.stdout.decode()[-2000:]}"
        raise AssertionError(f"{arguments}: exit {done.returncode}\n{said}")
    return done.stdout.decode("utf-8", "surrogateescape")


def start(*arguments: object, home: Path) -> subprocess.Popen[bytes]:
    """Start `socterm run …` and leave it running."""
    return subprocess.Popen(
        [*SOCTERM, "run", *map(str, arguments)], env=environment(home), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


@contextmanager
def running(*arguments: object, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`socterm run …` for the length of the block, ended as a service manager ends it."""
    process = start(*arguments, home=home)
    try:
        yield process
    finally:
        stop(process)


@contextmanager
def killed(process: subprocess.Popen[Any]) -> Iterator[subprocess.Popen[Any]]:
    """A process for the length of the block; what still runs then is killed."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and wait."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for a condition; fails naming it."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.05)


def lines_stored(db: Path, home: Path) -> int:
    """Lines over all sources of a store; 0 where there is none yet.

    Asked again and again while something else works, so it asks the file: a process for each answer would
    take the processor away from what is waited for.
    """
    try:
        with closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as store:
            return int(store.execute("SELECT coalesce(sum(lines), 0) FROM sources").fetchone()[0])
    except sqlite3.OperationalError:  # not there yet, being made, or on a disk without room to read it so
        return lines_listed(db, home)


def lines_listed(db: Path, home: Path) -> int:
    """The same as `socterm sources list` tells it."""
    if not db.exists():
        return 0
    rows = socterm("sources", "list", "--json", "--db", db, home=home, check=False).splitlines()
    return sum(json.loads(row)["lines"] for row in rows)


def alerts(db: Path, home: Path) -> list[dict]:
    """All alerts of a store."""
    rows = socterm("alerts", "list", "--all", "--json", "--db", db, home=home).splitlines()
    return [json.loads(row) for row in rows]


def canonical(db: Path, home: Path) -> list[str]:
    """The store's content in comparable form."""
    return socterm("db", "canonical", "--db", db, home=home).splitlines()


def same(found: list[str], expected: list[str]) -> None:
    """Two canonical dumps are equal; shows the first difference, not megabytes."""
    if found == expected:
        return
    for n, (one, two) in enumerate(zip(found, expected, strict=False)):
        if one != two:
            raise AssertionError(f"line {n} differs:\n  found    {one[:600]}\n  expected {two[:600]}")
    raise AssertionError(f"{len(found)} lines found, {len(expected)} expected")
