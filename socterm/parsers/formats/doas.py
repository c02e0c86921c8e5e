"""doas, OpenBSD's small sudo: also on Alpine and others as OpenDoas. The same actions as sudo's.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "user.name", "process.command_line")
('sudo_command', 'ann', 'sh -c id')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory

_RAN = mark("sudo_command")
_DENIED = mark("sudo_denied")
_FAILED = mark("sudo_failed", "failure")

_COMMAND = re.compile(r"(\S{1,64}) ran command (.*) as (\S{1,64}) from (/.*|\(failed\))$", re.DOTALL)
_REFUSED = re.compile(r"(?:command not permitted|failed command) for (\S{1,64}): (.*)$", re.DOTALL)
_WRONG = re.compile(r"failed (?:auth|password) for (\S{1,64})$")


def doas(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for doas."""
    ran = _COMMAND.match(msg)
    if ran is not None:
        f["user.name"], f["user.effective.name"] = ran[1], ran[3]
        if ran[4][0] == "/":
            f["process.working_directory"] = ran[4]
        _command(ran[2], f)
        f |= _RAN
        return mem.times
    refused = _REFUSED.match(msg)
    if refused is not None:
        f["user.name"], f["event.reason"] = refused[1], "command not permitted"
        _command(refused[2], f)
        f |= _DENIED
        return mem.times
    wrong = _WRONG.match(msg)
    if wrong is None:
        return pam(msg, f, mem)
    f["user.name"] = wrong[1]
    f |= _FAILED
    return mem.attempt(wrong[1], "doas").count("doas", mem.times)


def _command(line: str, f: Fields) -> None:
    f["process.command_line"] = line
    f["process.executable"] = line.partition(" ")[0]


FORMATS = (
    Format(
        name="doas",
        title="doas",
        example="Nov 20 10:00:00 bsd1 doas: ann ran command sh -c id as root from /home/ann",
        programs={"doas": Program(doas, "doas", "sudo", varies=True)},
    ),
)
