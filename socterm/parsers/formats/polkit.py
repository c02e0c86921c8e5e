"""polkit and pkexec: who was let do what after a password, who was not, what ran as somebody else.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "user.name", "process.command_line")
('pkexec_command', 'ann', '/usr/bin/id')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory

_GRANTED = mark("polkit_granted", "success")
_DENIED = mark("polkit_denied", "failure")
_AGENT = mark("polkit_agent")
_RAN = mark("pkexec_command")
_NOT_RUN = mark("pkexec_denied", "failure")

_OPERATOR = re.compile(
    r"Operator of (?P<session>\S{1,128}) "
    r"(?:successfully authenticated as unix-user:(?P<as>\S{1,128})|(?P<failed>FAILED) to authenticate)"
    r" to gain (?:(?P<scope>\S{1,32}) )?authorization for action (?P<action>[\w.-]{1,256})"
    r"(?: for (?P<subject>unix-process:(?P<pid>\d{1,10}):\d{1,20}|\S{1,128}) \[)?"
)
_OWNED = re.compile(r"\] \(owned by unix-user:([^()\s]{1,128})\)$")
_AGENT_OF = re.compile(r"(?:Registered|Unregistered) Authentication Agent for (\S{1,128})")
_ATTACKS = (
    "The value for the SHELL variable was not found",
    "The value for environment variable",
)
"""What pkexec says when an environment is forged; CVE-2021-4034 left this trace."""


def polkit(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for polkitd."""
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    if msg.startswith("(authority="):
        msg = msg.partition(") ")[2]
    found = _OPERATOR.match(msg)
    if found is not None:
        f["polkit.action"] = found["action"]
        f["polkit.session"] = found["session"]
        if found["as"]:
            f["user.effective.name"] = found["as"]
        if found["pid"]:
            f["polkit.process.pid"] = int(found["pid"])
        owner = _OWNED.search(msg[-200:])
        if owner is not None:
            f["user.name"] = owner[1]
        if found["subject"] and owner is not None:
            f["process.command_line"] = msg[found.end() : msg.rindex("] (owned by")]
        f |= _DENIED if found["failed"] else _GRANTED
        return mem.times
    agent = _AGENT_OF.match(msg)
    if agent is not None:
        f["polkit.session"] = agent[1]
        f |= _AGENT
    return mem.times


def pkexec(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for pkexec: `USER: Executing command [USER=root] [TTY=…] [CWD=…] [COMMAND=…]`."""
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    user, colon, rest = msg.partition(": ")
    if not colon or " " in user:
        return mem.times
    f["user.name"] = user
    what, found, rest = rest.partition(" [USER=")
    if found:
        _as_told(rest, f)
    if what == "Executing command":
        f |= _RAN
        return mem.times
    f["event.reason"] = what
    if found or what.startswith(_ATTACKS):
        f |= _NOT_RUN
    return mem.times


def _as_told(text: str, f: Fields) -> None:
    """`root] [TTY=…] [CWD=…] [COMMAND=…]`: directory and command are the caller's text, so order counts."""
    f["user.effective.name"], _, text = text.partition("] [TTY=")
    tty, _, text = text.partition("] [CWD=")
    if tty and tty != "unknown":
        f["process.tty"] = tty
    f["process.working_directory"], _, text = text.partition("] [COMMAND=")
    line = text.removesuffix("]")
    if line:
        f["process.command_line"] = line
        f["process.executable"] = line.partition(" ")[0]


FORMATS = (
    Format(
        name="polkit",
        title="polkit and pkexec",
        example="Nov 20 10:00:00 desk1 pkexec[2044]: ann: Executing command [USER=root] [TTY=/dev/pts/0] "
        "[CWD=/home/ann] [COMMAND=/usr/bin/id]",
        programs={
            "polkitd": Program(polkit, "polkit", varies=True),
            "pkexec": Program(pkexec, "polkit", varies=True),
        },
    ),
)
