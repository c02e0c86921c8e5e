"""Questions as people ask them at night, answered from rules: nothing said is passed over in silence."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from socterm.alerts.model import RuleInfo
from socterm.analyst import Analyst, Desks, NullBackend
from socterm.analyst.intents import read
from socterm.analyst.vocabulary import CONCEPTS, GROUPS, LOGIN_ACTIONS, LOGINS
from socterm.query import parse
from socterm.store import Store
from socterm.taxonomy import ACTIONS

from analyst_scene import ATTACKER, BRUTE, NOW, Scene

LOW = RuleInfo("low", "A knock at the door", "low", "Somebody tried.", ())
HOUR = 3_600


def night() -> Scene:
    """Attempts and logins of many kinds on three hosts, sixty small alerts of yesterday, one of just now."""
    scene = Scene()
    for number in range(60):
        tried = scene.login(-20 * HOUR + number * 60, f"user{number}", f"198.51.100.{number}", "failure")
        scene.alert(BRUTE if number < 55 else LOW, {"source.ip": f"198.51.100.{number}"}, [tried])
    scene.sudo(-15 * HOUR, "alice", "/usr/bin/cat /etc/shadow", host="web01")
    for number in range(70):
        scene.login(-14 * HOUR + number, "alice", "192.0.2.44", "success", host="db01")
    got_in = [scene.login(number, "root", ATTACKER, "failure") for number in range(10)]
    got_in.append(scene.login(20, "root", ATTACKER, "success"))
    scene.login(30, "root", ATTACKER, "failure", host="db01")
    scene.add(
        40, "ann connected", source__ip=ATTACKER, user__name="ann", event__action="vpn_login",
        event__outcome="success", host__hostname="fw", process__name="openvpn",
    )  # fmt: skip
    scene.add(
        50, "An account failed to log on.", source__ip=ATTACKER, user__name="ann",
        event__action="logon-failed", event__outcome="failure", host__hostname="dc01",
    )  # fmt: skip
    scene.add(
        52, "sign-in", source__ip=ATTACKER, user__name="ann", event__action="UserLoginFailed",
        event__outcome="failure", event__dataset="m365.audit", event__category=("authentication",),
    )  # fmt: skip
    for path, status in (("/admin", 404), ("/admin", 404), ("/index", 200), ("/x", 503)):
        scene.add(
            60, f"GET {path} {status}", source__ip=ATTACKER, event__action="web_request", url__path=path,
            http__response__status_code=status, event__outcome="failure" if status >= 400 else "success",
        )  # fmt: skip
    scene.add(70, "new user: name=eve", event__action="user_created", user__name="eve")
    scene.add(71, "failed adding user 'mal'", event__action="user_created", event__outcome="failure")
    scene.add(80, "postgres: checkpoint complete", process__name="postgres", host__hostname="db01")
    scene.alert(BRUTE, {"source.ip": ATTACKER}, got_in)
    late = scene.login(1_800, "root", "203.0.113.77", "failure", host="db01")
    scene.alert(LOW, {"source.ip": "203.0.113.77"}, [late])
    return scene


ATTACK, LATEST = 61, 62


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with night().store(tmp_path_factory.mktemp("night")) as opened:
        yield opened


@pytest.fixture
def analyst(store: Store) -> Analyst:
    return Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW, desks=Desks.of(store))


def ask(analyst: Analyst, question: str, alert: int | None = None) -> str:
    return "".join(piece.text for piece in analyst.ask(question, alert) if piece.kind == "text")


def talk(analyst: Analyst, *questions: str, alert: int | None = None) -> str:
    """The answer to the last of them."""
    return [ask(analyst, question, alert) for question in questions][-1]


# -- all of them, and not the first fifty --------------------------------------------------------------


def test_alerts_are_counted_and_not_only_those_shown(analyst: Analyst) -> None:
    text = ask(analyst, "open alerts")
    assert text.startswith("62 open alerts:")
    assert "… and 52 more" in text
    assert "5 open alerts" not in text


def test_a_small_alert_of_the_last_hour_is_not_hidden_by_grave_ones_before_it(analyst: Analyst) -> None:
    text = ask(analyst, "summarise the last hour")
    assert "2 open alerts, the last hour:" in text
    assert f"alert {LATEST}: low" in text
    assert ask(analyst, "alerts yesterday").startswith("60 open alerts, yesterday:")


def test_more_values_than_are_shown_are_told(analyst: Analyst) -> None:
    assert " and more." in ask(analyst, "what happened yesterday?")
    assert "in the 15 commonest." in ask(analyst, "failed logins by user")


def test_what_is_rare_is_seen_though_much_came_after_it(analyst: Analyst) -> None:
    text = ask(analyst, "what did alice do yesterday?")
    assert "71 events" in text
    assert "COMMAND=/usr/bin/cat /etc/shadow" in text


def test_lines_that_tell_most_are_of_what_is_rare_and_say_who_and_whence() -> None:
    """A message that is only a sentence gets what it leaves out; sessions that open and close wait."""
    scene = Scene()
    for number in range(30):
        scene.add(
            number, "A new process has been created.", event__action="created-process", user__name="SYSTEM",
            process__command_line=f"svchost.exe -k {number}", host__hostname="RDS1",
        )  # fmt: skip
        scene.add(number, "session closed", event__action="session_closed", host__hostname="RDS1")
    cleared = scene.add(
        3, "The audit log was cleared.", event__action="audit-log-cleared", user__name="helpdesk",
        source__ip=ATTACKER, host__hostname="RDS1",
    )  # fmt: skip
    for number in range(60):
        scene.add(100 + number, "session opened", event__action="session_opened", host__hostname="RDS1")
    with tempfile.TemporaryDirectory() as folder, scene.store(Path(folder)) as store:
        analyst = Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)
        told = ask(analyst, "what did host RDS1 do?").partition("Lines that tell most:\n")[2].splitlines()
        line = f"RDS1 The audit log was cleared. · user helpdesk · from {ATTACKER} [#{cleared}]"
        assert f"2026-11-20 10:00:03 {line}" in told
        assert len([one for one in told if "· user SYSTEM · command svchost.exe" in one]) == 1
        few = ask(analyst, "what did host RDS1 do between 10:00 and 10:01 today?")
        told = few.partition("Lines that tell most:\n")[2].splitlines()
        assert len([one for one in told if "· user SYSTEM · command svchost.exe" in one]) == 6
        assert len([one for one in told if "session closed" in one]) == 1


# -- what is said counts -------------------------------------------------------------------------------


def test_anyone_is_nobodys_name(analyst: Analyst) -> None:
    assert "1 successful logins of root" in ask(analyst, "did anyone log in as root?")
    assert "successful logins" in ask(analyst, "has anybody logged in today?")


def test_two_that_are_named_both_count(analyst: Analyst) -> None:
    assert "alice on web01, yesterday" in (text := ask(analyst, "what did alice do on web01 yesterday?"))
    assert ": 1 event." in text
    assert f"1 failed logins from {ATTACKER} of root on db01" in ask(
        analyst, f"failed logins by root on db01 from {ATTACKER}"
    )


def test_words_that_no_table_knows_have_to_stand_in_the_line(analyst: Analyst) -> None:
    assert "Events with “checkpoint”, in all that is stored: 1 line" in ask(
        analyst, "how many events with checkpoint?"
    )
    assert "Failed logins with “zebra”: nothing" in ask(analyst, "show failed logins, zebra")
    assert "I made no use of “zebra”." in ask(analyst, "summarise the zebra of the last hour")


def test_a_word_that_is_a_host_of_the_store_is_that_host(analyst: Analyst) -> None:
    text = ask(analyst, "is DC01 compromised?")
    assert text.startswith(
        "I understood whom you mean (dc01), but not what you want to know. What there is:\ndc01,"
    )
    assert ask(analyst, "what changed on web01 yesterday?").count("web01") > 1


def test_words_that_are_in_no_line_are_told_and_left_out(analyst: Analyst) -> None:
    text = ask(analyst, "show failed logins, zebra")
    assert text.startswith(
        "Failed logins with “zebra”: nothing in all that is stored. Without those words:\n"
    )
    assert "74 failed logins in all that is stored" in text
    text = ask(analyst, "high zebra alerts")
    assert text.startswith(
        "No open alerts of level high or above with “zebra”. Without those words:\n56 open"
    )
    assert "2 open alerts with “knock”, the last hour" not in ask(analyst, "knock alerts of the last hour")
    assert "1 open alert with “knock”, the last hour" in ask(analyst, "knock alerts of the last hour")


def test_which_asks_for_events_where_a_kind_of_event_is_named(analyst: Analyst) -> None:
    assert "name=eve" in ask(analyst, "which accounts were created?", ATTACK)
    assert "      1  dc01" in ask(analyst, "which hosts had failed logins?", ATTACK)


def test_where_nothing_is_known_the_nearest_lines_are_shown(analyst: Analyst) -> None:
    text = ask(analyst, "postgres checkpoint?")
    assert text.startswith(
        "I did not understand that.\nThe lines that come nearest to “postgres checkpoint”:"
    )
    assert "postgres: checkpoint complete" in text


def test_why_is_about_the_alert_only_where_it_says_so(analyst: Analyst) -> None:
    assert "What happened" in ask(analyst, "why did this fire?", ATTACK)
    assert "What happened" in ask(analyst, "what should I do?", ATTACK)
    assert "What happened" in ask(analyst, "is this a false positive?", ATTACK)
    assert "I did not understand" in ask(analyst, "why did the backup fail?", ATTACK)
    assert ask(analyst, "why is alice logging in?", ATTACK).startswith("alice, ")


def test_nothing_is_said_of_whom_and_with_what_there_was_of_it(analyst: Analyst) -> None:
    text = ask(analyst, "failed logins as root yesterday")
    assert text.startswith("Failed logins of root: nothing yesterday")
    assert "The newest there is: " in text
    assert "Failed password for root" in text
    assert "Nor at any other time." in ask(analyst, "failed logins as nobody7 today")


# -- logins, whoever tells of them ---------------------------------------------------------------------


def test_logins_are_those_of_every_program(analyst: Analyst) -> None:
    text = ask(analyst, f"failed logins from {ATTACKER} by user")
    assert "     11  root" in text
    assert "      2  ann" in text
    text = ask(analyst, "who else did this IP touch?", ATTACK)
    assert "2 logins succeeded:" in text
    assert "ann connected" in text


def test_every_verdict_on_a_login_is_one() -> None:
    elsewhere = {"network_login", "honeypot_login", "user_login", "crypto_login", "anom_login_root"}
    verdicts = {
        name
        for name, action in ACTIONS.items()
        if name.endswith("_login") and "authentication" in action.category
    }
    assert verdicts - elsewhere <= set(LOGIN_ACTIONS) <= set(ACTIONS)


def test_every_query_in_the_tables_can_be_asked(store: Store) -> None:
    for query in (LOGINS, *(concept.query for _, concept in CONCEPTS)):
        assert store.events.count(parse(query, now=NOW)).complete
    for field in GROUPS.values():
        store.events.count_by(field, None, limit=1)


def test_an_account_that_could_not_be_created_was_not(analyst: Analyst) -> None:
    text = ask(analyst, "list new users")
    assert "name=eve" in text
    assert "mal" not in text
    assert "1 × account created (failed)" in ask(analyst, "summarise the last hour")


# -- the web -------------------------------------------------------------------------------------------


def test_the_web_is_asked_for_by_status_and_page(analyst: Analyst) -> None:
    assert "Requests with status 404, in all that is stored: 2." in ask(analyst, "how many 404s?")
    assert "1 requests with status 5xx" in ask(analyst, "show me 5xx errors")
    text = ask(analyst, f"which pages did {ATTACKER} visit?")
    assert "      2  /admin" in text
    assert "Pages: /admin (2), /index (1), /x (1)." in ask(analyst, f"what did {ATTACKER} do?")


# -- before and after ----------------------------------------------------------------------------------


def test_what_came_after_the_alert(analyst: Analyst) -> None:
    text = ask(analyst, "what happened after that?", ATTACK)
    assert text.startswith(f"Summary, in the hour after alert {ATTACK} (since 2026-11-20 10:00:20 UTC)")
    assert "1 successful SSH login" not in text
    assert "in the hour before alert" in ask(analyst, "what happened before that?", ATTACK)
    assert "Put the cursor on an alert" in ask(analyst, "what happened after that?")


def test_did_it_get_in(analyst: Analyst) -> None:
    assert f"2 successful logins from {ATTACKER}" in ask(analyst, "did it get in?", ATTACK)
    assert ask(analyst, "did it get in?").startswith("Whom do you mean?")


# -- going on ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("questions", "begins"),
    [
        (("what did alice do yesterday?", "on web01?"), "alice on web01, yesterday"),
        (("what did alice do yesterday?", "on web01?", "on db01?"), "alice on db01, yesterday"),
        (("what did alice do yesterday?", "on web01?", "what about bob?"), "bob on web01: nothing yesterday"),
        (("summarise the last hour", "on db01?"), "db01, the last hour"),
        ((f"what did {ATTACKER} do?", "as root?"), f"{ATTACKER} of root, in all"),
        (("failed logins by host", f"from {ATTACKER}?"), f"Failed logins from {ATTACKER} by host.hostname"),
        (("what did alice do yesterday?", "root?"), "root: nothing yesterday"),
        (("what did alice do yesterday?", "on web01?", "how many?"), "Events of alice on web01, yesterday"),
    ],
)
def test_what_hangs_on_the_question_before(analyst: Analyst, questions: tuple[str, ...], begins: str) -> None:
    assert talk(analyst, *questions).startswith(begins)


def test_small_talk_is_nobodys_name(analyst: Analyst) -> None:
    assert talk(analyst, "what did alice do yesterday?", "thanks").startswith("I did not understand that.")


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("summarise the last two hours", ()),
        ("what did alice do on ip-10-77-20-248 yesterday?", ()),
        ("failed logins on 2026-11-18 between 2 and 4", ()),
        ("could you please show me the failed logins of today", ()),
        ("who else did this IP touch?", ()),
        ("any new users this week?", ()),
        ("how many docker restarts since noon", ("docker", "restarts")),
        ("find user.name:root since:1h", ()),
    ],
)
def test_what_is_left_of_a_question(question: str, left: tuple[str, ...]) -> None:
    assert read(question, now=NOW).left == left


@pytest.mark.parametrize("word", ["a", "did ", "2 ", "\"'", "between 2 and ", "failed to ", "1.1.1.", ":"])
def test_a_question_without_an_end_is_read_as_far_as_anybody_asks(analyst: Analyst, word: str) -> None:
    """Patterns that went over all of it took minutes, in which nothing else was answered."""
    text = talk(analyst, "what did alice do yesterday?", word * 100_000)
    assert "I read only the first 500 characters of that." in text
