"""Questions that go on from the one before: `and yesterday?`, `what about bob?`, `only failed ones`.

Pure: two questions as understood go in, one whole question comes out.
"""

from __future__ import annotations

import re
from datetime import UTC, tzinfo

from msgspec.structs import replace

from socterm.analyst.intents import LONGEST, Question, Subject, read, typed_query
from socterm.analyst.vocabulary import Concept

_GOES_ON = re.compile(
    r"^(?:and|but|also|then|ok(?:ay)?|now)\b[ ,]*|"
    r"^(?=(?:what|how) about\b|(?:the )?same (?:for|of|on|with)\b|only\b|just\b|with(?:out)?\b)"
)
_ABOUT = re.compile(
    r"^(?:(?:what|how) about|(?:the )?same (?:for|with|of|on|from)|for|of|on|from|by)? ?"
    r"(?:the )?(?:user |host |account |machine |server )?[\"']?([\w][\w.@$-]{0,63})[\"']?$",
    re.IGNORECASE,
)
_PLACED = re.compile(r"^(on|as|from|by|for|in|at|to) \S+(?: \S+)?$")
"""`on web01?`: words that hang on the question before."""
_NAME_ALONE = re.compile(r"^[\w][\w.@$-]{1,63}$")
_TALK = "help thanks thank hello hi yes no ok okay stop quit exit please why what who"
_SMALL_TALK = frozenset(_TALK.split())
_SHOW = re.compile(
    r"^(?:please )?(?:show|list|give|see|print)(?: me)? (?:them|those|these|it|all|the (?:events|rest))\b|"
    r"^which ones\b|^which (?:events|lines)\b"
)
_HOW_MANY = re.compile(r"^how many(?: (?:are|were) (?:there|they|those|these))?$")
_GROUPED = re.compile(r"^(?:by|per|grouped by) \w+$")
_BARE_WHY = re.compile(r"^(?:but )?why(?: is that| so| that)?$|^explain(?: it)?$")
_PRONOUN = re.compile(r"\b(?:he|she|they|him|her|them|it|his|their|theirs)\b")
_LACKING = re.compile(r"\bones?\b|\bthem\b|\bthose\b|\bthese\b")
_OUTCOME = re.compile(r"event\.outcome:\w+")
_THAT = re.compile(r"\b(?:that|same)\b")
_ALL_AGAIN = re.compile(r"\b(?:all of them|everything|without (?:that|the) filter)\b")

_NARROW: tuple[tuple[str, Concept], ...] = (
    (r"\b(?:fail\w*|unsuccessful|bad|refused|denied)\b", Concept("event.outcome:failure", "failed")),
    (r"\b(?:success\w*|accepted|good)\b", Concept("event.outcome:success", "successful")),
    (r"\bsudo\b", Concept("event.action:sudo_*", "sudo")),
    (r"\bssh\b", Concept("process.name:sshd*", "ssh")),
    (r"\bcommands?\b", Concept("process.command_line:*", "command")),
)
"""Words of `only …` → what they leave."""

_OF_PEOPLE = ("activity", "touched", "count", "search")
NOTHING_BEFORE = (
    "That goes on from an earlier question, and there is none. "
    "Ask it whole, such as: what did alice do yesterday?"
)


def understand(text: str, previous: Question | None, *, now: int, tz: tzinfo = UTC) -> Question:
    """A question, joined to the one before where it goes on from that."""
    return follow(read(text, now=now, tz=tz), previous)


def follow(asked: Question, previous: Question | None) -> Question:
    """A question as it stands after another; its `lost` says where the two cannot be joined."""
    low = " ".join(asked.text[:LONGEST].lower().split()).strip(" ?!.")
    opening = _GOES_ON.match(low)
    rest = low[opening.end() :] if opening else low
    if not opening and not _elliptic(asked, rest):
        return _pronoun(asked, previous, low)
    if previous is None and not opening and _NAME_ALONE.match(rest):
        return asked
    if previous is None:
        lacking = asked.kind == "unknown" or _LACKING.search(rest)
        return replace(asked, kind="unknown", lost=NOTHING_BEFORE) if lacking else asked
    if _whole(asked, rest):
        return replace(
            asked,
            subject=_whom(asked, previous) if asked.kind in _OF_PEOPLE else asked.subject,
            also=asked.also or (previous.also if asked.subject is None else ()),
            period=asked.period or previous.period,
        )
    return _joined(asked, previous, rest)


def _elliptic(asked: Question, rest: str) -> bool:
    """Whether words are missing that only the question before can have."""
    if any(pattern.search(rest) for pattern in (_SHOW, _HOW_MANY, _GROUPED)):
        return True
    if asked.guessed and _PLACED.match(rest):
        return True
    if asked.kind == "unknown" and _NAME_ALONE.match(rest) and rest not in _SMALL_TALK:
        return True
    return (
        asked.kind == "unknown"
        and asked.period is not None
        and asked.subject is None
        and len(rest.split()) < 6
    )


def _whole(asked: Question, rest: str) -> bool:
    """Whether it names what it wants to know, after its `and`."""
    return not asked.guessed and not any(pattern.search(rest) for pattern in (_SHOW, _HOW_MANY, _GROUPED))


def _whom(asked: Question, previous: Question) -> Subject | None:
    """Whom it names, or else whom the one before was about."""
    named = asked.subject is not None and (asked.subject.field or asked.subject.value)
    return asked.subject if named else previous.subject or asked.subject


