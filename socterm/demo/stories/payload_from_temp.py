"""A program brought along and run from where anybody may write; and tools of developers."""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH
from socterm.demo.pen_audit import AUDIT

STORIES = (
    Story(
        name="payload_from_temp",
        says="a program is fetched into /dev/shm, made executable and run, once more as root through sudo",
        logs=(AUTH, AUDIT),
        length=600.0,
        chapters=(
            Chapter("fetched", "curl -o /dev/shm/.x/kworker, chmod +x", unwritten),
            Chapter("run", "run from /dev/shm, then with sudo from /tmp", unwritten),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("run_from_temp", {"host.hostname": WEB.name}, ("run",)),),
        quiet=(
            Quiet(
                "root_then_data",
                {"user.name": "alice"},
                "fetched before there was root, and nothing left the house",
            ),
        ),
    ),
    Story(
        name="developer_tools",
        says="dana works with an editor that keeps its server below her home, and installs packages",
        logs=(AUTH, AUDIT),
        length=600.0,
        chapters=(
            Chapter("editor", "programs under ~/.vscode-server and ~/.local/bin", unwritten),
            Chapter("packages", "apt: maintainer scripts of dpkg, helpers of /usr/lib", unwritten),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet(
                "run_from_temp",
                {"host.hostname": WEB.name},
                "hidden folders of a home are where tools live; dpkg has its own",
            ),
        ),
        twin_of="payload_from_temp",
    ),
)
