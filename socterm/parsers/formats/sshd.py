"""OpenSSH's server, whatever its process is called: messages are told apart by their first word.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('ssh_login', 'failure', '192.0.2.7')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.formats.sshd_login import LOGIN_WORDS
from socterm.parsers.formats.sshd_peers import PEER_WORDS
from socterm.parsers.marks import Fields, Handler
from socterm.parsers.memory import Memory

_NOISE = re.compile(r"\[ID \d+ [\w.]+\] |kernel: ?\[ *[\d.]+\]:? ")
"""What may stand before the message proper: Solaris's message id, a kernel time."""


def _grave(msg: str, f: Fields, mem: Memory) -> int:
    """error: MESSAGE and its kin: how grave it is stands before the message proper."""
    rest = msg.partition(" ")[2].lstrip(" ")
    handler = _PROPER.get(rest.partition(" ")[0])
    return mem.times if handler is None else handler(rest, f, mem)


_PROPER: dict[str, Handler] = LOGIN_WORDS | PEER_WORDS
_WORDS: dict[str, Handler] = _PROPER | {
    "error:": _grave,
    "fatal:": _grave,
    "warning:": _grave,
    "pam_unix(sshd:auth):": pam,
}
"""First word of a message → what reads it."""


def sshd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for sshd, sshd-session and sshd-auth."""
    handler = _WORDS.get(msg.partition(" ")[0])
    if handler is not None:
        return handler(msg, f, mem)
    if msg.startswith(("pam_", "(pam_")):
        return pam(msg, f, mem)
    noise = _NOISE.match(msg)
    if noise is None:
        return mem.times
    rest = msg[noise.end() :]
    handler = _PROPER.get(rest.partition(" ")[0])
    return mem.times if handler is None else handler(rest, f, mem)


_SSHD = Program(sshd, "sshd", "sshd")
FORMATS = (
    Format(
        name="sshd",
        title="OpenSSH server",
        example="Nov 20 10:00:00 web1 sshd[7]: Failed password for root from 192.0.2.7 port 4022 ssh2",
        programs={"sshd": _SSHD, "sshd-session": _SSHD, "sshd-auth": _SSHD},
    ),
)
