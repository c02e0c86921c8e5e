"""From raw lines to events: one decoder per source, one event per line, whatever the line holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import Any

from socterm.event import Chunk, Event
from socterm.parsers.headers import HOST, PLAIN_NAME, Head
from socterm.parsers.memory import Memory
from socterm.parsers.peel import peel
from socterm.parsers.registry import Program, program_of
from socterm.parsers.stamps import Clock
from socterm.parsers.text import raw_of, texts_of, trimmed
from socterm.taxonomy.logsources import LOGSOURCES

Fields = dict[str, Any]

_NO_PREFIX = "\0"
"""No line begins with it: NULs are gone before a line is parsed."""
_SYSLOG = LOGSOURCES["syslog"]
_COMMANDS = frozenset({"sudo_command", "cron_command"})
_REPEATED = re.compile(r"message repeated (\d{1,6}) times: \[ ?(.*)\]$", re.DOTALL)
_KEPT = 4096
LONGEST = 8192
"""Characters of a message that a body parser looks at; no program read here writes longer ones."""


def _roomy(*names: str) -> Fields:
    """A dict with these keys whose copies have room for a line's other fields: none of them needs to grow."""
    spare = [str(index) for index in range(11 - len(names))]
    fields: Fields = dict.fromkeys((*names, *spare))
    for _ in spare:
        fields.popitem()
    return fields


_WITH_PID = _roomy("host.hostname", "process.name", "process.pid", "message")
_WITHOUT_PID = _roomy("host.hostname", "process.name", "message")


