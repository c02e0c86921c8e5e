"""Passwords guessed from one address without luck; and a person who has forgotten hers."""

from __future__ import annotations

from socterm.demo.cast import BOB, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

GUESSER = "203.0.113.20"


def _guessing(pen: Pen) -> None:
    plan = (("root", 4), ("admin", 3), ("root", 4), ("alice", 3), ("postgres", 2))
    for number, (name, tries) in enumerate(plan):
        pen.failed_login(120.0 + 18.0 * number, pen.connect(WEB, GUESSER), name, tries=tries, gap=4.0)


def _forgotten(pen: Pen) -> None:
    pen.failed_login(205.0, pen.connect(WEB, BOB.address), BOB.name, tries=3, gap=8.0)
    pen.failed_login(246.0, pen.connect(WEB, BOB.address), BOB.name, tries=2, gap=9.0)


def _remembered(pen: Pen) -> None:
    login = pen.login(283.0, pen.connect(WEB, BOB.address), BOB, method="password")
    pen.logout(560.0, login)


STORIES = (
    Story(
        name="brute_force_fail",
        says="one address guesses passwords of four users and gives up",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter(
                "guessing",
                "16 wrong passwords for four users in a minute and a half, eight of them for root",
                penned(_guessing),
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=(
            Expected("brute_force", {"source.ip": GUESSER}, ("guessing",), 16),
            Expected("brute_force_user", {"user.name": "root"}, ("guessing",)),
        ),
        quiet=(
            Quiet("slow_brute_force", {"source.ip": GUESSER}, "sixteen failures, not twenty"),
            Quiet("password_spraying", {"source.ip": GUESSER}, "four users are no spray"),
            Quiet("success_after_brute_force", {"source.ip": GUESSER}, "nothing succeeded"),
        ),
    ),
    Story(
        name="forgotten_password",
        says="bob comes back from holiday and needs five tries for his password",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter("forgotten", "five wrong passwords in two minutes from his own desk", penned(_forgotten)),
            Chapter("remembered", "the sixth is right; then a day like any other", penned(_remembered)),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet(
                "brute_force",
                {"source.ip": BOB.address},
                "five failures in two minutes are not more than five",
            ),
            Quiet("brute_force_user", {"user.name": BOB.name}, "the same five"),
            Quiet("success_after_brute_force", {"source.ip": BOB.address}, "no brute force before it"),
        ),
        twin_of="brute_force_fail",
    ),
)
