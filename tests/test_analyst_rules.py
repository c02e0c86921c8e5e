"""Questions answered without a model, from templates over the same tools."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.analyst import Analyst, NullBackend, Piece
from socterm.analyst.backend import Health, State
from socterm.analyst.intents import read
from socterm.store import Store

from analyst_scene import ATTACKER, BRUTE_ALERT, NOW, SUDO_ALERT, attack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with attack().store(tmp_path_factory.mktemp("rules")) as store:
        yield store


@pytest.fixture
def analyst(store: Store) -> Analyst:
    return Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)


def said(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind == "text")


def ask(analyst: Analyst, question: str, alert: int | None = None) -> str:
    pieces = list(analyst.ask(question, alert))
    assert pieces[-1].kind == "done"
    assert pieces[-1].source == "rules"
    assert pieces[-1].text == "source: rules"
    cited = {number for piece in pieces for number in piece.events}
    assert {int(n) for n in re.findall(r"\[#(\d+)\]", said(pieces))} == cited
    assert len(analyst.events.get(cited)) == len(cited)
    return said(pieces)


class Hanging(NullBackend):
    """A server that takes its time to say nothing; how often it was asked, and how it is."""

    looks = 0
    state: State = "unreachable"

    def health(self) -> Health:
        self.looks += 1
        return Health(self.state)


def test_a_question_does_not_wait_for_a_model_that_was_not_there_a_moment_ago(store: Store) -> None:
    backend, seconds = Hanging(), [100.0]
    analyst = Analyst(store.events, store.triage, backend, now=lambda: NOW, clock=lambda: seconds[0])
    assert analyst.health().state == "unreachable"  # a view looks now and then
    for _ in range(3):
        assert "3 open alerts" in ask(analyst, "open alerts")
    assert backend.looks == 1
    seconds[0] += 60  # nobody looked for a while
    ask(analyst, "open alerts")
    assert backend.looks == 2
    backend.state = "ok"
    analyst.health()
    assert next(iter(analyst.ask("open alerts"))).text.startswith("asking")
    assert backend.looks == 4  # of a model that is there every question makes sure


def test_what_did_a_user_do_today(analyst: Analyst) -> None:
    text = ask(analyst, "What did alice do today?")
    assert "alice, today (since 2026-11-20 00:00:00 UTC): 8 events." in text
    assert "4 × failed SSH login, 2 × successful SSH login, 2 × command run through sudo" in text
    assert "Hosts: web01 (6), db01 (2)." in text
    assert "COMMAND=/bin/bash [#32]" in text
    assert "alert 2: medium · Root shell through sudo" in text


def test_days_begin_in_the_analysts_zone(store: Store) -> None:
    far = Analyst(
        store.events, store.triage, NullBackend(), now=lambda: NOW, tz=timezone(timedelta(hours=-3))
    )
    assert "alice, today (since 2026-11-20 00:00:00): 8 events." in ask(far, "what did alice do today")
    late = Analyst(
        store.events, store.triage, NullBackend(), now=lambda: NOW, tz=timezone(timedelta(hours=14))
    )
    assert "bob: nothing today" in ask(late, "what did bob do today")


def test_nothing_today_says_when_last(analyst: Analyst) -> None:
    text = ask(analyst, "what did bob do today")
    assert "bob: nothing today" in text
    assert "2026-11-19 09:00:00 db01 Accepted password for bob" in text
    assert "[#35]" in text


def test_a_bare_name_may_be_a_host(analyst: Analyst) -> None:
    assert "Accounts: bob." in ask(analyst, "what did db01 do yesterday")


def test_why_did_this_fire(analyst: Analyst) -> None:
    text = ask(analyst, "why did this fire?", BRUTE_ALERT)
    assert text.strip() == analyst.explain(BRUTE_ALERT).text
    assert "Root shell" in ask(analyst, "why did alert 2 fire?", BRUTE_ALERT)
    assert "cursor on an alert" in ask(analyst, "why did this fire?")


def test_who_else_did_this_address_touch(analyst: Analyst) -> None:
    for question in ("who else did this IP touch?", "which users did this ip try?", "who else?"):
        text = ask(analyst, question, BRUTE_ALERT)
        assert "Hosts: web01." in text
        assert "Accounts: root (20), admin (6), alice (5)." in text
        assert "1 login succeeded:" in text
        assert "[#31]" in text


def test_this_address_needs_an_alert_that_has_one(analyst: Analyst) -> None:
    assert "Whom do you mean?" in ask(analyst, "who else did this ip touch?")
    assert "Whom do you mean?" in ask(analyst, "who else did this ip touch?", SUDO_ALERT)


def test_summarise_the_last_hour(analyst: Analyst) -> None:
    text = ask(analyst, "summarise the last hour")
    assert "Summary, the last hour (since 2026-11-20 09:40:00 UTC): 33 events on web01." in text
    assert f"Failed logins come from {ATTACKER} (30), 198.51.100.7 (1)." in text
    assert "1 login succeeded, the newest:" in text
    assert "3 open alerts, the last hour:" in text


def test_failed_logins_by_user(analyst: Analyst) -> None:
    text = ask(analyst, "failed logins by user")
    assert "Failed logins by user.name, in all that is stored: 31." in text
    assert [line.split() for line in text.splitlines()[1:4]] == [
        ["20", "root"],
        ["6", "admin"],
        ["4", "alice"],
    ]
    assert "from 203.0.113.9" in ask(analyst, f"how many failed logins from {ATTACKER}")
    assert "     31  203.0.113.9" in ask(analyst, "top ips")


def test_alerts_by_level(analyst: Analyst) -> None:
    assert "3 open alerts" in ask(analyst, "any open alerts?")
    assert "1 open alert of level high or above:" in ask(analyst, "list high alerts")
    assert "No open alerts, yesterday." in ask(analyst, "alerts yesterday")


def test_events_and_queries(analyst: Analyst) -> None:
    assert "source.ip: 203.0.113.9" in ask(analyst, "#31")
    assert "there is no event 999" in ask(analyst, "show event 999")
    assert "2 uses of sudo of alice" in ask(analyst, "show sudo commands by alice")
    assert "20 hits" in ask(analyst, "find user.name:root")
    assert "cannot be read at character 11" in ask(analyst, "find user.name:")


def test_what_it_cannot_do_it_says(analyst: Analyst) -> None:
    text = ask(analyst, "make me a sandwich")
    assert "I did not understand that." in text
    assert "Without a model I answer from rules." in text


@pytest.mark.parametrize(
    ("question", "kind", "subject"),
    [
        ("what has user carol been doing", "activity", ("user.name", "carol")),
        ("activity of 2001:db8::1", "activity", ("source.ip", "2001:db8::1")),
        ("where else was 203.0.113.9 seen", "touched", ("source.ip", "203.0.113.9")),
        ("failed logins by host for root this week", "count", ("user.name", "root")),
        ("what happened yesterday", "summary", None),
        ("explain", "explain", None),
    ],
)
def test_reading(question: str, kind: str, subject: tuple[str, str] | None) -> None:
    found = read(question, now=NOW)
    assert found.kind == kind
    assert (found.subject and (found.subject.field, found.subject.value)) == subject


@pytest.mark.parametrize(
    ("question", "minutes"),
    [("last hour", 60), ("the past 15 minutes", 15), ("last 2 days", 2880), ("today", 640)],
)
def test_periods(question: str, minutes: int) -> None:
    period = read(f"summary of {question}", now=NOW).period
    assert period is not None
    assert NOW - period.low == minutes * 60_000_000


WORDS = st.sampled_from(
    [
        "why",
        "what",
        "did",
        "who",
        "else",
        "alice",
        "today",
        "last",
        "hour",
        "this",
        "ip",
        "failed",
        "logins",
        "by",
        "user",
        "alert",
        "#",
        "31",
        "event",
        "find",
        "'",
        '"',
        "(",
        ":",
        "user.name",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(
    st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=7).map(" ".join)),
    st.sampled_from([None, 1, 3, 99]),
)
def test_any_question_gets_an_answer(analyst: Analyst, question: str, alert: int | None) -> None:
    pieces = list(analyst.ask(question, alert))
    assert pieces[-1].kind == "done"
    assert said(pieces).strip()
