"""The recorder switched off; and restarted."""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

STORIES = (
    Story(
        name="logging_stopped",
        says="auditd is stopped through sudo and not started again",
        logs=(AUTH,),
        length=900.0,
        chapters=(Chapter("stopped", "sudo systemctl stop auditd; it stays down", unwritten),),
        noise=(WORKING, INTERNET),
        alerts=(Expected("logging_stopped", {"host.hostname": WEB.name}, ("stopped",)),),
    ),
    Story(
        name="logging_restarted",
        says="rsyslog and auditd are restarted after a change of their configuration",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "restarted",
                "sudo systemctl restart rsyslog, service auditd restart; both are back within seconds",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(Quiet("logging_stopped", {"host.hostname": WEB.name}, "started again within five minutes"),),
        twin_of="logging_stopped",
    ),
)
