"""Escalating, putting off, groups; and how many keys the commonest decisions take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from driver import Driver, console, driven
from scene import ACTOR, NOW, Scene
from socterm.analyst import Analyst, NullBackend
from socterm.console.snoozing import CHOICES
from socterm.store.opening import Store
from socterm.store.rows import AlertRow
from textual import events

HOUR = 3_600_000_000
ADDRESS = {"source.ip": "203.0.113.77"}


def row(store: Store, alert: int) -> AlertRow:
    found = store.triage.alert(alert)
    assert found is not None
    return found


# -- escalating --------------------------------------------------------------------------


async def test_s_escalates_and_the_alert_stays(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("s")
        await d.sees("1 alert escalated · incident 1 · z takes it back", "work")
        assert d.alerts == [alert]
    assert (row(store, alert).state, row(store, alert).owner) == ("in_progress", ACTOR)


async def test_shift_s_escalates_and_closes_in_one_decision(scene: Scene, store: Store) -> None:
    first, second = scene.simple(["brute", "brute"])
    async with driven(console(store)) as d:
        await d.press("S")
        await d.sees("1 alert escalated and closed")
        assert d.alerts == [second]
        await d.press("z")
        await d.until(lambda: d.alerts == [first, second])
    assert row(store, first).state == "new"


async def test_marked_alerts_go_into_one_incident_and_what_has_one_stays_there(
    scene: Scene, store: Store
) -> None:
    ids = scene.simple(["sudoers", "cron", "silent"])
    async with driven(console(store)) as d:
        await d.press("x", "x", "s")
        await d.sees("2 alerts escalated · incident 1")
        assert [store.incidents.of_alert(n) for n in ids] == [1, 1, 0]
        await d.press("g", "s")
        await d.sees("1 alert escalated · incident 1")
        assert [store.incidents.of_alert(n) for n in ids] == [1, 1, 0]
        await d.press("z", "z")
        await d.sees("2 alerts as before")
        await d.until(lambda: not any(store.incidents.of_alert(n) for n in ids))
    assert {row(store, n).state for n in ids} == {"new"}


# -- snoozing ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "until"),
    [
        ("1", NOW + HOUR),
        ("4", NOW + 4 * HOUR),
        ("t", int(datetime(2025, 11, 22, 8, tzinfo=UTC).timestamp()) * 1_000_000),
        ("w", int(datetime(2025, 11, 24, 8, tzinfo=UTC).timestamp()) * 1_000_000),
    ],
)
async def test_t_and_a_key_put_off(scene: Scene, store: Store, key: str, until: int) -> None:
    first, second = scene.simple(["brute", "brute"])
    async with driven(console(store)) as d:
        await d.press("t")
        await d.sees("1 alert for", "Monday 8:00")
        await d.press(key)
        await d.sees("1 alert snoozed until 2025-11-2")
        assert d.alerts == [second]
    assert (row(store, first).state, row(store, first).until) == ("snoozed", until)


async def test_any_other_time_is_typed(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("t", "s")
        await d.sees("Snooze · 30m")
        await d.type("soon")
        await d.press("enter")
        await d.sees("write a time as 30m")
        await d.press("t", "s")
        await d.sees("Snooze · 30m")
        await d.type("3d")
        await d.press("enter")
        await d.sees("snoozed until 2025-11-24 10:42")
    assert row(store, alert).until == NOW + 72 * HOUR


async def test_escape_after_t_puts_nothing_off(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("t")
        await d.sees("1 alert for")
        await d.press("escape")
        await d.until(lambda: "1 alert for" not in d.text())
        await d.settled()
    assert store.triage.history(alert) == []


async def test_a_snoozed_alert_is_seen_with_the_closed_ones_and_r_wakes_it(
    scene: Scene, store: Store
) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("t", "4")
        await d.until(lambda: d.alerts == [])
        await d.press("C")
        await d.sees("snooze until 2025-11-21 14:42")
        await d.press("r")
        await d.sees("1 alert woken", "again")
    assert row(store, alert).state == "reopened"


async def test_the_consoles_look_wakes_what_is_due(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    store.triage.decide([alert], "snooze", actor="bob", now=NOW - HOUR, until=NOW - 1)
    async with driven(console(store)) as d:
        await d.until(lambda: d.alerts == [alert])
        await d.sees("again")
    assert store.triage.history(alert)[-1].actor == "socterm"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/Los_Angeles"])
@pytest.mark.parametrize("day", range(1, 8))
def test_mornings_are_in_the_zone_of_who_looks(zone: str, day: int) -> None:
    tz = ZoneInfo(zone)
    now = int(datetime(2025, 12, day, 23, 30, tzinfo=tz).timestamp()) * 1_000_000
    tomorrow, monday = (
        datetime.fromtimestamp(CHOICES[name](now, tz) / 1e6, tz) for name in ("tomorrow", "monday")
    )
    assert (tomorrow.day, tomorrow.hour) == (day + 1, 8)
    assert (monday.weekday(), monday.hour) == (0, 8)
    assert 0 < (monday - datetime(2025, 12, day, 23, 30, tzinfo=tz)).total_seconds() <= 7 * 86_400


# -- groups ------------------------------------------------------------------------------


async def test_shift_x_marks_the_group_for_any_verb(scene: Scene, store: Store) -> None:
    same = [scene.alert("brute", ADDRESS, scene.flood(1)) for _ in range(3)]
    other = scene.alert("brute", {"source.ip": "203.0.113.78"}, scene.flood(1))
    async with driven(console(store)) as d:
        while d.cursor not in same:
            await d.press("j")
        await d.press("X")
        await d.sees("3 marked")
        await d.press("s")
        await d.sees("3 alerts escalated")
    assert [row(store, n).state for n in (*same, other)] == ["in_progress"] * 3 + ["new"]


# -- what the detail says ----------------------------------------------------------------


async def test_the_detail_says_which_closed_alert_it_follows_and_enter_opens_that(
    scene: Scene, store: Store
) -> None:
    old = scene.alert("brute", ADDRESS, scene.flood(1))
    store.triage.decide([old], "close", actor="bob", now=NOW, verdict="benign_true_positive")
    new = scene.alert("brute", ADDRESS, scene.flood(1))
    async with driven(console(store)) as d:
        assert d.alerts == [new]
        await d.sees(f"Follows #{old}, closed as benign true positive")
        await d.press("2", "j", "enter")
        await d.until(lambda: d.app.triage.detail.alert == old or "benign" in d.text())
        await d.sees("bob")


# -- how many keys it takes --------------------------------------------------------------


class Keys:
    """Counts the keys, and that nothing but keys was used."""

    def __init__(self) -> None:
        self.pressed = 0
        self.other: list[events.Event] = []

    def hook(self, message: Any) -> None:
        if isinstance(message, events.MouseEvent):
            self.other.append(message)

    async def press(self, d: Driver, *keys: str) -> None:
        self.pressed += len(keys)
        await d.press(*keys)


def ten_of_a_rule(scene: Scene) -> list[int]:
    return scene.simple(["sudoers"] * 10 + ["brute"])[:10]


def noise_group(scene: Scene) -> list[int]:
    return [scene.alert("brute", ADDRESS, scene.flood(1)) for _ in range(4)]


CASES: dict[str, tuple[int, Callable[[Scene], list[int]], tuple[str, ...], str]] = {
    "noise alert": (1, lambda scene: scene.simple(["brute"]), ("e",), "closed"),
    "noise group": (1, noise_group, ("E",), "closed"),
    "ten of the same rule": (2, ten_of_a_rule, ("asterisk", "e"), "closed"),
    "explain and escalate": (2, lambda scene: scene.simple(["brute"]), ("i", "s"), "in_progress"),
}


@pytest.mark.parametrize("case", CASES)
async def test_the_commonest_decisions_take_few_keys_and_one_undo(
    scene: Scene, store: Store, case: str
) -> None:
    limit, fill, keys, state = CASES[case]
    ids = fill(scene)
    analyst = Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)
    app, count = console(store, analyst=analyst), Keys()
    async with app.run_test(size=(160, 50), notifications=True, message_hook=count.hook) as pilot:
        d = Driver(app, pilot)
        await d.until(lambda: app.triage._change >= 0)
        await d.settled()
        while d.cursor not in ids:  # to where the noise is; the gravest alert is on top
            await d.press("j")
        await count.press(d, *keys)
        await d.until(lambda: {row(store, n).state for n in ids} == {state})
        if "i" in keys:
            await d.until(lambda: bool(app.triage.detail.explained))
        assert count.pressed <= limit
        await count.press(d, "z")
        await d.until(lambda: {row(store, n).state for n in ids} == {"new"})
        assert count.pressed <= limit + 1
    assert count.other == []
