"""cron and crontab: what ran, and who touched a schedule. `(USER) VERB (DETAIL)`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "user.name", "process.command_line")
('cron_command', 'root', '/usr/local/bin/backup')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory

_LINE = re.compile(r"\((.*?)\) ([A-Za-z][A-Za-z _]*?) {1,2}\((.*)\)\s*$", re.DOTALL)
_BUSYBOX = re.compile(r"USER (\S+) pid +(\d{1,10}) cmd (.*)$", re.DOTALL)
_RAN = mark("cron_command")
_VERBS = {
    "REPLACE": mark("crontab_changed"),
    "DELETE": mark("crontab_changed"),
    "END EDIT": mark("crontab_read"),
    "BEGIN EDIT": mark("crontab_read"),
    "LIST": mark("crontab_read"),
    "AUTH": mark("crontab_denied"),
    "STARTUP": mark("service_started"),
    "RELOAD": mark("service_changed"),
}
_NO_USER = frozenset({"CRON", "system", "*system*", "cron"})


def cron(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for cron, crond, CROND, anacron's parent and crontab."""
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    busybox = _BUSYBOX.match(msg)
    if busybox is not None:
        _ran(f, busybox[1], busybox[3])
        return mem.times
    found = _LINE.match(msg)
    if found is None:
        return mem.times
    user, verb, detail = found.groups()
    if verb == "CMD":
        _ran(f, user, detail)
        return mem.times
    if user not in _NO_USER:
        f["user.name"] = user
    f["cron.verb"] = verb
    if verb in ("REPLACE", "DELETE", "LIST", "BEGIN EDIT", "END EDIT"):
        f["user.target.name"] = detail
    f.update(_VERBS.get(verb, {}))
    return mem.times


def _ran(f: Fields, user: str, command: str) -> None:
    """A command: cron gives it padded, some crons with a `[job]` number in front."""
    line = command.strip()
    f["user.name"] = user
    f["process.command_line"] = line
    f["process.executable"] = line.partition(" ")[0]
    f.update(_RAN)


_CRON = Program(cron, "cron", varies=True)
FORMATS = (
    Format(
        name="cron",
        title="cron, crond, crontab, anacron",
        example="Nov 20 10:00:00 web1 CRON[10]: (root) CMD (/usr/local/bin/backup)",
        programs={"cron": _CRON, "crond": _CRON, "crontab": _CRON, "anacron": _CRON},
    ),
)
