"""Every decision by keys alone, read back from the store."""

from __future__ import annotations

import pytest
from driver import console, driven
from scene import ACTOR, NOW, Scene
from socterm.alerts.states import STATES
from socterm.store.opening import Store


def state(store: Store, alert: int) -> tuple[str, str]:
    row = store.triage.alert(alert)
    assert row is not None
    return row.state, row.verdict


async def test_e_closes_as_undetermined_and_goes_to_the_next(scene: Scene, store: Store) -> None:
    first, second, third = scene.simple(["brute", "brute", "brute"])
    async with driven(console(store)) as d:
        assert d.alerts == [first, second, third]
        await d.press("j", "e")
        assert d.cursor == third
        await d.until(lambda: state(store, second) == ("closed", "undetermined"))
        await d.sees("1 alert closed · z takes it back", "2 open")
    assert [(row.actor, row.verb) for row in store.triage.history(second)] == [(ACTOR, "close")]
    assert [row.id for row in store.triage.alerts()] == [first, third]


async def test_e_pressed_fast_closes_one_alert_each(scene: Scene, store: Store) -> None:
    ids = scene.simple(["brute"] * 5)
    async with driven(console(store)) as d:
        await d.press("e", "e", "e")
        await d.until(lambda: len(store.triage.alerts()) == 2)
        assert d.cursor == ids[3]
    assert [state(store, i)[0] for i in ids] == ["closed"] * 3 + ["new"] * 2


async def test_shift_e_closes_the_whole_group_and_nothing_else(scene: Scene, store: Store) -> None:
    where = {"source.ip": "203.0.113.77"}
    same = [scene.alert("brute", where, scene.flood(1)) for _ in range(3)]
    other_entity = scene.alert("brute", {"source.ip": "203.0.113.78"}, scene.flood(1))
    other_rule = scene.alert("sudoers", where, scene.flood(1))
    async with driven(console(store)) as d:
        while d.cursor not in same:
            await d.press("j")
        await d.press("E")
        await d.sees("3 alerts closed")
        assert set(d.alerts) == {other_entity, other_rule}
    assert {row.id for row in store.triage.alerts()} == {other_entity, other_rule}


async def test_shift_e_leaves_closed_alerts_of_the_group_alone(scene: Scene, store: Store) -> None:
    where = {"source.ip": "203.0.113.77"}
    old, new = (scene.alert("brute", where, scene.flood(1)) for _ in range(2))
    store.triage.decide([old], "close", actor="bob", now=NOW, verdict="test")
    async with driven(console(store)) as d:
        await d.press("C")
        await d.until(lambda: set(d.alerts) == {old, new})
        await d.press("E")
        await d.until(lambda: state(store, new) == ("closed", "undetermined"))
    assert state(store, old) == ("closed", "test")


async def test_a_makes_it_mine(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("a")
        await d.sees("mine")
    row = store.triage.alert(alert)
    assert row is not None
    assert (row.state, row.owner) == ("acknowledged", ACTOR)


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        ("t", "true_positive"), ("b", "benign_true_positive"), ("d", "duplicate"), ("x", "test"),
    ],
)  # fmt: skip
async def test_d_then_a_letter_closes_with_that_verdict(
    scene: Scene, store: Store, key: str, verdict: str
) -> None:
    first, second = scene.simple(["brute", "brute"])
    async with driven(console(store)) as d:
        await d.press("d")
        await d.sees("1 alert is", "benign true")
        await d.press(key)
        await d.until(lambda: state(store, first) == ("closed", verdict))
        assert d.cursor == second


