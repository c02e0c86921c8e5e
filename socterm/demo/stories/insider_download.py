"""Somebody inside takes customer data with him; and the nightly backup."""

from __future__ import annotations

from socterm.demo.cast import BOB, BORG, DANA, DB, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story, unwritten
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH

STORIES = (
    Story(
        name="insider_download",
        says="bob becomes root on the database host, dumps the customers and sends them away",
        logs=(AUTH,),
        length=1200.0,
        chapters=(
            Chapter("login", "bob logs in from his desk as every day", unwritten),
            Chapter("privilege", "he uses sudo to look where he never looks", unwritten),
            Chapter("download", "the customers are dumped, packed and sent to an address outside", unwritten),
        ),
        noise=(WORKING, INTERNET),
        alerts=(
            Expected(
                "root_then_data", {"user.name": BOB.name, "host.hostname": DB.name}, ("privilege", "download")
            ),
        ),
        quiet=(
            Quiet("root_then_data", {"user.name": DANA.name}, "root commands, but nothing packed or sent"),
            Quiet("root_after_external_login", {"user.name": BOB.name}, "his desk is inside"),
        ),
    ),
    Story(
        name="backup_job",
        says="the backup, by cron under an account of its own: sudo, tar, rsync to the other host",
        logs=(AUTH,),
        length=1200.0,
        chapters=(
            Chapter(
                "backup",
                "cron runs it as borg; sudo without a terminal packs files, rsync takes them to the other host inside",
                unwritten,
            ),
        ),
        noise=(WORKING, INTERNET),
        quiet=(
            Quiet(
                "root_then_data",
                {"user.name": BORG.name},
                "a job of cron, without terminal, between our own hosts",
            ),
            Quiet("root_then_data_as_root", {"host.hostname": WEB.name}, "likewise"),
            Quiet("service_account_login", {"user.name": BORG.name}, "the account is meant to log in"),
        ),
        twin_of="insider_download",
    ),
)
