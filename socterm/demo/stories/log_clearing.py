"""Traces removed; and logs rotated."""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

STORIES = (
    Story(
        name="log_clearing",
        says="bob empties the logs after himself through sudo",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "cleared",
                "truncate of auth.log, rm of wtmp and the journal, shred of the shell history",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("log_cleared", {"host.hostname": WEB.name}, ("cleared",)),),
    ),
    Story(
        name="log_rotation",
        says="logrotate by its timer and once by hand; old archives of an application go",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "rotated",
                "logrotate.service, sudo logrotate -f, a cron job that deletes archives older than a month",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("log_cleared", {"host.hostname": WEB.name}, "rotation keeps what was written"),
            Quiet("logging_stopped", {"host.hostname": WEB.name}, "rsyslog is only told to reopen its files"),
        ),
        twin_of="log_clearing",
    ),
)
