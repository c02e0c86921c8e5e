"""A customers' table carried off page by page, and downloads that are nobody's loss."""

from __future__ import annotations

from socterm.demo.model import Story
from socterm.demo.noise_web import VISITORS_JSON
from socterm.demo.pen_web import ACCESS_JSON, BROWSERS, Client, WebPen
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_web import (
    BACKUP,
    CUSTOMER,
    STEALER,
    VIEWER,
    WEB_DOWNLOAD_BENIGN,
    WEB_EXFILTRATION,
)


def _export(sheet: Sheet) -> None:
    pen, client = WebPen(sheet, ACCESS_JSON), Client(STEALER, BROWSERS[0])
    pen.request(50, client, "/api/v1/session", method="POST", size=412)
    for number in range(60):
        size = 60_000_000 + int(sheet.rng.random() * 30_000_000)
        path = f"/api/v1/export?table=customers&format=json&page={number + 1}"
        pen.request(62 + 17.8 * number, client, path, size=size)


def _customer(sheet: Sheet) -> None:
    pen, client = WebPen(sheet, ACCESS_JSON), Client(CUSTOMER, BROWSERS[4])
    for at in (130.0, 410.0, 655.0):
        pen.request(at - 9, client, "/downloads", size=14_120)
        pen.request(at, client, "/downloads/planner-setup-3.2.1.exe", size=92_274_688, referrer="/downloads")


def _video(sheet: Sheet) -> None:
    pen, client = WebPen(sheet, ACCESS_JSON), Client(VIEWER, BROWSERS[2])
    for number in range(120):
        size = 1_900_000 + int(sheet.rng.random() * 250_000)
        path = f"/media/tour-of-the-workshop/seg-{number:04d}.m4s"
        pen.request(90 + 6.0 * number, client, path, size=size, referrer="/about")


def _backup(sheet: Sheet) -> None:
    pen, client = WebPen(sheet, ACCESS_JSON), Client(BACKUP, "curl/8.14.1")
    for number, table in enumerate(("orders", "customers", "stock", "media")):
        path = f"/api/v1/export?table={table}&format=json"
        pen.request(300 + 95.0 * number, client, path, size=601_000_000 + 7_113 * number)


STORIES = (
    Story(
        name="web_exfiltration",
        says="somebody with a session exports the customers' table, 4.5 GB in eighteen minutes",
        logs=(ACCESS_JSON,),
        length=1200.0,
        chapters=WEB_EXFILTRATION.chapters(_export),
        noise=(VISITORS_JSON,),
        alerts=WEB_EXFILTRATION.alerts,
        quiet=WEB_EXFILTRATION.quiet,
    ),
    Story(
        name="web_downloads",
        says="an installer fetched three times, a film, and our own backup server",
        logs=(ACCESS_JSON,),
        length=1200.0,
        chapters=WEB_DOWNLOAD_BENIGN.chapters(_customer, _video, _backup),
        noise=(VISITORS_JSON,),
        quiet=WEB_DOWNLOAD_BENIGN.quiet,
        twin_of="web_exfiltration",
    ),
)
