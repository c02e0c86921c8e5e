"""From raw lines to events: one decoder per source, one event per line, whatever the line holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import Any

from socterm.event import Chunk, Event
from socterm.parsers.format import Format, Found, LineReader, Program, Reading
from socterm.parsers.headers import Head
from socterm.parsers.marks import Handler
from socterm.parsers.memory import Memory
from socterm.parsers.objects import json_reader
from socterm.parsers.peel import Peeled, peel
from socterm.parsers.registry import FORMATS, GENERIC, of_a_line, program_of, readers_of
from socterm.parsers.senders import note_senders
from socterm.parsers.stamps import BLANKED, DOTTED, EARLIEST, LATEST, Clock
from socterm.parsers.text import raw_of, texts_of, trimmed
from socterm.parsers.voices import Voices, sources_of
from socterm.taxonomy.logsources import LOGSOURCES

Fields = dict[str, Any]

_SYSLOG = LOGSOURCES["syslog"]
_REPEATED = re.compile(r"message repeated (\d{1,6}) times: \[ ?(.*)\]$", re.DOTALL)
LONGEST = 8192
"""Characters of a message that a body parser looks at; no program read here writes longer ones."""
_NOTHING_NEW = frozenset({"syslog", "json"})
"""Datasets of a carried line that nobody knows better than the document around it."""
FAILED = "its parser failed"
"""How the message of such a line begins: it is a mistake of a parser, not of the line."""
_WHOLE = "{<"
"""How a longer one begins that is a document of its own behind a header: JSON, XML."""
LONGEST_WHOLE = 1 << 18
"""Characters of a line that a format of its own looks at: JSON of script blocks runs to tens of thousands."""


class Forced:
    """A format that the user named: who reads whole lines of it, and whose messages bare lines are."""

    def __init__(self, made: Format) -> None:
        self.name = made.name
        self.program = next(iter(made.programs.values()), None)
        self.readers: list[LineReader] = []
        if made.line is not None:
            self.readers.append(made.line)
        if made.object is not None:
            self.readers.append(json_reader([(made.object, ())]))
        self.behind = Program(self._behind, "syslog", varies=True)
        self.found = False

    def _behind(self, msg: str, f: Fields, mem: Memory) -> int:
        """Body parser for a whole line of the format behind a syslog header, as devices and relays send it;
        `found` is whether it was one."""
        times = of_a_line(self.readers, msg, f, mem)
        self.found = times is not None
        return mem.times if times is None else times


class Decoder:
    """Turns one source's lines into events, in order. It never raises: bad input is data.

    What it remembers between lines (who is behind a pid, what was counted, the last stamp) depends on the
    sequence of lines alone, not on how they were cut into chunks, and goes through `changes` and `restore`.
    `form` is the name of the one format that lines are to be read as; KeyError for an unknown one.

    >>> lines = [b"Nov 20 10:00:00 web1 sshd[7]: Invalid user bob from 192.0.2.7"]
    >>> Decoder("x").decode(Chunk("x", 0, lines, {}, 1_800_000_000_000_000))[0].fields["source.ip"]
    '192.0.2.7'
    """

    def __init__(self, source: str, *, tz: tzinfo = UTC, form: str = "") -> None:
        self._source = source
        self._clock = Clock(tz)
        self._memory = Memory()
        self._memory.clock = self._clock
        self._voices = Voices()
        self._reading = Reading(self._clock, self._memory)
        self._told_last: int | None = None
        self._ordered = True
        self._forced = Forced(FORMATS[form]) if form else None
        self._sticky: tuple[LineReader] | None = None
        self._reader: LineReader | None = None
        self._carrying = False

    def decode(self, chunk: Chunk) -> list[Event]:
        """One event per line of the chunk, blank lines too, in order."""
        self._clock.set_now(chunk.now)
        self._ordered = chunk.ordered
        texts = texts_of(chunk.lines)
        if texts is not None:
            events = self._lines(texts, texts, chunk.first)
        else:
            found = [raw_of(data) for data in chunk.lines]
            raws = [raw for raw, _ in found]
            events = self._lines([trimmed(raw) for raw in raws], raws, chunk.first)
            for event, (_, kept) in zip(events, found, strict=True):
                event.raw_bytes = kept
        if chunk.senders:
            note_senders(events, chunk.senders)
        for index, note in chunk.notes.items():
            if 0 <= index < len(events):
                events[index].fields.update({f"socterm.{key}": value for key, value in note.items()})
        return events

    def changes(self) -> list[tuple[str, str | None]]:
        """State entries changed since the last call: key → JSON text, None for one that is forgotten."""
        changed = self._memory.changes()
        last = self._clock.last
        if last != self._told_last:
            self._told_last = last
            changed.append(("last", str(last)))
        return changed

    def restore(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take up where the decoder that gave these `changes` left off."""
        kept = list(entries)
        self._memory.restore(kept)
        for key, text in kept:
            if key == "last":
                self._told_last = self._clock.last = int(text)

    def _lines(self, texts: list[str], raws: list[str], first: int) -> list[Event]:  # noqa: PLR0915 - see below
        """The short way for `STAMP HOST NAME[PID]: MESSAGE`; all else goes the long way.

        One loop without calls, for this is where the time goes: the stamp differs from the one before in
        minutes, seconds and fraction, host, name and pid are known by their text, and many a message too.
        """
        events: list[Event] = []
        add = events.append
        source, clock, memory, voices = self._source, self._clock, self._memory, self._voices
        sticky = self._sticky
        for position, (text, raw) in enumerate(zip(texts, raws, strict=True), first):
            if sticky is not None:
                event = self._whole(sticky, text, raw, position)
                if event is not None:
                    add(event)
                    continue
            head, colon, msg = text.partition(": ")
            if (
                text[:14] == clock.hour
                and (since := DOTTED.get(text[14:20])) is not None
                and text[26 : clock.ends] == clock.zone
                and (fraction := text[20:26]).isdecimal()
            ):
                ts = clock.hour_base + since + int(fraction)
                voice = voices[head[clock.ends :]]
            elif text[:10] == clock.bsd_hour and (since := BLANKED.get(text[10:16])) is not None:
                ts = clock.bsd_base + since
                voice = voices[head[16:]]
            else:
                end = clock.read(text)
                ts = clock.ts
                voice = voices[head[end + 1 :]] if end else None
            if voice is None or not colon:
                add(self._long(text, raw, position))
                sticky = self._sticky
                continue
            speaker, pid, key = voice
            clock.last = ts
            saying = speaker.sayings.get(msg)
            if saying is not None:
                known, logsources, repeat = saying
                fields = known.copy()
                if pid is not None:
                    fields["process.pid"] = pid
                add(Event(ts, source, position, raw, fields, logsources, "event", repeat))
                continue
            fields = speaker.fields.copy()
            if pid is not None:
                fields["process.pid"] = pid
            fields["message"] = msg
            memory.ts = ts
            memory.position = position
            memory.host = speaker.host
            memory.pid = pid
            memory.key = key
            memory.family = speaker.family
            repeat = 1
            try:
                if msg[:17] != "message repeated " and len(msg) <= LONGEST:
                    repeat = speaker.parse(msg, fields, memory)
                    logsources = speaker.logsources or sources_of(fields, memory)
                    if memory.asked:
                        memory.asked = False
                    else:
                        voices.keep(speaker, msg, fields, logsources, repeat)
                else:
                    if len(msg) <= LONGEST:
                        repeat = self._repeated(msg, fields, speaker.parse)
                    elif msg[0] in _WHOLE:
                        add(self._long(text, raw, position))
                        continue
                    logsources = speaker.logsources or sources_of(fields, memory)
            except Exception as error:  # noqa: BLE001 - see _failed
                add(self._failed(error, {**speaker.fields, "message": msg}, raw, position, ts, "line"))
                continue
            add(Event(ts, source, position, raw, fields, logsources, "event", repeat))
        return events

    def _repeated(self, msg: str, fields: Fields, parse: Handler) -> int:
        """`message repeated 5 times: [ … ]` is the message in it, five times."""
        found = _REPEATED.match(msg)
        if found is None:
            return parse(msg, fields, self._memory)
        self._memory.times = int(found[1])
        try:
            return parse(found[2], fields, self._memory)
        finally:
            self._memory.times = 1

    def _whole(self, readers: Iterable[LineReader], text: str, raw: str, position: int) -> Event | None:
        """The event of a line that a format reads as a whole, of the first that does; None if none does."""
        self._reader = None
        if len(text) > LONGEST_WHOLE:
            return None
        self._memory.position = position
        self._memory.inner = ""
        fields: Fields = {}
        reading = self._reading
        try:
            for reader in readers:
                found = reader(text, fields, reading)
                if found is not None:
                    self._reader = reader
                    event = self._event(found, fields, raw, position)
                    carries = self._memory.inner and not self._carrying
                    return self._carried(event, position) if carries else event
                if fields:
                    fields = {}
        except Exception as error:  # noqa: BLE001 - see _failed
            return self._failed(error, {"message": text}, raw, position, *self._without_stamp())
        return None

    def _carried(self, event: Event, position: int) -> Event:
        """A line that a shipper put whole into a document of its own: what it says counts, and what the
        shipper knows beyond it is kept."""
        text, now = self._memory.inner, self._clock.now
        kept = self._reader, self._sticky, self._forced
        self._clock.set_now(event.ts)
        self._forced, self._carrying = None, True
        inner = self._long(text, event.raw, position)
        self._carrying = False
        self._reader, self._sticky, self._forced = kept
        self._clock.set_now(now)
        self._clock.last = event.ts
        if inner.kind != "event" or inner.fields.get("event.dataset", "syslog") in _NOTHING_NEW:
            return event
        event.fields = {**event.fields, **inner.fields}
        event.logsources, event.repeat = inner.logsources, inner.repeat
        if event.time_from != "line" and inner.time_from == "line":
            event.ts, event.time_from = inner.ts, inner.time_from
        return event

    def _failed(
        self, error: Exception, fields: Fields, raw: str, position: int, ts: int, time_from: str
    ) -> Event:
        """A parser failed on a line, ours or one that another package brought: the line is kept, as broken.

        One line must never end ingest, and whoever wrote it must not be able to choose that it does.
        """
        reason = " ".join(str(error).split())[:200]
        fields["error.message"] = f"{FAILED}: {type(error).__name__}: {reason}"
        return Event(ts, self._source, position, raw, fields, _SYSLOG, "pipeline_error", 1, time_from)

    def _event(self, found: Found, fields: Fields, raw: str, position: int) -> Event:
        ts, logsources, repeat = found
        clock = self._clock
        if ts is not None and EARLIEST <= ts <= LATEST:
            clock.last = ts
            return Event(ts, self._source, position, raw, fields, logsources, "event", repeat)
        ts, time_from = self._without_stamp()
        return Event(ts, self._source, position, raw, fields, logsources, "event", repeat, time_from)

    def _without_stamp(self) -> tuple[int, str]:
        """The time of a line that names none, and where it is from."""
        clock = self._clock
        if clock.last is not None and self._ordered:
            return clock.last, "previous"
        return clock.now, "received"

    def _long(self, text: str, raw: str, position: int) -> Event:
        """The careful way: for any line. A format that reads it whole is asked first about the next one."""
        if self._forced is not None:
            return self._as_told(self._forced, text, raw, position)
        event = self._whole(readers_of(text[:1]), text, raw, position)
        reader = self._reader
        self._sticky = None if reader is None or reader in GENERIC else (reader,)
        return event or self._syslog(text, raw, position)

    def _as_told(self, forced: Forced, text: str, raw: str, position: int) -> Event:
        """A line of the one format that the user named; what does not fit it is broken."""
        event = self._whole(forced.readers, text, raw, position)
        if event is not None:
            return event
        if forced.program is not None:
            return self._syslog(text, raw, position, forced.program)
        forced.found = False
        event = self._syslog(text, raw, position, forced.behind)
        if forced.found:
            return event
        ts, time_from = self._without_stamp()
        fields: Fields = {"message": text, "error.message": f"not a line of the format {forced.name}"}
        return Event(ts, self._source, position, raw, fields, _SYSLOG, "pipeline_error", 1, time_from)

    def _syslog(self, text: str, raw: str, position: int, program: Program | None = None) -> Event:
        """A line behind a header, or one that nobody knows; `program` where it is known who wrote it."""
        try:
            return self._headed(text, raw, position, program)
        except Exception as error:  # noqa: BLE001 - see _failed
            return self._failed(error, {"message": text}, raw, position, *self._without_stamp())

    def _headed(self, text: str, raw: str, position: int, program: Program | None) -> Event:
        clock = self._clock
        found = peel(text, clock)
        if found.line and program is None:
            event = self._packed(found, raw, position)
            if event is not None:
                return event
        if found.ts is not None:
            ts, time_from = found.ts, "line"
            clock.last = ts
        else:
            ts, time_from = self._without_stamp()
        head = found.head
        fields: Fields = {}
        if head.host:
            fields["host.hostname"] = head.host
        if head.name:
            fields["process.name"] = head.name
        if head.pid is not None:
            fields["process.pid"] = head.pid
        fields["message"] = head.msg
        fields |= found.fields
        if found.error:
            fields["error.message"] = found.error
            return Event(ts, self._source, position, raw, fields, _SYSLOG, "pipeline_error", 1, time_from)
        if program is not None:
            fields["event.dataset"] = program.dataset
        elif head.msg == text:
            return Event(ts, self._source, position, raw, fields, _SYSLOG, "event", 1, time_from)
        else:
            self._voices.learn(head)
            program = program_of(head.name)
            if head.name or head.host:
                fields["event.dataset"] = program.dataset
        try:
            repeat = self._body(head, fields, program, ts, position)
        except Exception as error:  # noqa: BLE001 - see _failed
            return self._failed(error, {"message": head.msg}, raw, position, ts, time_from)
        told = self._memory.told
        if time_from != "line" and told is not None and EARLIEST <= told <= LATEST:
            ts, time_from = told, "line"
            clock.last = ts
        logsources = sources_of(fields, self._memory)
        return Event(ts, self._source, position, raw, fields, logsources, "event", repeat, time_from)

    def _packed(self, packed: Peeled, raw: str, position: int) -> Event | None:
        """A line in docker's envelope that is of a format of its own; the envelope's time counts, as it is
        exact."""
        event = self._whole(readers_of(packed.line[:1]), packed.line, raw, position)
        if event is not None:
            event.fields.update(packed.fields)
            if packed.packed is not None:
                event.ts, event.time_from = packed.packed, "line"
                self._clock.last = packed.packed
        return event

    def _body(self, head: Head, fields: Fields, program: Program, ts: int, position: int) -> int:
        memory = self._memory
        memory.host = head.host
        memory.pid = head.pid
        memory.key = ""
        memory.ts = ts
        memory.position = position
        memory.times = 1
        memory.family = program.family
        memory.told = None
        if len(head.msg) > LONGEST and (
            head.msg[0] not in _WHOLE or program.dataset != "syslog" or len(head.msg) > LONGEST_WHOLE
        ):
            return 1
        if head.msg.startswith("message repeated "):
            return self._repeated(head.msg, fields, program.parse)
        msg = f"{head.module} {head.msg}" if head.module and program.wraps else head.msg
        return program.parse(msg, fields, memory)
