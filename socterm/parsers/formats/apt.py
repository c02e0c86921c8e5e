"""apt's history.log and term.log: who called apt with which arguments, and what came and went.

History is written in paragraphs. Each line stays an event; those that name packages carry the command and the
user of their paragraph.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "message")
('package_step', 'Start-Date: 2026-11-20  10:00:00')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.package_names import Package, put, put_all
from socterm.parsers.marks import Fields, mark
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("apt")
_KEY = "apt"
_COMMAND = mark("package_command")
_STEP = mark("package_step")
_ERROR = mark("package_error", "failure")
_INSTALLED = mark("package_installed")
_REMOVED = mark("package_removed")
_DEEDS = {
    "Install": _INSTALLED,
    "Reinstall": mark("package_reinstalled"),
    "Upgrade": mark("package_updated"),
    "Downgrade": mark("package_downgraded"),
    "Remove": _REMOVED,
    "Purge": _REMOVED,
}
_STAMPED = frozenset({"Start-Date", "End-Date", "Log started", "Log ended"})
_PACKAGE = re.compile(r"([\w.+-]+):(\w+) \(([^(),]*)(?:, ([^(),]*))?\)(?:, |$)", re.ASCII)
_REQUESTED = re.compile(r"Requested-By: ([^\s()]{1,64}) \((\d{1,10})\)$")
_LAID_OUT = re.compile(
    r"(Selecting previously unselected package|Preparing to unpack|Unpacking|Setting up|Removing|"
    r"Purging configuration files for|Processing triggers for) (\S+?)(?::(\w+))?"
    r"(?: \(([^()\s]*)\)(?: over \(([^()\s]*)\))?)?(?: \.\.\.|\.)$",
    re.ASCII,
)


def read(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines of either log."""
    key, colon, rest = text.partition(": ")
    if colon and key in _STAMPED:
        ts = when(reading.clock, rest.rstrip().replace("  ", " ", 1))
        if ts is None:
            return None
        if key == "End-Date":
            reading.memory.keep(_KEY, {})
        return _told(text, f, _STEP, ts)
    if colon and key in _HISTORY:
        return _HISTORY[key](key, rest, text, f, reading)
    if text.startswith("dpkg: error processing "):
        return _told(text, f, _ERROR)
    laid = _LAID_OUT.match(text)
    if laid is None:
        return None
    _, name, arch, version, before = laid.groups()
    if name.endswith(".deb"):
        name, version, arch = (*name.rpartition("/")[2][:-4].split("_"), "", "")[:3]
    put(f, name, version or "", arch or "", before or "")
    return _told(text, f, _STEP)


def _told(text: str, f: Fields, what: Fields, ts: int | None = None) -> Found:
    f["event.dataset"] = "apt"
    f["message"] = text
    f |= what
    return ts, _SOURCES, 1


def _command(key: str, rest: str, text: str, f: Fields, reading: Reading) -> Found | None:  # noqa: ARG001 - table
    """Commandline: apt-get install nmap."""
    f["process.command_line"] = rest
    f["process.executable"] = rest.partition(" ")[0]
    note = dict(reading.memory.recall(_KEY) or {})
    note["command"] = rest[:1000]
    reading.memory.keep(_KEY, note)
    return _told(text, f, _COMMAND)


def _requested(key: str, rest: str, text: str, f: Fields, reading: Reading) -> Found | None:  # noqa: ARG001 - table
    """Requested-By: ann (1000)."""
    found = _REQUESTED.match(text)
    if found is None:
        return None
    f["user.name"], f["user.id"] = found[1], int(found[2])
    note = dict(reading.memory.recall(_KEY) or {})
    note["user"] = found[1]
    reading.memory.keep(_KEY, note)
    return _told(text, f, _STEP)


def _packages(key: str, rest: str, text: str, f: Fields, reading: Reading) -> Found | None:
    """Install: nmap:amd64 (7.93, automatic), libpcap:amd64 (1.10); Upgrade: bash:amd64 (5.1, 5.2)."""
    packages: list[Package] = []
    at = 0
    befores = []
    while at < len(rest):
        found = _PACKAGE.match(rest, at)
        if found is None:
            return None
        at = found.end()
        name, arch, first, second = found.groups()
        newer = second if second and second != "automatic" else ""
        packages.append((name, newer or first, arch))
        befores.append(first if newer else "")
    if not packages:
        return None
    put_all(f, packages)
    if len(packages) == 1 and befores[0]:
        f["package.previous_version"] = befores[0]
    note = reading.memory.recall(_KEY) or {}
    if "command" in note:
        f["process.command_line"] = note["command"]
    if "user" in note:
        f["user.name"] = note["user"]
    return _told(text, f, _DEEDS[key])


def _error(key: str, rest: str, text: str, f: Fields, reading: Reading) -> Found | None:  # noqa: ARG001 - table
    """Error: Sub-process /usr/bin/dpkg returned an error code (1)."""
    return _told(text, f, _ERROR) if rest.startswith("Sub-process ") else None


_HISTORY = {
    "Commandline": _command,
    "Requested-By": _requested,
    "Error": _error,
    **dict.fromkeys(_DEEDS, _packages),
}
FORMATS = (
    Format(
        name="apt",
        title="apt's history.log and term.log",
        example="Start-Date: 2026-11-20  10:00:00",
        line=read,
        begins="SECRLIUDPd",
    ),
)
