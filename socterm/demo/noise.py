"""A working morning: cron, timers, people and robots that log in, and what the internet throws at sshd."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random

from socterm.demo.cast import (
    ALICE,
    BACKGROUND,
    CAROL,
    DANA,
    DB,
    DEPLOY,
    NAMES_TRIED,
    OFFERS,
    POSTGRES,
    ROOT,
    WEB,
    WWW,
    Host,
    Person,
)
from socterm.demo.model import Noise
from socterm.demo.pen import Pen
from socterm.demo.sheet import Sheet

# (host, every how many minutes, at which of them, who, command)
CRONTAB: tuple[tuple[Host, int, int, Person, str], ...] = (
    (WEB, 5, 0, ROOT, "command -v debian-sa1 > /dev/null && debian-sa1 1 1"),
    (DB, 5, 0, ROOT, "command -v debian-sa1 > /dev/null && debian-sa1 1 1"),
    (WEB, 60, 17, ROOT, "cd / && run-parts --report /etc/cron.hourly"),
    (DB, 60, 17, ROOT, "cd / && run-parts --report /etc/cron.hourly"),
    (WEB, 2, 1, WWW, "/usr/bin/php /srv/www/app/artisan schedule:run"),
    (DB, 15, 9, POSTGRES, "/usr/bin/pg_activity_snapshot >/dev/null 2>&1"),
)

ROOT_APART = 210.0
"""Seconds between two tries of root: fewer than ten addresses in half an hour, however busy it gets."""

TIMERS: tuple[tuple[float, Host, str, str], ...] = (
    (95.0, WEB, "phpsessionclean.service", "Clean php session files"),
    (388.0, DB, "logrotate.service", "Rotate log files"),
    (640.0, WEB, "apt-daily.service", "Daily apt download activities"),
    (905.0, DB, "man-db.service", "Daily man-db regeneration"),
    (1080.0, WEB, "systemd-tmpfiles-clean.service", "Cleanup of Temporary Directories"),
)


def calmer(noise: Noise, factor: float) -> Noise:
    """The same noise on a machine where less happens."""
    return noise._replace(write=lambda sheet, length, busy: noise.write(sheet, length, busy * factor))


def _working(sheet: Sheet, length: float, factor: float) -> None:
    pen = Pen(sheet)
    _cron(pen, sheet.rng, sheet.start, length)
    for at, host, name, description in TIMERS:
        if at < length:
            pen.unit(at, host, name, description)
    _robots(pen, sheet.rng, length, factor)
    _people(pen, length)


def _cron(pen: Pen, rng: Random, start: datetime, length: float) -> None:
    to_minute = 60 - start.second - start.microsecond / 1e6
    for number in range(int(length / 60)):
        minute = (start.minute + number + 1) % 60
        for host, every, offset, person, command in CRONTAB:
            if minute % every == offset % every:
                at = to_minute + 60 * number + 1 + rng.random() * 0.1
                if at < length:
                    pen.cron(at, host, person, command)


def _robots(pen: Pen, rng: Random, length: float, factor: float) -> None:
    """The deployment machine: a key login every other minute, from one address, never wrong."""
    at = 20.0
    while at < length - 20:
        host = WEB if rng.random() < 0.7 else DB
        login = pen.login(at, pen.connect(host, DEPLOY.address), DEPLOY)
        pen.logout(at + 2 + 5 * rng.random(), login)
        at += (70 + 60 * rng.random()) / factor


def _people(pen: Pen, length: float) -> None:
    """Administrators at work: keys, a password, sudo to root with nothing carried away."""
    for at, until, host, person, work in VISITS:
        if until < length:
            login = pen.login(at, pen.connect(host, person.address), person)
            work(pen)
            pen.logout(until, login)


def _upgrade(pen: Pen) -> None:
    pen.sudo(52.0, WEB, DANA, "/usr/bin/apt update", lasts=6.1)
    pen.sudo(75.0, WEB, DANA, "/usr/bin/apt upgrade -y", lasts=41.0)
    pen.sudo(131.0, WEB, DANA, "/usr/bin/systemctl restart nginx.service", lasts=1.2)
    pen.su(160.0, WEB, DANA, DEPLOY, lasts=22.0)


def _look(pen: Pen) -> None:
    command = "/usr/bin/journalctl -u postgresql@15-main --since today"
    pen.sudo(722.0, DB, DANA, command, tty="pts/1", lasts=30.0)


def _nothing(pen: Pen) -> None:
    """Reads, edits, waits: no line of the log comes of it."""


# (from, until, where, who, what of it is logged)
VISITS: tuple[tuple[float, float, Host, Person, Callable[[Pen], None]], ...] = (
    (31.0, 260.0, WEB, DANA, _upgrade),
    (48.0, 333.0, DB, ALICE, _nothing),
    (410.0, 1104.0, DB, CAROL, _nothing),
    (700.0, 1010.0, DB, DANA, _look),
)


def _internet(sheet: Sheet, length: float, factor: float) -> None:
    """Single tries from many addresses; none comes back often enough to be more than noise."""
    pen, rng = Pen(sheet), sheet.rng
    names, known = list(NAMES_TRIED), [] if sheet.round else list(BACKGROUND)
    rng.shuffle(names)
    rng.shuffle(known)
    at, number, last_root = 6.0, 0, 0.0 if sheet.round else -ROOT_APART
    while at <= length - 15:
        familiar = number < len(known)
        peer = pen.connect(
            WEB if rng.random() < 0.6 else DB, known[number] if familiar else _stranger(sheet, number)
        )
        if number % 3 == 0:
            pen.bad_peer(at, peer, int(rng.random() * 6), OFFERS[number % 2])
        elif number % 16 == 1 and at - last_root >= ROOT_APART:
            last_root = at
            pen.failed_login(at, peer, "root", end="bye")
        else:
            end = "closed" if rng.random() < 0.5 else "bye"
            name = names[number % len(names)]
            if not familiar:
                name += str(int(rng.random() * 100 * max(1.0, factor)))
            pen.failed_login(at, peer, name, end=end)
        at += (8 + 18 * rng.random()) / factor
        number += 1


def _stranger(sheet: Sheet, number: int) -> str:
    """An address of 198.18.0.0/15 (RFC 2544), another one each time for 131,072 times."""
    index = (sheet.round * 4099 + number) % (1 << 17)
    return f"198.{18 + (index >> 16)}.{index >> 8 & 255}.{index & 255}"


WORKING = Noise("noise", "cron, timers, deployments and administrators at their work", _working)
INTERNET = Noise(
    "internet", "single tries and broken connections from all over; nothing to act on", _internet
)
