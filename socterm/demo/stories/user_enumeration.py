"""Names guessed to see which exist; and an account that was renamed."""

from __future__ import annotations

from socterm.demo.cast import NAMES_GUESSED, WEB, Person
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

ENUMERATOR = "198.51.100.62"


ERIN = Person("erin.young", 1005, "10.20.1.33")


def _names(pen: Pen) -> None:
    names = (*NAMES_GUESSED, "barbara", "benno", "bianca", "boris", "bruno", "caspar")
    for number, name in enumerate(names):
        pen.failed_login(150.0 + 3.1 * number, pen.connect(WEB, ENUMERATOR), name, gap=1.6, end="bye")


def _old_name(pen: Pen) -> None:
    for number in range(2):
        pen.failed_login(
            170.0 + 40.0 * number, pen.connect(WEB, ERIN.address), "erin.miller", tries=2, gap=1.0
        )
    login = pen.login(301.0, pen.connect(WEB, ERIN.address), ERIN, method="password")
    pen.logout(420.0, login)


STORIES = (
    Story(
        name="user_enumeration",
        says="twenty guessed names, each tried once, in a minute",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter(
                "names", "18 names nobody has, one wrong password each, three seconds apart", penned(_names)
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=(
            Expected(
                "brute_force", {"source.ip": ENUMERATOR}, ("names",), 18, superseded_by="password_spraying"
            ),
            Expected("password_spraying", {"source.ip": ENUMERATOR}, ("names",), 18),
        ),
        quiet=(Quiet("slow_brute_force", {"source.ip": ENUMERATOR}, "eighteen failures, not twenty"),),
    ),
    Story(
        name="renamed_account",
        says="a script of erin still uses the name she had before she married",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter(
                "old_name",
                "four tries of a name that is gone, from her own machine; then the new name is let in",
                penned(_old_name),
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("password_spraying", {"source.ip": "10.20.1.33"}, "two names"),
            Quiet("brute_force", {"source.ip": "10.20.1.33"}, "four failures"),
        ),
        twin_of="user_enumeration",
    ),
)
