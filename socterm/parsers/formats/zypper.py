"""zypp's history (openSUSE, SLES): fields with bars between them, the time first.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "user.name", "package.name")
('package_installed', 'root', 'nmap')
"""

from __future__ import annotations

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.package_names import put
from socterm.parsers.marks import Fields, mark
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("zypper")
_STEP = mark("package_step")
_COMMAND = mark("package_command")
_DEEDS = {"install": mark("package_installed"), "remove": mark("package_removed")}
_OTHERS = frozenset(
    {"command", "radd", "rremove", "ralias", "rurl", "rpriority", "patch", "patched", "stamp"}
)


def read(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines: `2026-11-20 10:00:00|install|nmap|7.92-1.1|x86_64|root@host|repo|checksum|`."""
    if text[19:20] != "|":
        return None
    parts = text.split("|")
    verb = parts[1].strip()
    deed = _DEEDS.get(verb)
    if deed is None and verb not in _OTHERS:
        return None
    ts = when(reading.clock, parts[0])
    if ts is None:
        return None
    f["event.dataset"] = "zypper"
    f["message"] = text[20:]
    if deed is not None and len(parts) >= 6:
        put(f, parts[2], parts[3], parts[4])
        _caller(parts[5], f)
        f |= deed
    elif verb == "command" and len(parts) >= 4:
        _caller(parts[2], f)
        f["process.command_line"] = " ".join(word.strip("'") for word in parts[3].split("' '"))
        f |= _COMMAND
    else:
        f |= _STEP
    return ts, _SOURCES, 1


def _caller(who: str, f: Fields) -> None:
    user, at, host = who.rpartition("@")
    if at and user:
        f["user.name"] = user
        f["host.hostname"] = host


FORMATS = (
    Format(
        name="zypper",
        title="zypp's history (openSUSE, SLES)",
        example="2026-11-20 10:00:00|install|nmap|7.92-1.1|x86_64|root@suse1|repo-oss|0f1e|",
        line=read,
        begins="12",
    ),
)
