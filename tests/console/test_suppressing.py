"""`p s`: an exception from the value under the cursor, anywhere; and what is said while one looks back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from driver import Driver, console, driven
from scene import NOW, Scene, ssh_failed
from socterm.alerts.exceptions import DAY
from socterm.alerts.model import RuleInfo
from socterm.sigma.exceptiontext import read, terms_of
from socterm.store.opening import Store

NINE = {"source.ip": "203.0.113.9"}


def asked(store: Store) -> tuple[tuple[str, ...], list[str]]:
    (row,) = store.exceptions.all()
    return row.rules, [str(term) for term in terms_of(read(row.document).hides) or ()]


async def pivoted(d: Driver) -> None:
    await d.press("p")
    await d.sees("never alert where")
    await d.press("s")
    await d.sees("In the last 7 days it would have hidden", "Exception")


async def test_a_line_s_value_never_alerts_again_and_z_takes_that_back(scene: Scene, store: Store) -> None:
    scene.lines([ssh_failed("root", "203.0.113.9")])
    async with driven(console(store)) as d:
        await d.press("comma", "e")
        await d.sees("Failed password for root")
        await d.press("k")
        await pivoted(d)
        await d.sees("all rules: such events never alert", "1 stored event of these days has it")
        assert "without" not in d.rows()[-1]
        await d.press("w")
        await d.sees("there is no address to widen")
        await d.press("r")
        await d.sees("there is no rule to narrow it to")
        await d.press("f")  # there is no alert to close without an exception
        await d.sees("In the last 7 days")
        await d.press("enter")
        await d.sees("1 exception in force · z takes it back")
        assert asked(store) == ((), ["user.name = root"])
        assert store.exceptions.all()[0].expires == NOW + 30 * DAY
        await d.press("z")
        await d.until(lambda: not store.exceptions.all())


async def test_an_alert_s_entity_is_excepted_for_its_rule_and_the_alert_stays(
    scene: Scene, store: Store
) -> None:
    alert = scene.alert("brute", NINE, scene.lines([ssh_failed("root", "203.0.113.9")] * 3))
    async with driven(console(store)) as d:
        await pivoted(d)
        await d.sees("SSH brute force", f"known here, as in alert {alert}")
        await d.press("enter")
        await d.sees("1 exception in force")
    assert asked(store) == (("brute",), ["source.ip = 203.0.113.9"])
    row = store.triage.alert(alert)
    assert row is not None
    assert row.state == "new"


async def test_a_rule_that_counts_by_another_field_is_not_offered(scene: Scene, store: Store) -> None:
    """An exception for it would be judged by whom it counts by, and never hide anything."""
    scene.writer._infos["windowed"] = RuleInfo("windowed", "Windowed", "high", "", ())
    scene.alert("windowed", NINE, scene.lines([ssh_failed("root", "203.0.113.9")] * 3))
    rows = [row for row in store.triage.rules() if row.id == "brute"]
    assert rows
    async with driven(console(store)) as d:
        await d.press("2", "l", "j")
        await d.until(lambda: d.app.triage.detail.current is not None)
        while d.app.triage.detail.current.field != "user.name":  # type: ignore[union-attr]
            await d.press("j")
        await pivoted(d)
        await d.sees("Windowed", "user.name is root")
        await d.press("escape")
        await d.until(lambda: "would have hidden" not in d.text())
    assert store.exceptions.all() == []


async def test_a_rule_under_the_cursor_is_no_value_of_events(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await d.press("comma", "r")
        await d.sees("SSH brute force")
        await d.press("p")
        await d.sees("same value")
        assert "never alert where" not in d.text()
        await d.press("s")
        await d.sees("same value")


async def test_what_takes_long_says_how_far_it_is_and_escape_ends_it(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.many(30)
    go_on, looked = threading.Event(), []
    door = type(store.triage)
    before = door.alert_events

    def slow(self: Any, alert_id: int, **how: Any) -> Any:
        looked.append(alert_id)
        if len(looked) > 8:
            assert go_on.wait(60)
        return before(self, alert_id, **how)

    async with driven(console(store)) as d:
        await d.press("comma", "e")
        await d.sees("Failed password for root")
        await d.press("k", "l", "p")
        await d.sees("never alert where host.hostname is web01")
        monkeypatch.setattr(door, "alert_events", slow)
        await d.press("s")
        await d.sees("█████░", " of 30 alerts", "Esc leaves")
        await d.press("enter")
        await d.sees("It is saved as soon as that is known.")
        await d.press("escape")
        await d.until(lambda: "of 30 alerts" not in d.text())
        go_on.set()
        await d.settled()
    assert len(looked) == 9, "it went on looking although nobody waits for it"
    assert store.exceptions.all() == []
