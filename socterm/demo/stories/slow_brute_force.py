"""Passwords guessed at leisure, below every short counter; and a job that nobody repaired."""

from __future__ import annotations

from socterm.demo.cast import BORG, DB, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING, calmer
from socterm.demo.pen import AUTH, Pen, penned

GUESSER = "203.0.113.24"


def _patience(pen: Pen) -> None:
    for number in range(24):
        pen.failed_login(200.0 + 480.0 * number, pen.connect(WEB, GUESSER), "root", gap=1.9)


def _job(pen: Pen) -> None:
    for number in range(12):
        pen.failed_login(310.0 + 900.0 * number, pen.connect(DB, WEB.address), BORG.name, gap=0.4)
    login = pen.login(11220.0, pen.connect(DB, WEB.address), BORG)
    pen.logout(11290.0, login)


STORIES = (
    Story(
        name="slow_brute_force",
        says="one address tries root every eight minutes for three hours",
        logs=(AUTH,),
        length=11700.0,
        chapters=(
            Chapter("patience", "24 wrong passwords for root, one every eight minutes", penned(_patience)),
        ),
        noise=(calmer(WORKING, 0.2), calmer(INTERNET, 0.2)),
        alerts=(Expected("slow_brute_force", {"source.ip": GUESSER}, ("patience",), 24),),
        quiet=(
            Quiet("brute_force", {"source.ip": GUESSER}, "one failure in two minutes"),
            Quiet(
                "brute_force_user",
                {"user.name": "root"},
                "one failure in two minutes, and the noise of the internet",
            ),
        ),
    ),
    Story(
        name="broken_job",
        says="a copy job still has an old password: it fails every quarter of an hour all morning",
        logs=(AUTH,),
        length=11700.0,
        chapters=(
            Chapter(
                "job",
                "twelve failures of borg from the other host, a quarter of an hour apart",
                penned(_job),
            ),
        ),
        noise=(calmer(WORKING, 0.2), calmer(INTERNET, 0.2)),
        quiet=(
            Quiet("slow_brute_force", {"source.ip": WEB.address}, "twelve failures, not twenty"),
            Quiet("success_after_brute_force", {"source.ip": WEB.address}, "no brute force before it"),
        ),
        twin_of="slow_brute_force",
    ),
)
