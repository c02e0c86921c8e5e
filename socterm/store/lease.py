"""Who may ingest into the file: one row that a living process keeps fresh and every commit checks."""

from __future__ import annotations

import os
import secrets
import socket
import sqlite3
from pathlib import Path

import msgspec

from socterm.errors import LeaseHeldError

STALE = 10_000_000
"""µs without a heartbeat after which a holder that cannot be seen to be dead has lost the lease."""


class Holder(msgspec.Struct, frozen=True):
    """A process, so that another one can tell whether it still lives.

    `boot` names the machine's boot and pid namespace: only inside the same one do pids mean anything.
    """

    boot: str
    pid: int
    start: str
    host: str


def this_process() -> Holder:
    """The holder that this process is."""
    return Holder(_boot(), os.getpid(), _start_of(os.getpid()) or "", socket.gethostname())


def _boot() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # no /proc: only the heartbeat tells
        return ""


def _start_of(pid: int) -> str | None:
    """Start time of a process in clock ticks since boot; None where there is none (a zombie counts as none).

    proc(5): field 22 of stat; the name in brackets before it may hold anything.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]


def is_dead(holder: Holder) -> bool:
    """True where that process certainly no longer runs."""
    return bool(holder.boot) and holder.boot == _boot() and _start_of(holder.pid) != holder.start


def take(db: sqlite3.Connection, now: int, me: Holder) -> str:
    """Take the lease inside the caller's transaction; the token that proves it.

    Raises LeaseHeldError naming the process that has it.
    """
    row = db.execute("SELECT boot, pid, start, host, acquired, heartbeat FROM lease").fetchone()
    if row is not None:
        holder, acquired, heartbeat = Holder(*row[:4]), row[4], row[5]
        # A heartbeat from the future is a clock that was set back: as good as none.
        if abs(now - heartbeat) <= STALE and not is_dead(holder):
            raise LeaseHeldError(
                f"another socterm ingests into this store: process {holder.pid} on {holder.host} "
                f"since {_ago(now - acquired)}; stop it, or name another --db",
                f"process {holder.pid} on {holder.host}",
            )
    token = secrets.token_hex(16)
    db.execute(
        "INSERT OR REPLACE INTO lease VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
        (token, me.boot, me.pid, me.start, me.host, now, now),
    )
    return token


def held_by(db: sqlite3.Connection, now: int) -> str:
    """Which living process ingests ("process 12 on web01"); "" where `take` would succeed."""
    row = db.execute("SELECT boot, pid, start, host, heartbeat FROM lease").fetchone()
    if row is None:
        return ""
    holder = Holder(*row[:4])
    gone = abs(now - row[4]) > STALE or is_dead(holder)
    return "" if gone else f"process {holder.pid} on {holder.host}"


def keep(db: sqlite3.Connection, token: str, now: int) -> None:
    """Refresh the heartbeat inside the caller's transaction; LeaseHeldError where somebody else took over."""
    if db.execute("UPDATE lease SET heartbeat = ? WHERE token = ?", (now, token)).rowcount != 1:
        check(db, token)


def check(db: sqlite3.Connection, token: str) -> None:
    """LeaseHeldError where the lease is not, or no longer, the one of this token."""
    row = db.execute("SELECT token, pid, host FROM lease").fetchone()
    if row is None or row[0] != token:
        who = f"process {row[1]} on {row[2]}" if row else "another process"
        raise LeaseHeldError(f"{who} took over ingesting into this store: this one must stop")


def release(db: sqlite3.Connection, token: str) -> None:
    """Give it back, if it is still held."""
    db.execute("DELETE FROM lease WHERE token = ?", (token,))


def _ago(span: int) -> str:
    seconds = max(0, span) // 1_000_000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
