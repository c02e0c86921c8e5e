"""The recorder switched off; and restarted."""

from __future__ import annotations

from socterm.demo.cast import ALICE, DANA, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

TTY = "pts/1"


AUDITD = ("auditd.service", "Security Auditing Service")
RSYSLOG = ("rsyslog.service", "System Logging Service")


def _stopped(pen: Pen) -> None:
    login = pen.login(130.0, pen.connect(WEB, ALICE.address), ALICE)
    pen.sudo(170.0, WEB, ALICE, "/usr/bin/systemctl stop auditd", tty=TTY, lasts=0.9)
    pen.service(170.2, WEB, "stop", *AUDITD)
    pen.logout(240.0, login)


def _restarted(pen: Pen) -> None:
    dana = pen.login(230.0, pen.connect(WEB, DANA.address), DANA)
    pen.sudo(262.0, WEB, DANA, "/usr/bin/systemctl restart rsyslog", tty=TTY, lasts=0.9)
    pen.service(262.2, WEB, "restart", *RSYSLOG)
    pen.sudo(301.0, WEB, DANA, "/usr/sbin/service auditd restart", tty=TTY, lasts=3.0)
    pen.service(301.2, WEB, "restart", *AUDITD)
    pen.logout(360.0, dana)


STORIES = (
    Story(
        name="logging_stopped",
        says="auditd is stopped through sudo and not started again",
        logs=(AUTH,),
        length=900.0,
        chapters=(Chapter("stopped", "sudo systemctl stop auditd; it stays down", penned(_stopped)),),
        noise=(WORKING, INTERNET),
        alerts=(Expected("logging_stopped", {"host.hostname": WEB.name}, ("stopped",)),),
    ),
    Story(
        name="logging_restarted",
        says="rsyslog and auditd are restarted after a change of their configuration",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "restarted",
                "sudo systemctl restart rsyslog, service auditd restart; both are back within seconds",
                penned(_restarted),
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(Quiet("logging_stopped", {"host.hostname": WEB.name}, "started again within five minutes"),),
        twin_of="logging_stopped",
    ),
)
