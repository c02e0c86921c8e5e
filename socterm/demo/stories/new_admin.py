"""Broken in, then an account of their own with all rights; and a colleague who starts today."""

from __future__ import annotations

from socterm.demo.cast import ALICE, DANA, INTRUDER, WEB, Person
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.owed import guessed
from socterm.demo.pen import AUTH, Pen, penned

GUESSER = "203.0.113.27"

TTY = "pts/1"


FRANK = Person("frank", 1013, "10.20.1.41")


def _guessing(pen: Pen) -> None:
    for number in range(4):
        pen.failed_login(120.0 + 14.0 * number, pen.connect(WEB, GUESSER), ALICE.name, tries=3, gap=4.0)


def _break_in(pen: Pen) -> None:
    login = pen.login(191.0, pen.connect(WEB, GUESSER), ALICE, method="password")
    pen.logout(700.0, login)


def _privilege(pen: Pen) -> None:
    pen.sudo(233.0, WEB, ALICE, "/usr/bin/id", tty=TTY)


def _new_account(pen: Pen) -> None:
    pen.sudo(290.0, WEB, ALICE, f"/usr/sbin/useradd -m -s /bin/bash {INTRUDER.name}", tty=TTY, lasts=0.4)
    pen.new_account(290.2, WEB, INTRUDER, tty=TTY)
    pen.sudo(318.0, WEB, ALICE, f"/usr/sbin/usermod -aG sudo {INTRUDER.name}", tty=TTY, lasts=0.3)
    pen.add_to_group(318.1, WEB, INTRUDER.name, "sudo")


def _colleague(pen: Pen) -> None:
    dana = pen.login(301.0, pen.connect(WEB, DANA.address), DANA)
    pen.sudo(322.0, WEB, DANA, f"/usr/sbin/useradd -m -s /bin/bash {FRANK.name}", tty=TTY, lasts=0.4)
    pen.new_account(322.2, WEB, FRANK, tty=TTY)
    pen.sudo(341.0, WEB, DANA, f"/usr/bin/passwd {FRANK.name}", tty=TTY, lasts=9.0)
    pen.say(
        349.0, WEB, f"passwd[{pen.pid()}]", f"pam_unix(passwd:chauthtok): password changed for {FRANK.name}"
    )
    pen.sudo(362.0, WEB, DANA, f"/usr/sbin/usermod -aG developers {FRANK.name}", tty=TTY, lasts=0.3)
    pen.add_to_group(362.1, WEB, FRANK.name, "developers")
    pen.logout(420.0, dana)
    login = pen.login(540.0, pen.connect(WEB, FRANK.address), FRANK, method="password")
    pen.say(
        572.0, WEB, f"passwd[{pen.pid()}]", f"pam_unix(passwd:chauthtok): password changed for {FRANK.name}"
    )
    pen.logout(800.0, login)


STORIES = (
    Story(
        name="new_admin",
        says="a guessed password, sudo, and a new account in group sudo",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter("guessing", "12 wrong passwords for alice in a minute", penned(_guessing)),
            Chapter("break_in", "the same address logs in as alice", penned(_break_in)),
            Chapter("privilege", "alice, logged in from outside, uses sudo", penned(_privilege)),
            Chapter("new_account", "a new account, made a member of group sudo", penned(_new_account)),
        ),
        noise=(WORKING, INTERNET),
        alerts=(
            *guessed(GUESSER, ALICE.name, 12),
            Expected(
                "root_after_external_login",
                {"user.name": "alice", "host.hostname": WEB.name},
                ("break_in", "privilege", "new_account"),
            ),
            Expected(
                "user_created",
                {"user.name": INTRUDER.name},
                ("new_account",),
                superseded_by="admin_rights_granted",
            ),
            Expected("admin_rights_granted", {"user.name": INTRUDER.name}, ("new_account",)),
            Expected(
                "account_after_attack", {"host.hostname": WEB.name}, ("guessing", "break_in", "new_account")
            ),
        ),
        quiet=(Quiet("root_then_data", {"user.name": "alice"}, "nothing was packed or sent"),),
    ),
    Story(
        name="onboarding",
        says="dana creates an account for a colleague and puts it into the group of developers",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "colleague",
                "sudo useradd, passwd, usermod -aG developers; the colleague logs in",
                penned(_colleague),
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("admin_rights_granted", {"user.name": "frank"}, "developers are no administrators"),
            Quiet("account_after_attack", {"host.hostname": WEB.name}, "no attack before it"),
            Quiet("root_after_external_login", {"user.name": DANA.name}, "her desk is inside"),
        ),
        twin_of="new_admin",
    ),
)
