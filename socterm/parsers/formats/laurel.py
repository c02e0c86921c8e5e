"""LAUREL, which joins the records of one audit event into one JSON object.

It is read as the records themselves are: the event is what its most telling record is (a program run, a
connection, a file changed, a login), and carries what the others know of the process.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "user.name", "process.command_line")
('execve', 'www-data', 'bash -c id')
"""

from __future__ import annotations

import re
from typing import Any

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.auditd import instant, record
from socterm.parsers.formats.auditd_fields import KINDS
from socterm.parsers.formats.auditd_joined import PLAIN, Sources
from socterm.parsers.formats.auditd_names import SURE
from socterm.parsers.marks import Fields

_PLAIN_TEXT = re.compile(r"[!#-<>-~]{1,4096}", re.ASCII)
"""What auditd writes in quotes: neither a quote nor a blank, nor `=` that would begin another pair."""
_FIRST = ("SYSCALL", "CWD")
_LAST = ("PATH", "SOCKADDR", "EXECVE")
"""Records beside the system call, the most telling last."""
_WRITTEN = frozenset({"CREATE", "DELETE"})
_MOST = 4096
_BARE = SURE | {"exit", "tty", "terminal", "ses", "res", "addr", "hostname", "saddr"}
"""Keys whose values auditd writes without quotes."""


def _value(key: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return "?"
    if isinstance(value, int):
        return str(value)
    if key == "arch":
        return value.removeprefix("0x")
    if key == "mode":
        return value.replace("0o", "0")
    if key in _BARE and _PLAIN_TEXT.fullmatch(value):
        return value
    if _PLAIN_TEXT.fullmatch(value):
        return f'"{value}"'
    return value.encode("utf-8", "surrogateescape").hex().upper()


def _body(told: dict[str, Any]) -> str:
    """A record's pairs as auditd writes them; names of numbers (UID="ann") last."""
    pairs = dict(told)
    inner = pairs.pop("msg", None)
    if isinstance(inner, dict):
        pairs |= inner
    ordered = sorted(pairs, key=str.isupper)
    return " ".join(f"{key}={_value(key, pairs[key])}" for key in ordered if not isinstance(pairs[key], list))


def _arguments(told: dict[str, Any]) -> str:
    argv = told.get("ARGV") or told.get("ARGV_STR")
    if isinstance(argv, str):
        argv = argv.split(" ")
    if not isinstance(argv, list):
        return ""
    words = [f"a{number}={_value('', str(word))}" for number, word in enumerate(argv[:_MOST])]
    return " ".join((f"argc={len(words)}", *words))


def _paths(told: Any) -> list[str]:
    """What the call created or deleted, the most telling last; else the first path it was about."""
    paths = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    made = sorted((one for one in paths if one.get("nametype") in _WRITTEN), key=_is_new)
    return [_body(one) for one in made or paths[:1]]


def _is_new(one: dict[str, Any]) -> bool:
    return one.get("nametype") == "CREATE"


def laurel(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """Reader of LAUREL's objects."""
    ident = entry.get("ID")
    if not isinstance(ident, str):
        return None
    found: Fields = {}
    ts = instant(ident, found, reading.clock)
    if ts is None:
        return None
    node = entry.get("NODE")
    if isinstance(node, str) and node:
        found["host.hostname"] = node
    key = f"{node} {ident}" if node else ident
    told = [name for name in entry if name in KINDS and isinstance(entry[name], dict | list)]
    if not told:
        return None
    sources, times = _records(entry, told, found, reading, key, ts)
    record(KINDS["EOE"], "", {}, reading.memory, key, ts)
    f |= found
    f.setdefault("message", ident)
    return ts, sources, times


def _records(
    entry: dict[str, Any], told: list[str], found: Fields, reading: Reading, key: str, ts: int
) -> tuple[Sources, int]:
    sources, times = PLAIN, 1
    names = [name for name in (*_FIRST, *_LAST) if name in told] if "SYSCALL" in told else told[:1]
    for name in names:
        value = entry[name]
        if name == "PATH":
            if "EXECVE" in told:
                continue
            *before, body = _paths(value) or [""]
            for earlier in before:
                record(KINDS[name], earlier, found.copy(), reading.memory, key, ts)
        elif name == "EXECVE":
            body = _arguments(value) if isinstance(value, dict) else ""
        elif isinstance(value, list):
            body = _body(next((one for one in value if isinstance(one, dict)), {}))
        else:
            body = _body(value)
        if body:
            own, times = record(KINDS[name], _said(name, value, body), found, reading.memory, key, ts)
            sources = own if own is not PLAIN else sources
    return sources, times


def _said(name: str, value: Any, body: str) -> str:
    """A message of user space stands in quotes, as auditd has it."""
    spoken = name != "SYSCALL" and isinstance(value, dict) and ("res" in value or "msg" in value)
    return f"msg='{body}'" if spoken else body


_TELLING = frozenset(KINDS) - {"PATH", "EXECVE", "CWD", "PROCTITLE", "SOCKADDR", "EOE"}
"""Records that stand first, or alone, in an event."""

FORMATS = (
    Format(
        name="laurel",
        title="LAUREL: audit events as JSON",
        example='{"ID":"1795168800.123:4711","NODE":"web1","SYSCALL":{"arch":"0xc000003e","syscall":59,"success":"yes",'
        '"exit":0,"ppid":10,"pid":11,"auid":4294967295,"uid":33,"euid":33,"tty":"(none)","comm":"bash",'
        '"exe":"/usr/bin/bash","ARCH":"x86_64","SYSCALL":"execve","UID":"www-data"},"EXECVE":{"argc":3,'
        '"ARGV":["bash","-c","id"]},"CWD":{"cwd":"/var/www"}}',
        object=laurel,
        keys=(frozenset({"ID"}), _TELLING),
        order=35,
    ),
)
