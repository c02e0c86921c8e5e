"""OpenSSH's server, whatever its process is called: messages are told apart by their first word."""

from __future__ import annotations

import re

from socterm.parsers.marks import Fields, Handler
from socterm.parsers.memory import Memory
from socterm.parsers.pam import pam
from socterm.parsers.sshd_login import LOGIN_WORDS
from socterm.parsers.sshd_peers import PEER_WORDS

_NOISE = re.compile(r"\[ID \d+ [\w.]+\] |kernel: ?\[ *[\d.]+\]:? |(?:error|fatal|warning): +")
"""What may stand before the message proper: Solaris's message id, a kernel time, how grave it is."""

_WORDS: dict[str, Handler] = LOGIN_WORDS | PEER_WORDS


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
    handler = _WORDS.get(rest.partition(" ")[0])
    return mem.times if handler is None else handler(rest, f, mem)
