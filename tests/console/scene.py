"""Stores with a story in them, written by the real writer, and a way to drive the console by keys alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

from socterm.alerts.model import EpisodeChange, Hit, RuleInfo
from socterm.console.app import SoctermApp
from socterm.event import Event
from socterm.pipeline.status import IngestStatus, SourceStatus
from socterm.sigma.model import RuleFate
from socterm.store import open_store
from socterm.store.batch import Batch, SourceState
from socterm.store.opening import Store
from socterm.store.writer import Writer
from textual.pilot import Pilot

NOW = 1_763_721_727_000_000
"""2025-11-21 10:42:07 UTC."""

SECOND = 1_000_000
LOG = "/var/log/auth.log"
ACTOR = "alice"

RULES = {
    info.id: info
    for info in (
        RuleInfo(
            "success-after", "SSH login after brute force", "critical",
            "An address that had just failed many logins was let in.",
            ("attack.initial_access", "attack.credential_access", "attack.t1110", "attack.t1078"),
        ),
        RuleInfo(
            "brute", "SSH brute force", "high", "Many failed SSH logins from one address within two minutes.",
            ("attack.credential_access", "attack.t1110.001"),
        ),
        RuleInfo(
            "sudo-root", "Root shell through sudo", "high", "A user opened a root shell with sudo.",
            ("attack.privilege_escalation", "attack.t1548.003"),
        ),
        RuleInfo(
            "enumeration", "User names tried one after the other", "medium",
            "One address tried many user names that do not exist.", ("attack.discovery", "attack.t1087"),
        ),
        RuleInfo("new-user", "Account created", "medium", "A new account was created.", ("attack.persistence", "attack.t1136.001")),
        RuleInfo("root-login", "Root login by password", "medium", "Root was let in with a password.", ("attack.t1078",)),
        RuleInfo("sudoers", "sudo: user not in sudoers", "low", "A user without the right tried sudo.", ("attack.t1548.003",)),
        RuleInfo("cron", "Cron job from a writable folder", "low", "Cron ran a program from /dev/shm.", ("attack.t1053.003",)),
        RuleInfo("silent", "Log went silent", "informational", "A source that talks wrote nothing.", ()),
    )
}  # fmt: skip

Line = tuple[str, str, str, dict[str, Any]]
"""(host, program, message, further fields)."""


def ssh_failed(user: str, address: str, port: int = 40762, host: str = "web01") -> Line:
    """A wrong password."""
    return (
        host, "sshd", f"Failed password for {user} from {address} port {port} ssh2",
        {"source.ip": address, "source.port": port, "user.name": user, "event.action": "ssh_login", "event.outcome": "failure"},
    )  # fmt: skip


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

    def close(self) -> None:
        """Give the lease back."""
        self.writer.close()


def busy(scene: Scene) -> None:
    """An attack story and the noise around it: what the picture in the README shows."""
    noise: list[Line] = [
        ("web01", "CRON", "pam_unix(cron:session): session opened for user www-data(uid=33)", {"user.name": "www-data", "event.action": "session_opened"}),
        ("db01", "systemd", "Started Session 8812 of user backup.", {}),
        ("web01", "CRON", "pam_unix(cron:session): session closed for user www-data", {"user.name": "www-data", "event.action": "session_closed"}),
        ("db01", "sshd", "Accepted publickey for backup from 10.1.4.20 port 50022 ssh2: ED25519", {"source.ip": "10.1.4.20", "user.name": "backup", "event.action": "ssh_login", "event.outcome": "success"}),
        ("db01", "systemd-logind", "New session 8813 of user backup.", {"user.name": "backup"}),
        ("db01", "sshd", "Received disconnect from 10.1.4.20 port 50022:11: disconnected by user", {"source.ip": "10.1.4.20", "event.action": "ssh_disconnect"}),
        ("web02", "dhclient", "DHCPACK of 10.1.4.31 from 10.1.4.1", {}),
    ]  # fmt: skip
    minute = 60 * SECOND
    for ago in range(15, 4, -1):
        scene.lines(
            [noise[(n * 3 + ago) % len(noise)] for n in range(4 + ago % 4 * 3)],
            until=NOW - ago * minute,
            step=4 * SECOND,
        )
    names = ["admin", "oracle", "postgres", "git", "test", "ubuntu", "deploy", "jenkins"]
    enum = scene.lines(
        [("web01", "sshd", f"Invalid user {names[n % 8]} from 198.51.100.23 port {51000 + n}", {"source.ip": "198.51.100.23", "user.name": names[n % 8], "event.action": "ssh_login", "event.outcome": "failure"}) for n in range(24)],
        until=NOW - 11 * minute, step=2 * SECOND,
    )  # fmt: skip
    mail = scene.lines(
        [
            (
                "web02",
                "sudo",
                "carol : user NOT in sudoers ; TTY=pts/3 ; PWD=/home/carol ; USER=root ; COMMAND=/bin/cat /etc/shadow",
                {"user.name": "carol", "event.action": "sudo_denied", "event.outcome": "failure"},
            )
        ],
        until=NOW - 9 * minute,
    )
    cron = scene.lines(
        [
            (
                "web02",
                "CRON",
                "(www-data) CMD (/dev/shm/.x/run.sh)",
                {"user.name": "www-data", "process.command_line": "/dev/shm/.x/run.sh"},
            )
        ]
        * 2,
        until=NOW - 7 * minute,
        step=minute,
    )
    rootpw = scene.lines(
        [
            (
                "db02",
                "sshd",
                "Accepted password for root from 192.0.2.44 port 52514 ssh2",
                {
                    "source.ip": "192.0.2.44",
                    "user.name": "root",
                    "event.action": "ssh_login",
                    "event.outcome": "success",
                },
            )
        ],
        until=NOW - 6 * minute,
    )
    users = ["root", "root", "admin", "root", "ubuntu", "root"]
    brute = scene.lines(
        [ssh_failed(users[n % 6], "203.0.113.9", 40700 + 2 * n) for n in range(118)],
        until=NOW - 62 * SECOND,
        step=900_000,
    )
    win = scene.lines(
        [
            ("web01", "sshd", "Accepted password for root from 203.0.113.9 port 40990 ssh2", {"source.ip": "203.0.113.9", "source.port": 40990, "user.name": "root", "event.action": "ssh_login", "event.outcome": "success"}),
            ("web01", "sshd", "pam_unix(sshd:session): session opened for user root(uid=0)", {"user.name": "root", "event.action": "session_opened"}),
        ], until=NOW - 58 * SECOND,
    )  # fmt: skip
    scene.lines([noise[n % len(noise)] for n in range(9)], until=NOW - 31 * SECOND, step=3 * SECOND)
    shell = scene.lines(
        [
            (
                "web01",
                "sudo",
                "deploy : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/bash",
                {
                    "user.name": "deploy",
                    "user.effective.name": "root",
                    "process.command_line": "/bin/bash",
                    "event.action": "sudo_command",
                },
            )
        ],
        until=NOW - 24 * SECOND,
    )
    added = scene.lines(
        [
            (
                "web01",
                "useradd",
                "new user: name=svc-cache, UID=1004, GID=1004, home=/home/svc-cache, shell=/bin/bash",
                {"user.name": "svc-cache", "event.action": "user_created"},
            )
        ],
        until=NOW - 18 * SECOND,
    )
    scene.lines([noise[(n * 2) % len(noise)] for n in range(8)], until=NOW, step=2 * SECOND)
    minutes = {"silent": 8, "cron": 7, "sudoers": 9, "root-login": 6, "enumeration": 11, "brute": 2}
    at = {rule: NOW - ago * minute for rule, ago in minutes.items()}
    scene.alert("silent", {"host.hostname": "fw-edge"}, [cron[0]], now=at["silent"])
    scene.alert("cron", {"user.name": "www-data", "host.hostname": "web02"}, cron, now=at["cron"])
    scene.alert("sudoers", {"user.name": "carol", "host.hostname": "web02"}, mail, now=at["sudoers"])
    scene.alert("root-login", {"source.ip": "192.0.2.44", "user.name": "root"}, rootpw, now=at["root-login"])
    scene.alert("enumeration", {"source.ip": "198.51.100.23"}, enum, now=at["enumeration"])
    scene.alert("brute", {"source.ip": "203.0.113.9"}, brute, now=at["brute"])
    scene.alert(
        "new-user", {"user.name": "svc-cache", "host.hostname": "web01"}, added, now=NOW - 17 * SECOND
    )
    scene.alert("sudo-root", {"user.name": "deploy", "host.hostname": "web01"}, shell, now=NOW - 23 * SECOND)
    scene.alert(
        "success-after",
        {"source.ip": "203.0.113.9", "user.name": "root"},
        [*brute[-40:], win[0]],
        now=NOW - 57 * SECOND,
    )


class FakeIngest:
    """A pipeline as the header sees it: this one only tells, and calls back when asked to."""

    def __init__(self, **changes: Any) -> None:
        sources = tuple(
            SourceStatus(name, 9, 9, 0, 0, {}, "", False) for name in (LOG, "udp://127.0.0.1:5514")
        )
        values = {
            "mode": "ingesting", "rate": 812.0, "lag": 200_000, "lines": 10_000, "understood": 9_981, "backlog": 0,
            "late": 0, "drops": 0, "sources": sources,
        }  # fmt: skip
        self.value = IngestStatus(**{**values, **changes})
        self.listeners: list[Callable[[], None]] = []

    def status(self) -> IngestStatus:
        return self.value

    def on_commit(self, callback: Callable[[], None]) -> None:
        self.listeners.append(callback)


def console(store: Store, **options: Any) -> SoctermApp:
    """The console on a store, at a fixed time in a fixed zone."""
    return SoctermApp(
        store,
        options.pop("analyst", None),
        options.pop("ingest", None),
        actor=ACTOR,
        clock=lambda: NOW,
        tz=UTC,
        **options,
    )


class Driver:
    """Presses keys and looks at the screen, as a person would."""

    def __init__(self, app: SoctermApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys; single words are typed letter by letter with `type`."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text."""
        names = {
            " ": "space",
            "/": "slash",
            ":": "colon",
            ".": "full_stop",
            "(": "left_parenthesis",
            "-": "minus",
        }
        await self.pilot.press(*[names.get(char, char) for char in text])

    def rows(self) -> list[str]:
        """What stands on the screen, line by line."""
        return [
            "".join(segment.text for segment in line) for line in self.app.screen._compositor.render_strips()
        ]

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self.rows())

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        """Wait until something holds, by letting the app work."""
        for _ in range(400):
            if condition():
                await self.pilot.pause()
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"never came: {what or condition}\n{self.text()}")

    async def sees(self, *texts: str) -> None:
        """Wait until all these texts are on the screen."""
        await self.until(lambda: all(text in self.text() for text in texts), f"on screen: {texts}")

    async def settled(self) -> None:
        """Wait until nothing is being read any more."""
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    @property
    def alerts(self) -> list[int]:
        """The ids in the alert list."""
        return list(self.app.triage.alerts.ids)

    @property
    def cursor(self) -> int:
        """The alert under the cursor."""
        return self.app.triage.alerts.cursor


@asynccontextmanager
async def driven(app: SoctermApp, size: tuple[int, int] = (160, 50)) -> AsyncIterator[Driver]:
    """The console running without a terminal."""
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        await driver.until(lambda: isinstance(app.screen, type(app.triage)), "the Triage screen")
        await driver.until(lambda: app.triage._change >= 0, "the first read")
        await driver.settled()
        yield driver


def opened(path: Path) -> Iterator[Store]:
    """The store of a path, closed afterwards."""
    store = open_store(path)
    yield store
    store.close()
