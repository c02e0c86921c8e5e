"""The store by itself: rows a CPU second with and without full text, bytes on disk, reads of a pane.

The events are made here: lines of about 110 bytes like an auth.log under attack, with what our parsers say of
them. Rates are per CPU second of the writing alone and include checkpoints.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from socterm.event import Event
from socterm.query import parse
from socterm.store import open_store
from socterm.store.ingest.batch import Batch, SourceState
from socterm.store.ingest.writer import Writer
from socterm.taxonomy import ACTIONS

from benchmarks.frame import Figure, Setting

START = 1_795_000_000_000_000
BATCH = 2_000
FTS_STEP = 20_000
LINES_OF_ONE = 8
"""Lines in a row that tell of one address: two attempts."""
USERS = ("root", "admin", "test", "oracle", "postgres", "git", "ubuntu", "deploy")

LOGIN = "Failed password for {user} from {ip} port {port} ssh2"
GONE = "Received disconnect from {ip} port {port}:11: Normal Shutdown, Thank you for playing [preauth]"
PAM = "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip}"
SESSION = "pam_unix(cron:session): session opened for user {user}(uid=0) by (uid=0)"
TEMPLATES: tuple[tuple[str, str, str, str | None, bool], ...] = (
    (LOGIN, "sshd", "ssh_login", "failure", True),
    (GONE, "sshd", "ssh_disconnect", None, True),
    (PAM, "sshd", "pam_login", "failure", True),
    (SESSION, "CRON", "session_opened", None, False),
)


def events(count: int) -> Iterator[list[Event]]:
    """Batches of events, made as they are asked for."""
    batch: list[Event] = []
    for n in range(count):
        template, process, action, outcome, remote = TEMPLATES[n % len(TEMPLATES)]
        spread = n // LINES_OF_ONE * 2_654_435_761 % 4_294_967_296
        ip = f"203.0.{spread >> 8 & 15}.{spread >> 16 & 255}"
        user, port, pid = USERS[spread >> 3 & 7], 1024 + (spread >> 5) % 60_000, 1000 + n % 30_000
        message = template.format(user=user, ip=ip, port=port)
        fields: dict[str, Any] = {
            "host.hostname": "ip-10-77-20-248", "process.name": process, "process.pid": pid,
            "user.name": user, "event.action": action, "message": message,
            "event.category": ACTIONS[action].category, "event.type": ACTIONS[action].type,
        }  # fmt: skip
        if remote:
            fields["source.ip"] = ip
            fields["source.port"] = port
        if outcome:
            fields["event.outcome"] = outcome
        stamp = time.strftime("%b %e %H:%M:%S", time.gmtime((START + n * 300_000) // 1_000_000))
        raw = f"{stamp} ip-10-77-20-248 {process}[{pid}]: {message}"
        batch.append(Event(START + n * 300_000, "/var/log/auth.log", n, raw, fields, id=n + 1))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def fill(path: Path, count: int, *, full_text: bool) -> dict[str, float]:
    """Write the events; what it cost."""
    writer = Writer.open(path, now=START)
    spent = fts = 0.0
    raw = pending = 0
    for batch in events(count):
        raw += sum(len(event.raw) + 1 for event in batch)
        state = SourceState("/var/log/auth.log", position=batch[-1].position + 1)
        began = time.process_time()
        writer.commit(Batch(events=batch, sources=[state], now=START))
        spent += time.process_time() - began
        pending += len(batch)
        if full_text and pending >= FTS_STEP:
            began = time.process_time()
            pending -= writer.feed_fts(FTS_STEP)
            fts += time.process_time() - began
    while full_text and writer.feed_fts(FTS_STEP):
        pass
    writer.close()
    return {
        "rate": count / (spent + fts),
        "bytes": path.stat().st_size,
        "raw": raw,
        "fts": fts / (spent + fts),
    }


def best(times: int, call: Callable[[], object]) -> float:
    """Milliseconds of the fastest of some calls."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return min(found) * 1000


def reads(path: Path, count: int) -> list[tuple[str, float]]:
    """What a pane asks for, in ms."""
    end = START + count * 300_000
    with open_store(path, readonly=True) as store:
        ask = {
            text: parse(text, now=end)
            for text in ("source.ip:203.0.7.77", "disconnect", "203.0.7.77", "root")
        }
        quiet = parse("user.name:nobody", now=end)
        return [
            ("last 200", best(20, store.events.page)),
            ("200 in the middle", best(20, lambda: store.events.page(before=count // 2))),
            *(
                (f"200 of {text}", best(5, lambda q=query: store.events.page(q)))
                for text, query in ask.items()
            ),
            ("none of user.name:nobody", best(5, lambda: store.events.page(quiet))),
            ("histogram, 60 bars of all", best(5, lambda: store.events.histogram(START, end, 60))),
            ("count of all", best(5, store.events.count)),
            ("top 10 source.ip", best(1, lambda: store.events.count_by("source.ip", limit=10))),
        ]  # type: ignore[misc]


def store(setting: Setting) -> list[Figure]:
    """Writing as many events as there are lines asked for, and reading them as a pane does."""
    found = []
    for name, full_text, bar in (("without full text", False, 100_000), ("with full text", True, 60_000)):
        path = setting.folder / f"store-{full_text}.db"
        got = fill(path, setting.lines, full_text=full_text)
        found += [
            Figure(f"write {name}", got["rate"], "events/CPU s", bar, note=f"full text {got['fts']:.0%}"),
            Figure(f"disk {name}", got["bytes"] / got["raw"], "× raw", 4, more=False),
        ]
    return [*found, *(Figure(f"read {name}", ms, "ms") for name, ms in reads(path, setting.lines))]
