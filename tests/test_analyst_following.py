"""Questions that go on from the one before, and the times they speak of, without a model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.analyst import Analyst, NullBackend
from socterm.analyst.following import understand
from socterm.analyst.intents import Question
from socterm.analyst.times import iso, period_of, timely
from socterm.store import Store

from analyst_scene import ATTACKER, BRUTE_ALERT, NOW, attack

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with attack().store(tmp_path_factory.mktemp("following")) as store:
        yield store


@pytest.fixture
def analyst(store: Store) -> Analyst:
    return Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)


def ask(analyst: Analyst, question: str, alert: int | None = None) -> str:
    pieces = list(analyst.ask(question, alert))
    assert pieces[-1].text == "source: rules"
    return "".join(piece.text for piece in pieces if piece.kind == "text")


def talk(*questions: str) -> Question:
    """What the last of some questions means after the others."""
    last: Question | None = None
    for question in questions:
        found = understand(question, last, now=NOW)
        last = last if found.kind == "unknown" and question != questions[-1] else found
    assert last is not None
    return last


# NOW is Friday, 2026-11-20 10:40 UTC
PERIODS = [
    ("today", "11-20T00:00", "11-20T10:40"),
    ("yesterday", "11-19T00:00", "11-20T00:00"),
    ("last night", "11-19T18:00", "11-20T06:00"),
    ("between 2 and 4 last night", "11-20T02:00", "11-20T04:00"),
    ("between 10 and two last night", "11-19T22:00", "11-20T02:00"),
    ("between 11pm and 3am last night", "11-19T23:00", "11-20T03:00"),
    ("between 14:00 and 16:30 yesterday", "11-19T14:00", "11-19T16:30"),
    ("between 2 and 4 pm", "11-19T14:00", "11-19T16:00"),
    ("from 9 to 10", "11-20T09:00", "11-20T10:00"),
    ("since monday", "11-16T00:00", "11-20T10:40"),
    ("since yesterday", "11-19T00:00", "11-20T10:40"),
    ("since 8:30", "11-20T08:30", "11-20T10:40"),
    ("since noon", "11-19T12:00", "11-20T10:40"),
    ("since 2026-11-18", "11-18T00:00", "11-20T10:40"),
    ("on 2026-11-18", "11-18T00:00", "11-19T00:00"),
    ("on tuesday", "11-17T00:00", "11-18T00:00"),
    ("last friday", "11-13T00:00", "11-14T00:00"),
    ("two days ago", "11-18T00:00", "11-19T00:00"),
    ("an hour ago", "11-20T09:25", "11-20T09:55"),
    ("at 9:15", "11-20T09:00", "11-20T09:30"),
    ("around 10pm yesterday", "11-19T21:45", "11-19T22:15"),
    ("the last two hours", "11-20T08:40", "11-20T10:40"),
    ("the past half an hour", "11-20T10:10", "11-20T10:40"),
    ("this morning", "11-20T06:00", "11-20T10:40"),
    ("at the weekend", "11-14T00:00", "11-16T00:00"),
]


@pytest.mark.parametrize(("text", "low", "high"), PERIODS)
def test_times_as_people_name_them(text: str, low: str, high: str) -> None:
    found = period_of(f"what happened {text}?", NOW, UTC)
    assert found is not None
    assert (iso(found.low)[5:16], iso(found.high)[5:16]) == (low, high)
    assert found.low < found.high <= NOW + 1


@pytest.mark.parametrize("text", ["since easter", "last month", "between 25 and 26", "tomorrow", "at 13 pm"])
def test_a_time_nobody_here_knows_is_told_apart_from_none(text: str) -> None:
    assert period_of(f"what happened {text}", NOW, UTC) is None
    assert timely(f"what happened {text}")


def test_ordinary_words_are_no_times() -> None:
    for text in ("failed logins by user", "who else did this ip touch?", "from 203.0.113.9 to 198.51.100.7"):
        assert period_of(text, NOW, UTC) is None
        assert not timely(text)


def test_days_and_hours_are_those_of_the_zone_across_a_change_of_clocks() -> None:
    after = datetime(2026, 10, 26, 9, 0, tzinfo=BERLIN)  # clocks went back on the 25th
    now = int(after.timestamp() * 1_000_000)
    day = period_of("yesterday", now, BERLIN)
    assert day is not None
    assert day.high - day.low == 25 * 3_600_000_000
    night = period_of("between 4 and 5 on sunday", now, BERLIN)
    assert night is not None
    assert iso(night.low)[:16] == "2026-10-25T03:00"


@given(
    st.lists(
        st.sampled_from(
            [
                "since",
                "between",
                "and",
                "9999-12-31",
                "0001-01-01",
                "25",
                "9999",
                "weeks",
                "ago",
                "last",
                "12",
                "pm",
                ":",
                "at",
                "monday",
                "night",
                "from",
                "to",
                "yesterday",
            ]
        ),
        max_size=8,
    ).map(" ".join),
    st.sampled_from([0, NOW, 2**53]),
)
def test_no_words_about_times_raise(text: str, now: int) -> None:
    found = period_of(text, now, BERLIN)
    assert found is None or found.low < found.high


FOLLOWING = [
    (("what did alice do today?", "and yesterday?"), ("activity", "alice", "yesterday", "")),
    (("what did alice do today?", "what about bob?"), ("activity", "bob", "today", "")),
    (("what did alice do today?", "only failed ones"), ("activity", "alice", "today", "failed events")),
    (
        ("what did alice do today?", "only failed ones", "show them"),
        ("search", "alice", "today", "failed events"),
    ),
    (("what did alice do today?", "how many?"), ("count", "alice", "today", "")),
    (("what did alice do today?", "who else did she meet?"), ("touched", "alice", "today", "")),
    (
        ("what did alice do today?", "did he log in yesterday?"),
        ("search", "alice", "yesterday", "successful logins"),
    ),
    (
        ("what did alice do today?", "make me a sandwich", "and yesterday?"),
        ("activity", "alice", "yesterday", ""),
    ),
    (("failed logins by user", "only from 203.0.113.9"), ("count", "203.0.113.9", "", "failed logins")),
    (("failed logins today", "only successful ones"), ("search", "", "today", "successful logins")),
    (("failed logins today", "yesterday?"), ("search", "", "yesterday", "failed logins")),
    (("failed logins today", "by host"), ("count", "", "today", "failed logins")),
    (("find user.name:root", "only failed ones"), ("search", "", "", "failed hits")),
    (("summarise the last hour", "what about web01?"), ("activity", "web01", "the last hour", "")),
    (("open alerts", "only high ones"), ("alerts", "", "", "")),
    (("who else did this IP touch?", "what about 198.51.100.7"), ("touched", "198.51.100.7", "", "")),
    (("what did alice do today?", "and what did bob do?"), ("activity", "bob", "today", "")),
]


@pytest.mark.parametrize(("questions", "meant"), FOLLOWING, ids=lambda value: str(value[-1]))
def test_what_is_left_out_is_taken_from_the_question_before(
    questions: tuple[str, ...], meant: tuple[str, str, str, str]
) -> None:
    found = talk(*questions)
    subject = found.subject.value if found.subject else ""
    period = found.period.words if found.period else ""
    words = found.words("events")
    assert (found.kind, subject, period, "" if words == "events" else words) == meant


def test_a_typed_query_is_narrowed_as_a_whole() -> None:
    found = talk("find user.name:root or user.name:admin", "only failed ones")
    assert found.clause == "(user.name:root or user.name:admin) event.outcome:failure"


@pytest.mark.parametrize("question", ["and yesterday?", "what about bob?", "only failed ones", "show them"])
def test_a_question_that_goes_on_from_nothing_says_so(analyst: Analyst, question: str) -> None:
    assert "goes on from an earlier question, and there is none" in ask(analyst, question)


def test_what_a_follow_up_says_that_is_not_understood_is_named(analyst: Analyst) -> None:
    ask(analyst, "what did alice do today?")
    assert "not what “purple monkeys please” changes about it" in ask(analyst, "and purple monkeys please")
    assert "alice: nothing yesterday" in ask(analyst, "and yesterday?")


def test_a_time_that_is_not_understood_is_named_and_all_is_looked_at(analyst: Analyst) -> None:
    text = ask(analyst, "what did alice do since easter?")
    assert "I did not understand the time “since easter”." in text
    assert "alice, in all that is stored" in text


def test_what_was_understood_of_a_question_that_was_not(analyst: Analyst) -> None:
    text = ask(analyst, "the sandwich of alice yesterday")
    understood = "I understood whom you mean (alice) and when (yesterday), but not what you want to know."
    assert f"{understood} What there is:" in text


def test_a_conversation_without_a_model(analyst: Analyst) -> None:
    assert "alice, today" in ask(analyst, "what did alice do today?")
    assert "bob: nothing today" in ask(analyst, "what about bob?")
    assert "bob, yesterday" in ask(analyst, "and yesterday?")
    assert "Hosts: db01." in ask(analyst, "only successful ones")
    assert "1 successful events of bob yesterday" in ask(analyst, "show them")
    analyst.forget()
    assert "there is none" in ask(analyst, "and yesterday?")


def test_the_alert_on_screen_is_the_context_of_this_and_of_what_follows(analyst: Analyst) -> None:
    assert "Accounts: root (20), admin (6), alice (5)." in ask(
        analyst, "who else did this IP touch?", BRUTE_ALERT
    )
    narrowed = ask(analyst, "only successful ones", BRUTE_ALERT)
    assert f"{ATTACKER}, in all that is stored, only successful events: 1 event." in narrowed
    assert "Accounts: alice." in narrowed


def test_numbers_bound_what_is_listed(analyst: Analyst) -> None:
    assert len(ask(analyst, "top two users").splitlines()) == 4
    assert "31 failed logins in all that is stored, the newest 3:" in ask(
        analyst, "show the last three failed logins"
    )
