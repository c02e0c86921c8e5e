"""The logs of yum, dnf 4 and dnf 5, and their lines in syslog: what came, what went, what was asked for.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "package.name", "message")
('package_installed', 'nmap', 'Installed: nmap-2:6.40-19.el7.x86_64')
>>> read_line(FORMATS[1].example, "event.action", "package.name", "log.level")
('package_installed', 'nmap', 'subdebug')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.package_names import put, rpm
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_YUM = logsources_of("yum")
_DNF = logsources_of("dnf")
_STEP = mark("package_step")
_ERROR = mark("package_error", "failure")
_COMMAND = mark("package_command")
_INSTALLED = mark("package_installed")
_UPDATED = mark("package_updated")
_REMOVED = mark("package_removed")
_DOWNGRADED = mark("package_downgraded")
_DEEDS = {
    "Installed": _INSTALLED,
    "Dep-Installed": _INSTALLED,
    "Updated": _UPDATED,
    "Dep-Updated": _UPDATED,
    "Upgraded": _STEP,
    "Upgrade": _UPDATED,
    "Obsoleted": _REMOVED,
    "Erased": _REMOVED,
    "Erase": _REMOVED,
    "Removed": _REMOVED,
    "Reinstalled": mark("package_reinstalled"),
    "Reinstall": mark("package_reinstalled"),
    "Downgrade": _DOWNGRADED,
    "Downgraded": _STEP,
    "Cleanup": _STEP,
}
"""dnf says `Upgrade: NEW` and `Upgraded: OLD`; yum says `Updated: NEW`."""

_CALLBACKS = {
    "install": _INSTALLED, "upgrade": _UPDATED, "erase": _REMOVED, "remove": _REMOVED,
    "downgrade": _DOWNGRADED, "reinstall": mark("package_reinstalled"),
}  # fmt: skip
_CALLBACK = re.compile(r'RPM callback (\w+) start "([^"\s]{1,300})"')
_HEAD = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d{4})) (?:\[(?P<pid>\d{1,10})\] )?"
    r"(?P<level>SUBDEBUG|DDEBUG|TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL) (?P<msg>.*)",
    re.DOTALL,
)
_OWN = ("SUBDEBUG", "DDEBUG")
"""Levels that only dnf has."""
_BEGINNINGS = (
    "--- logging initialized", "--- DNF5", "DNF version: ", "Command: ", "Installroot: ", "Releasever: ",
    "RPM callback ", "[librepo] ", "[libsolv] ", "[rpm] ", "cachedir: ", "Base command: ", "User-Agent: ",
    "Extra commands: ", "repo: ", "Loaded plugins: ", "YUM version: ", "RPM: ", "Metadata cache ",
    "Last metadata expiration check: ", "Dependencies resolved", "Transaction ", "Cleaning up.",
    "Running transaction",
)  # fmt: skip
_CALLS = re.compile(r'(?:Command: |--- DNF5 launched with arguments: ")(.*?)(?:" ---)?$', re.DOTALL)


def _yum(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines: yum.log's `Nov 20 10:00:00 Installed: nmap-6.40-19.el7.x86_64`."""
    verb, colon, package = text[16:].partition(": ")
    if not colon or verb not in _DEEDS or text[15:16] != " " or " " in package.strip():
        return None
    ts = when(reading.clock, text[:15])
    if ts is None:
        return None
    f["message"] = text[16:]
    _deed(verb, package, f)
    f["event.dataset"] = "yum"
    return ts, _YUM, 1


def _deed(verb: str, package: str, f: Fields) -> None:
    put(f, *rpm(package.strip()))
    f |= _DEEDS[verb]


def _dnf(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines of dnf's logs of all generations."""
    found = _HEAD.match(text) if text[10:11] == "T" else None
    if found is None:
        return None
    stamp, pid, level, msg = found.groups()
    verb, _, package = msg.partition(": ")
    if level not in _OWN and verb not in _DEEDS and not msg.startswith(_BEGINNINGS):
        return None
    ts = when(reading.clock, stamp)
    if ts is None:
        return None
    f["event.dataset"] = "dnf"
    f["message"] = msg
    f["log.level"] = level.lower()
    if pid:
        f["process.pid"] = int(pid)
    if verb in _DEEDS and " " not in package:
        _deed(verb, package, f)
        return ts, _DNF, 1
    called, back = _CALLS.match(msg), _CALLBACK.match(msg)
    if called is not None:
        f["process.command_line"] = called[1]
        f |= _COMMAND
    elif back is not None:
        put(f, *rpm(back[2]))
        f |= _CALLBACKS.get(back[1], _STEP)
    else:
        f |= _ERROR if level in ("ERROR", "CRITICAL") else _STEP
    return ts, _DNF, 1


def yum(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for yum and dnf in syslog."""
    verb, colon, package = msg.partition(": ")
    if colon and verb in _DEEDS and " " not in package.strip():
        _deed(verb, package, f)
    return mem.times


FORMATS = (
    Format(
        name="yum",
        title="yum.log, and yum in syslog",
        example="Nov 20 10:00:00 Installed: nmap-2:6.40-19.el7.x86_64",
        line=_yum,
        begins="JFMASOND",
        programs={"yum": Program(yum, "yum"), "dnf": Program(yum, "dnf"), "packagekitd": Program(yum, "dnf")},
    ),
    Format(
        name="dnf",
        title="dnf.log, dnf.rpm.log, dnf5.log",
        example="2026-11-20T10:00:00+0000 SUBDEBUG Installed: nmap-3:7.92-1.fc38.x86_64",
        line=_dnf,
        begins="12",
    ),
)
