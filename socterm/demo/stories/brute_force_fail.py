"""Passwords guessed from one address without luck; and a person who has forgotten hers."""

from __future__ import annotations

from socterm.demo.cast import BOB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

GUESSER = "203.0.113.20"

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
                unwritten,
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
            Chapter("forgotten", "five wrong passwords in two minutes from his own desk", unwritten),
            Chapter("remembered", "the sixth is right; then a day like any other", unwritten),
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
