"""apk.log (Alpine): which command ran, and what it did to each package. Only the command has a time.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "process.command_line", "message")
('package_command', 'apk add nmap', 'Running `apk add nmap` at 2026-11-20 10:00:00')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.package_names import put
from socterm.parsers.marks import Fields, mark
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("apk")
_RUNNING = re.compile(r"Running `(apk [^`]*)` at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)$")
_STEP_LINE = re.compile(
    r"\(\s{0,6}\d{1,6}/\d{1,6}\) (Installing|Upgrading|Downgrading|Reinstalling|Replacing|Purging) "
    r"(\S{1,200}) \(([^()\s]*)(?: -> ([^()\s]*))?\)"
)
_SCRIPT = re.compile(r"Executing \S{1,200}\.(?:(?:pre|post)-(?:install|upgrade|deinstall)|trigger)$")
_DEEDS = {
    "Installing": mark("package_installed"),
    "Upgrading": mark("package_updated"),
    "Downgrading": mark("package_downgraded"),
    "Reinstalling": mark("package_reinstalled"),
    "Replacing": mark("package_reinstalled"),
    "Purging": mark("package_removed"),
}
_COMMAND = mark("package_command")
_STEP = mark("package_step")


def read(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines."""
    ts = None
    running = _RUNNING.match(text)
    step = None if running is not None else _STEP_LINE.match(text)
    if running is not None:
        ts = when(reading.clock, running[2])
        if ts is None:
            return None
        f["process.command_line"] = running[1]
        f |= _COMMAND
    elif step is not None:
        verb, name, version, newer = step.groups()
        put(f, name, newer or version, "", version if newer else "")
        f |= _DEEDS[verb]
    elif _SCRIPT.match(text) is not None:
        f |= _STEP
    else:
        return None
    f["event.dataset"] = "apk"
    f["message"] = text
    return ts, _SOURCES, 1


FORMATS = (
    Format(
        name="apk",
        title="apk.log (Alpine Linux)",
        example="Running `apk add nmap` at 2026-11-20 10:00:00",
        line=read,
        begins="RE(",
    ),
)
