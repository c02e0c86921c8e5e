"""Who speaks: the `HOST NAME[PID]` before a message, read once and then known by its text.

Nearly every line of a log is written by a host and a program that the careful way (`headers`) has already
read. What it found is kept here under the very text it was found in; looking that up is all that most lines
need. Everything kept is a memo of pure reading, bounded, and may be dropped at any time.
"""

from __future__ import annotations

from typing import Any

import msgspec

from socterm.event import LogSource
from socterm.parsers.headers import HOST, PLAIN_NAME, Head
from socterm.parsers.marks import Fields, Handler
from socterm.parsers.memory import Memory
from socterm.parsers.registry import program_of
from socterm.parsers.stamps import belongs_to_stamp
from socterm.taxonomy.logsources import logsources_of

_SPEAKERS = 4096
_VOICES = 16_384
_SAYINGS = 4096
_LONGEST_LEFT = 400
"""Characters of a host and a program's name worth keeping: a host's has 253 at most."""
_LONGEST = 200
"""Characters of a message worth keeping: what is said again and again is short."""

Saying = tuple[Fields, tuple[LogSource, ...], int]
"""What a message always means: all its fields (with another line's pid), its log sources, its weight."""


class Speaker(msgspec.Struct, gc=False):
    """A program on a host, with or without a pid behind its name.

    `fields` holds the head of its lines, to be copied; `sayings` what it says without regard to the lines
    before. `logsources` is None where they hang on what it says.
    """

    host: str
    fields: Fields
    sayings: dict[str, Saying]
    parse: Handler
    family: str
    logsources: tuple[LogSource, ...] | None


Voice = tuple[Speaker, int | None, str]
"""A speaker, its pid, and what its process is remembered under ("" without a pid)."""


class Voices(dict[str, Voice | None]):
    """`HOST NAME[PID]` → its voice. Ask with any text: the answer is None for what is not known.

    >>> voices = Voices()
    >>> voices.learn(Head("web1", "sshd", 7))
    >>> voices["web1 sshd[8]"][1:], voices["web1 sshd["]
    ((8, 'web1 8'), None)
    """

    def __init__(self) -> None:
        super().__init__()
        self._speakers: dict[str, Speaker] = {}
        self._numbered: dict[str, Speaker] = {}
        self._kept = 0

    def __missing__(self, text: str) -> Voice | None:
        """A speaker under a pid that it was not heard under so far."""
        voice: Voice
        left, bracket, behind = text.partition("[")
        speaker = (self._numbered if bracket else self._speakers).get(left)
        if speaker is None:
            return None
        if len(self) >= _VOICES:
            self.clear()
        if not bracket:
            self[text] = voice = (speaker, None, "")
            return voice
        digits = behind[:-1]
        if behind[-1:] != "]" or not digits.isdecimal() or len(digits) > 10:
            return None
        pid = int(digits)
        self[text] = voice = (speaker, pid, f"{speaker.host} {pid}")
        return voice

    def learn(self, head: Head) -> None:
        """A head of the usual shape, read the careful way, may be looked up from now on."""
        host, name = head.host, head.name
        if len(host) + len(name) > _LONGEST_LEFT:
            return
        if not HOST.match(host) or not PLAIN_NAME.match(name) or belongs_to_stamp(host):
            return
        left = f"{host} {name}"
        if left in self._speakers:
            return
        if len(self._speakers) >= _SPEAKERS:
            self._speakers.clear()
            self._numbered.clear()
            self.clear()
            self._kept = 0
        program = program_of(name)
        for speakers, pid in ((self._speakers, None), (self._numbered, 0)):
            fields = _roomy(
                {"host.hostname": host, "process.name": name, "event.dataset": program.dataset}, pid
            )
            speakers[left] = Speaker(
                host, fields, {}, program.parse, program.family,
                None if program.varies else logsources_of(program.dataset),
            )  # fmt: skip

    def keep(
        self, speaker: Speaker, msg: str, fields: Fields, logsources: tuple[LogSource, ...], repeat: int
    ) -> None:
        """Keep what a message means that was read without asking what came before.

        One that names a client's port will not be said again.
        """
        if len(msg) > _LONGEST or " port " in msg:
            return
        self._kept += 1
        if self._kept > _SAYINGS:
            self._kept = 1
            for other in (*self._speakers.values(), *self._numbered.values()):
                other.sayings.clear()
        speaker.sayings[msg] = (dict(fields.items()), logsources, repeat)


def sources_of(fields: Fields, memory: Memory) -> tuple[LogSource, ...]:
    """The log sources of a line just parsed: as its parser found out, else by its dataset and its action."""
    found, memory.logsources = memory.logsources, None
    if found is not None:
        return found
    return logsources_of(fields.get("event.dataset", ""), fields.get("event.action", ""))


def _roomy(head: dict[str, Any], pid: int | None) -> Fields:
    """A line's first fields in a dict whose copies have room for the others: none of them needs to grow."""
    if pid is not None:
        head["process.pid"] = pid
    fields: Fields = {**head, "message": ""}
    spare = [str(index) for index in range(11 - len(fields))]
    fields.update(dict.fromkeys(spare, ""))
    for _ in spare:
        fields.popitem()
    return fields
