"""One password tried on everybody; and an office behind one address."""

from __future__ import annotations

from socterm.demo.cast import ALICE, BOB, CAROL, DANA, DB, Person
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

SPRAYER = "198.51.100.61"
GATEWAY = "10.20.0.1"


ERIN = Person("erin", 1005)


def _spraying(pen: Pen) -> None:
    names = (
        "alice",
        "bob",
        "carol",
        "dana",
        "erin",
        "frank",
        "grace",
        "heidi",
        "deploy",
        "backup",
        "sales",
        "info",
    )
    for number, name in enumerate(names):
        pen.failed_login(100.0 + 40.0 * number, pen.connect(DB, SPRAYER), name, gap=1.8)


def _gateway(pen: Pen) -> None:
    for number, person in enumerate((ALICE, BOB, CAROL, DANA, ERIN)):
        at = 60.0 + 118.0 * number
        peer = pen.connect(DB, GATEWAY)
        at = pen.failed_login(at, peer, person.name, gap=3.0, end="")
        login = pen.login(at + 4.0, peer, person, method="password")
        pen.logout(at + 90.0, login)


STORIES = (
    Story(
        name="password_spray",
        says="one password tried on twelve users, one every forty seconds",
        logs=(AUTH,),
        length=720.0,
        chapters=(
            Chapter(
                "spraying",
                "twelve users, one wrong password each, from one address in eight minutes",
                penned(_spraying),
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("password_spraying", {"source.ip": SPRAYER}, ("spraying",), 12),),
        quiet=(
            Quiet("brute_force", {"source.ip": SPRAYER}, "never more than four in two minutes"),
            Quiet("slow_brute_force", {"source.ip": SPRAYER}, "twelve failures, not twenty"),
        ),
    ),
    Story(
        name="shared_gateway",
        says="Monday morning: five colleagues behind one gateway mistype once each, then log in",
        logs=(AUTH,),
        length=720.0,
        chapters=(
            Chapter(
                "gateway",
                "five users, one wrong password each from one inside address, then the right one",
                penned(_gateway),
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("password_spraying", {"source.ip": GATEWAY}, "five users, not six"),
            Quiet("brute_force", {"source.ip": GATEWAY}, "five failures over ten minutes"),
            Quiet(
                "success_after_brute_force", {"source.ip": GATEWAY}, "people who mistype log in afterwards"
            ),
            Quiet("shared_credential", {"user.name": "alice"}, "one address"),
        ),
        twin_of="password_spray",
    ),
)
