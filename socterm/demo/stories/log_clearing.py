"""Traces removed; and logs rotated."""

from __future__ import annotations

from socterm.demo.cast import BOB, DANA, ROOT, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

TTY = "pts/1"


def _cleared(pen: Pen) -> None:
    login = pen.login(150.0, pen.connect(WEB, BOB.address), BOB, method="password")
    for number, command in enumerate(
        (
            "/usr/bin/truncate -s 0 /var/log/auth.log",
            "/usr/bin/rm -f /var/log/wtmp /var/log/btmp",
            "/usr/bin/journalctl --rotate --vacuum-time=1s",
            "/usr/bin/shred -u /root/.bash_history",
        )
    ):
        pen.sudo(200.0 + 14.0 * number, WEB, BOB, command, tty=TTY, lasts=0.6)
    pen.logout(280.0, login)


def _rotated(pen: Pen) -> None:
    pen.unit(180.0, WEB, "logrotate.service", "Rotate log files", lasts=2.1)
    pen.say(
        181.0,
        WEB,
        "systemd[1]",
        "rsyslog.service: Sent signal SIGHUP to main process 588 (rsyslogd) on client request.",
    )
    dana = pen.login(240.0, pen.connect(WEB, DANA.address), DANA)
    pen.sudo(262.0, WEB, DANA, "/usr/sbin/logrotate -f /etc/logrotate.d/nginx", tty=TTY)
    pen.sudo(290.0, WEB, DANA, "/usr/bin/journalctl --disk-usage", tty=TTY)
    pen.logout(400.0, dana)
    pen.cron(481.0, WEB, ROOT, "/usr/bin/find /srv/www/app/log -name '*.log.gz' -mtime +30 -delete")


STORIES = (
    Story(
        name="log_clearing",
        says="bob empties the logs after himself through sudo",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "cleared",
                "truncate of auth.log, rm of wtmp and the journal, shred of the shell history",
                penned(_cleared),
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("log_cleared", {"host.hostname": WEB.name}, ("cleared",)),),
    ),
    Story(
        name="log_rotation",
        says="logrotate by its timer and once by hand; old archives of an application go",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "rotated",
                "logrotate.service, sudo logrotate -f, a cron job that deletes archives older than a month",
                penned(_rotated),
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("log_cleared", {"host.hostname": WEB.name}, "rotation keeps what was written"),
            Quiet("logging_stopped", {"host.hostname": WEB.name}, "rsyslog is only told to reopen its files"),
        ),
        twin_of="log_clearing",
    ),
)
