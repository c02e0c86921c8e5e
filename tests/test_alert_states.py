"""An alert's life: every verb in every state, and the chain that seals what was decided."""

from __future__ import annotations

import itertools

import pytest
from socterm.alerts.audit import SEALED, START, seal
from socterm.alerts.states import (
    OPEN_STATES,
    STATES,
    TRANSITIONS,
    VERBS,
    VERDICTS,
    Decision,
    Standing,
    State,
    decide,
)
from socterm.errors import TransitionError

OPEN = {"new", "acknowledged", "in_progress", "reopened"}


def legal(state: str, verb: str) -> str | None:
    """The life cycle said once more, in words: where a verb leads, or None."""
    if state == "merged":
        return None
    if verb == "note":
        return state
    if verb == "verdict":
        return "closed"
    if verb == "close":
        return "closed" if state in OPEN else None
    if verb == "reopen":
        return "reopened" if state == "closed" else None
    if verb == "acknowledge":
        return "acknowledged" if state in {"new", "reopened"} else None
    return "in_progress" if state in {"new", "acknowledged", "reopened"} else None


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(STATES, VERBS)))
def test_every_verb_in_every_state(state: State, verb: str) -> None:
    before = Standing(state, "duplicate" if state == "closed" else "", "ann", 2)
    decision = Decision(verb, "bob", "test" if verb == "verdict" else "", "text" if verb == "note" else "")
    wanted = legal(state, verb)
    if wanted is None:
        with pytest.raises(TransitionError, match=verb):
            decide(before, decision)
        return
    after = decide(before, decision)
    assert after.state == wanted
    assert after.owner == "ann"
    assert after.notes == 2 + (verb == "note")
    assert bool(after.verdict) == (after.state == "closed"), "a verdict is why an alert is closed"


def test_the_table_knows_only_states_and_verbs_that_exist() -> None:
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) <= set(STATES)
    assert {verb for _, verb in TRANSITIONS} == set(VERBS)
    assert set(OPEN_STATES) == OPEN


def test_the_one_key_close_is_undetermined() -> None:
    assert decide(Standing(), Decision("close", "ann")).verdict == "undetermined"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_closing_takes_every_verdict(verdict: str) -> None:
    assert decide(Standing(), Decision("close", "ann", verdict)) == Standing("closed", verdict, "ann", 0)
    assert decide(Standing("closed", "test", "ann"), Decision("verdict", "bob", verdict)).verdict == verdict


def test_a_note_on_a_closed_alert_keeps_its_verdict() -> None:
    after = decide(Standing("closed", "test", "ann"), Decision("note", "bob", text="seen twice"))
    assert after == Standing("closed", "test", "ann", 1)


@pytest.mark.parametrize(
    ("decision", "says"),
    [
        (Decision("close", "ann", "guilty"), "no such verdict 'guilty'"),
        (Decision("verdict", "ann"), "no such verdict ''"),
        (Decision("note", "ann", text="  "), "an empty note"),
        (Decision("shred", "ann"), "no such verb 'shred'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(decision: Decision, says: str) -> None:
    with pytest.raises(TransitionError, match=says) as caught:
        decide(Standing(), decision)
    assert "\n" not in str(caught.value)


def test_the_first_to_act_owns_it() -> None:
    assert decide(Standing(), Decision("note", "ann", text="x")).owner == "ann"


@pytest.mark.parametrize("name", SEALED)
def test_the_seal_covers_every_column_and_all_before(name: str) -> None:
    row = dict.fromkeys(SEALED, 1)
    assert seal(START, row) != seal(START, {**row, name: 2})
    assert seal(START, row) != seal(seal(START, row), row)
