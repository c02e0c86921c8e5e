"""The Incidents screen by keys alone, and its pictures."""

from __future__ import annotations

import threading
from datetime import UTC
from typing import Any

import pytest
from driver import Driver, console, driven
from scene import FakeIngest, Scene
from socterm.console.app import SoctermApp
from socterm.console.lines import wrap
from socterm.console.told import about
from socterm.store.doors.incident_rows import IncidentPage, IncidentRow, Role
from socterm.store.opening import Store
from story import busy
from test_pictures import SIZES
from textual.pilot import Pilot


def members(store: Store) -> dict[int, list[int]]:
    pages = [store.incidents.page(row.id) for row in store.incidents.all(("open", "in_progress"))]
    return {page.row.id: [one.id for one in page.alerts] for page in pages if page is not None}


@pytest.fixture(name="two")
def _two(scene: Scene) -> Scene:
    """A brute force with the login after it, and a root shell: two stories."""
    busy(scene)
    return scene


async def opened(d: Driver) -> None:
    await d.press("comma", "i")
    await d.sees("Root shell through sudo", "2 open", "Timeline")


async def test_one_key_shows_stories_with_reasons_tactics_and_evidence(two: Scene, store: Store) -> None:
    async with driven(console(store), size=(160, 50)) as d:
        await opened(d)
        await d.sees(
            "SSH login after brute force", "credential access → initial access",
            "joined alert 6 by source.ip", "web01 sshd[827]: Failed password", "an alert of level high",
        )  # fmt: skip
        await d.press("j")
        await d.sees("Root shell through sudo", "deploy @ web01")
        await d.press("escape")
        await d.until(lambda: d.app.screen is d.app.triage)


async def test_enter_in_the_page_opens_the_alert_under_the_cursor(two: Scene, store: Store) -> None:
    async with driven(console(store), size=(160, 50)) as d:
        await opened(d)
        await d.press("enter")
        screen: Any = d.app.screen
        while screen.about.current is None or not screen.about.current.alert:
            await d.press("j")
        await d.press("enter")
        await d.until(lambda: d.app.screen is d.app.triage)
        await d.until(lambda: d.app.triage.alerts.cursor == 6)


def test_at_120_columns_an_entity_is_one_row_with_its_number() -> None:
    row = IncidentRow(1, "open", "", "", 0, "high", "high", 0, 0, 70, 0, 0, 0, "Story")
    roles = [Role("host.hostname", "ip-10-77-20-248", 1_070, True), Role("user.name", "alice", 7, False)]
    shown = wrap(about(IncidentPage(row, [], [], roles, []), {}, UTC), 43)
    rows = ["".join(span.text for span in one.spans).rstrip() for one in shown]
    at = rows.index("Entities  and in how many alerts")
    assert rows[at + 1] == "host.hostname        ip-10-77-20-248  1,070"
    assert rows[at + 2].startswith("user.name            alice  7, in")


async def test_merge_split_and_undo(two: Scene, store: Store) -> None:
    before = members(store)
    assert len(before) == 2
    async with driven(console(store), size=(160, 50)) as d:
        await opened(d)
        await d.press("j", "x", "g", "M")
        await d.sees("merged into incident", "1 open")
        (whole,) = members(store).values()
        assert sorted(whole) == sorted(alert for some in before.values() for alert in some)
        await d.press("z")
        await d.sees("2 open")
        assert members(store) == before
        await d.press("g", "enter")
        screen: Any = d.app.screen
        while screen.about.current is None or not screen.about.current.alert:
            await d.press("j")
        await d.press("S")
        await d.sees("3 open")
        assert sorted(map(len, members(store).values())) == [1, 1, 1]
        await d.press("z")
        await d.sees("2 open")
        assert members(store) == before


async def test_close_note_start_and_those_that_are_over(two: Scene, store: Store) -> None:
    async with driven(console(store), size=(160, 50)) as d:
        await opened(d)
        await d.press("m")
        await d.type("called the owner")
        await d.press("enter")
        await d.sees("called the owner", "1 note")
        await d.press("a")
        await d.sees("work")
        await d.press("d", "t")
        await d.sees("closed as true positive", "1 open")
        await d.press("c")
        await d.sees("2 in all", "true")
        assert store.triage.alert(6).state == "closed"  # type: ignore[union-attr]
        await d.press("z")
        await d.press("c")
        await d.sees("2 open")
        await d.press("j", "e")
        await d.sees("1 open")
        await d.press("c", "j", "O")
        await d.sees("open again")


async def test_what_was_read_before_a_decision_does_not_cover_what_was_read_after_it(
    two: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read that takes long and ends last: the page as it was before the note."""
    read, late, over = store.incidents.page, threading.Event(), threading.Event()

    def page(ident: int) -> IncidentPage | None:
        found = read(ident)
        if not late.is_set():
            late.set()
            assert over.wait(60)
        return found

    async with driven(console(store), size=(160, 50)) as d:
        await opened(d)
        monkeypatch.setattr(store.incidents, "page", page)
        await d.press("m")
        await d.type("called the owner")
        await d.press("enter")
        await d.sees("called the owner", "1 note")
        over.set()
        await d.settled()
        assert "called the owner" in d.text()
    assert late.is_set()


async def test_keys_without_anything_to_act_on_say_so(two: Scene, store: Store) -> None:
    async with driven(console(store), size=(160, 50)) as d:
        await opened(d)
        await d.press("M")
        await d.sees("mark the others with x")
        await d.press("S")
        await d.sees("stand on the alert that is another story")


async def test_a_store_without_incidents_says_what_they_are(scene: Scene, store: Store) -> None:
    scene.simple(["cron"])
    async with driven(console(store)) as d:
        await d.press("comma", "i")
        await d.sees("No incident is open.")
        for key in ("e", "a", "m", "d", "M", "S", "O"):
            await d.press(key)


async def test_escalating_an_alert_that_has_no_incident_makes_one(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["cron"])
    async with driven(console(store), size=(160, 50)) as d:
        await d.sees("Cron job")
        await d.press("s")
        await d.until(lambda: members(store) == {1: [alert]})
        assert store.triage.alert(alert).state == "in_progress"  # type: ignore[union-attr]
        await d.press("z")
        await d.until(lambda: members(store) == {})
        assert store.triage.alert(alert).state == "new"  # type: ignore[union-attr]


@pytest.mark.parametrize("size", SIZES)
def test_what_a_person_sees(scene: Scene, store: Store, snap_compare: Any, size: str) -> None:
    """A story on one page; at the smallest size the page alone."""
    busy(scene)
    app: SoctermApp = console(store, ingest=FakeIngest(), theme="night", fps=0.5)

    async def run(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await d.press("comma", "i")
        await d.sees("SSH login after")
        if size == "tiny":
            await d.press("enter")
            await d.sees("Entities")
        await d.settled()
        app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app, run_before=run, terminal_size=SIZES[size])
