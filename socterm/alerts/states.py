"""An alert's life as a table: which verb leads from which state to which.

Pure: a decision takes a standing and returns a new one. The store writes it down together with its audit row.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from socterm.errors import TransitionError

State = Literal["new", "acknowledged", "in_progress", "closed", "reopened", "merged"]
Verb = Literal["acknowledge", "start", "close", "verdict", "reopen", "note"]

STATES: tuple[State, ...] = ("new", "acknowledged", "in_progress", "closed", "reopened", "merged")
"""merged: a late event joined this alert's episode to another one; that alert lives on."""

OPEN_STATES: tuple[State, ...] = ("new", "acknowledged", "in_progress", "reopened")
"""States in which somebody should still look."""

VERBS: dict[Verb, str] = {
    "acknowledge": "seen, and mine",
    "start": "work on it has begun",
    "close": "done with it; without a verdict it is undetermined",
    "verdict": "say why it is closed; closes an open one",
    "reopen": "look at it again; the verdict goes",
    "note": "write something down",
}

VERDICTS: dict[str, str] = {
    "true_positive": "an attack, and the rule was right",
    "benign_true_positive": "what the rule looks for, but allowed",
    "false_positive": "the rule was wrong",
    "duplicate": "known from another alert",
    "test": "an exercise",
    "undetermined": "closed without saying why",
}

TRANSITIONS: dict[tuple[State, Verb], State] = {
    ("new", "acknowledge"): "acknowledged",
    ("new", "start"): "in_progress",
    ("new", "close"): "closed",
    ("new", "verdict"): "closed",
    ("new", "note"): "new",
    ("acknowledged", "start"): "in_progress",
    ("acknowledged", "close"): "closed",
    ("acknowledged", "verdict"): "closed",
    ("acknowledged", "note"): "acknowledged",
    ("in_progress", "close"): "closed",
    ("in_progress", "verdict"): "closed",
    ("in_progress", "note"): "in_progress",
    ("closed", "verdict"): "closed",
    ("closed", "reopen"): "reopened",
    ("closed", "note"): "closed",
    ("reopened", "acknowledge"): "acknowledged",
    ("reopened", "start"): "in_progress",
    ("reopened", "close"): "closed",
    ("reopened", "verdict"): "closed",
    ("reopened", "note"): "reopened",
}
"""(state, verb) → state. What is not here is refused; nothing leads out of merged."""


FOLLOWED: tuple[Verb, ...] = ("acknowledge", "start", "close", "verdict")
"""What is decided of an alert with these is decided of its parts too, where their state allows it."""


class Standing(msgspec.Struct, frozen=True):
    """What people decided about an alert so far. `notes` is their number."""

    state: State = "new"
    verdict: str = ""
    owner: str = ""
    notes: int = 0

    @property
    def is_open(self) -> bool:
        """Whether somebody should still look at it."""
        return self.state in OPEN_STATES


class Decision(NamedTuple):
    """A verb with what it needs: `verdict` for close and verdict, `text` for note."""

    verb: str
    actor: str
    verdict: str = ""
    text: str = ""


def decide(before: Standing, decision: Decision) -> Standing:
    """The standing after a decision. The owner is who first acted on it.

    Raises TransitionError where the state does not allow the verb, the verdict is unknown or the note empty.

    >>> decide(Standing(), Decision("close", "ann")).verdict
    'undetermined'
    """
    verb = decision.verb
    if verb not in VERBS:
        raise TransitionError(f"no such verb {verb!r}: use one of {', '.join(VERBS)}")
    after = TRANSITIONS.get((before.state, verb))
    if after is None:
        raise TransitionError(f"cannot {verb} an alert that is {before.state.replace('_', ' ')}")
    return Standing(
        state=after,
        verdict=_verdict(before, decision) if after == "closed" else "",
        owner=before.owner or decision.actor,
        notes=before.notes + _noted(decision),
    )


def follow(before: Standing, decision: Decision) -> Standing | None:
    """The standing of a part after a decision on the alert it is part of; None where it stays as it is.

    Open parts go along. A verdict also reaches those that were closed without one.

    >>> follow(Standing("acknowledged"), Decision("acknowledge", "ann")) is None
    True
    """
    closed = decision.verb == "verdict" and before.state == "closed" and before.verdict == "undetermined"
    if decision.verb not in FOLLOWED or not (before.is_open or closed):
        return None
    if (before.state, decision.verb) not in TRANSITIONS:
        return None
    return decide(before, decision)


def _verdict(before: Standing, decision: Decision) -> str:
    if decision.verb == "note":
        return before.verdict
    verdict = decision.verdict or ("undetermined" if decision.verb == "close" else "")
    if verdict not in VERDICTS:
        raise TransitionError(f"no such verdict {verdict!r}: use one of {', '.join(VERDICTS)}")
    return verdict


def _noted(decision: Decision) -> int:
    if decision.verb != "note":
        return 0
    if not decision.text.strip():
        raise TransitionError("an empty note says nothing: give it a text")
    return 1
