"""Read a question without a model: what is asked, of whom, when. Tables of patterns; the first hit counts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, NamedTuple

import msgspec

from socterm.query.values import is_address

Kind = Literal[
    "explain", "event", "alert", "touched", "count", "alerts", "summary", "activity", "search", "unknown"
]


class Period(NamedTuple):
    """A stretch of time [low, high) in µs, and what to call it."""

    low: int
    high: int
    words: str


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
    """A question as understood."""

    kind: Kind
    text: str
    period: Period | None = None
    subject: Subject | None = None
    concept: Concept | None = None
    group: str = ""
    level: str = "informational"
    number: int = 0


_LOGIN = r"(?:ssh |pam )?(?:log-?ins?|log-?ons?|authentications?|auth|passwords?|sign-?ins?|attempts?)"
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
    (rf"\b(?:by|per|each|top|which) (?:{_GROUP_WORDS})(?:es|s)?\b|\bhow many\b|\bcount\b|\bmost\b", "count"),
    (r"\balerts?\b", "alerts"),
    (
        r"summar|overview|what (?:has )?happened|going on|what(?:.?s| is) new|anything (?:unusual|new|odd)",
        "summary",
    ),
    (r"what (?:did|has|have|was|were|is) \S+|activit|\bdoing\b|\bhistory of\b", "activity"),
)

_UNITS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_LAST = re.compile(
    r"\b(?:last|past|previous) (?:(\d{1,4}) )?(second|sec|minute|min|hour|day|week)s?\b", re.IGNORECASE
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_STOP_WORDS = """
    a an the this that it he she they i we you there here what who which when where why how all any
    each every last past today yesterday now did do does done has have had is was were be been on in
    at to from of for by with and or not me us login logins logon failed failure failures success
    successful user users account accounts host hosts ip ips address source sources machine server
    event events alert alerts log logs sudo ssh command commands session sessions hour hours minute
    minutes day days week second seconds show list count top most else happened happen activity
    action outcome
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
    low = " ".join(text.lower().split())
    kind = next((kind for pattern, kind in _KINDS if re.search(pattern, low)), None)
    concept = next((concept for pattern, concept in CONCEPTS if re.search(pattern, low)), None)
    subject = subject_of(text)
    level = _LEVELS.search(low)
    number = re.search(r"#(\d{1,18})|\b(?:alert|event) (\d{1,18})\b", low)
    if kind is None:
        asks = re.match(r"(?:show|find|search|list|get|give)\b", low) or re.search(
            r"[\w.]+(?::|[<>]=?)\S", low
        )
        kind = "search" if concept or asks else "activity" if subject and subject.sure else "unknown"
    return Question(
        kind,
        text,
        period=period_of(low, now, tz),
        subject=subject,
        concept=concept,
        group=_group(low),
        level=level[1] if level else "informational",
        number=int(number[1] or number[2]) if number else 0,
    )


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


def period_of(low: str, now: int, tz: tzinfo) -> Period | None:
    """The time a question speaks of; days begin at midnight of the analyst's zone."""
    found = _LAST.search(low)
    if found:
        number, unit = int(found[1] or 1), found[2].lower()
        words = f"the last {number} {unit}s" if number > 1 else f"the last {unit}"
        return Period(now - number * _UNITS[unit] * 1_000_000, now + 1, words)
    midnight = _midnight(now, tz)
    if "today" in low:
        return Period(_micros(midnight), now + 1, "today")
    if "yesterday" in low:
        return Period(_micros(midnight - timedelta(days=1)), _micros(midnight), "yesterday")
    if "this week" in low:
        return Period(_micros(midnight - timedelta(days=midnight.weekday())), now + 1, "this week")
    return None


def _midnight(now: int, tz: tzinfo) -> datetime:
    local = (_EPOCH + timedelta(microseconds=now)).astimezone(tz)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _micros(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
