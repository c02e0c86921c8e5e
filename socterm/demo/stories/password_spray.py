"""One password tried on everybody; and an office behind one address."""

from __future__ import annotations

from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

SPRAYER = "198.51.100.61"
GATEWAY = "10.20.0.1"

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
                unwritten,
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
                "five users, one wrong password each from the same inside address, each followed by the right one",
                unwritten,
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
