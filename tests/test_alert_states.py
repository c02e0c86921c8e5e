"""An alert's life: every verb in every state, and the chain that seals what was decided."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from socterm.alerts.audit import SEALED, START, seal
from socterm.alerts.states import (
    OPEN_STATES,
    OWN_VERBS,
    STATES,
    TRANSITIONS,
    VERBS,
    VERDICTS,
    Decision,
    Own,
    Standing,
    State,
    by_itself,
    decide,
    follow,
    inherit,
)
from socterm.errors import TransitionError

OPEN = {"new", "acknowledged", "in_progress", "reopened"}


UNTIL = 2_000
NEEDS = {"verdict": {"verdict": "test"}, "note": {"text": "text"}, "snooze": {"until": UNTIL, "at": 1_000}}


def legal(state: str, verb: str) -> str | None:
    """The life cycle said once more, in words: where a verb leads, or None."""
    if state == "merged":
        return None
    alive = state in OPEN or state == "snoozed"
    wanted = {
        "note": (True, state),
        "verdict": (True, "closed"),
        "close": (alive, "closed"),
        "hand_over": (alive, "closed"),
        "snooze": (alive, "snoozed"),
        "wake": (state == "snoozed", "reopened"),
        "reopen": (state == "closed", "reopened"),
        "acknowledge": (state in {"new", "snoozed", "reopened"}, "acknowledged"),
        "start": (alive and state != "in_progress", "in_progress"),
        "escalate": (alive, "in_progress"),
    }
    allowed, after = wanted[verb]
    return after if allowed else None


def standing(state: State) -> Standing:
    return Standing(
        state, "duplicate" if state == "closed" else "", "ann", 2, 50 if state == "snoozed" else 0
    )


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(STATES, VERBS)))
def test_every_verb_in_every_state(state: State, verb: str) -> None:
    decision = Decision(verb, "bob", **NEEDS.get(verb, {}))  # type: ignore[arg-type]
    wanted = legal(state, verb)
    if wanted is None:
        with pytest.raises(TransitionError, match=verb.replace("_", " ")):
            decide(standing(state), decision)
        return
    after = decide(standing(state), decision)
    assert after.state == wanted
    assert after.owner == "ann"
    assert after.notes == 2 + (verb == "note")
    assert bool(after.verdict) == (after.state == "closed"), "a verdict is why an alert is closed"
    assert after.until == (0 if wanted != "snoozed" else UNTIL if verb == "snooze" else 50)


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(STATES, OWN_VERBS)))
def test_what_the_software_does_in_every_state(state: State, verb: Own) -> None:
    allowed = {"woke": {"snoozed"}, "recur": {"new"}, "merge": set(STATES) - {"merged"}}
    if state not in allowed[verb]:
        with pytest.raises(TransitionError, match=f"cannot {verb}"):
            by_itself(standing(state), verb)
        return
    after = by_itself(standing(state), verb)
    assert after.state == ("merged" if verb == "merge" else "reopened")
    assert (after.owner, after.notes, after.until) == ("ann", 2, 0)
    assert after.verdict == ("duplicate" if state == "closed" else "")


@pytest.mark.parametrize("verb", OWN_VERBS)
def test_nobody_decides_what_the_software_does(verb: str) -> None:
    with pytest.raises(TransitionError, match=f"no such verb '{verb}'"):
        decide(Standing("snoozed"), Decision(verb, "ann"))


@pytest.mark.parametrize(("heir", "gone"), list(itertools.product(STATES, STATES)))
def test_who_takes_over_from_an_alert_that_was_joined(heir: State, gone: State) -> None:
    after = inherit(Standing(heir, notes=1), standing(gone))
    if heir == "new" and (gone in OPEN - {"new"} or gone == "snoozed"):
        assert after == Standing(gone, "", "ann", 1, 50 if gone == "snoozed" else 0)
    else:
        assert after is None


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(STATES, VERBS)))
def test_a_part_goes_along_where_it_still_needs_somebody(state: State, verb: str) -> None:
    decision = Decision(verb, "bob", **NEEDS.get(verb, {}))  # type: ignore[arg-type]
    along = {
        "wake": state == "snoozed",
        "acknowledge": state in OPEN,
        "start": state in OPEN,
        "escalate": state in OPEN,
        "note": False,
        "reopen": False,
    }.get(verb, state in OPEN or state == "snoozed")
    after = follow(standing(state), decision)
    if along and legal(state, verb):
        assert after == decide(standing(state), decision)
    else:
        assert after is None


def test_a_verdict_reaches_parts_that_were_closed_without_one() -> None:
    part = Standing("closed", "undetermined", "ann")
    assert follow(part, Decision("verdict", "bob", "test")) == Standing("closed", "test", "ann")
    assert follow(part, Decision("close", "bob", "test")) is None


def test_the_table_knows_only_states_and_verbs_that_exist() -> None:
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(STATES)
    assert {verb for _, verb in TRANSITIONS} == {*VERBS, *OWN_VERBS}
    assert set(OPEN_STATES) == OPEN


@pytest.mark.parametrize("verb", ["close", "hand_over"])
def test_the_one_key_close_is_undetermined(verb: str) -> None:
    assert decide(Standing(), Decision(verb, "ann")).verdict == "undetermined"


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
        (Decision("snooze", "ann", until=9, at=9), "it would wake at once"),
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


def test_what_a_row_is_about_is_sealed_and_rows_without_it_keep_their_hash() -> None:
    row = dict.fromkeys(SEALED, 1)
    assert seal(START, row) == seal(START, {**row, "about": ""})
    assert len({seal(START, {**row, "about": about}) for about in ("", "incident:1", "incident:2")}) == 3


def test_the_table_in_the_docs_is_the_one_in_force() -> None:
    page = (Path(__file__).parents[1] / "docs" / "triage.md").read_text()
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if "|" in line]
    start = lines.index(["", *(state.replace("_", " ") for state in STATES)])
    said = {row[0]: row[1:] for row in lines[start + 2 : start + 2 + len(VERBS) + len(OWN_VERBS)]}
    assert said == {
        verb.replace("_", " "): [TRANSITIONS.get((state, verb), "").replace("_", " ") for state in STATES]
        for verb in (*VERBS, *OWN_VERBS)
    }