def _pronoun(asked: Question, previous: Question | None, low: str) -> Question:
    """`what else did she do?` is about whom the question before was about, at the same time."""
    if previous is None:
        return asked
    if _BARE_WHY.match(low) and previous.kind in ("alert", "explain") and not asked.number:
        return replace(asked, kind="explain", number=previous.number)
    named = asked.subject and asked.subject.field and not _PRONOUN.fullmatch(asked.subject.value.lower())
    that = asked.subject and not asked.subject.value and _THAT.search(low)
    before = previous.subject
    if asked.subject and that and before and before.value and before.field == asked.subject.field:
        return replace(asked, subject=previous.subject, period=asked.period or previous.period)
    if asked.kind in _OF_PEOPLE and not named and previous.subject and _PRONOUN.search(low):
        return replace(asked, subject=previous.subject, period=asked.period or previous.period)
    return asked


def _named(asked: Question, rest: str) -> Subject | None:
    """Whom a question names that has no verb: `bob`, `what about host db01`, `203.0.113.9`."""
    if asked.subject is not None and asked.subject.field:
        return asked.subject
    found = _ABOUT.match(rest)
    if found is None or asked.period is not None or _narrowing(rest) or asked.group:
        return None
    return Subject("user.name", found[1].rstrip("."), sure=False)


def _narrowing(rest: str) -> Concept | None:
    return next((concept for pattern, concept in _NARROW if re.search(pattern, rest)), None)


def _joined(asked: Question, previous: Question, rest: str) -> Question:
    """The question before with what this one says otherwise; `lost` where it says nothing that is known."""
    changes: dict[str, object] = {}
    if asked.period is not None:
        changes["period"] = asked.period
    if asked.level != "informational":
        changes["level"] = asked.level
    if asked.limit:
        changes["limit"] = asked.limit
    subject = _named(asked, rest)
    if subject is not None:
        changes |= _aimed(_alike(subject, previous), previous, rest)
        if asked.also:
            changes["also"] = asked.also
    narrow = _narrowing(rest)
    if narrow is not None:
        changes |= _narrowed(previous.concept, narrow)
    elif _ALL_AGAIN.search(rest):
        changes["only"] = None
    if _GROUPED.match(rest) and asked.group:
        changes |= {"group": asked.group, "kind": "count"}
    elif _HOW_MANY.match(rest):
        changes |= {"group": "", "kind": "count"}
    elif _SHOW.match(rest):
        changes |= {"kind": "search"}
    if not changes:
        missed = f"“{asked.missed or rest}”"
        lost = f"I know what you asked before, but not what {missed} changes about it."
        return replace(asked, kind="unknown", lost=lost)
    return _fitting(
        replace(
            previous, text=asked.text, missed=asked.missed, left=_unnamed(asked, subject), lost="", **changes
        ),
        previous,
        changes,
    )


def _unnamed(asked: Question, subject: Subject | None) -> tuple[str, ...]:
    """The words that are left when whom it names is known."""
    return tuple(word for word in asked.left if subject is None or word != subject.value.lower())


def _narrowed(concept: Concept | None, narrow: Concept) -> dict[str, object]:
    """`only successful ones` of failed logins are other logins, not none."""
    if concept is None or "outcome" not in narrow.query or not _OUTCOME.search(concept.query):
        return {"only": narrow}
    words = re.sub(r"\b(?:failed|successful)\b", narrow.words, concept.words)
    return {"concept": Concept(_OUTCOME.sub(narrow.query, concept.query), words), "only": None}


def _aimed(subject: Subject, previous: Question, rest: str) -> dict[str, object]:
    """`on web01`, `as root`, `from 203.0.113.9` narrow a question about somebody else; a name replaces it."""
    placed = _PLACED.match(rest)
    before = previous.subject
    beside = before is not None and before.field != subject.field and before.value != subject.value
    if placed and placed[1] in ("on", "as", "from", "in", "at") and beside:
        kept = tuple(one for one in previous.also if one.field != subject.field)
        return {"also": (*kept, subject)}
    return {"subject": subject, "also": tuple(one for one in previous.also if one.field != subject.field)}


def _alike(subject: Subject, previous: Question) -> Subject:
    """A bare name is of the kind of the one before, where that was a user or a host."""
    before = previous.subject
    if subject.sure or before is None or before.field not in ("user.name", "host.hostname"):
        return subject
    if subject.field == "host.hostname":  # on NAME
        return subject
    return Subject(before.field, subject.value, sure=False)


def _fitting(question: Question, previous: Question, changes: dict[str, object]) -> Question:
    """The kind of question that can be asked with what was said."""
    kind = question.kind
    if previous.kind == "search" and previous.concept is None and previous.only is None:
        typed = typed_query(previous.text)
        question = replace(question, concept=Concept(f"({typed})" if typed else "", "hits"))
    if ("subject" in changes or "also" in changes) and kind in (
        "explain",
        "alert",
        "event",
        "summary",
        "alerts",
    ):
        kind = "activity"
    elif "only" in changes and kind in ("summary", "alerts", "explain", "alert", "event"):
        kind = "search"
        question = replace(question, concept=question.concept or Concept("", "events"))
    elif kind == "search":
        if previous.kind == "alerts":
            kind = "alerts"
        elif question.concept is None:
            question = replace(question, concept=Concept("", "events"))
    elif "period" in changes and kind in ("explain", "alert", "event"):
        kind = "summary"
    return replace(question, kind=kind)
