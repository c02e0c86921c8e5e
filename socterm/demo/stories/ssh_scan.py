"""A scanner that only wants to know what answers on port 22; and our own monitoring doing the same."""

from __future__ import annotations

from socterm.demo.cast import OFFERS, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

SCANNER = "198.51.100.63"
PROBE = "10.20.0.50"


def _probing(pen: Pen) -> None:
    for number in range(9):
        pen.bad_peer(130.0 + 12.0 * number, pen.connect(WEB, SCANNER), number, OFFERS[number % 2])


def _probe(pen: Pen) -> None:
    for number in range(19):
        pen.bad_peer(30.0 + 60.0 * number, pen.connect(WEB, PROBE), 2, "")


STORIES = (
    Story(
        name="ssh_scan",
        says="nine connections in two minutes that do not speak SSH properly",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter(
                "probing",
                "no identification, wrong protocols, ancient key exchanges: nine connections",
                penned(_probing),
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("ssh_scanner", {"source.ip": SCANNER}, ("probing",)),),
        quiet=(Quiet("brute_force", {"source.ip": SCANNER}, "no user name was tried"),),
    ),
    Story(
        name="monitoring_probe",
        says="the monitoring host opens port 22 every minute to see that sshd is there",
        logs=(AUTH,),
        length=1200.0,
        chapters=(
            Chapter(
                "probe", "a connection a minute from an inside address, closed without a word", penned(_probe)
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet(
                "ssh_scanner", {"source.ip": PROBE}, "our own monitoring: one connection a minute from inside"
            ),
        ),
        twin_of="ssh_scan",
    ),
)
