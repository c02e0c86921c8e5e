"""One user tried from many addresses; and a password changed in one place only."""

from __future__ import annotations

from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

BOTNET = tuple(f"198.51.100.{number}" for number in range(161, 175))

STORIES = (
    Story(
        name="distributed_brute_force",
        says="one user tried from fourteen addresses, once each, in twenty minutes",
        logs=(AUTH,),
        length=1320.0,
        chapters=(
            Chapter(
                "botnet",
                "carol tried from fourteen addresses, one wrong password each, eighty seconds apart",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("distributed_brute_force", {"user.name": "carol"}, ("botnet",), 14),),
        quiet=(
            Quiet("brute_force", {"source.ip": BOTNET[0]}, "one try"),
            Quiet("brute_force_user", {"user.name": "carol"}, "two failures in two minutes"),
            Quiet("slow_brute_force", {"source.ip": BOTNET[13]}, "one try"),
        ),
    ),
    Story(
        name="stale_password",
        says="the password of the monitoring account was changed; eight machines still have the old one",
        logs=(AUTH,),
        length=1320.0,
        chapters=(
            Chapter(
                "stale",
                "eight inside machines fail once each within twenty minutes; the ninth has the new password and logs in",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("distributed_brute_force", {"user.name": "nagios"}, "eight addresses, not ten"),
            Quiet("success_after_failures_elsewhere", {"user.name": "nagios"}, "all of it inside the house"),
        ),
        twin_of="distributed_brute_force",
    ),
)
