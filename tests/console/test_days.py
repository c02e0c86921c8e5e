"""A time without a date is one of the day that stands above it."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

from driver import console, driven
from scene import NOW, SECOND, Scene, ssh_failed
from socterm.console.summary import alert_summary
from socterm.console.told import about
from socterm.console.words import until
from socterm.store.doors.incident_rows import IncidentPage, IncidentRow, MemberRow
from socterm.store.opening import Store
from socterm.store.rows import AlertRow, EventRow

DAY = 86_400 * SECOND


def test_an_end_on_another_day_has_its_date() -> None:
    assert until(0, 61 * SECOND, UTC) == "1970-01-01 00:00:00 to 00:01:01"
    assert until(0, 5 * DAY, UTC) == "1970-01-01 00:00:00 to 1970-01-06 00:00:00"
    east = timezone(timedelta(hours=2))
    assert until(21 * 3600 * SECOND, 23 * 3600 * SECOND, UTC) == "1970-01-01 21:00:00 to 23:00:00"
    assert until(21 * 3600 * SECOND, 23 * 3600 * SECOND, east) == "1970-01-01 23:00:00 to 1970-01-02 01:00:00"


def _page(*times: int) -> list[str]:
    row = IncidentRow(1, "open", "", "", 0, "high", "high", times[0], times[-1], len(times), 0, 0, 0, "Story")
    alerts = [
        MemberRow(n, f"alert {n}", "high", "new", {}, (), ts, ts, ts, 1, 0, False)
        for n, ts in enumerate(times, 1)
    ]
    lines = about(IncidentPage(row, alerts, [], [], []), {}, UTC)
    return ["".join(span.text for span in one.spans) for one in lines]


def test_an_incident_of_several_days_says_which() -> None:
    rows = _page(0, 60 * SECOND, 2 * DAY, 2 * DAY + SECOND)
    assert "1970-01-01 00:00:00 to 1970-01-03 00:00:01 · 2 d 0 h" in rows
    first = next(number for number, row in enumerate(rows) if "alert 1" in row)
    assert "alert 2" in rows[first + 1]
    assert rows[first + 2] == "1970-01-03"
    assert "alert 3" in rows[first + 3]
    assert "alert 4" in rows[first + 4]


def test_one_of_a_day_does_not() -> None:
    assert "1970-01-01" not in _page(0, 60 * SECOND)


async def test_bars_about_an_old_log_say_of_which_day_they_are(scene: Scene, store: Store) -> None:
    scene.lines([ssh_failed("bob", "203.0.113.9")], until=NOW - 9 * DAY)
    async with driven(console(store)) as d:
        await d.sees("│ to 11-12 10:4")


async def test_bars_about_earlier_today_need_no_date(scene: Scene, store: Store) -> None:
    scene.lines([ssh_failed("bob", "203.0.113.9")], until=NOW - 3600 * SECOND)
    async with driven(console(store)) as d:
        await d.sees("15 min to 09:4")


async def test_a_stream_of_another_day_says_so_in_every_line_and_one_of_today_does_not(
    scene: Scene, store: Store
) -> None:
    scene.lines([ssh_failed("bob", "203.0.113.9")], until=NOW - 2 * DAY)
    async with driven(console(store)) as d:
        await d.sees("│ 11-19 10:42:07 ")
        scene.lines([ssh_failed("eve", "203.0.113.9")] * 60, until=NOW)
        await d.sees("for eve")
        await d.until(lambda: "11-19 10:4" not in d.text())
        await d.sees("│ 10:42:07 ")
        await d.press("3", "g")
        await d.sees("11-19 10:4")
        await d.sees("11-21 10:4")


async def test_the_events_of_a_day_need_it_once_and_those_of_two_in_every_line(
    scene: Scene, store: Store
) -> None:
    scene.lines([ssh_failed("bob", "203.0.113.9")] * 3, until=NOW - 2 * DAY)
    async with driven(console(store)) as d:
        await d.press(",", "e")
        await d.sees("│ 2025-11-19 host")
        assert "11-19 10:4" not in "\n".join(d.rows()[3:])
        scene.lines([ssh_failed("eve", "203.0.113.9")], until=NOW)
        await d.sees("│ 2025-11-21       host")
        await d.sees("11-19 10:4")


def test_the_last_lines_of_an_alert_say_their_day_where_it_is_another() -> None:
    def last(*days: int) -> list[str]:
        alert = AlertRow(
            1,
            "r",
            "Slow",
            "low",
            "",
            (),
            {},
            0,
            days[0] * DAY,
            len(days),
            1,
            True,
            "",
            "new",
            "",
            "",
            0,
            0,
            0,
        )
        events = [EventRow(day + 1, day * DAY, "file:a.log", day, "seen", {}) for day in days]
        shown = ["".join(span.text for span in one.spans) for one in alert_summary(alert, events, "ann", UTC)]
        head = next(number for number, row in enumerate(shown) if row.startswith("Last lines"))
        return shown[head + 1 :]

    assert last(0) == ["00:00:00  seen"]
    assert last(2, 0) == ["01-03 00:00:00  seen", "01-01 00:00:00  seen"]
    assert last(400, 0) == ["1971-02-05 00:00:00  seen", "1970-01-01 00:00:00  seen"]
