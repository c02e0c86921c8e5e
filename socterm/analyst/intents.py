"""Read a question without a model: what is asked, of whom, when. Tables of patterns; the first hit counts."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from typing import Literal, NamedTuple

import msgspec

from socterm.analyst.times import Period, numbers, period_of, timely
from socterm.query.values import is_address

Kind = Literal[
    "explain", "event", "alert", "touched", "count", "alerts", "summary", "activity", "search", "unknown"
]


class Concept(NamedTuple):
    """A kind of event people ask for: its query and its name."""

    query: str
    words: str


class Subject(NamedTuple):
    """Whom a question is about. `value` "" means the one of the alert under the cursor.

    `sure` is False where the word might name a user or a host.
    """

    field: str
    value: str = ""
    sure: bool = True


class Question(msgspec.Struct, frozen=True):
    """A question as understood. `limit` is how many rows are asked for, 0 where no number was named.

    `only` narrows what is looked at. `guessed`: no words say what kind of question it is. `missed` are words
    that speak of a time nobody here knows; `lost` says why a question that goes on from another could not be
    joined to it.
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


_LOGIN = r"(?:ssh |pam )?(?:log[ -]?ins?|log[ -]?ons?|authentications?|auth|passwords?|sign-?ins?|attempts?)"
_ACCOUNTS = r"(?:users?|accounts?)"
LOGINS = "event.action:(ssh_login or pam_login or su)"

CONCEPTS: tuple[tuple[str, Concept], ...] = (
    (
        rf"(?:fail\w*|unsuccessful|bad|wrong|refused|denied) {_LOGIN}|{_LOGIN} failures?|brute",
        Concept(f"{LOGINS} event.outcome:failure", "failed logins"),
    ),
    (
        rf"(?:success\w*|accepted|good) {_LOGIN}|logged in",
        Concept(f"{LOGINS} event.outcome:success", "successful logins"),
    ),
    (
        rf"new {_ACCOUNTS}|{_ACCOUNTS} (?:\w+ )?(?:created|added)|created {_ACCOUNTS}",
        Concept("event.action:user_created", "accounts created"),
    ),
    (r"group (?:changes?|members?)", Concept("event.action:group_*", "group changes")),
    (r"passwords? changes?|changed passwords?", Concept("event.action:password_changed", "password changes")),
    (r"\bsudo\b", Concept("event.action:sudo_*", "uses of sudo")),
    (r"\bcron", Concept("event.action:(cron_command or crontab_changed)", "cron jobs and crontab changes")),
    (r"\bcommands?\b", Concept("process.command_line:*", "commands")),
    (r"\bsessions?\b", Concept("event.action:session_*", "sessions")),
    (r"\bscan\w*|\bprob(?:e|es|ing)\b", Concept("event.action:ssh_scan", "SSH probes")),
    (_LOGIN, Concept(LOGINS, "logins")),
    (r"\bfailures?\b|\bfailed\b", Concept("event.outcome:failure", "failures")),
)

GROUPS: dict[str, str] = {
    "user": "user.name",
    "account": "user.name",
    "who": "user.name",
    "ip": "source.ip",
    "address": "source.ip",
    "source": "source.ip",
    "attacker": "source.ip",
    "host": "host.hostname",
    "machine": "host.hostname",
    "server": "host.hostname",
    "action": "event.action",
    "outcome": "event.outcome",
    "program": "process.name",
    "process": "process.name",
    "command": "process.command_line",
}
_GROUP_WORDS = "|".join(GROUPS)

_KINDS: tuple[tuple[str, Kind], ...] = (
    (
        r"\bwhy\b|\bexplain|what (?:is|was) (?:this|that)\b|what does (?:this|it|that) mean|happened here",
        "explain",
    ),
    (r"^(?:show |get |open )?(?:the )?(?:event )?#\d+\??$|\bevent #?\d+", "event"),
    (r"\balert #?\d+", "alert"),
    (
        r"who else|what else|where else|touch|reach|\btried\b|\bwhich (?:hosts?|users?|accounts?|machines?)",
        "touched",
    ),
    (rf"\b(?:by|per|each|top|which) (?:\d+ )?(?:{_GROUP_WORDS})(?:es|s)?\b", "count"),
    (r"\bhow many\b|\bcount\b|\bmost\b", "count"),
    (r"\balerts?\b", "alerts"),
    (
        r"summar|overview|what (?:has )?happened|going on|what(?:.?s| is) new|anything (?:unusual|new|odd)",
        "summary",
    ),
    (r"what (?:did|has|have|was|were|is) \S+|activit|\bdoing\b|\bhistory of\b", "activity"),
)


