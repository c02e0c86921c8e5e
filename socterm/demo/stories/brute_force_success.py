"""Passwords guessed until one was right; and a robot whose key was changed."""

from __future__ import annotations

from socterm.demo.cast import ALICE, DANA, DEPLOY, WEB
from socterm.demo.model import Chapter, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.owed import guessed
from socterm.demo.pen import AUTH, Pen, penned

GUESSER = "203.0.113.21"


def _guessing(pen: Pen) -> None:
    for number, tries in enumerate((3, 3, 3, 3, 2)):
        pen.failed_login(140.0 + 17.0 * number, pen.connect(WEB, GUESSER), ALICE.name, tries=tries, gap=4.0)


def _break_in(pen: Pen) -> None:
    login = pen.login(243.0, pen.connect(WEB, GUESSER), ALICE, method="password")
    pen.logout(388.0, login)


def _refused(pen: Pen) -> None:
    for number in range(4):
        pen.refused_key(150.0 + 21.0 * number, pen.connect(WEB, DEPLOY.address), DEPLOY.name)


def _rolled_out(pen: Pen) -> None:
    dana = pen.login(262.0, pen.connect(WEB, DANA.address), DANA)
    pen.su(281.0, WEB, DANA, DEPLOY, lasts=20.0)
    pen.logout(330.0, dana)
    key = ("ED25519", "SHA256:yR2nWq8TgV5cKx0JzP4mLs7HdB1fUa9sEi3QuNwOrTc")
    login = pen.login(341.0, pen.connect(WEB, DEPLOY.address), DEPLOY._replace(key=key))
    pen.logout(347.0, login)


STORIES = (
    Story(
        name="brute_force_success",
        says="one address guesses the password of alice and logs in with it",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter("guessing", "14 wrong passwords for alice in a minute and a half", penned(_guessing)),
            Chapter(
                "break_in",
                "the same address logs in as alice with a password, looks around and leaves",
                penned(_break_in),
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=guessed(GUESSER, ALICE.name, 14),
        quiet=(Quiet("slow_brute_force", {"source.ip": GUESSER}, "fourteen failures, not twenty"),),
    ),
    Story(
        name="rotated_key",
        says="the key of the deployment machine is changed: it is refused four times, then let in",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter("refused", "four connections of deploy end before a key was taken", penned(_refused)),
            Chapter(
                "rolled_out", "dana puts the new key in place; deploy logs in with it", penned(_rolled_out)
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("success_after_brute_force", {"source.ip": DEPLOY.address}, "a key not taken is no guess"),
            Quiet("brute_force", {"source.ip": DEPLOY.address}, "four refusals"),
            Quiet(
                "authorized_keys_written",
                {"user.name": DANA.name},
                "the key of an account of its own, by its own user",
            ),
        ),
        twin_of="brute_force_success",
    ),
)
