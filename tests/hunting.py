"""Events, rules and stores for tests of back-tests and hunts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from socterm.event import Event
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.writer import Writer
from socterm.taxonomy.logsources import LOGSOURCES

NOW = 1_795_000_000_000_000
SECOND = 1_000_000
DAY = 86_400 * SECOND
FAILED = """
title: A login that failed
id: 6d1c2a04-1111-4b2b-9c53-000000000001
name: failed_login
status: test
level: low
logsource: {product: linux, service: sshd}
detection:
  selection: {event.action: ssh_login, event.outcome: failure}
  condition: selection
"""
MANY = """
title: Many failed logins
id: 6d1c2a04-1111-4b2b-9c53-000000000002
status: test
level: high
correlation:
  type: event_count
  rules: [failed_login]
  group-by: [source.ip]
  timespan: 2m
  condition: {gte: 5}
"""
NOT_BOB = """
title: Bob forgets his password
id: 6d1c2a04-1111-4b2b-9c53-000000000003
logsource: {product: linux, service: sshd}
filter:
  rules: [failed_login]
  selection: {user.name: bob}
  condition: not selection
"""
FAILED_KEY, MANY_KEY = "6d1c2a04-1111-4b2b-9c53-000000000001", "6d1c2a04-1111-4b2b-9c53-000000000002"


def rules(tmp_path: Path, *texts: str) -> RuleSet:
    folder = tmp_path / "rules"
    folder.mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (folder / f"{number}.yml").write_text(text, encoding="utf-8")
    return load_rules([folder])


def attempt(number: int, ts: int, ip: str, user: str = "root", source: str = "a.log") -> Event:
    """A failed SSH login; the number is its id."""
    message = f"Failed password for {user} from {ip} port 4022 ssh2"
    fields = {
        "event.dataset": "sshd", "event.action": "ssh_login", "event.outcome": "failure",
        "event.category": ("authentication",), "event.type": ("start",), "source.ip": ip, "user.name": user,
        "host.hostname": "web01", "message": message,
    }  # fmt: skip
    return Event(ts, source, number, f"sshd[1]: {message}", fields, LOGSOURCES["sshd"], id=number)


def store_of(path: Path, events: Sequence[Event], size: int = 500) -> Path:
    writer = Writer.open(path, now=NOW)
    for start in range(0, len(events), size):
        writer.commit(Batch(events=list(events[start : start + size]), now=NOW))
    while writer.feed_fts(10_000):
        pass
    writer.close()
    return path
