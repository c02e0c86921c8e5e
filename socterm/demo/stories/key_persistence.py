"""A way back in with a key; and the configuration management that also writes keys."""

from __future__ import annotations

from socterm.demo.cast import WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

OUTSIDE = "198.51.100.90"

STORIES = (
    Story(
        name="key_persistence",
        says="a key is appended to those of root through sudo, then used from outside",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter("planted", "sudo tee -a /root/.ssh/authorized_keys by alice", unwritten),
            Chapter("used", "root logs in with the key from outside", unwritten),
        ),
        noise=(WORKING, INTERNET),
        alerts=(Expected("authorized_keys_written", {"user.name": "alice"}, ("planted",)),),
        quiet=(Quiet("root_password_login", {"source.ip": OUTSIDE}, "a key, not a password"),),
    ),
    Story(
        name="ansible_run",
        says="ansible sets the web host up: a dozen tasks as root through sudo, python from ~/.ansible/tmp",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "playbook",
                "deploy logs in with its key; sudo runs /bin/sh -c with python for each task; a service restarts",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet(
                "sudo_shell_escape",
                {"user.name": "deploy"},
                "configuration management runs python as root all day",
            ),
            Quiet("run_from_temp", {"host.hostname": WEB.name}, "the folder of ansible, gone a second later"),
            Quiet("systemd_unit_added", {"host.hostname": WEB.name}, "a restart is no new unit"),
        ),
        twin_of="key_persistence",
    ),
)
