"""Proxmox VE, Backup Server, Mail Gateway: who logged in to the web interface, who ran which tasks.

The access log of the web interface is a web server's and is read as such.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('app_login', 'failure', '192.0.2.7')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import Memory
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("proxmox")
_LOGGED_IN = mark("app_login", "success")
_REFUSED = mark("app_login", "failure")
_STARTED = mark("task_started")
_DONE = mark("task_ended", "success")
_BROKEN = mark("task_ended", "failure")

_UPID = re.compile(
    r"UPID:(?P<node>[\w.-]{1,64}):(?P<pid>[0-9A-Fa-f]{8}):[0-9A-Fa-f]{8,9}(?::[0-9A-Fa-f]{8})?:"
    r"(?P<start>[0-9A-Fa-f]{8}):(?P<type>[^:\s]{1,64}):(?P<id>[^:\s]{0,128}):(?P<user>[^:\s]{1,128}):",
    re.ASCII,
)
_BY = re.compile(r"<([^<>\s]{1,128})> ")
_FAILED = "authentication failure; rhost="
_GRANTED = re.compile(r"(?:<[^<>\s]{1,128}> )?successful auth for user '([^']{1,128})'")


def proxmox(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for pvedaemon, pveproxy and their kin."""
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    if msg.startswith(_FAILED):
        _refused(msg[len(_FAILED) :], f)
        return mem.times
    granted = _GRANTED.match(msg)
    if granted is not None:
        _user(granted[1], f)
        f |= _LOGGED_IN
        return mem.times
    by = _BY.match(msg)
    rest = msg if by is None else msg[by.end() :]
    if by is not None:
        _user(by[1], f)
    if rest.startswith("starting task "):
        _task(rest[14:], f, _STARTED)
    elif rest.startswith("end task "):
        _, _, how = rest.partition(": ")
        _task(rest[9:], f, _DONE if how == "OK" or how.startswith("WARNINGS") else _BROKEN)
        f["event.reason"] = how
    return mem.times


def _refused(rest: str, f: Fields) -> None:
    """RHOST user=USER msg=REASON: the address stands first; the user may be any text."""
    host, _, rest = rest.partition(" ")
    address, _, port = host.rpartition("]:")
    put_peer(f, address.lstrip("[") or host, port)
    user, _, reason = rest.removeprefix("user=").rpartition(" msg=")
    _user(user, f)
    if reason:
        f["event.reason"] = reason
    f |= _REFUSED


def _user(text: str, f: Fields) -> None:
    """`ann@pam`, `ann@pam!token`: the name, the realm it is of, the API token used."""
    name, at, realm = text.rpartition("@")
    if at and name:
        realm, _, token = realm.partition("!")
        f["user.name"], f["user.domain"] = name, realm
        if token:
            f["proxmox.token"] = token
    elif text:
        f["user.name"] = text


def _task(text: str, f: Fields, what: Fields) -> None:
    found = _UPID.match(text)
    if found is None:
        return
    f["proxmox.task.type"] = found["type"]
    if found["id"]:
        f["proxmox.task.id"] = found["id"]
    f["proxmox.task.upid"] = found[0]
    f["proxmox.node"] = found["node"]
    if "user.name" not in f:
        _user(found["user"], f)
    f |= what


def _index(text: str, f: Fields, reading: Reading) -> Found | None:  # noqa: ARG001 - one signature for all
    """Reader of whole lines of the task index: `UPID:… ENDTIME STATUS`; running tasks have no end. Hex."""
    found = _UPID.match(text)
    if found is None or text[found.end() : found.end() + 1] not in ("", " "):
        return None
    rest = text[found.end() :].strip()
    end, _, status = rest.partition(" ")
    if end in ("0", "1"):  # the list of active tasks has a flag before the rest
        end, _, status = status.partition(" ")
    try:
        seconds = int(end or found["start"], 16)
    except ValueError:
        return None
    f["event.dataset"] = "proxmox"
    f["host.hostname"] = found["node"]
    f["process.pid"] = int(found["pid"], 16)
    _task(text, f, _STARTED if not end else _DONE if status == "OK" else _BROKEN)
    if status:
        f["event.reason"] = status
    return seconds * 1_000_000, _SOURCES, 1


_PROGRAMS = (
    "pvedaemon", "pveproxy", "pvestatd", "pvescheduler", "pve-ha-lrm", "pve-ha-crm", "pve-guests", "pvesh",
    "pve-firewall", "pvefw-logger", "pveum", "spiceproxy", "pmxcfs", "qm", "pct", "qmeventd", "vzdump",
    "pvesr",
    "pmgdaemon", "pmgproxy", "pmgpolicy", "pmgtunnel", "pmgmirror", "proxmox-backup-proxy",
    "proxmox-backup-api",
)  # fmt: skip
_PROGRAM = Program(proxmox, "proxmox")
FORMATS = (
    Format(
        name="proxmox",
        title="Proxmox VE, Backup Server, Mail Gateway",
        example="Nov 20 10:00:00 pve1 pvedaemon[12021]: authentication failure; rhost=192.0.2.7 "
        "user=root@pam msg=Authentication failure",
        programs=dict.fromkeys(_PROGRAMS, _PROGRAM),
        line=_index,
        begins="U",
    ),
)
