"""A working morning: cron, timers, people and robots that log in, and what the internet throws at sshd."""

from __future__ import annotations

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

TIMERS: tuple[tuple[float, Host, str, str], ...] = (
    (95.0, WEB, "phpsessionclean.service", "Clean php session files"),
    (388.0, DB, "logrotate.service", "Rotate log files"),
    (640.0, WEB, "apt-daily.service", "Daily apt download activities"),
    (905.0, DB, "man-db.service", "Daily man-db regeneration"),
    (1080.0, WEB, "systemd-tmpfiles-clean.service", "Cleanup of Temporary Directories"),
)


def _working(sheet: Sheet, length: float, factor: float) -> None:
    pen = Pen(sheet)
    _cron(pen, sheet.rng, sheet.start, length)
    for at, host, name, description in TIMERS:
        pen.unit(at, host, name, description)
    _robots(pen, sheet.rng, length)
    _people(pen)


def _strangers(sheet: Sheet, length: float, factor: float) -> None:
    _internet(Pen(sheet), sheet.rng, length)


WORKING = Noise("noise", "cron, timers, deployments and administrators at their work", _working)
INTERNET = Noise(
    "internet", "single tries and broken connections from all over; nothing to act on", _strangers
)


def _cron(pen: Pen, rng: Random, start: datetime, length: float) -> None:
    to_minute = 60 - start.second - start.microsecond / 1e6
    for number in range(int(length / 60)):
        minute = (start.minute + number + 1) % 60
        for host, every, offset, person, command in CRONTAB:
            if minute % every == offset % every:
                at = to_minute + 60 * number + 1 + rng.random() * 0.1
                if at < length:
                    pen.cron(at, host, person, command)


def _robots(pen: Pen, rng: Random, length: float) -> None:
    """The deployment machine: a key login every other minute, from one address, never wrong."""
    at = 20.0
    while at < length - 20:
        host = WEB if rng.random() < 0.7 else DB
        login = pen.login(at, pen.connect(host, DEPLOY.address), DEPLOY)
        pen.logout(at + 2 + 5 * rng.random(), login)
        at += 70 + 60 * rng.random()


def _people(pen: Pen) -> None:
    """Administrators at work: keys, a password, sudo to root with nothing carried away."""
    dana = pen.login(31.0, pen.connect(WEB, DANA.address), DANA)
    pen.sudo(52.0, WEB, DANA, "/usr/bin/apt update", lasts=6.1)
    pen.sudo(75.0, WEB, DANA, "/usr/bin/apt upgrade -y", lasts=41.0)
    pen.sudo(131.0, WEB, DANA, "/usr/bin/systemctl restart nginx.service", lasts=1.2)
    pen.su(160.0, WEB, DANA, DEPLOY, lasts=22.0)
    pen.logout(260.0, dana)
    alice = pen.login(48.0, pen.connect(DB, ALICE.address), ALICE)
    pen.logout(333.0, alice)
    carol = pen.login(410.0, pen.connect(DB, CAROL.address), CAROL)
    pen.logout(1104.0, carol)
    dana = pen.login(700.0, pen.connect(DB, DANA.address), DANA)
    pen.sudo(
        722.0, DB, DANA, "/usr/bin/journalctl -u postgresql@15-main --since today", tty="pts/1", lasts=30.0
    )
    pen.logout(1010.0, dana)


def _internet(pen: Pen, rng: Random, length: float) -> None:
    """Single tries from many addresses; none comes back often enough to be more than noise."""
    names = list(NAMES_TRIED)
    rng.shuffle(names)
    addresses = list(BACKGROUND)
    rng.shuffle(addresses)
    at = 6.0
    for number, address in enumerate(addresses):
        if at > length - 15:
            return
        peer = pen.connect(WEB if rng.random() < 0.6 else DB, address)
        if number % 3 == 0:
            pen.bad_peer(at, peer, int(rng.random() * 6), OFFERS[number % 2])
        elif number % 16 == 1:
            pen.failed_login(at, peer, "root", end="bye")
        else:
            end = "closed" if rng.random() < 0.5 else "bye"
            pen.failed_login(at, peer, names[number % len(names)], end=end)
        at += 8 + 18 * rng.random()