async def test_escape_after_d_decides_nothing(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("d")
        await d.sees("1 alert is")
        await d.press("escape")
        await d.until(lambda: "1 alert is" not in d.text())
        await d.settled()
    assert state(store, alert) == ("new", "")


async def test_r_reopens_what_was_closed(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    store.triage.decide([alert], "close", actor="bob", now=NOW)
    async with driven(console(store)) as d:
        assert d.alerts == []
        await d.press("C")
        await d.until(lambda: d.alerts == [alert])
        await d.press("r")
        await d.until(lambda: state(store, alert)[0] == "reopened")
        await d.sees("1 alert reopened", "again")


async def test_a_verb_the_state_does_not_allow_says_why(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("r")
        await d.sees("cannot reopen an alert that is new")


async def test_z_takes_back_and_shift_z_does_it_again(scene: Scene, store: Store) -> None:
    first, second = scene.simple(["brute", "brute"])
    async with driven(console(store)) as d:
        await d.press("e", "z")
        await d.until(lambda: state(store, first) == ("new", ""))
        await d.until(lambda: d.alerts == [first, second])
        await d.press("Z")
        await d.until(lambda: state(store, first)[0] == "closed")
        await d.sees("decided again")
        await d.until(lambda: d.alerts == [second])
    assert [row.verb for row in store.triage.history(first)] == ["close", "undo", "redo"]


async def test_z_with_nothing_to_take_back_says_so(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await d.press("z")
        await d.sees("nothing to undo")


async def test_m_writes_a_note(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("m")
        await d.sees("Note · SSH brute force")
        await d.type("asked bob")
        await d.press("enter")
        await d.sees("1 alert noted", "✎")
        await d.press("2", "l", "l", "l")
        await d.sees("asked bob")
    assert [row.note for row in store.triage.history(alert)] == ["asked bob"]


async def test_escape_leaves_the_note_unwritten(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("m")
        await d.sees("Note ·")
        await d.type("no")
        await d.press("escape")
        await d.until(lambda: "Note ·" not in d.text())
        await d.settled()
    assert store.triage.history(alert) == []


async def test_x_marks_several_and_a_verb_takes_them_all(scene: Scene, store: Store) -> None:
    ids = scene.simple(["brute", "sudo-root", "sudoers", "cron"])
    async with driven(console(store)) as d:
        await d.press("x", "j", "x")
        await d.sees("2 marked", "✓")
        await d.press("a")
        await d.sees("2 alerts acknowledged")
        assert "marked" not in d.text()
    assert sum(row.state == "acknowledged" for row in store.triage.alerts()) == 2
    assert len(ids) == 4


async def test_v_marks_from_the_last_mark_to_here(scene: Scene, store: Store) -> None:
    ids = scene.simple(["brute"] * 5)
    async with driven(console(store)) as d:
        await d.press("x", "j", "j", "v")
        await d.sees("4 marked")
        await d.press("e")
        await d.until(lambda: [row.id for row in store.triage.alerts()] == [ids[4]])
        assert d.cursor == ids[4]


async def test_star_marks_all_of_the_rule(scene: Scene, store: Store) -> None:
    scene.simple(["brute", "brute", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("asterisk")
        await d.sees("2 marked")
        await d.press("d", "f")
        await d.sees("2 alerts closed as false")
    assert [row.rule for row in store.triage.alerts()] == ["sudoers"]


async def test_control_a_marks_all_and_again_none_and_escape_too(scene: Scene, store: Store) -> None:
    scene.simple(["brute", "brute", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("ctrl+a")
        await d.sees("3 marked")
        await d.press("ctrl+a")
        await d.until(lambda: "marked" not in d.text())
        await d.press("ctrl+a", "escape")
        await d.until(lambda: "marked" not in d.text())


async def test_a_bulk_verb_takes_those_it_may(scene: Scene, store: Store) -> None:
    mine, other = scene.simple(["brute", "brute"])
    store.triage.decide([mine], "acknowledge", actor=ACTOR, now=NOW)
    async with driven(console(store)) as d:
        await d.press("ctrl+a", "a")
        await d.sees("1 alert acknowledged")
    assert state(store, other)[0] == "acknowledged"


async def test_undo_takes_back_a_bulk_decision_whole(scene: Scene, store: Store) -> None:
    scene.simple(["brute"] * 4)
    async with driven(console(store)) as d:
        await d.press("ctrl+a", "e")
        await d.until(lambda: store.triage.alerts() == [])
        await d.press("z")
        await d.sees("4 alerts as before")
        await d.until(lambda: len(d.alerts) == 4)


async def test_a_verdict_can_be_changed_on_a_closed_alert(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("C", "e")
        await d.until(lambda: state(store, alert) == ("closed", "undetermined"))
        await d.until(lambda: d.app.triage.alerts.alerts[alert].state == "closed")
        await d.press("d", "t")
        await d.until(lambda: state(store, alert) == ("closed", "true_positive"))
        await d.sees("true")


async def test_the_history_tab_tells_who_decided_what(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    store.triage.decide([alert], "acknowledge", actor="bob", now=NOW)
    async with driven(console(store)) as d:
        await d.press("2", "h", "h")
        await d.sees("bob", "acknowledge  new →")


def test_every_state_has_a_word_in_the_list() -> None:
    from socterm.console.words import STATES as WORDS

    assert set(STATES) <= WORDS.keys()
    assert all(len(word) <= 6 for word in WORDS.values())
