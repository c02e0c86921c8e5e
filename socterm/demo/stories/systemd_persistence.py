"""A way back in as a service; and packages that bring services."""

from __future__ import annotations

from socterm.demo.cast import ALICE, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

TTY = "pts/1"


def _unit(pen: Pen) -> None:
    login = pen.login(120.0, pen.connect(WEB, ALICE.address), ALICE)
    name, says = "dbus-helper.service", "D-Bus Helper"
    pen.sudo(171.0, WEB, ALICE, f"/usr/bin/tee /etc/systemd/system/{name}", tty=TTY)
    pen.sudo(190.0, WEB, ALICE, "/usr/bin/systemctl daemon-reload", tty=TTY, lasts=0.9)
    pen.say(190.3, WEB, "systemd[1]", "Reloading.")
    pen.sudo(204.0, WEB, ALICE, f"/usr/bin/systemctl enable --now {name}", tty=TTY, lasts=1.4)
    pen.say(204.4, WEB, "systemd[1]", "Reloading.")
    pen.say(205.1, WEB, "systemd[1]", f"Started {name} - {says}.")
    pen.logout(280.0, login)


def _upgrade(pen: Pen) -> None:
    at = 300.0
    pen.say(
        at,
        WEB,
        "systemd[1]",
        "Starting apt-daily-upgrade.service - Daily apt upgrade and clean activities...",
    )
    pen.new_system_account(at + 20.0, WEB, "_chrony", 117, "/var/lib/chrony")
    pen.say(at + 22.0, WEB, "systemd[1]", "Reloading.")
    for number, (name, says) in enumerate(_RESTARTED):
        pen.service(at + 30.0 + 4.0 * number, WEB, "restart", name, says)
        if name == "ssh.service":
            pen.say(at + 30.15 + 4.0 * number, WEB, "sshd[702]", "Received signal 15; terminating.")
            for where in ("0.0.0.0", "::"):
                pen.say(at + 30.5 + 4.0 * number, WEB, "sshd[21990]", f"Server listening on {where} port 22.")
    pen.service(at + 60.0, WEB, "start", "chrony.service", "chrony, an NTP client/server")
    pen.say(at + 71.0, WEB, "systemd[1]", "apt-daily-upgrade.service: Deactivated successfully.")
    pen.say(
        at + 71.1,
        WEB,
        "systemd[1]",
        "Finished apt-daily-upgrade.service - Daily apt upgrade and clean activities.",
    )


_RESTARTED = (
    ("ssh.service", "OpenBSD Secure Shell server"),
    ("rsyslog.service", "System Logging Service"),
    ("cron.service", "Regular background program processing daemon"),
    ("auditd.service", "Security Auditing Service"),
)


STORIES = (
    Story(
        name="systemd_persistence",
        says="a service of the intruder is written to /etc, enabled and started through sudo",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "unit",
                "sudo tee of a unit file, daemon-reload, enable --now; systemd starts it",
                penned(_unit),
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
                "apt-daily-upgrade: sshd, rsyslog, auditd, cron restart; a system account is made",
                penned(_upgrade),
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
