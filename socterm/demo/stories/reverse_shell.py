"""A web application made to call home; and the shells a web application has anyway."""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH
from socterm.demo.pen_audit import AUDIT

STORIES = (
    Story(
        name="reverse_shell",
        says="a hole in the web application gives a shell that calls an address outside",
        logs=(AUTH, AUDIT),
        length=600.0,
        chapters=(
            Chapter("exploited", "www-data runs sh -c out of the web server", unwritten),
            Chapter("calls_home", "bash with its hands on /dev/tcp", unwritten),
        ),
        noise=(WORKING, INTERNET),
        alerts=(
            Expected("reverse_shell", {"host.hostname": WEB.name}, ("exploited", "calls_home")),
            Expected(
                "shell_by_service",
                {"host.hostname": WEB.name},
                ("exploited", "calls_home"),
                superseded_by="reverse_shell",
            ),
        ),
    ),
    Story(
        name="web_app_jobs",
        says="the scheduler of the web application, run by cron as www-data, as auditd sees it",
        logs=(AUTH, AUDIT),
        length=600.0,
        chapters=(
            Chapter(
                "scheduler", "cron starts sh -c for www-data every other minute; php does its work", unwritten
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("shell_by_service", {"host.hostname": WEB.name}, "the shell of cron, in a session of cron"),
            Quiet("reverse_shell", {"host.hostname": WEB.name}, "no network in it"),
        ),
        twin_of="reverse_shell",
    ),
)
