"""Broken in, then an account of their own with all rights; and a colleague who starts today."""

from __future__ import annotations

from socterm.demo.cast import DANA, INTRUDER, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

GUESSER = "203.0.113.27"

STORIES = (
    Story(
        name="new_admin",
        says="a guessed password, sudo, and a new account in group sudo",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter("guessing", "12 wrong passwords for alice in a minute", unwritten),
            Chapter("break_in", "the same address logs in as alice", unwritten),
            Chapter("privilege", "alice, logged in from outside, uses sudo", unwritten),
            Chapter("new_account", "a new account, made a member of group sudo", unwritten),
        ),
        noise=(WORKING, INTERNET),
        alerts=(
            Expected(
                "brute_force",
                {"source.ip": GUESSER},
                ("guessing",),
                12,
                superseded_by="success_after_brute_force",
            ),
            Expected("brute_force_user", {"user.name": "alice"}, ("guessing",), 12),
            Expected("success_after_brute_force", {"source.ip": GUESSER}, ("guessing", "break_in"), 13),
            Expected(
                "root_after_external_login",
                {"user.name": "alice", "host.hostname": WEB.name},
                ("break_in", "privilege", "new_account"),
            ),
            Expected("user_created", {"user.name": INTRUDER.name}, ("new_account",)),
            Expected("admin_rights_granted", {"user.name": INTRUDER.name}, ("new_account",)),
            Expected(
                "account_after_attack", {"host.hostname": WEB.name}, ("guessing", "break_in", "new_account")
            ),
        ),
        quiet=(Quiet("root_then_data", {"user.name": "alice"}, "nothing was packed or sent"),),
    ),
    Story(
        name="onboarding",
        says="dana creates an account for a colleague and puts it into the group of developers",
        logs=(AUTH,),
        length=900.0,
        chapters=(
            Chapter(
                "colleague",
                "sudo useradd, passwd and usermod -aG developers; the colleague logs in and changes the password",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet("admin_rights_granted", {"user.name": "frank"}, "developers are no administrators"),
            Quiet("account_after_attack", {"host.hostname": WEB.name}, "no attack before it"),
            Quiet("root_after_external_login", {"user.name": DANA.name}, "her desk is inside"),
        ),
        twin_of="new_admin",
    ),
)
