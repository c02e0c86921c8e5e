"""Read a question without a model: what is asked, of whom, when. The words are in `vocabulary`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, tzinfo
from typing import NamedTuple

import msgspec

from socterm.analyst.times import Period, numbers, period_of, timely
from socterm.analyst.vocabulary import (
    CONCEPTS,
    FILLER,
    GROUP_WORDS,
    GROUPS,
    KINDS,
    STATUS,
    STOP,
    TIME_WORDS,
    Concept,
    Kind,
)
from socterm.query.values import is_address


class Subject(NamedTuple):
    """Whom a question is about. `value` "" means the one of the alert under the cursor.

    `field` "" is whomever that alert is about. `sure` is False where the word might name a user or a host;
    `field` is then the likelier.
    """

    field: str
    value: str = ""
    sure: bool = True


class Question(msgspec.Struct, frozen=True):
    """A question as understood. `limit` is how many rows are asked for, 0 where no number was named.

    `also` are those named beside the subject: `alice on web01`. `only` narrows what is looked at. `guessed`:
    no words say what kind of question it is. `left` are words no table knows. `beside` is "after" or "before"
    where it asks what came after or before an alert. `missed` are words that speak of a time nobody here
    knows; `lost` says why a question that goes on from another could not be joined to it.
    """

    kind: Kind
    text: str
    period: Period | None = None
    subject: Subject | None = None
    concept: Concept | None = None
    group: str = ""
    level: str = "informational"
    number: int = 0
    limit: int = 0
    only: Concept | None = None
    also: tuple[Subject, ...] = ()
    left: tuple[str, ...] = ()
    beside: str = ""
    guessed: bool = False
    missed: str = ""
    lost: str = ""

    @property
    def clause(self) -> str:
        """The query of its concept and of what narrows it."""
        return " ".join(part.query for part in (self.concept, self.only) if part and part.query)

    def words(self, usual: str) -> str:
        """What is looked for: `failed logins`; `usual` where no kind of event is named."""
        concept = self.concept.words if self.concept else usual
        return f"{self.only.words} {concept}" if self.only else concept


_MOST = 50
_HOW_MANY = re.compile(
    r"\b(?:top|first|last|latest|newest) (\d{1,3}) (?!second|sec\b|minute|min\b|hour|day|week|month|year)"
)
_NAME = r"[\"']?([\w][\w.@$-]{0,63})[\"']?"
_NAMED = re.compile(
    rf"\b(user|account|host|machine|server|ip|address) (?:named |called )?{_NAME}", re.IGNORECASE
)
_BARE = re.compile(
    rf"\b(did|does|has|was|who is|why is|why was|by|of|for|as|from|on|about) {_NAME}", re.IGNORECASE
)
_LIKELY = {"on": ("host.hostname", False), "as": ("user.name", True)}
"""Words before a bare name → what it names, and whether that is sure."""
_THIS = re.compile(
    r"\b(?:this|that|the|same) (user|account|host|machine|server|ip|address|source|attacker)\b", re.IGNORECASE
)
_IT = re.compile(r"\b(?:it|he|she|they|him|her|them)\b")
_OF_ALERT = re.compile(r"\b(?:this|that|it|here|alert|rule)\b")
_LEVELS = re.compile(r"\b(critical|high|medium|low|informational)\b", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w:])", re.IGNORECASE
)
_NUMBER = re.compile(r"#(\d{1,18})|\b(?:alert|event) (\d{1,18})\b")
_ASKS = re.compile(r"(?:show|find|search|list|get|give)\b")
_TYPED = re.compile(r"[\w.]+(?::|[<>]=?)\S")
_BESIDE = re.compile(
    r"\b(after|before) (?:that|this|it)\b|\b(afterwards|since then|beforehand)\b|"
    r"\bwhat happened (next|before)\b"
)
_OF_PEOPLE = ("search", "activity", "touched", "count")
_WORD = re.compile(r"[^\W_][\w.@/-]*")
_MOST_LEFT = 6
LONGEST = 500
"""Characters of a question that are read: nobody asks more in one, and patterns go over them many times."""


def read(text: str, *, now: int, tz: tzinfo = UTC) -> Question:
    """Understand a question as far as the tables go; `kind` "unknown" where they do not."""
    low = numbers(" ".join(text[:LONGEST].lower().split()))
    period = period_of(low, now, tz)
    kind = next((kind for pattern, kind in KINDS if re.search(pattern, low)), None)
    concept = _status(low) or next((c for pattern, c in CONCEPTS if re.search(pattern, low)), None)
    subject, *also = _subjects(text[:LONGEST]) or (None,)
    level = _LEVELS.search(low)
    number = _NUMBER.search(low)
    beside = _beside(low)
    left = () if _TYPED.search(low) else _left(low)
    if (
        kind == "explain"
        and (left or (subject and subject.value))
        and not number
        and not _OF_ALERT.search(low)
    ):
        kind = "activity" if subject else "unknown"  # why did the backup fail?
    if kind == "touched" and concept and subject is None:  # which accounts were created?
        kind = "search" if concept.words.startswith("accounts") else "count"
    guessed = kind is None
    if kind is None:
        asks = _ASKS.match(low) or _TYPED.search(low)
        kind = "search" if concept or asks else "activity" if subject and subject.sure else "unknown"
        kind = "summary" if kind == "unknown" and beside else kind
    if subject is None and kind in _OF_PEOPLE and _IT.search(low):
        subject = Subject("")
    return Question(
        kind,
        text,
        period=period,
        subject=subject,
        also=tuple(also),
        concept=concept,
        group=_group(low),
        level=level[1] if level else "informational",
        number=int(number[1] or number[2]) if number else 0,
        limit=_limit(low),
        left=left,
        beside=beside,
        guessed=guessed,
        missed="" if period or beside else timely(low),
    )


def _status(low: str) -> Concept | None:
    """A status of the web as a kind of event."""
    found = STATUS.search(low)
    if found is None:
        return None
    code = next(filter(None, found.groups()))
    field = "http.response.status_code"
    query = f"{field}:{code}" if code.isdigit() else f"{field}>={code[0]}00 {field}<={code[0]}99"
    return Concept(query, f"requests with status {code}")


def _beside(low: str) -> str:
    found = _BESIDE.search(low)
    if found is None:
        return ""
    return "before" if (found[1] or found[2] or found[3]).startswith("before") else "after"


def _limit(low: str) -> int:
    """How many rows are asked for: `top 5 addresses`, `the last three failed logins`."""
    found = _HOW_MANY.search(low)
    return min(int(found[1]), _MOST) if found else 0


def typed_query(text: str) -> str:
    """The query in `search user.name:root`, without the verb and the full stop."""
    words = text.strip().rstrip("?.").split(None, 1)
    is_verb = len(words) == 2 and words[0].lower() in ("show", "find", "search", "list", "get", "give")
    rest = words[1] if is_verb else text.strip().rstrip("?")
    return rest.removeprefix("me ").removeprefix("for ")


def _group(low: str) -> str:
    found = re.search(rf"\b(?:by|per|each|top|which|most) (?:\w+ )?({GROUP_WORDS})(?:es|s)?\b", low)
    return GROUPS[found[1]] if found else ""


def _left(low: str) -> tuple[str, ...]:
    """The words that no table knows, in order."""
    names = {found[2].rstrip(".?") for found in _BARE.finditer(low)} - STOP
    rest = " ".join(word for word in low.split() if word.strip("\"'.,?!") not in names)
    for known in (STATUS, _ADDRESS, _THIS, _NAMED, _LEVELS, _NUMBER, _BESIDE):
        rest = known.sub(" ", rest)
    for pattern in (*(p for p, _ in CONCEPTS), *(p for p, _ in KINDS), rf"\b(?:{GROUP_WORDS})(?:es|s)?\b"):
        rest = re.sub(rf"(?:{pattern})\w*", " ", rest)
    rest = TIME_WORDS.sub(" ", rest)
    words = dict.fromkeys(word.strip(".-/") for word in _WORD.findall(rest))
    return tuple(word for word in words if len(word) > 1 and word not in FILLER)[:_MOST_LEFT]


def subject_of(text: str) -> Subject | None:
    """Whom the question is about first of all."""
    return next(iter(_subjects(text)), None)


def _subjects(text: str) -> list[Subject]:
    """All whom a question names, one of each kind: an address, `this ip`, `user alice`, a name after did."""
    found: dict[str, Subject] = {}
    for subject in _named(text):
        taken = {subject.field} if subject.sure else set(found) & {"user.name", "host.hostname"}
        if subject.value in {one.value for one in found.values() if one.value}:
            continue
        if subject.field not in found and (subject.sure or len(taken) < 2):
            found[subject.field] = subject
        elif not subject.sure and len(taken) < 2:  # the other kind a bare name can be of
            other = "host.hostname" if subject.field == "user.name" else "user.name"
            found.setdefault(other, subject._replace(field=other))
    return list(found.values())


def _named(text: str) -> Iterator[Subject]:
    """Whom it may be about, the surest first."""
    for address in _ADDRESS.finditer(text):
        if is_address(address[0]):
            yield Subject("source.ip", address[0])
    for this in _THIS.finditer(text):
        yield Subject(GROUPS[this[1].lower()])
    for named in _NAMED.finditer(text):
        if named[2].lower() not in STOP:
            yield Subject(GROUPS[named[1].lower()], named[2].rstrip(".?"))
    for bare in _BARE.finditer(text):
        name = bare[2].rstrip(".?")
        if name.lower() in STOP or TIME_WORDS.fullmatch(name.lower()) or is_address(name):
            continue
        field, sure = _LIKELY.get(bare[1].lower(), ("user.name", False))
        yield Subject(field, name, sure)
