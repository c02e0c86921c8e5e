"""Santa, the guard of executions on Macs: programs started or kept from it, disks that came and went.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "user.name")
('macos_execution', 'failure', 'ann')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields, mark, number
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_ALLOWED = mark("macos_execution", "success")
_DENIED = mark("macos_execution", "failure")
_DISK = mark("macos_disk")

_HEAD = re.compile(r"\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\] ([IWED]) santad?: (?=action=)")
_LEVELS = {"I": "info", "W": "warning", "E": "error", "D": "debug"}
_FIELDS = {
    "sha256": "process.hash.sha256", "path": "process.executable", "args": "process.command_line",
    "user": "user.name",
    "uid": "user.id", "group": "group.name", "gid": "group.id",
    "cert_cn": "process.code_signature.subject_name",
    "cert_sha256": "santa.certificate_sha256", "reason": "event.reason", "decision": "santa.decision",
    "mode": "santa.mode", "mount": "santa.mount", "volume": "santa.volume", "bsdname": "santa.device",
    "serial": "santa.serial", "model": "santa.model", "bus": "santa.bus", "newpath": "santa.new_path",
    "processpath": "santa.process_path",
}  # fmt: skip
_NUMBERS = {"pid": "process.pid", "ppid": "process.parent.pid"}


def _pairs(text: str) -> dict[str, str]:
    """key=value|key=value: behind the arguments, which are anybody's, the last of a name is Santa's."""
    before, sep, after = text.partition("|args=")
    pairs: dict[str, str] = {}
    for part in before.split("|", 40):
        key, _, value = part.partition("=")
        pairs.setdefault(key, value)
    if sep:
        arguments, _, behind = after.partition("|")
        pairs["args"] = arguments
        pairs |= {key: value for key, _, value in (part.partition("=") for part in behind.rsplit("|", 40))}
    return pairs


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of santa.log: [stamp] I santad: action=EXEC|decision=ALLOW|…"""
    head = _HEAD.match(text)
    ts = when(reading.clock, head[1]) if head is not None else None
    if head is None or ts is None:
        return None
    pairs = _pairs(text[head.end() :])
    f["event.dataset"], f["log.level"], f["santa.action"] = "santa", _LEVELS[head[2]], pairs["action"]
    for key, value in pairs.items():
        name = _FIELDS.get(key)
        if name and value:
            f[name] = value
        elif key in _NUMBERS:
            whole = number(value)
            if whole is not None:
                f[_NUMBERS[key]] = whole
    if pairs["action"] == "EXEC":
        f.setdefault("process.command_line", pairs.get("path", ""))
        f |= _DENIED if pairs.get("decision") == "DENY" else _ALLOWED
    elif pairs["action"].startswith("DISK"):
        f |= _DISK
    return ts, logsources_of("santa", f.get("event.action", "")), 1


FORMATS = (
    Format(
        name="santa",
        title="Santa, execution guard of macOS",
        example="[2026-11-20T10:00:00.802Z] I santad: "
        "action=EXEC|decision=DENY|reason=BINARY|sha256=ab12|path=/tmp/x|"
        "args=/tmp/x -v|pid=4111|ppid=1|uid=501|user=ann|gid=20|group=staff|mode=L",
        line=line,
        begins="[",
    ),
)
