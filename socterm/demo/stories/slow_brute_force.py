"""Passwords guessed at leisure, below every short counter; and a job that nobody repaired."""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

GUESSER = "203.0.113.24"

STORIES = (
    Story(
        name="slow_brute_force",
        says="one address tries root every eight minutes for three hours",
        logs=(AUTH,),
        length=11700.0,
        chapters=(Chapter("patience", "24 wrong passwords for root, one every eight minutes", unwritten),),
        noise=(WORKING, INTERNET),
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
                "twelve failures of borg from the other host, one every quarter of an hour; then it is repaired",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("slow_brute_force", {"source.ip": WEB.address}, "twelve failures, not twenty"),
            Quiet("success_after_brute_force", {"source.ip": WEB.address}, "no brute force before it"),
        ),
        twin_of="slow_brute_force",
    ),
)
