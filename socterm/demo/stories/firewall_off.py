"""The firewall switched off; and a port opened in it."""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

STORIES = (
    Story(
        name="firewall_off",
        says="ufw is disabled and the rules of iptables are flushed through sudo",
        logs=(AUTH,),
        length=600.0,
        chapters=(Chapter("disabled", "sudo ufw disable, iptables -P INPUT ACCEPT, iptables -F", unwritten),),
        noise=(WORKING, INTERNET),
        alerts=(Expected("firewall_disabled", {"host.hostname": WEB.name}, ("disabled",)),),
    ),
    Story(
        name="firewall_change",
        says="dana opens a port in the firewall and reloads it",
        logs=(AUTH,),
        length=600.0,
        chapters=(
            Chapter("opened", "sudo ufw allow 8443/tcp, ufw reload, ufw status, iptables -L", unwritten),
        ),
        noise=(WORKING, INTERNET),
        quiet=(Quiet("firewall_disabled", {"host.hostname": WEB.name}, "a port opened is no firewall gone"),),
        twin_of="firewall_off",
    ),
)
