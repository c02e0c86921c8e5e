"""Names guessed to see which exist; and an account that was renamed."""

from __future__ import annotations

from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

ENUMERATOR = "198.51.100.62"

STORIES = (
    Story(
        name="user_enumeration",
        says="twenty guessed names, each tried once, in a minute",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter("names", "18 names nobody has, one wrong password each, three seconds apart", unwritten),
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
                unwritten,
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
