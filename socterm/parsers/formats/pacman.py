"""pacman.log (Arch Linux), with the tags of newer versions or without.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "package.name", "message")
('package_installed', 'nmap', 'installed nmap (7.94-1)')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.package_names import put
from socterm.parsers.marks import Fields, mark
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("pacman")
_LINE = re.compile(
    r"\[(?P<stamp>\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d[+-]\d{4})?)\] "
    r"(?:\[(?P<tag>PACMAN|ALPM|ALPM-SCRIPTLET)\] )?(?P<msg>.*)",
    re.DOTALL,
)
_DEED = re.compile(
    r"(installed|reinstalled|upgraded|downgraded|removed) (\S{1,200}) \(([^()\s]*)(?: -> ([^()\s]*))?\)$"
)
_RUNNING = re.compile(r"Running '(.*)'$", re.DOTALL)
_DEEDS = {
    "installed": mark("package_installed"),
    "reinstalled": mark("package_reinstalled"),
    "upgraded": mark("package_updated"),
    "downgraded": mark("package_downgraded"),
    "removed": mark("package_removed"),
}
_COMMAND = mark("package_command")
_STEP = mark("package_step")
_ERROR = mark("package_error", "failure")


def read(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines: `[2026-11-20T10:00:00+0100] [ALPM] installed nmap (7.94-1)`."""
    found = _LINE.match(text)
    if found is None:
        return None
    stamp, tag, msg = found.groups()
    deed = _DEED.match(msg)
    if (
        tag is None
        and deed is None
        and not msg.startswith(("Running '", "starting full system upgrade", "synchroniz"))
    ):
        return None
    ts = when(reading.clock, stamp if len(stamp) > 16 else f"{stamp}:00")
    if ts is None:
        return None
    f["event.dataset"] = "pacman"
    f["message"] = msg
    if tag:
        f["pacman.tag"] = tag
    running = _RUNNING.match(msg)
    if deed is not None:
        verb, name, version, newer = deed.groups()
        put(f, name, newer or version, "", version if newer else "")
        f |= _DEEDS[verb]
    elif running is not None and tag != "ALPM-SCRIPTLET":
        f["process.command_line"] = running[1]
        f |= _COMMAND
    else:
        f |= _ERROR if msg.startswith("error") else _STEP
    return ts, _SOURCES, 1


FORMATS = (
    Format(
        name="pacman",
        title="pacman.log (Arch Linux)",
        example="[2026-11-20T10:00:00+0100] [ALPM] installed nmap (7.94-1)",
        line=read,
        begins="[",
    ),
)
