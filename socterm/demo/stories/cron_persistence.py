"""A way back in through cron; and people and packages that use cron as it is meant."""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

STORIES = (
    Story(
        name="cron_persistence",
        says="the crontab of root is replaced: something hidden in /var/tmp runs every five minutes",
        logs=(AUTH,),
        length=1200.0,
        chapters=(
            Chapter("crontab", "root replaces its own crontab", unwritten),
            Chapter("runs", "cron runs a hidden program from /var/tmp every five minutes", unwritten),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("suspicious_cron", {"host.hostname": WEB.name}, ("crontab", "runs")),),
    ),
    Story(
        name="own_crontab",
        says="dana edits her own crontab, and a package brings a file for cron.d",
        logs=(AUTH,),
        length=1200.0,
        chapters=(
            Chapter("own", "crontab -e of a report that then runs every ten minutes", unwritten),
            Chapter("package", "apt upgrade; cron notices the new file of sysstat", unwritten),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet(
                "suspicious_cron",
                {"host.hostname": WEB.name},
                "her own crontab, a program in /usr/local, a file from a package",
            ),
        ),
        twin_of="cron_persistence",
    ),
)
