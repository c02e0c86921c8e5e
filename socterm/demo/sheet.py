"""Where the lines of a story are put down, chapter by chapter, before they are brought into order."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import NamedTuple

from socterm.demo.model import START, Log

STAMP = "<<stamp>>"
"""Stands in a line for its moment, written the way of its log."""

Text = str | Callable[[datetime], str]

_TOKEN = re.compile("\0([a-z])([0-9]+)\0")
_STEP = {"p": 9}


class Entry(NamedTuple):
    """Lines before they have a stamp: seconds since the start, log, host, text, label of the chapter.

    A newline in the text parts lines that share a moment (auditd's records of one event).
    """

    at: float
    log: Log
    host: str
    text: Text
    label: str


class Sheet:
    """Collects entries; chapters are written one after the other, whatever their times.

    Numbers that rise with time on a real machine (processes, sessions, audit serials) are tokens until
    `in_order` gives them out, each kind for each host; `first` says where a kind begins on a host.
    """

    def __init__(
        self,
        rng: Random,
        start: datetime = START,
        *,
        round: int = 0,  # noqa: A002 - what it is
        numbers: dict[tuple[str, str], int] | None = None,
    ) -> None:
        self.rng = rng
        self.start = start
        self.round = round
        self.label = ""
        self.numbers = {} if numbers is None else numbers
        self._entries: list[Entry] = []
        self._tokens = 0

    def put(self, at: float, log: Log, text: Text, *, host: str = "") -> float:
        """Put a line down, `at` seconds after the start; returns the moment the next may stand at.

        `text` has STAMP where its log wants the moment, or is called with the moment.
        """
        self._entries.append(Entry(at, log, host, text, self.label))
        return at + 0.0004 + self.rng.random() * 0.004

    def token(self, kind: str) -> str:
        """A number to be given out in order: p process, s session, a audit serial. For texts only."""
        self._tokens += 1
        return f"\0{kind}{self._tokens}\0"

    def begin(self, host: str, kind: str, first: int) -> None:
        """Say where the numbers of this kind begin on this host, unless lines before it already have some."""
        self.numbers.setdefault((kind, host), first)

    def in_order(self) -> list[Entry]:
        """All entries by time, tokens replaced by numbers as they first occur."""
        given: dict[str, str] = {}
        found = []
        for entry in sorted(self._entries, key=lambda entry: entry.at):
            if isinstance(entry.text, str) and "\0" in entry.text:
                entry = entry._replace(text=_TOKEN.sub(self._number(given, entry.host), entry.text))
            found.append(entry)
        return found

    def _number(self, given: dict[str, str], host: str) -> Callable[[re.Match[str]], str]:
        def number(match: re.Match[str]) -> str:
            token, kind = match[0], match[1]
            if token not in given:
                step = 1 + int(self.rng.random() * _STEP[kind]) if kind in _STEP else 1
                last = self.numbers.get((kind, host), 0) + step
                self.numbers[kind, host] = last
                given[token] = str(last)
            return given[token]

        return number
