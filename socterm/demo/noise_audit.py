"""What auditd records on a day without an attack: cron's sessions and programs, units, monitoring."""

from __future__ import annotations

from socterm.demo.cast import DANA, WEB
from socterm.demo.model import Noise
from socterm.demo.pen_audit import AuditPen, Who
from socterm.demo.sheet import Sheet

_CHECKS = (
    ("/usr/lib/nagios/plugins/check_load", ("-w", "4,3,2", "-c", "8,6,4")),
    ("/usr/lib/nagios/plugins/check_disk", ("-w", "10%", "-c", "5%", "-p", "/")),
    ("/usr/lib/nagios/plugins/check_procs", ("-w", "250", "-c", "400")),
)
_WORK = (
    ("/usr/bin/less", ("less", "README.md")),
    ("/usr/bin/git", ("git", "status")),
    ("/usr/bin/grep", ("grep", "-rn", "timeout", "config/")),
    ("/usr/bin/ls", ("ls", "--color=auto", "-l")),
    ("/usr/bin/vim.basic", ("vim", "notes.txt")),
)


def _recorded(sheet: Sheet, length: float, factor: float) -> None:
    pen, rng = AuditPen(sheet, WEB), sheet.rng
    session = 300 + 100 * sheet.round
    at = 61.0 - sheet.start.second
    while at < length:
        session += 1
        root = Who("root", 0, "root", 0, session)
        pen.cron_session(at, root, lasts=0.4)
        pen.run(
            at + 0.1,
            root,
            "/usr/bin/dash",
            ("/bin/sh", "-c", "command -v debian-sa1 > /dev/null && debian-sa1 1 1"),
        )
        pen.run(at + 0.2, root, "/usr/bin/dash", ("/bin/sh", "/usr/lib/sysstat/debian-sa1", "1", "1"))
        at += 300.0
    at, number = 9.0, 0
    while at < length:
        exe, args = _CHECKS[number % len(_CHECKS)]
        pen.run(at, Who("nagios", 114), exe, (exe, *args))
        at += (22 + 16 * rng.random()) / factor
        number += 1
    at, number = 33.0, 0
    dana = Who(DANA.name, DANA.uid, DANA.name, DANA.uid, 7, "pts0")
    while at < length:
        exe, argv = _WORK[number % len(_WORK)]
        pen.run(at, dana, exe, argv, cwd="/home/dana/app")
        at += (40 + 45 * rng.random()) / factor
        number += 1
    for at, unit in ((95.0, "phpsessionclean"), (640.0, "apt-daily")):
        if at < length:
            pen.service(at, "SERVICE_START", unit)
            pen.service(at + 1.5, "SERVICE_STOP", unit)


RECORDED = Noise("recorded", "auditd: jobs of cron, monitoring, units, dana at her work", _recorded)
