"""A day in small: 24 sources of four kinds at a steady rate into one `socterm serve`, seen from outside.

Memory must not grow, nothing may fall behind, and every line sent is stored or counted as dropped.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks.data import quiet_lines
from benchmarks.frame import Figure, Setting
from benchmarks.measure import run, socterm

RATE = 5_000
EACH = 6
KINDS = ("file", "UDP", "TCP", "HTTP")
TICK = 0.1
LOOK = 1.0
PATIENCE = 60.0

MEMORY = 1.10
BEHIND = 2.0
"""Seconds of lines that may be on their way at the end."""

Sends = Callable[[bytes], None]


class Look(NamedTuple):
    """One second: resident memory in MB, lines sent and not stored yet."""

    memory: float
    behind: int


class Sender(threading.Thread):
    """Sends lines to one place, ten times a second."""

    def __init__(self, lines: Sequence[bytes], rate: float, seconds: float, sends: Sends) -> None:
        super().__init__(daemon=True)
        self._lines = lines
        self._rate = rate
        self._seconds = seconds
        self._sends = sends
        self.sent = 0

    def run(self) -> None:
        """Until the time is up."""
        began = time.monotonic()
        while (now := time.monotonic()) < began + self._seconds:
            due = int((now - began) * self._rate) - self.sent
            if due > 0:
                first = self.sent % len(self._lines)
                some = self._lines[first : first + due]
                self._sends(b"".join(some))
                self.sent += len(some)
            time.sleep(TICK)


def mixed(setting: Setting) -> list[Figure]:
    """As many seconds as asked for."""
    folder = setting.folder
    lines = [f"{line}\n".encode() for line in islice(quiet_lines(setting.seed), 100_000)]
    db, logs = folder / "mixed.db", [folder / f"mixed-{number}.log" for number in range(EACH)]
    for log in logs:
        log.touch()
    ports = list(_free(2 * EACH + 1))
    tokens = [_token(db, number) for number in range(EACH)]
    udp, tcp, http = ports[:EACH], ports[EACH : 2 * EACH], ports[-1]
    syslog = [
        f"--syslog={kind}://127.0.0.1:{port}" for kind, of in (("udp", udp), ("tcp", tcp)) for port in of
    ]
    command = socterm("serve", "--db", db, "--listen", f"127.0.0.1:{http}", "-q")
    command += [*syslog, *(part for log in logs for part in ("--tail", log))]
    with subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL) as served:
        try:
            _until_there(http, served)
            places = {
                "file": [_file(log) for log in logs],
                "UDP": [_datagrams(port) for port in udp],
                "TCP": [_stream(port) for port in tcp],
                "HTTP": [_posts(http, token) for token in tokens],
            }
            rate = RATE / (EACH * len(KINDS))
            senders = [
                Sender(lines, rate, setting.seconds, sends) for kind in KINDS for sends in places[kind]
            ]
            looks = _watch(senders, db, served.pid)
            stored = _settle(db, sum(one.sent for one in senders))
        finally:
            served.terminate()
            served.wait(PATIENCE)
    return _figures(senders, looks, stored)


def _figures(senders: list[Sender], looks: list[Look], stored: dict[str, int]) -> list[Figure]:
    quarter = max(1, len(looks) // 4)
    # The first quarter fills caches and windows: it is the second that what comes later is held against.
    early = max(look.memory for look in looks[quarter : 2 * quarter])
    late = max(look.memory for look in looks[-quarter:])
    sent = sum(one.sent for one in senders)
    behind = max(look.behind for look in looks[-quarter:]) / RATE
    note = f"{sent:,} lines of {len(senders)} sources in {len(looks)} s"
    return [
        Figure("memory, last quarter : second", late / early, "×", MEMORY, more=False, note=f"{late:.0f} MB"),
        Figure("behind, last quarter", behind, "s", BEHIND, more=False, note=note),
        Figure("neither stored nor counted", float(abs(sent - sum(stored.values()))), "lines", 0, more=False),
        Figure("dropped and counted", float(stored["drops"]), "lines"),
    ]


def _watch(senders: list[Sender], db: Path, process: int) -> list[Look]:
    for one in senders:
        one.start()
    looks = []
    while any(one.is_alive() for one in senders):
        time.sleep(LOOK)
        sent = sum(one.sent for one in senders)
        looks.append(Look(_memory(process), sent - sum(_stored(db).values())))
    return looks


def _stored(db: Path) -> dict[str, int]:
    """Lines on record, and those that were dropped and counted."""
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as look:
        rows = look.execute("SELECT lines, drops FROM sources").fetchall()
    drops = sum(sum(json.loads(text or "{}").values()) for _, text in rows)
    return {"lines": sum(lines for lines, _ in rows), "drops": drops}


def _settle(db: Path, sent: int) -> dict[str, int]:
    limit = time.monotonic() + PATIENCE
    while sum(_stored(db).values()) < sent and time.monotonic() < limit:
        time.sleep(TICK)
    return _stored(db)


def _memory(process: int) -> float:
    text = Path(f"/proc/{process}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def _free(count: int) -> Iterator[int]:
    """Ports that nobody has, for both kinds."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    for one in held:
        yield one.getsockname()[1]
    for one in held:
        one.close()


def _token(db: Path, number: int) -> str:
    out = run(socterm("tokens", "add", f"sender-{number}", "--scope", "ingest", "--db", db)).out
    return next(word for word in out.split() if word.startswith("soct_"))


def _until_there(port: int, served: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit and served.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(TICK)
    raise RuntimeError("the service never answered")


def _file(log: Path) -> Sends:
    out = log.open("ab", buffering=0)
    return lambda block: void(out.write(block))


def _datagrams(port: int) -> Sends:
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(("127.0.0.1", port))

    def send(block: bytes) -> None:
        for line in block.splitlines():
            out.send(line)

    return send


def _stream(port: int) -> Sends:
    return socket.create_connection(("127.0.0.1", port)).sendall


def _posts(port: int, token: str) -> Sends:
    client = httpx.Client(trust_env=False, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
    url = f"http://127.0.0.1:{port}/api/v1/logs/ingest"

    def send(block: bytes) -> None:
        answer = client.post(url, content=block, headers=headers)
        if answer.status_code != 202:
            raise RuntimeError(f"{answer.status_code}: {answer.text}")

    return send


def void(_written: int | None) -> None:
    """Nothing of what a call gives."""
