"""One user tried from many addresses; and a password changed in one place only."""

from __future__ import annotations

from socterm.demo.cast import CAROL, DB, Person
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

BOTNET = tuple(f"198.51.100.{number}" for number in range(161, 175))


ICINGA = Person("icinga", 114, "10.20.0.50")


def _botnet(pen: Pen) -> None:
    for number, address in enumerate(BOTNET):
        pen.failed_login(80.0 + 80.0 * number, pen.connect(DB, address), CAROL.name, gap=1.9, end="bye")


def _stale(pen: Pen) -> None:
    for number in range(8):
        pen.failed_login(
            70.0 + 131.0 * number, pen.connect(DB, f"10.20.0.{60 + number}"), ICINGA.name, gap=1.2
        )
    login = pen.login(1180.0, pen.connect(DB, ICINGA.address), ICINGA, method="password")
    pen.logout(1184.0, login)


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
                penned(_botnet),
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
                "eight inside machines fail once each within twenty minutes; the ninth logs in",
                penned(_stale),
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("distributed_brute_force", {"user.name": "icinga"}, "eight addresses, not ten"),
            Quiet("success_after_failures_elsewhere", {"user.name": "icinga"}, "all of it inside the house"),
        ),
        twin_of="distributed_brute_force",
    ),
)
