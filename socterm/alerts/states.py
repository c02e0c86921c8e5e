"""An alert's life as a table: which verb leads from which state to which.

Pure: a decision takes a standing and returns a new one. The store writes it down together with its audit row.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from socterm.errors import TransitionError

State = Literal["new", "acknowledged", "in_progress", "snoozed", "closed", "reopened", "merged"]
Verb = Literal[
    "acknowledge", "start", "escalate", "hand_over", "close", "verdict", "snooze", "wake", "reopen", "note"
]
Own = Literal["woke", "recur", "merge"]

STATES: tuple[State, ...] = (
    "new", "acknowledged", "in_progress", "snoozed", "closed", "reopened", "merged",
)  # fmt: skip
"""snoozed: nobody should look before a wall time. reopened: closed or snoozed before, and to be looked at
again. merged: a late event joined this alert's episode to another one; that alert lives on."""

OPEN_STATES: tuple[State, ...] = ("new", "acknowledged", "in_progress", "reopened")
"""States in which somebody should still look."""

VERBS: dict[Verb, str] = {
    "acknowledge": "seen, and mine",
    "start": "work on it has begun",
    "escalate": "it is part of something greater; work on that has begun",
    "hand_over": "escalated, and closed: the work goes on elsewhere",
    "close": "done with it; without a verdict it is undetermined",
    "verdict": "say why it is closed; closes an open one",
    "snooze": "not before a time; it wakes by itself then",
    "wake": "look at it now, before its time",
    "reopen": "look at it again; the verdict goes",
    "note": "write something down",
}
"""What people decide."""

OWN_VERBS: dict[Own, str] = {
    "woke": "the time it was put off to has come",
    "recur": "it follows a closed one, and its rule says that such an alert begins reopened",
    "merge": "a late event joined it to another alert",
}
"""What the software does by itself; nobody can decide it."""

VERDICTS: dict[str, str] = {
    "true_positive": "an attack, and the rule was right",
    "benign_true_positive": "what the rule looks for, but allowed",
    "false_positive": "the rule was wrong",
    "duplicate": "known from another alert",
    "test": "an exercise",
    "undetermined": "closed without saying why",
}

_OPEN: dict[Verb | Own, State] = {
    "start": "in_progress",
    "escalate": "in_progress",
    "hand_over": "closed",
    "close": "closed",
    "verdict": "closed",
    "snooze": "snoozed",
    "merge": "merged",
}
"""Where an alert that is open or snoozed can go from anywhere."""

_BY_STATE: dict[State, dict[Verb | Own, State]] = {
    "new": {**_OPEN, "acknowledge": "acknowledged", "note": "new", "recur": "reopened"},
    "acknowledged": {**_OPEN, "note": "acknowledged"},
    "in_progress": {**{v: s for v, s in _OPEN.items() if v != "start"}, "note": "in_progress"},
    "snoozed": {
        **_OPEN, "acknowledge": "acknowledged", "note": "snoozed", "wake": "reopened", "woke": "reopened",
    },
    "closed": {"verdict": "closed", "reopen": "reopened", "note": "closed", "merge": "merged"},
    "reopened": {**_OPEN, "acknowledge": "acknowledged", "note": "reopened"},
    "merged": {},
}  # fmt: skip

TRANSITIONS: dict[tuple[str, str], State] = {
    (state, verb): after for state, verbs in _BY_STATE.items() for verb, after in verbs.items()
}
"""(state, verb) → state. What is not here is refused; nothing leads out of merged."""

_AWAKE: tuple[State, ...] = OPEN_STATES
_LEFT: tuple[State, ...] = (*OPEN_STATES, "snoozed")

FOLLOWED: dict[str, tuple[State, ...]] = {
    "acknowledge": _AWAKE,
    "start": _AWAKE,
    "escalate": _AWAKE,
    "hand_over": _LEFT,
    "close": _LEFT,
    "verdict": _LEFT,
    "snooze": _LEFT,
    "wake": ("snoozed",),
}
"""What is decided of an alert with these is decided of its parts in these states too, where the table allows
it."""


