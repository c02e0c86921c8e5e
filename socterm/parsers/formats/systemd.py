"""systemd and its login manager: units that start, stop and fail; sessions; the machine's power.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "process.name", "service.name")
('service_started', 'systemd', 'nginx.service')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory

_STARTED = mark("service_started")
_STOPPED = mark("service_stopped")
_FAILED = mark("service_failed")
_CHANGED = mark("service_changed")
_OPENED = mark("session_opened")
_CLOSED = mark("session_closed")
_ENDING = mark("session_ending")
_POWER = mark("power")

_UNIT = r"[\w@:.\\-]+\.(?:service|socket|timer|mount|target|scope|slice|path|device|swap)"
_DONE = re.compile(
    rf"(Started|Finished|Stopped|Reloaded|Failed to start) (?:({_UNIT}) - )?(.+?)\.?$", re.DOTALL
)
_STATE = re.compile(rf"({_UNIT}): (.*)", re.DOTALL)
_NAMED = re.compile(rf"{_UNIT}$")
_WORDS = {"Started": _STARTED, "Stopped": _STOPPED, "Reloaded": _CHANGED, "Failed to start": _FAILED}
_GOING_DOWN = (
    "Reached target Shutdown",
    "Reached target shutdown.target",
    "Stopped target Multi-User System",
    "Stopped target multi-user.target",
)
_MANAGER = ("Reloading", "Reexecuting", "Created symlink", "Removed symlink")

_NEW = re.compile(r"New session '?(.+?)'? of user '?(.+?)'?(?: with class '(.*?)' and type '(.*?)')?\.?$")
_GONE = re.compile(r"Removed session '?(.+?)'?\.?$")
_OUT = re.compile(r"Session '?(.+?)'? logged out")
_POWER_WORDS = (
    "Power key",
    "System is",
    "Lid ",
    "Suspend",
    "Hibernat",
    "Rebooting",
    "Powering",
    "The system will",
    "Operation 'sleep'",
    "System will",
    "Creating /run/nologin",
)


def systemd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for the service manager, the machine's or a user's."""
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    done = _DONE.match(msg)
    if done is not None:
        name = done[2] or done[3]
        if not name.startswith("target "):
            f["service.name"] = name
        f.update(_POWER if msg.startswith(_GOING_DOWN) else _WORDS.get(done[1], {}))
        return mem.times
    state = _STATE.match(msg)
    if state is not None:
        f["service.name"] = state[1]
        if state[2].startswith("Failed with result"):
            f |= _FAILED
    elif msg.startswith(_MANAGER):
        f |= _CHANGED
    elif msg.startswith(_GOING_DOWN):
        f |= _POWER
    return mem.times


def logind(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for systemd-logind (and elogind)."""
    new = _NEW.match(msg)
    if new is not None:
        f["session.id"] = new[1]
        f["user.name"] = new[2]
        if new[4]:
            f["session.type"] = new[4]
        f |= _OPENED
        return mem.times
    gone = _GONE.match(msg)
    out = None if gone is not None else _OUT.match(msg)
    if gone is not None or out is not None:
        f["session.id"] = (gone or out)[1]  # type: ignore[index]
        f |= _CLOSED if gone is not None else _ENDING
    elif msg.startswith(_POWER_WORDS):
        f |= _POWER
    return mem.times


_LOGIND = Program(logind, "logind")
FORMATS = (
    Format(
        name="systemd",
        title="systemd and systemd-logind",
        example="Nov 20 10:00:00 web1 systemd[1]: Started nginx.service - A web server.",
        programs={
            "systemd": Program(systemd, "systemd"),
            **dict.fromkeys(("systemd-logind", "elogind", "elogind-daemon"), _LOGIND),
        },
    ),
)
