"""The careful way through a line: PRI, RFC 5424, JSON envelope, stamp, host, tag; each may be absent."""

from __future__ import annotations

from typing import Any

import msgspec

from socterm.parsers.envelopes import TOO_DEEP, docker, journal, parse_json
from socterm.parsers.headers import Head, after_stamp, priority, priority_fields, tagged, without_stamp
from socterm.parsers.rfc5424 import Head5424, read_5424
from socterm.parsers.stamps import LATEST, Clock
from socterm.parsers.unified import unified

_CRI = ("stdout F ", "stderr F ", "stdout P ", "stderr P ")
"""Behind a stamp, what containerd and CRI-O write before a container's line: stream, full or partial."""


class Peeled(msgspec.Struct, gc=False):
    """What was found: instant (None without a usable stamp), header, more fields, and what is broken.

    `line` is the whole line that lay in an envelope (docker, CRI), `packed` the envelope's own instant.
    """

    head: Head
    ts: int | None = None
    fields: dict[str, Any] = {}
    error: str = ""
    line: str = ""
    packed: int | None = None


def peel(text: str, clock: Clock, *, nested: bool = False) -> Peeled:
    """Take a line apart. `nested` is for the line inside a docker envelope."""
    if text[:1] == "{":
        return _json(text, clock, nested=nested)
    value, at = priority(text)
    rest = text[at:]
    if value >= 0 or text[:1].isdecimal():
        head = read_5424(rest)
        if head is not None:
            found = _rfc5424(head, clock, strict=value < 0)
            if found is not None:
                if value >= 0:
                    found.fields = priority_fields(value) | found.fields
                return found
    if value < 0:
        return _bare(text, clock, nested=nested)
    found = _bare(rest.lstrip(" "), clock, framed=True, nested=True)
    found.fields = priority_fields(value) | found.fields
    return found


def _bare(text: str, clock: Clock, *, framed: bool = False, nested: bool = False) -> Peeled:
    """A line without JSON or PRI; `framed` says that a PRI vouches for it being syslog."""
    end = clock.read(text)
    if not end:
        head = without_stamp(text)
        if head is None:
            head = tagged("", text) if framed else Head(msg=text)
        return _leveled(Peeled(head))
    rest = text[end + 1 :]
    if not nested and rest.startswith(_CRI):
        return _packed(rest[len("stdout F ") :], clock.ts, {"stream": rest[:6]}, clock)
    head = after_stamp(rest)
    if text[10:11] == " " and text[4:5] == "-" and not head.name:
        head = Head(msg=rest)  # a log of its own with a date before each line, not syslog
    return _leveled(Peeled(head, clock.ts))


def _leveled(found: Peeled) -> Peeled:
    if found.head.level is not None:
        facility, severity = found.head.level
        found.fields = priority_fields(facility * 8 + severity)
    return found


def _rfc5424(head: Head5424, clock: Clock, *, strict: bool) -> Peeled | None:
    """None where the second word is no stamp after all: then the line only begins with a number."""
    ts = None
    if head.stamp:
        if clock.read(head.stamp) != len(head.stamp):
            return (
                None
                if strict or head.version != 1
                else Peeled(Head(msg=head.msg), error="RFC 5424: not a stamp")
            )
        ts = clock.ts
    elif strict:
        return None
    fields: dict[str, Any] = {"log.syslog.version": str(head.version)}
    if head.msgid:
        fields["log.syslog.msgid"] = head.msgid
    for name, value in head.data.items():
        fields[f"log.syslog.structured_data.{name}"] = value
    pid = int(head.procid) if head.procid.isdecimal() and len(head.procid) <= 10 else None
    if head.procid and pid is None:
        fields["log.syslog.procid"] = head.procid
    return Peeled(Head(head.host, head.app, pid, head.msg.lstrip(" ")), ts, fields, head.error)


def _json(text: str, clock: Clock, *, nested: bool) -> Peeled:
    entry = parse_json(text)
    if isinstance(entry, str):
        return Peeled(Head(msg=text), error=entry)
    try:
        logged = journal(entry) or unified(entry)
    except RecursionError:
        return Peeled(Head(msg=text), error=TOO_DEEP)
    if logged is not None:
        ts = logged.ts if logged.ts is not None and logged.ts <= LATEST else None
        return Peeled(Head(logged.host, logged.name, logged.pid, logged.msg), ts, logged.fields)
    wrapped = None if nested else docker(entry)
    if wrapped is None:
        return Peeled(Head(msg=text))
    ts = clock.ts if clock.read(wrapped.stamp) == len(wrapped.stamp) else None
    return _packed(wrapped.line.rstrip("\r\n"), ts, wrapped.fields, clock)


def _packed(line: str, ts: int | None, fields: dict[str, Any], clock: Clock) -> Peeled:
    """A container's line, the instant of its envelope and what else that tells."""
    inner = _inside(line, ts, clock)
    inner.fields = fields | inner.fields
    inner.line, inner.packed = line, ts
    return inner


def _inside(line: str, ts: int | None, clock: Clock) -> Peeled:
    """The line in an envelope. Its own stamp is believed where it names year and zone, else the envelope's.

    Nothing that breaks inside makes the envelope broken.
    """
    now = clock.now
    if ts is not None:
        clock.set_now(ts)
    clock.exact = False
    inner = peel(line, clock, nested=True)
    clock.set_now(now)
    if ts is not None and not (inner.ts is not None and clock.exact):
        inner.ts = ts
    return inner
