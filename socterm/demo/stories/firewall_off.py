"""The firewall switched off; and a port opened in it."""

from __future__ import annotations

from socterm.demo.cast import ALICE, DANA, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned

TTY = "pts/1"


def _disabled(pen: Pen) -> None:
    login = pen.login(110.0, pen.connect(WEB, ALICE.address), ALICE)
    for number, command in enumerate(
        ("/usr/sbin/ufw disable", "/usr/sbin/iptables -P INPUT ACCEPT", "/usr/sbin/iptables -F")
    ):
        pen.sudo(150.0 + 11.0 * number, WEB, ALICE, command, tty=TTY, lasts=0.5)
    pen.logout(230.0, login)


def _opened(pen: Pen) -> None:
    dana = pen.login(300.0, pen.connect(WEB, DANA.address), DANA)
    for number, command in enumerate(
        (
            "/usr/sbin/ufw status numbered",
            "/usr/sbin/ufw allow 8443/tcp",
            "/usr/sbin/ufw reload",
            "/usr/sbin/iptables -L -n",
        )
    ):
        pen.sudo(320.0 + 9.0 * number, WEB, DANA, command, tty=TTY, lasts=0.7)
    pen.logout(390.0, dana)


STORIES = (
    Story(
        name="firewall_off",
        says="ufw is disabled and the rules of iptables are flushed through sudo",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter("disabled", "sudo ufw disable, iptables -P INPUT ACCEPT, iptables -F", penned(_disabled)),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("firewall_disabled", {"host.hostname": WEB.name}, ("disabled",)),),
    ),
    Story(
        name="firewall_change",
        says="dana opens a port in the firewall and reloads it",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter(
                "opened", "sudo ufw allow 8443/tcp, ufw reload, ufw status, iptables -L", penned(_opened)
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(Quiet("firewall_disabled", {"host.hostname": WEB.name}, "a port opened is no firewall gone"),),
        twin_of="firewall_off",
    ),
)
