"""Linux audit records, `type=X msg=audit(TIME:SERIAL): …`: from audit.log, syslog, kernel or journal.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('user_auth', 'failure', '192.0.2.7')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats import auditd_joined as joined
from socterm.parsers.formats.auditd_fields import KINDS, Kind, keys_apart, kind_of, take
from socterm.parsers.formats.auditd_joined import PLAIN, Sources
from socterm.parsers.formats.auditd_single import single
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory
from socterm.parsers.stamps import Clock

_NODE = re.compile(r"[\w.:-]{1,253}", re.ASCII)
_WRITTEN_OUT = re.compile(
    r"(?P<month>\d\d)/(?P<day>\d\d)/(?:20)?(?P<short>\d\d) (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
    r"\.(?P<fraction>\d{3}):(?P<serial>\d{1,12})(?P<zone>(?!))?",
)


def read(text: str, fields: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines, with or without `node=`."""
    node = ""
    if text[:5] == "node=":
        node, _, text = text[5:].partition(" ")
        if not _NODE.fullmatch(node):
            return None
    if text[:5] != "type=":
        return None
    head, bracket, body = text.partition("): ")
    if not bracket:
        # An event's end has nothing behind it; search tools put a blank before the colon.
        head, bracket, body = text.partition(")")
        body = body.lstrip(" :")
    name, audit, stamp = head[5:].partition(" msg=audit(")
    if not audit:
        name, audit, stamp = head[5:].partition(" audit(")
    kind = KINDS.get(name) or kind_of(name) if audit and bracket else None
    if kind is None:
        return None
    ts = instant(stamp, fields, reading.clock)
    if ts is None:
        return None
    if node:
        fields["host.hostname"] = node
        stamp = f"{node} {stamp}"
    return ts, *record(kind, body, fields, reading.memory, stamp, ts)


def instant(stamp: str, fields: Fields, clock: Clock) -> int | None:
    """The time of `1795168800.123:456` in µs, the serial number into the fields; None where it is none.

    Exports of search tools write the time out, month first.
    """
    moment, _, serial = stamp.partition(":")
    if len(moment) == 14 and moment[10] == "." and serial.isdecimal() and len(serial) < 13:
        digits = moment[:10] + moment[11:]
        if digits.isdecimal():
            fields["audit.sequence"] = int(serial)
            return int(digits) * 1000
    found = _WRITTEN_OUT.fullmatch(stamp)
    if found is None:
        return None
    parts = found.groupdict()
    if int(parts["month"]) > 12:
        parts["month"], parts["day"] = parts["day"], parts["month"]
    ts = clock.instant(parts)
    if ts is not None:
        fields["audit.sequence"] = int(parts["serial"])
    return ts


def record(kind: Kind, body: str, fields: Fields, mem: Memory, ident: str, ts: int) -> tuple[Sources, int]:
    """Read a record's own part; the answer is its log sources and how many occurrences it stands for."""
    fields.update(kind.template)
    name = kind.name
    if name == "SYSCALL":
        note = joined.note_of(mem, ident)
        take(kind, body.replace("\x1d", " ") if "\x1d" in body else body, fields)
        keys_apart(fields)
        sources = joined.syscall(fields, note)
        return joined.PROCESS if joined.speaks_alone(mem, note) else sources, 1
    if name in _ENDS:
        note = joined.done(mem, ident)
        fields.update(note.get("who", _NOTHING))
        sources = joined.proctitle(body, fields, note) if name == "PROCTITLE" else PLAIN
        if sources is not PLAIN:
            joined.has_arguments(mem)
        return sources, 1
    follower = _FOLLOWERS.get(name)
    if follower is not None:
        if name == "EXECVE":
            joined.has_arguments(mem)
        note = joined.note_of(mem, ident) if name in _TELLERS else joined.known(mem, ident)
        if "renames" in note:
            joined.note_of(mem, ident)  # what it was called is told to the record behind
        fields.update(note.get("who", _NOTHING))
        return follower(body, fields, note), 1
    times = single(kind, body, fields, mem, ident, ts)
    if name == "USER_CMD" and fields.get("event.outcome") == "success":
        return joined.PROCESS, times
    return PLAIN, times


_NOTHING: Fields = {}
_ENDS = frozenset({"PROCTITLE", "EOE"})
_TELLERS = frozenset({"EXECVE", "CWD"})
"""Followers that tell those behind them something."""
_FOLLOWERS = {
    "PATH": joined.path,
    "EXECVE": joined.execve,
    "CWD": joined.cwd,
    "SOCKADDR": joined.sockaddr,
}


def spoken(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for those who hand records on: audispd, the kernel (`audit: type=1400 audit(…): …`), the
    journal (`USER_LOGIN pid=…`, the serial number beside it).

    The header's process is not the one a record is about.
    """
    if mem.clock is None:
        return mem.times
    text = msg.removeprefix("audit: ")
    header = f.get("process.name")
    times = mem.times
    found = read(text, f, Reading(mem.clock, mem))
    if found is not None:
        _, mem.logsources, times = found
    else:
        name, _, body = text.partition(" ")
        kind = KINDS.get(name) or (kind_of(name) if name[:5] == "AUDIT" else None)
        if kind is None or "=" not in body:
            if text.startswith(_LOST):
                f.update(_LOSSES)
            return mem.times
        ident = str(f.pop("audit.sequence", ""))
        if ident.isdecimal() and len(ident) < 13:
            f["audit.sequence"] = int(ident)
        mem.logsources, times = record(kind, body, f, mem, f"{mem.host} {ident}", mem.ts)
    if f.get("process.name") == header:
        f.pop("process.name", None)
        if "process.executable" in f:
            f["process.name"] = f["process.executable"].rpartition("/")[2]
    return times


_LOST = (
    "audit_lost=",
    "audit_backlog=",
    "backlog limit exceeded",
    "rate limit exceeded",
    "queue is full",
    "Dropped ",
)
_LOSSES = mark("log_lost")
_HANDED_ON = Program(spoken, "auditd", varies=True)
FORMATS = (
    Format(
        name="auditd",
        title="Linux audit records",
        example="node=vault7 type=USER_AUTH msg=audit(1795168800.123:4711): pid=811 uid=0 auid=4294967295 "
        'ses=4294967295 msg=\'op=PAM:authentication grantors=? acct="ann" exe="/usr/sbin/sshd" '
        "hostname=192.0.2.7 addr=192.0.2.7 terminal=ssh res=failed'",
        line=read,
        begins="tn",
        programs=dict.fromkeys(("audispd", "audisp-syslog", "audisp-remote", "audit"), _HANDED_ON),
    ),
)
