"""A way back in through cron; and people and packages that use cron as it is meant."""

from __future__ import annotations

from socterm.demo.cast import DANA, ROOT, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

TTY = "pts/1"


def _crontab(pen: Pen) -> None:
    pen.crontab(140.0, WEB, ROOT, "REPLACE")


def _runs(pen: Pen) -> None:
    pen.cron_daemon(181.0, WEB, "(root) RELOAD (crontabs/root)")
    for number in range(3):
        pen.cron(
            481.1 + 300.0 * number,
            WEB,
            ROOT,
            "/var/tmp/.font-cache/fc-update -q >/dev/null 2>&1",
        )


def _own(pen: Pen) -> None:
    login = pen.login(110.0, pen.connect(WEB, DANA.address), DANA)
    pen.crontab(130.0, WEB, DANA)
    pen.cron_daemon(181.0, WEB, f"({DANA.name}) RELOAD (crontabs/{DANA.name})")
    for number in range(2):
        pen.cron(
            481.2 + 600.0 * number,
            WEB,
            DANA,
            "/usr/local/bin/disk-report >> $HOME/disk-report.log",
            lasts=3.0,
        )
    pen.logout(520.0, login)


def _package(pen: Pen) -> None:
    dana = pen.login(600.0, pen.connect(WEB, DANA.address), DANA)
    pen.sudo(612.0, WEB, DANA, "/usr/bin/apt install sysstat", tty=TTY, lasts=21.0)
    pen.cron_daemon(661.0, WEB, "(*system*sysstat) RELOAD (/etc/cron.d/sysstat)")
    pen.logout(690.0, dana)


STORIES = (
    Story(
        name="cron_persistence",
        says="the crontab of root is replaced: something hidden in /var/tmp runs every five minutes",
        logs=(AUTH,),
        length=1200.0,
        chapters=(
            Chapter("crontab", "root replaces its own crontab", penned(_crontab)),
            Chapter("runs", "cron runs a hidden program from /var/tmp every five minutes", penned(_runs)),
        ),
        noise=(WORKING, INTERNET),
        alerts=(
            Expected(
                "root_crontab_replaced",
                {"host.hostname": WEB.name},
                ("crontab",),
                superseded_by="suspicious_cron",
            ),
            Expected("suspicious_cron", {"host.hostname": WEB.name}, ("runs",)),
        ),
    ),
    Story(
        name="own_crontab",
        says="dana edits her own crontab, and a package brings a file for cron.d",
        logs=(AUTH,),
        length=1200.0,
        chapters=(
            Chapter("own", "crontab -e of a report that then runs every ten minutes", penned(_own)),
            Chapter("package", "apt upgrade; cron notices the new file of sysstat", penned(_package)),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet(
                "suspicious_cron",
                {"host.hostname": WEB.name},
                "her own crontab, a program in /usr/local, a file from a package",
            ),
        ),
        twin_of="cron_persistence",
    ),
)
