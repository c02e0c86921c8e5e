"""Passwords guessed until one was right; and a robot whose key was changed."""

from __future__ import annotations

from socterm.demo.cast import DANA, DEPLOY
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

GUESSER = "203.0.113.21"

STORIES = (
    Story(
        name="brute_force_success",
        says="one address guesses the password of alice and logs in with it",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter("guessing", "14 wrong passwords for alice in a minute and a half", unwritten),
            Chapter(
                "break_in",
                "the same address logs in as alice with a password, looks around and leaves",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=(
            Expected(
                "brute_force",
                {"source.ip": GUESSER},
                ("guessing",),
                14,
                superseded_by="success_after_brute_force",
            ),
            Expected("brute_force_user", {"user.name": "alice"}, ("guessing",), 14),
            Expected("success_after_brute_force", {"source.ip": GUESSER}, ("guessing", "break_in"), 15),
        ),
        quiet=(Quiet("slow_brute_force", {"source.ip": GUESSER}, "fourteen failures, not twenty"),),
    ),
    Story(
        name="rotated_key",
        says="the key of the deployment machine is changed: it is refused four times, then let in",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter("refused", "four connections of deploy end before a key was taken", unwritten),
            Chapter("rolled_out", "dana puts the new key in place; deploy logs in with it", unwritten),
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
