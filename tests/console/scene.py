"""Stores with something in them, written by the real writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from socterm.alerts.model import EpisodeChange, Hit, RuleInfo
from socterm.event import Event
from socterm.pipeline.status import IngestStatus, SourceStatus
from socterm.sigma.model import RuleFate
from socterm.store import open_store
from socterm.store.ingest.batch import Batch, SourceState
from socterm.store.ingest.writer import Writer
from socterm.store.opening import Store

NOW = 1_763_721_727_000_000
"""2025-11-21 10:42:07 UTC."""

SECOND = 1_000_000
LOG = "/var/log/auth.log"
ACTOR = "alice"

_RULES = (
    ("success-after", "SSH login after brute force", "critical",
     "An address that had just failed many logins was let in.",
     "initial_access credential_access t1110 t1078"),
    ("brute", "SSH brute force", "high", "Many failed SSH logins from one address within two minutes.",
     "credential_access t1110.001"),
    ("sudo-root", "Root shell through sudo", "high", "A user opened a root shell with sudo.",
     "privilege_escalation t1548.003"),
    ("enumeration", "User names tried one after the other", "medium",
     "One address tried many user names that do not exist.", "discovery t1087"),
    ("new-user", "Account created", "medium", "A new account was created.", "persistence t1136.001"),
    ("root-login", "Root login by password", "medium", "Root was let in with a password.", "t1078"),
    ("sudoers", "sudo: user not in sudoers", "low", "A user without the right tried sudo.", "t1548.003"),
    ("cron", "Cron job from a writable folder", "low", "Cron ran a program from /dev/shm.", "t1053.003"),
    ("silent", "Log went silent", "informational", "A source that talks wrote nothing.", ""),
)  # fmt: skip
RULES = {
    name: RuleInfo(name, title, level, said, tuple(f"attack.{tag}" for tag in tags.split()))
    for name, title, level, said, tags in _RULES
}

Line = tuple[str, str, str, dict[str, Any]]
"""(host, program, message, further fields)."""

_SHORT = {
    "ip": "source.ip",
    "port": "source.port",
    "user": "user.name",
    "root": "user.effective.name",
    "action": "event.action",
    "outcome": "event.outcome",
    "command": "process.command_line",
}


def line(host: str, program: str, message: str, **fields: Any) -> Line:
    """One log line; fields by their short names."""
    return host, program, message, {_SHORT[name]: value for name, value in fields.items()}


def ssh_failed(user: str, address: str, port: int = 40762, host: str = "web01") -> Line:
    """A wrong password."""
    message = f"Failed password for {user} from {address} port {port} ssh2"
    return line(
        host, "sshd", message, ip=address, port=port, user=user, action="ssh_login", outcome="failure"
    )


class Scene:
    """A store being written: lines first, then the alerts they are evidence of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = Writer.open(path, now=NOW)
        fates = [RuleFate(i.id, i.title, i.level, "active", "", f"rules/{i.id}.yml") for i in RULES.values()]
        self.writer.save_rules(fates, RULES)
        self.event = self.writer.next_event_id - 1
        self.alerts = self.writer.next_alert_id - 1
        self.events: dict[int, Event] = {}

    def lines(self, lines: Sequence[Line], *, until: int = NOW, step: int = SECOND) -> list[int]:
        """Store lines, `step` µs apart, the last one at `until`; their ids."""
        made = []
        for number, (host, program, message, fields) in enumerate(lines):
            self.event += 1
            ts = until - (len(lines) - 1 - number) * step
            raw = f"{host} {program}[{700 + self.event % 300}]: {message}"
            known = {
                "host.hostname": host,
                "process.name": program,
                "process.pid": 700 + self.event % 300,
                "message": message,
            }
            made.append(Event(ts, LOG, self.event - 1, raw, {**known, **fields}, id=self.event))
        self.events |= {event.id: event for event in made}
        self.writer.commit(Batch(events=made, sources=[self._source(until)], now=until))
        return [event.id for event in made]

    def _source(self, newest: int) -> SourceState:
        return SourceState(LOG, self.event, {}, self.event, self.event, newest)

    def several_sources(self) -> None:
        """Three sources: one that is understood, one that is half understood, one that is silent."""
        auth = SourceState(
            LOG, 12_000, {}, 12_000, 11_990, NOW, formats={"sshd": 9_000, "cron": 2_990}, rate=40.0
        )
        web = SourceState(
            "/srv/www/shop/logs/access.log", 800, {}, 800, 500, NOW - 300 * SECOND, late=3,
            drops={"too long": 2}, formats={"web.access": 500}, error="JSON: broken at character 6", rate=2.0,
        )  # fmt: skip
        quiet = SourceState("udp://127.0.0.1:5514", note="nothing heard yet")
        raws = [
            "GET / but in no form that anybody knows",
            '{"broken": [/foo] \x1b[31m',
            "\u202e right to left",
        ]
        made = []
        for number, raw in enumerate(raws):
            self.event += 1
            fields = {"error.message": web.error} if raw.startswith("{") else {}
            made.append(Event(NOW, web.name, number, raw, {"message": raw, **fields}, id=self.event))
        self.events |= {event.id: event for event in made}
        web.samples = [event.id for event in made]
        self.writer.commit(Batch(sources=[auth], now=NOW))
        self.writer.commit(Batch(events=made, sources=[web, quiet], now=NOW))

    def alert(
        self, rule: str, entity: dict[str, str], events: Sequence[int], *, alert: int = 0, now: int = NOW
    ) -> int:
        """One alert, or more evidence for a known one."""
        if not alert:
            self.alerts += 1
            alert = self.alerts
        keys = [(self.events[e].ts, LOG, self.events[e].position, e) for e in events]
        hits = [Hit(ts, source, position, event) for ts, source, position, event in keys]
        change = EpisodeChange(
            alert,
            rule,
            tuple(entity.items()),
            keys[0][:3],
            keys[-1][:3],
            len(hits),
            len(hits),
            now,
            hits,
            alert=alert,
        )
        self.writer.commit(Batch(episodes=[change], now=now))
        return alert

    def flood(self, count: int) -> list[int]:
        """Unremarkable lines, newest now."""
        return self.lines(
            [("db01", "systemd", f"Started Session {n} of user backup.", {}) for n in range(count)], step=1000
        )

    def simple(self, rules: Sequence[str]) -> list[int]:
        """One alert per rule named, each with one event of its own address."""
        out = []
        for number, rule in enumerate(rules):
            address = f"203.0.113.{self.alerts + 1}"
            event = self.lines([ssh_failed(f"user{number}", address)], until=NOW - (number + 1) * 10 * SECOND)
            out.append(self.alert(rule, {"source.ip": address}, event, now=NOW - (number + 1) * SECOND))
        return out

    def many(self, count: int, rule: str = "sudoers") -> list[int]:
        """So many alerts of a rule, one entity each, on one event."""
        event = self.lines([ssh_failed("root", "203.0.113.9")])[0]
        key = (self.events[event].ts, LOG, self.events[event].position)
        made = range(self.alerts + 1, self.alerts + count + 1)
        self.alerts += count
        hits = [Hit(*key, event)]
        changes = [
            EpisodeChange(n, rule, (("user.name", f"u{n}"),), key, key, 1, 1, NOW, hits, alert=n)
            for n in made
        ]
        self.writer.commit(Batch(episodes=changes, now=NOW))
        return list(made)

    def close(self) -> None:
        """Give the lease back."""
        self.writer.close()


class FakeIngest:
    """A pipeline as the header sees it: this one only tells, and calls back when asked to."""

    def __init__(self, **changes: Any) -> None:
        sources = tuple(
            SourceStatus(name, 9, 9, 0, 0, {}, "", False) for name in (LOG, "udp://127.0.0.1:5514")
        )
        values = {
            "mode": "ingesting", "rate": 812.0, "lag": 200_000, "lines": 10_000, "understood": 9_981,
            "backlog": 0, "late": 0, "drops": 0, "sources": sources,
        }  # fmt: skip
        self.value = IngestStatus(**{**values, **changes})
        self.listeners: list[Callable[[], None]] = []

    def status(self) -> IngestStatus:
        return self.value

    def on_commit(self, callback: Callable[[], None]) -> None:
        self.listeners.append(callback)


def opened(path: Path) -> Iterator[Store]:
    """The store of a path, closed afterwards."""
    store = open_store(path)
    yield store
    store.close()