class Decoder:
    """Turns one source's lines into events, in order. It never raises: bad input is data.

    What it remembers between lines (who is behind a pid, what was counted, the last stamp) depends on the
    sequence of lines alone, not on how they were cut into chunks, and goes through `changes` and `restore`.

    >>> lines = [b"Nov 20 10:00:00 web1 sshd[7]: Invalid user bob from 192.0.2.7"]
    >>> Decoder("x").decode(Chunk("x", 0, lines, {}, 1_800_000_000_000_000))[0].fields["source.ip"]
    '192.0.2.7'
    """

    def __init__(self, source: str, *, tz: tzinfo = UTC) -> None:
        self._source = source
        self._clock = Clock(tz)
        self._memory = Memory()
        self._last: int | None = None
        self._told_last: int | None = None
        self._prefix, self._prefix_ts, self._prefix_host = _NO_PREFIX, 0, ""
        self._second, self._second_ts, self._behind, self._behind_host = _NO_PREFIX, 0, "", ""
        self._hosts: set[str] = set()
        self._programs: dict[str, Program] = {}

    def decode(self, chunk: Chunk) -> list[Event]:
        """One event per line of the chunk, blank lines too, in order."""
        if chunk.now != self._clock.now:
            self._clock.set_now(chunk.now)
            self._prefix = self._second = _NO_PREFIX
        first = chunk.first
        texts = texts_of(chunk.lines)
        if texts is not None:
            line = self._line
            events = [
                line(raw if raw[-1:] != "\r" else raw.rstrip("\r"), raw, first + index)
                for index, raw in enumerate(texts)
            ]
        else:
            events = []
            for index, data in enumerate(chunk.lines):
                raw, kept = raw_of(data)
                event = self._line(trimmed(raw), raw, first + index)
                event.raw_bytes = kept
                events.append(event)
        for index, note in chunk.notes.items():
            if 0 <= index < len(events):
                events[index].fields.update({f"socterm.{key}": value for key, value in note.items()})
        return events

    def changes(self) -> list[tuple[str, str | None]]:
        """State entries changed since the last call: key → JSON text, None for one that is forgotten."""
        changed = self._memory.changes()
        if self._last != self._told_last:
            self._told_last = self._last
            changed.append(("last", str(self._last)))
        return changed

    def restore(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take up where the decoder that gave these `changes` left off."""
        kept = list(entries)
        self._memory.restore(kept)
        for key, text in kept:
            if key == "last":
                self._last = self._told_last = self._clock.last = int(text)

    def _line(self, text: str, raw: str, position: int) -> Event:
        """The short way for `STAMP HOST NAME[PID]: MESSAGE`; all else goes the long way."""
        if text.startswith(self._prefix):  # the stamp and the host of a line before
            ts, host, rest = self._prefix_ts, self._prefix_host, text[len(self._prefix) :]
        elif (
            text[:20] == self._second  # up to the fraction; then zone and host of a line before
            and text.startswith(self._behind, 26)
            and (fraction := text[20:26]).isdecimal()
        ):
            ts, host = self._second_ts + int(fraction), self._behind_host
            rest = text[26 + len(self._behind) :]
        else:
            clock = self._clock
            end = clock.read(text)
            host, _, rest = text[end + 1 :].partition(" ")
            if not end or host not in self._hosts:
                return self._long(text, raw, position)
            ts = clock.ts
            self._keep(text, end, ts, host)
        tag, colon, msg = rest.partition(": ")
        name, bracket, behind = tag.partition("[")
        program = self._programs.get(name)
        fields: Fields
        if program is None or not colon:
            return self._long(text, raw, position)
        if not bracket:
            pid = None
            fields = _WITHOUT_PID.copy()
        elif behind[-1:] == "]" and behind[:-1].isdecimal() and len(behind) <= 11:
            fields = _WITH_PID.copy()
            fields["process.pid"] = pid = int(behind[:-1])
        else:
            return self._long(text, raw, position)
        fields["message"] = msg
        fields["host.hostname"] = host
        fields["process.name"] = name
        self._last = self._clock.last = ts
        memory = self._memory
        memory.host, memory.pid, memory.ts, memory.position = host, pid, ts, position
        memory.times = repeat = 1
        memory.family = program.family
        if len(msg) <= LONGEST:
            if msg[:4] == "pam_":
                repeat = self._pam(msg, fields, program)
            elif msg[:17] == "message repeated ":
                repeat = self._repeated(msg, fields, program)
            else:
                repeat = program.parse(msg, fields, memory)
        logsources = program.logsources
        if program.commands is not None and fields.get("event.action") in _COMMANDS:
            logsources = program.commands
        return Event(ts, self._source, position, raw, fields, logsources, "event", repeat)

    def _keep(self, text: str, end: int, ts: int, host: str) -> None:
        """Remember a usual stamp with its host: in a burst, the next line begins the same."""
        if end == 15 and text.startswith(self._clock.day):
            self._prefix, self._prefix_ts, self._prefix_host = f"{text[:16]}{host} ", ts, host
        elif (
            end > 25
            and self._clock.exact
            and text[19] == "."
            and text[20:26].isdecimal()
            and not text[26].isdecimal()
        ):
            self._second, self._second_ts = text[:20], ts - int(text[20:26])
            self._behind, self._behind_host = f"{text[26 : end + 1]}{host} ", host

    def _pam(self, msg: str, fields: Fields, program: Program) -> int:
        """Most of PAM's lines say the same day in, day out: all but its failures are looked up."""
        quiet = program.quiet
        kept = quiet.get(msg)
        if kept is not None:
            fields |= kept
            return 1
        repeat = program.parse(msg, fields, self._memory)
        if len(msg) < 200 and " failure" not in msg:
            if len(quiet) >= _KEPT:
                quiet.clear()
            quiet[msg] = {name: value for name, value in fields.items() if name not in _WITH_PID}
        return repeat

    def _repeated(self, msg: str, fields: Fields, program: Program) -> int:
        """`message repeated 5 times: [ … ]` is the message in it, five times."""
        found = _REPEATED.match(msg)
        self._memory.times = int(found[1]) if found is not None else 1
        return program.parse(msg if found is None else found[2], fields, self._memory)

    def _long(self, text: str, raw: str, position: int) -> Event:
        """The careful way: for any line."""
        found = peel(text, self._clock)
        if found.ts is not None:
            ts, time_from = found.ts, "line"
            self._last = self._clock.last = ts
        elif self._last is not None:
            ts, time_from = self._last, "previous"
        else:
            ts, time_from = self._clock.now, "received"
        fields, head = found.fields, found.head
        fields = {"message": head.msg, **fields}
        if head.host:
            fields["host.hostname"] = head.host
        if head.name:
            fields["process.name"] = head.name
        if head.pid is not None:
            fields["process.pid"] = head.pid
        if found.error:
            fields["error.message"] = found.error
            return Event(ts, self._source, position, raw, fields, _SYSLOG, "pipeline_error", 1, time_from)
        self._learn(head)
        program = program_of(head.name)
        repeat = self._body(head, fields, program, ts, position)
        logsources = program.logsources
        if program.commands is not None and fields.get("event.action") in _COMMANDS:
            logsources = program.commands
        return Event(ts, self._source, position, raw, fields, logsources, "event", repeat, time_from)

    def _body(self, head: Head, fields: Fields, program: Program, ts: int, position: int) -> int:
        memory = self._memory
        memory.host = head.host
        memory.pid = head.pid
        memory.ts = ts
        memory.position = position
        memory.times = 1
        memory.family = program.family
        if len(head.msg) > LONGEST:
            return 1
        if head.msg.startswith("message repeated "):
            return self._repeated(head.msg, fields, program)
        msg = f"{head.module} {head.msg}" if head.module and program.wraps else head.msg
        return program.parse(msg, fields, memory)

    def _learn(self, head: Head) -> None:
        """Names of the usual shape may take the short way from now on; it reads them the same."""
        if len(self._hosts) >= _KEPT:
            self._hosts.clear()
        if len(self._programs) >= _KEPT:
            self._programs.clear()
        if HOST.match(head.host):
            self._hosts.add(head.host)
        if PLAIN_NAME.match(head.name):
            self._programs[head.name] = program_of(head.name)