_MOST = 50
_HOW_MANY = re.compile(
    r"\b(?:top|first|last|latest|newest) (\d{1,3}) (?!second|sec\b|minute|min\b|hour|day|week|month|year)"
)

_STOP_WORDS = """
    a an the this that it he she they i we you there here what who which when where why how all any
    each every last past today yesterday now did do does done has have had is was were be been on in
    at to from of for by with and or not me us login logins logon failed failure failures success
    successful user users account accounts host hosts ip ips address source sources machine server
    event events alert alerts log logs sudo ssh command commands session sessions hour hours minute
    minutes day days week second seconds show list count top most else happened happen activity
    action outcome ones one them those these only just night morning afternoon evening midnight noon
    monday tuesday wednesday thursday friday saturday sunday weekend month ago since between around
    him her his their same
"""
_STOP = frozenset(_STOP_WORDS.split())
_NAMED = re.compile(
    r"\b(user|account|host|machine|server|ip|address) (?:named |called )?[\"']?([\w][\w.@$-]{0,63})[\"']?",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"\b(?:did|has|was|by|of|for|as|from|on|about) [\"']?([\w][\w.@$-]{0,63})[\"']?", re.IGNORECASE
)
_THIS = re.compile(
    r"\b(?:this|that|the|same) (user|account|host|machine|server|ip|address|source|attacker)\b", re.IGNORECASE
)
_LEVELS = re.compile(r"\b(critical|high|medium|low|informational)\b", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w:])", re.IGNORECASE
)


def read(text: str, *, now: int, tz: tzinfo = UTC) -> Question:
    """Understand a question as far as the tables go; `kind` "unknown" where they do not."""
    low = numbers(" ".join(text.lower().split()))
    period = period_of(low, now, tz)
    kind = next((kind for pattern, kind in _KINDS if re.search(pattern, low)), None)
    concept = next((concept for pattern, concept in CONCEPTS if re.search(pattern, low)), None)
    subject = subject_of(text)
    level = _LEVELS.search(low)
    number = re.search(r"#(\d{1,18})|\b(?:alert|event) (\d{1,18})\b", low)
    guessed = kind is None
    if kind is None:
        asks = re.match(r"(?:show|find|search|list|get|give)\b", low) or re.search(
            r"[\w.]+(?::|[<>]=?)\S", low
        )
        kind = "search" if concept or asks else "activity" if subject and subject.sure else "unknown"
    return Question(
        kind,
        text,
        period=period,
        subject=subject,
        concept=concept,
        group=_group(low),
        level=level[1] if level else "informational",
        number=int(number[1] or number[2]) if number else 0,
        limit=_limit(low),
        guessed=guessed,
        missed="" if period else timely(low),
    )


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
    found = re.search(rf"\b(?:by|per|each|top|which|most) (?:\w+ )?({_GROUP_WORDS})(?:es|s)?\b", low)
    return GROUPS[found[1]] if found else ""


def subject_of(text: str) -> Subject | None:
    """Whom the question is about: an address, `this ip`, `user alice`, or a bare name after did, by, of…"""
    address = _ADDRESS.search(text)
    if address and is_address(address[0]):
        return Subject("source.ip", address[0])
    this = _THIS.search(text)
    if this:
        return Subject(GROUPS[this[1].lower()])
    named = _NAMED.search(text)
    if named and named[2].lower() not in _STOP:
        return Subject(GROUPS[named[1].lower()], named[2].rstrip(".?"))
    for bare in _BARE.finditer(text):
        name = bare[1].rstrip(".?")
        if name.lower() not in _STOP and not name.isdigit():
            return Subject("user.name", name, sure=False)
    return None
