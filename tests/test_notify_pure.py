"""What is told, when, and in which words: functions over values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.alerts.levels import LEVELS
from socterm.notify.choose import MINUTE, Limits, choose, digest_due
from socterm.notify.retry import PATIENCE, SECOND, SLOWEST, asked_for, wait_after
from socterm.notify.words import (
    BODY,
    BYTES,
    LINES,
    TITLE,
    Message,
    of_alert,
    of_incident,
    of_many,
    of_test,
    without_names,
)  # fmt: skip
from socterm.store.doors.incident_rows import IncidentRow
from socterm.store.doors.outbox_rows import Kind, News, Summary, Told
from socterm.store.rows import AlertRow

NOW = 1_795_168_800_000_000
LIMITS = Limits(each=1, within=60 * MINUTE, most=5, digest=5 * MINUTE)


def news(*groups: str, rank: int = 3) -> list[News]:
    return [News("alert", number, rank, group) for number, group in enumerate(groups, 1)]


def told(minute: int = 0, held: int = 0, digest: int = 0, summing: bool = False, **groups: int) -> Told:
    return Told(minute, groups, held, digest, summing)


def test_of_a_thousand_at_most_the_cap_is_told() -> None:
    queued, held = choose(news(*(f"g{n}" for n in range(1000))), told(), LIMITS)
    assert (len(queued), len(held)) == (5, 995)


def test_what_was_told_already_counts() -> None:
    assert [len(part) for part in choose(news("a", "b", "c"), told(minute=4), LIMITS)] == [1, 2]
    assert [len(part) for part in choose(news("a", "b", "c"), told(minute=9), LIMITS)] == [0, 3]


def test_of_one_group_only_so_many_are_told() -> None:
    queued, held = choose(news("a", "a", "b"), told(b=1), LIMITS)
    assert ([one.about for one in queued], [one.about for one in held]) == ([1], [2, 3])


def test_the_gravest_come_first() -> None:
    many = [News("alert", n, rank, f"g{n}") for n, rank in enumerate((2, 4, 3, 4, 2, 2, 2))]
    queued, held = choose(many, told(minute=3), LIMITS)
    assert [one.rank for one in queued] == [4, 4]
    assert [one.rank for one in held] == [3, 2, 2, 2, 2]


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abcdef")), max_size=60),
    st.integers(0, 9),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3)),
    st.integers(1, 9),
    st.integers(1, 4),
)
def test_no_limit_is_ever_passed_and_nothing_is_lost(
    found: list[tuple[int, str]], minute: int, groups: dict[str, int], most: int, each: int
) -> None:
    many = [News("alert", n, rank, group) for n, (rank, group) in enumerate(found)]
    queued, held = choose(many, Told(minute, groups), Limits(each, MINUTE, most, MINUTE))
    assert sorted(one.about for one in (*queued, *held)) == list(range(len(many)))
    assert len(queued) <= max(0, most - minute)
    for group in "abcdef":
        mine = sum(one.group == group for one in queued)
        assert mine == 0 or mine + groups.get(group, 0) <= each


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (told(), False),
        (told(held=NOW - 1), False),
        (told(held=NOW - 5 * MINUTE), True),
        (told(held=NOW - 5 * MINUTE, summing=True), False),
        (told(held=NOW - 5 * MINUTE, digest=NOW - 4 * MINUTE), False),
        (told(held=NOW - 6 * MINUTE, digest=NOW - 5 * MINUTE), True),
        (told(held=NOW + 99 * MINUTE), True),  # the clock was set back
    ],
)
def test_when_a_digest_is_due(state: Told, due: bool) -> None:
    assert digest_due(state, LIMITS, NOW) is due


def test_tries_come_slower_and_slower_and_as_the_receiver_asks() -> None:
    waits = [wait_after(number) for number in range(1, 40)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (5 * SECOND, SLOWEST)
    assert wait_after(1, 90 * SECOND) == 90 * SECOND
    assert wait_after(9, SECOND) == SLOWEST
    assert wait_after(1, 999 * PATIENCE) == PATIENCE


@given(st.text(max_size=40), st.integers(0, 1 << 62))
def test_any_retry_after_is_a_time_or_none(text: str, now: int) -> None:
    assert asked_for(text, now) >= 0


def test_retry_after_is_seconds_or_a_date() -> None:
    assert asked_for(" 30 ", NOW) == 30 * SECOND
    assert asked_for("Fri, 20 Nov 2026 10:01:00 GMT", NOW) == 60 * SECOND
    assert asked_for("Fri, 20 Nov 2026 09:00:00 GMT", NOW) == 0
    assert [asked_for(text, NOW) for text in ("", "-1", "soon", "٣")] == [0, 0, 0, 0]


# -- words ---------------------------------------------------------------------------------


def alert(title: str = "Brute force", count: int = 12, **entity: str) -> AlertRow:
    named = {name.replace("__", "."): value for name, value in entity.items()}
    return AlertRow(
        7, "brute", title, "high", "", ("attack.t1110",), named, NOW, NOW + 61 * SECOND, count, 1, False, "",
        "new", "", "", 0, NOW, NOW,
    )  # fmt: skip


def worded(row: AlertRow, incident: int = 0) -> Message:
    return of_alert(row, key="k", at=NOW, host="soc1", incident=incident)


def test_an_alert_in_words() -> None:
    made = worded(alert(source__ip="203.0.113.9", user__name="root"), incident=3)
    assert made.title == "HIGH: Brute force · 203.0.113.9 root"
    assert made.body.splitlines() == [
        "Brute force",
        "level high, 12 events, 2026-11-20T10:00:00Z to 10:01:01Z",
        "source.ip 203.0.113.9",
        "user.name root",
        "alert 7 of incident 3 on soc1",
    ]
    assert made.facts["entity"] == {"source.ip": "203.0.113.9", "user.name": "root"}
    assert (made.facts["id"], made.facts["count"], made.facts["host"]) == (7, 12, "soc1")


def test_an_incident_in_words() -> None:
    row = IncidentRow(
        3, "open", "", "", 0, "2 rules", "critical", NOW, NOW, 4, 0, NOW, NOW, "Guessed, then in",
        ("credential-access",), {"source.ip": "203.0.113.9"},
    )  # fmt: skip
    made = of_incident(row, key="k", at=NOW, host="soc1")
    assert made.title == "CRITICAL: incident 3: Guessed, then in · 203.0.113.9"
    assert "level critical, 4 alerts, 2026-11-20T10:00:00Z" in made.body
    assert "tactics credential-access" in made.body


def summed(*kinds: Kind, others: int = 0) -> Summary:
    levels: dict[int, int] = {}
    for kind in kinds:
        levels[kind.rank] = levels.get(kind.rank, 0) + kind.count
    return Summary(99, levels, list(kinds), others, [kind.about for kind in kinds])


def test_a_digest_in_words() -> None:
    entity = '{"source.ip":"203.0.113.9"}'
    many = summed(
        Kind(4, "alert", 1, "Wiped", entity, 2), Kind(3, "alert", 3, "Brute force", entity, 993),
        Kind(3, "alert", 8, "Alone", "", 1), Kind(2, "incident", 5, "", "", 1), others=4_990,
    )  # fmt: skip
    made = of_many(many, key="k", at=NOW, host="soc1")
    assert made.title == "997 more alerts: 2 critical, 994 high, 1 medium"
    assert made.level == "critical"
    assert made.body.splitlines()[1:] == [
        "critical ×2: Wiped · 203.0.113.9 and others",
        "high ×993: Brute force · 203.0.113.9 and others",
        "high: Alone",
        "medium: incident 5",
        "and 4,990 other kinds",
        "on soc1",
    ]
    assert made.facts["levels"] == {"critical": 2, "high": 994, "medium": 1}
    alone = of_many(summed(Kind(3, "alert", 1, "x", "", 1)), key="k", at=NOW, host="h")
    assert alone.title == "1 more alert: 1 high"


HOSTILE = st.text(st.characters(codec=None), max_size=300)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_text_of_logs_is_cleaned_cut_and_ends_no_line(title: str, name: str, value: str) -> None:
    row = alert(title, **{})
    row.entity = {name: value, "user.name": title}
    made = of_alert(row, key="k", at=NOW, host=value)
    entity = json.dumps({name: value})
    many = of_many(summed(Kind(3, "alert", 1, title, entity, 1)), key="k", at=NOW, host=name)
    for one in (made, many, of_test(key="k", at=NOW, host=value, channel=name)):
        assert one.title.isprintable()
        assert all(line.isprintable() for line in one.body.split("\n"))
        assert "\r" not in one.body
        assert len(one.title) <= TITLE
        assert len(one.body) <= BODY
        assert "://" not in one.title + one.body
    assert made.body.count("\n") == 2 + len(row.entity)


def test_a_body_is_short_in_bytes_too() -> None:
    """Push services count these: emoji in the names of ten users must not make a message too large."""
    row = alert("🔥" * 500, **{f"f{n}" + "🔥" * 90: "🔥" * 500 for n in range(8)})
    body = worded(row).body
    assert BYTES - 8 <= len(body.encode()) <= BYTES
    assert body.endswith("…")
    digest = summed(*(Kind(3, "alert", n, f"{n}" + "🔥" * 200, "", 1) for n in range(LINES)))
    assert BYTES - 8 <= len(of_many(digest, key="k", at=NOW, host="soc1").body.encode()) <= BYTES


def test_a_message_without_names_has_nothing_from_logs_or_rules() -> None:
    row = IncidentRow(
        3, "open", "", "", 0, "2 rules", "high", NOW, NOW, 4, 0, NOW, NOW, "evil", ("evil",), {"x": "evil"}
    )
    made = [
        worded(alert("evil title", user__name="evil", rule="evil"), incident=3),
        of_incident(row, key="k", at=NOW, host="soc1"),
        of_many(summed(Kind(3, "alert", 9, "evil", '{"x": "evil"}', 1)), key="k", at=NOW, host="soc1"),
    ]
    bare = [without_names(message) for message in made]
    assert [one.title for one in bare] == ["HIGH: alert 7", "HIGH: incident 3", "1 more alert: 1 high"]
    assert "evil" not in repr(bare)
    assert all("evil" in repr(message) for message in made)
    assert [(one.key, one.kind, one.level, one.at) for one in bare] == [
        (one.key, one.kind, one.level, one.at) for one in made
    ]
    assert (bare[0].facts["id"], bare[0].facts["incident"], bare[2].facts["ids"]) == (7, 3, [9])


def test_what_is_too_long_is_cut() -> None:
    row = alert("T" * 9999)
    row.entity = {f"field{n}": "v" * 9999 for n in range(99)}
    made = worded(row)
    assert (len(made.title), len(made.body) <= BODY, len(made.facts["entity"])) == (TITLE, True, 8)
    assert all(level in LEVELS for level in (made.level, row.level))
