"""A way back in as a service; and packages that bring services."""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

STORIES = (
    Story(
        name="systemd_persistence",
        says="a service of the intruder is written to /etc, enabled and started through sudo",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "unit", "sudo tee of a unit file, daemon-reload, enable --now; systemd starts it", unwritten
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("systemd_unit_added", {"host.hostname": WEB.name}, ("unit",)),),
    ),
    Story(
        name="unattended_upgrades",
        says="the machine upgrades itself: services stop and start, a package adds its account",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "upgrade",
                "apt-daily-upgrade: systemd reloads, sshd, rsyslog and cron restart, a system account is made",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("systemd_unit_added", {"host.hostname": WEB.name}, "the package manager at work"),
            Quiet("logging_stopped", {"host.hostname": WEB.name}, "rsyslog is back within a second"),
            Quiet(
                "admin_rights_granted",
                {"user.name": "_chrony"},
                "a system account with no shell and no groups",
            ),
        ),
        twin_of="systemd_persistence",
    ),
)
