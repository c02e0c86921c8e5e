"""fail2ban: offences found, addresses banned and let in again; from its own log in every layout, or syslog.

`2026-11-20 10:00:00,123 fail2ban.actions [811]: NOTICE [sshd] Ban 192.0.2.7`; older ones have no pid, or a
blank before the colon. A failure id need not be an address: it may be a user or any text a filter finds.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "process.name")
('ban', '192.0.2.7', 'fail2ban.actions')
"""

from __future__ import annotations

import re

from socterm.parsers.addresses import peer_of
from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("fail2ban")
_PART = re.compile(r"(?P<part>fail2ban\.[\w.]{1,40})\s{0,20}(?:\[(?P<pid>\d{1,10})\])?\s{0,3}: ")
_LEVEL = re.compile(r"(?P<level>[A-Z]{3,10})\s{0,8} ")
_JAIL = re.compile(r"\[(?P<jail>[\w.@:+-]{1,64})\] ", re.ASCII)
_LEVELS = frozenset({
    "HEAVYDEBUG", "TRACEDEBUG", "DEBUG", "INFO", "NOTICE", "MSG", "WARNING", "WARN", "ERROR", "CRITICAL",
})  # fmt: skip
_ERROR_LEVELS = frozenset({"ERROR", "CRITICAL"})

_BAN = mark("ban")
_UNBAN = mark("unban")
_RESTORED = mark("ban_restored")
_KNOWN = mark("ban_known")
_FOUND = mark("offence_found")
_OWN = mark("fail2ban")
_ERROR = mark("fail2ban_error", "failure")
_DEEDS: tuple[tuple[str, Fields], ...] = (
    ("Restore Ban ", _RESTORED),
    ("Increase Ban ", _BAN),
    ("Reban ", _BAN),
    ("Ban ", _BAN),
    ("Unban ", _UNBAN),
    ("Found ", _FOUND),
)
_BANNED_ALREADY = " already banned"
_STATES = ("Jail '", "Starting Fail2ban", "Exiting Fail2ban", "Shutdown in progress", "Shutdown successful")
_JAIL_STATE = re.compile(r"Jail '(?P<jail>[^']{1,64})' ")


def _said(text: str, f: Fields) -> str:
    """What a part of fail2ban says behind its name: `NOTICE [jail] Ban ADDRESS`; answers with the message."""
    level = _LEVEL.match(text)
    if level is not None and level["level"] in _LEVELS:
        f["log.level"] = level["level"].lower()
        text = text[level.end() :].lstrip(" ")
    msg = text
    jail = _JAIL.match(text)
    if jail is not None:
        f["fail2ban.jail"] = jail["jail"]
        text = text[jail.end() :]
        if _deed(text, f):
            return msg
    else:
        state = _JAIL_STATE.match(text)
        if state is not None:
            f["fail2ban.jail"] = state["jail"]
        if text.startswith(_STATES):
            f |= _OWN
    if f.get("log.level", "").upper() in _ERROR_LEVELS:
        f |= _ERROR
    return msg


def _deed(text: str, f: Fields) -> bool:
    """What happened to an address. Jails count on the words of fail2ban itself: they come first."""
    for words, what in _DEEDS:
        if text.startswith(words):
            rest = text[len(words) :]
            who = rest.partition(" - ")[0] if what is _FOUND else rest.partition(" (")[0]
            _culprit(who.strip(), f)
            f |= what
            return True
    if text.endswith(_BANNED_ALREADY):
        _culprit(text[: -len(_BANNED_ALREADY)].strip(), f)
        f |= _KNOWN
        return True
    return False


def _culprit(who: str, f: Fields) -> None:
    """An address, a network, or whatever a filter took for the failure's id."""
    name, value = peer_of(who)
    if name == "source.ip":
        f[name] = value
        return
    left, slash, bits = who.partition("/")
    name, value = peer_of(left) if slash and bits.isdecimal() and len(bits) < 4 else ("", "")
    if name == "source.ip":
        f["source.address"] = f"{value}/{bits}"
    elif who:
        f["fail2ban.id"] = who[:256]


def read(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines of fail2ban.log."""
    if text[23:33] != " fail2ban." or text[4:5] != "-":
        return None
    part = _PART.match(text, 24)
    if part is None:
        return None
    ts = when(reading.clock, text[:23])
    if ts is None:
        return None
    f["event.dataset"] = "fail2ban"
    f["process.name"] = part["part"]
    if part["pid"]:
        f["process.pid"] = int(part["pid"])
    f["message"] = ""
    f["message"] = _said(text[part.end() :].lstrip(" "), f)
    return ts, _SOURCES, 1


def fail2ban(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for fail2ban in syslog or the journal; its own head may stand in front again."""
    part = _PART.match(msg)
    _said(msg[part.end() :].lstrip(" ") if part is not None else msg, f)
    return mem.times


FORMATS = (
    Format(
        name="fail2ban",
        title="fail2ban.log, and fail2ban in syslog",
        example="2026-11-20 10:00:00,123 fail2ban.actions        [811]: NOTICE  [sshd] Ban 192.0.2.7",
        line=read,
        begins="12",
        programs={"fail2ban*": Program(fail2ban, "fail2ban")},
    ),
)
