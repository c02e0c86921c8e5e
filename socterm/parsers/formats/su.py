"""su and login: changes of user and logins at a terminal, in the words of shadow, util-linux, BSD, BusyBox.

user.name is who asked, user.effective.name who they wanted to be. Solaris writes `[ID NUMBER FACILITY.LEVEL]`
first.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "user.name")
('su', 'failure', 'ann')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import Memory

_DONE = mark("su", "success")
_FAILED = mark("su", "failure")
_LOGIN = mark("pam_login", "success")
_NO_LOGIN = mark("pam_login", "failure")

_FORMS: tuple[tuple[re.Pattern[str], bool | None, str], ...] = (
    (re.compile(r"Successful su for (?P<to>.+) by (?P<by>.+)$"), True, "text"),
    (re.compile(r"FAILED su for (?P<to>.+) by (?P<by>.+)$"), False, "text"),
    (re.compile(r"FAILED SU \(to (?P<to>.+)\) (?P<by>.+) on (?P<tty>\S+)$"), False, "text"),
    (re.compile(r"\(to (?P<to>.+)\) (?P<by>.+) on (?P<tty>\S+)$"), True, "text"),
    (re.compile(r"\+ (?P<tty>\S+) (?P<by>[^:]+)[:-](?P<to>.+)$"), True, "mark"),
    (re.compile(r"- (?P<tty>\S+) (?P<by>[^:]+)[:-](?P<to>.+)$"), False, "mark"),
    (re.compile(r"BAD SU (?P<by>.+) to (?P<to>.+) on (?P<tty>\S+)$"), False, "text"),
    (re.compile(r"'su (?P<to>.+)' failed for (?P<by>.+) on (?P<tty>\S+)$"), False, "text"),
    (re.compile(r"'su (?P<to>.+)' succeeded for (?P<by>.+) on (?P<tty>\S+)$"), True, "text"),
    (re.compile(r"(?P<by>\S+) to (?P<to>\S+) on (?P<tty>/dev/\S+)$"), True, "text"),
)
"""(form, did it succeed, channel): shadow's su writes a sentence and a `+`/`-` mark for the same attempt."""

_LOGINS: tuple[tuple[re.Pattern[str], bool], ...] = (
    (
        re.compile(r"FAILED LOGIN \(?\d+\)? on '(?P<tty>.*?)'(?: from '(?P<host>.*?)')? FOR '(?P<user>.*?)'"),
        False,
    ),
    (re.compile(r"FAILED LOGIN (?:SESSION )?\d* ?FROM (?P<host>\S+) FOR (?P<user>.*?),"), False),
    (re.compile(r"(?P<root>ROOT) LOGIN ON (?P<tty>\S+)(?: FROM (?P<host>\S+))?"), True),
    (re.compile(r"ROOT LOGIN +on '(?P<tty>.*?)'(?: from '(?P<host>.*?)')?(?P<root>)"), True),
    (
        re.compile(r"invalid password for '(?P<user>.*)' {1,2}on '(?P<tty>.*?)'(?: from '(?P<host>.*?)')?$"),
        False,
    ),
    (re.compile(r"root login {1,2}on '(?P<tty>.*?)'(?: from '(?P<host>.*?)')?(?P<root>)$"), True),
    (re.compile(r"LOGIN ON (?P<tty>\S+) BY (?P<user>\S+)(?: FROM (?P<host>\S+))?"), True),
)


def su(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for su."""
    if msg.startswith("[ID "):
        msg = msg.partition("] ")[2]
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    for form, succeeded, channel in _FORMS:
        found = form.match(msg)
        if found is None:
            continue
        parts = found.groupdict()
        by = parts["by"]
        if by != "???":
            f["user.name"] = by
        f["user.effective.name"] = parts["to"]
        if parts.get("tty"):
            f["process.tty"] = parts["tty"]
        if not succeeded:
            f |= _FAILED
            return mem.attempt(f"su {by}", channel).count(channel, mem.times)
        seen = mem.process(f"su {by}")
        f |= _DONE
        # The mark repeats what the sentence said; without a sentence before it, it stands for the change.
        if channel == "mark" and seen.tries:
            seen.tries -= 1
            return 0
        seen.renew()
        seen.tries = mem.times if channel == "text" else 0
        return mem.times
    return mem.times


def login(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for login (console, telnet)."""
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    for form, succeeded in _LOGINS:
        found = form.match(msg)
        if found is None:
            continue
        parts = found.groupdict()
        user = parts.get("user") or ("root" if parts.get("root") is not None else "")
        if user and user != "UNKNOWN":
            f["user.name"] = user
        if parts.get("tty"):
            f["process.tty"] = parts["tty"]
        if parts.get("host"):
            put_peer(f, parts["host"])
        if succeeded:
            f |= _LOGIN
            return mem.times
        f |= _NO_LOGIN
        return mem.attempt(user, "text").count("text", mem.times)
    return mem.times


_SU = Program(su, "su", "su")
FORMATS = (
    Format(
        name="su",
        title="su and login",
        example="Nov 20 10:00:00 web1 su[9]: FAILED SU (to root) ann on pts/0",
        programs={
            "su": _SU,
            "su-l": _SU,
            "su-rs": _SU,
            "runuser": Program(pam, "pam", "su"),
            "login": Program(login, "pam"),
        },
    ),
)
