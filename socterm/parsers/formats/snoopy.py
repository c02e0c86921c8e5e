"""Snoopy: every command run, as a library preloaded into programs tells it: `[uid:0 … cwd:/]: command line`.

The part in brackets is configured by the administrator: names with a colon behind them, values that may hold
blanks only in parentheses. What a program was called with is that program's user's text.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "process.command_line", "process.name")
('command', 'id -u', 'snoopy')
"""

from __future__ import annotations

import re

from socterm.parsers.addresses import peer_of
from socterm.parsers.format import Format, Program
from socterm.parsers.marks import Fields, mark, number
from socterm.parsers.memory import Memory

_COMMAND = mark("command")
_ITEM = re.compile(
    r"(?P<name>[a-z_]{1,32}):(?P<value>\([^()]{0,200}\)|[^\s\[\]]{0,4096})(?: \([^()]{0,64}\))?(?: |$)"
)
_NAMES = {
    "login": "user.audit.name",
    "username": "user.name",
    "user": "user.name",
    "eusername": "user.effective.name",
    "group": "group.name",
    "tty": "process.tty",
    "cwd": "process.working_directory",
    "filename": "process.executable",
    "sid": "session.id",
    "rpname": "process.parent.name",
    "hostname": "host.hostname",
}
_NUMBERS = {
    "uid": "user.id",
    "euid": "user.effective.id",
    "gid": "group.id",
    "pid": "process.pid",
    "ppid": "process.parent.pid",
}
_LONGEST = 4096
"""Characters of the part in brackets."""


def snoopy(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for snoopy."""
    head, closed, line = msg.partition("]: ")
    if not closed or head[:1] != "[" or len(head) > _LONGEST:
        return mem.times
    at = 1
    while at < len(head):
        item = _ITEM.match(head, at)
        if item is None:
            return mem.times
        _put(item["name"], item["value"], f)
        at = item.end()
    f["process.command_line"] = line
    if "process.executable" not in f and line[:1] == "/":
        f["process.executable"] = line.partition(" ")[0]
    f |= _COMMAND
    return mem.times


def _put(name: str, value: str, f: Fields) -> None:
    text = value.strip("()")
    if name == "ssh":
        # SSH_CONNECTION: the client's address and port, the server's
        ends = text.split(" ")
        if len(ends) == 4:
            where, address = peer_of(ends[0])
            if where:
                f[where] = address
            if ends[1].isdecimal() and len(ends[1]) < 6:
                f["source.port"] = int(ends[1])
    elif name in _NUMBERS:
        count = number(text)
        if count is not None:
            f[_NUMBERS[name]] = count
    elif text and text not in ("none", "unknown", "undefined"):
        f[_NAMES.get(name, f"snoopy.{name}")] = text


FORMATS = (
    Format(
        name="snoopy",
        title="Snoopy command logger",
        example="Nov 20 10:00:00 shell1 snoopy[2044]: [uid:0 sid:2001 tty:/dev/pts/0 cwd:/root "
        "filename:/usr/bin/id]: id -u",
        programs={"snoopy": Program(snoopy, "snoopy", varies=True)},
    ),
)