class Standing(msgspec.Struct, frozen=True):
    """What people decided about an alert so far. `notes` is their number, `until` (µs) when a snoozed one
    wakes."""

    state: State = "new"
    verdict: str = ""
    owner: str = ""
    notes: int = 0
    until: int = 0

    @property
    def is_open(self) -> bool:
        """Whether somebody should still look at it."""
        return self.state in OPEN_STATES


class Decision(NamedTuple):
    """A verb with what it needs: `verdict` for close, hand_over and verdict, `text` for note, for snooze the
    wall time `until` (µs). `at` (µs) is when it is decided."""

    verb: str
    actor: str
    verdict: str = ""
    text: str = ""
    until: int = 0
    at: int = 0


def decide(before: Standing, decision: Decision) -> Standing:
    """The standing after a decision. The owner is who first acted on it.

    Raises TransitionError where the state does not allow the verb, the verdict is unknown, the note empty
    or the time to wake past.

    >>> decide(Standing(), Decision("close", "ann")).verdict
    'undetermined'
    """
    if decision.verb not in VERBS:
        raise TransitionError(f"no such verb {decision.verb!r}: use one of {', '.join(VERBS)}")
    return _step(before, decision)


def by_itself(before: Standing, verb: Own, owner: str = "") -> Standing:
    """The standing after what the software does without anybody's decision.

    Raises TransitionError where the state does not allow it.

    >>> by_itself(Standing("snoozed", until=5), "woke").state
    'reopened'
    """
    return _step(before, Decision(verb, owner))


def inherit(heir: Standing, gone: Standing) -> Standing | None:
    """What an alert nobody has touched takes over of one that was joined to it; None for nothing.

    >>> inherit(Standing(), Standing("acknowledged", owner="ann")).owner
    'ann'
    """
    if heir.state != "new" or gone.state == "new" or gone.state not in _LEFT:
        return None
    return Standing(gone.state, "", gone.owner, heir.notes, gone.until)


def _step(before: Standing, decision: Decision) -> Standing:
    after = TRANSITIONS.get((before.state, decision.verb))
    if after is None:
        verb = decision.verb.replace("_", " ")
        raise TransitionError(f"cannot {verb} an alert that is {before.state.replace('_', ' ')}")
    return Standing(
        state=after,
        verdict=_verdict(before, decision, after),
        owner=before.owner or decision.actor,
        notes=before.notes + _noted(decision),
        until=_until(before, decision) if after == "snoozed" else 0,
    )


def follow(before: Standing, decision: Decision) -> Standing | None:
    """The standing of a part after a decision on the alert it is part of; None where it stays as it is.

    Open parts go along. A verdict also reaches those that were closed without one.

    >>> follow(Standing("acknowledged"), Decision("acknowledge", "ann")) is None
    True
    """
    along = before.state in FOLLOWED.get(decision.verb, ())
    unsaid = decision.verb == "verdict" and before.state == "closed" and before.verdict == "undetermined"
    if not (along or unsaid) or (before.state, decision.verb) not in TRANSITIONS:
        return None
    return decide(before, decision)


def _verdict(before: Standing, decision: Decision, after: State) -> str:
    if decision.verb in {"note", "merge"}:
        return before.verdict
    if after != "closed":
        return ""
    verdict = decision.verdict or ("" if decision.verb == "verdict" else "undetermined")
    if verdict not in VERDICTS:
        raise TransitionError(f"no such verdict {verdict!r}: use one of {', '.join(VERDICTS)}")
    return verdict


def _until(before: Standing, decision: Decision) -> int:
    if decision.verb != "snooze":
        return before.until
    if decision.until <= decision.at:
        raise TransitionError("it would wake at once: name a time that is still to come")
    return decision.until


def _noted(decision: Decision) -> int:
    if decision.verb != "note":
        return 0
    if not decision.text.strip():
        raise TransitionError("an empty note says nothing: give it a text")
    return 1
