"""What detection owes the story: which alerts it must raise on whom, and which it must not.

Alerts are named by the id of their detection (A01 is the SSH brute force), which a rule carries in its file.
"""

from __future__ import annotations

from typing import NamedTuple

from socterm.demo.cast import (
    ATTACKER,
    BOB,
    BORG,
    BOTNET,
    CAROL,
    DANA,
    DEPLOY,
    ENUMERATOR,
    INTRUDER,
    SCANNER,
    SPRAYER,
)

STEPS: dict[str, str] = {
    "noise": "cron, timers, deployments and administrators at their work",
    "internet": "single tries and broken connections from all over; nothing to act on",
    "benign_mistype": "bob mistypes his password twice, then logs in",
    "benign_sudo_mistype": "dana mistypes her password once at sudo",
    "benign_many_keys": "carol's agent offers several keys before the right one",
    "benign_backup": "the nightly backup, run late by cron: rsync to the other host, a key login",
    "scanner": "eight connections that do not speak SSH properly",
    "spraying": "one password tried on nine users, one every half minute",
    "enumeration": "twelve guessed names, each tried once",
    "brute_force": "48 wrong passwords for seven users from one address in under two minutes",
    "break_in": "the same address logs in as alice with a password",
    "privilege": "wrong passwords at sudo and su, then a root shell",
    "collection": "customer data packed and sent to the attacker",
    "persistence": "a new account, made a member of group sudo",
    "service_account": "a login as www-data with a planted key",
    "lateral": "on to db01: sudo refused, then root's own password",
    "distributed": "one user tried from twelve addresses, once each",
}


class Expected(NamedTuple):
    """An alert that must be there. `failures` is its count where that follows from the story alone."""

    detection: str
    entity: dict[str, str]
    steps: tuple[str, ...]
    failures: int | None = None


class Quiet(NamedTuple):
    """An alert that must not be there, and why somebody might think it should."""

    detection: str
    entity: dict[str, str]
    why: str


ALERTS: tuple[Expected, ...] = (
    Expected("A17", {"source.ip": SCANNER}, ("scanner",)),
    Expected("A03", {"source.ip": SPRAYER}, ("spraying",), 9),
    Expected("A01", {"source.ip": ENUMERATOR}, ("enumeration",), 12),
    Expected("A03", {"source.ip": ENUMERATOR}, ("enumeration",), 12),
    Expected("A01", {"source.ip": ATTACKER}, ("brute_force",), 48),
    Expected("A02", {"source.ip": ATTACKER}, ("brute_force",), 48),
    Expected("A03", {"source.ip": ATTACKER}, ("brute_force",), 48),
    Expected("A05", {"source.ip": ATTACKER}, ("brute_force", "break_in", "service_account", "lateral")),
    Expected("B02", {"user.name": "alice"}, ("privilege",)),
    Expected("B05", {"user.name": "alice"}, ("privilege",)),
    Expected("B07", {"user.name": "alice", "host.hostname": "web01"}, ("privilege", "collection")),
    Expected("C01", {"user.name": INTRUDER.name}, ("persistence",)),
    Expected("C02", {"user.name": INTRUDER.name}, ("persistence",)),
    Expected("A11", {"user.name": "www-data"}, ("service_account",)),
    Expected("B01", {"user.name": "alice"}, ("lateral",)),
    Expected("A12", {"source.ip": ATTACKER}, ("lateral",)),
    Expected("A04", {"user.name": CAROL.name}, ("spraying", "distributed"), 13),
)

QUIET: tuple[Quiet, ...] = (
    Quiet("A01", {"source.ip": BOB.address}, "two mistyped passwords are no brute force"),
    Quiet("A05", {"source.ip": BOB.address}, "a success after two mistyped passwords is a person"),
    Quiet("A05", {"source.ip": CAROL.address}, "keys offered before the right one are no failures"),
    Quiet("A01", {"source.ip": SPRAYER}, "never more than four failures in two minutes"),
    Quiet("A01", {"source.ip": SCANNER}, "no user name was ever tried"),
    Quiet("A02", {"source.ip": ENUMERATOR}, "twelve failures, not twenty"),
    Quiet("A03", {"source.ip": BOTNET[0]}, "one try each: the users are not many, the addresses are"),
    Quiet("A01", {"source.ip": BOTNET[-1]}, "one try each"),
    Quiet(
        "A04", {"user.name": "root"}, "tried by everybody, but by fewer than ten addresses in half an hour"
    ),
    Quiet("A11", {"user.name": BORG.name}, "the backup's own account is meant to log in"),
    Quiet("A11", {"user.name": DEPLOY.name}, "a robot with a person's uid"),
    Quiet("A12", {"source.ip": DANA.address}, "sudo to root is not a root login"),
    Quiet("B02", {"user.name": DANA.name}, "one wrong password is a slip"),
    Quiet(
        "B07", {"user.name": DANA.name, "host.hostname": "web01"}, "root commands, but nothing packed or sent"
    ),
    Quiet("B07", {"user.name": "root", "host.hostname": "web01"}, "cron's rsync needed no sudo before it"),
    Quiet("A13", {"user.name": DANA.name}, "nine in the morning, in UTC"),
)
