"""Logins, whoever tells of them: one log source for all, and the words programs have for them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from socterm.enrich.countries import code_of
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.taxonomy import LOGSOURCES, known_logsources
from socterm.taxonomy.authentication import AUTHENTICATION, DATASETS, LOGIN_WORDS

NOW = 1_773_100_000_000_000
STAMP = {"time": "2026-03-09T10:00:00Z", "user": "ann", "ip": "192.0.2.7"}


def read(line: str) -> Event:
    return Decoder("t").decode(Chunk("t", 0, [line.encode()], {}, NOW))[0]


def told(**said: Any) -> Event:
    return read(msgspec.json.encode({**STAMP, **said}).decode())


def test_every_dataset_named_is_one() -> None:
    assert set(LOGSOURCES) >= DATASETS
    assert AUTHENTICATION in known_logsources()


LINES = """
Mar  9 10:00:00 web1 sshd[7]: Accepted password for ann from 192.0.2.7 port 40 ssh2
Mar  9 10:00:00 mx1 dovecot: imap-login: Login: user=<ann>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, TLS
Mar  9 10:00:00 web1 cockpit[7]: pam_unix(cockpit:auth): authentication failure; rhost=192.0.2.7  user=ann
Mar  9 10:00:00 rtr1 %SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: ann] [Source: 192.0.2.7] [localport: 22]
Mar  9 10:00:00 web1 login[7]: pam_sss(login:auth): authentication success; logname=LOGIN rhost= user=ann
time=2026-03-09T10:00:00Z event=login user=ann ip=192.0.2.7 status=failed
"""
WINDOWS = {
    "Event": {
        "System": {
            "Provider": {"Name": "Microsoft-Windows-Security-Auditing"},
            "EventID": 4624,
            "Channel": "Security",
            "Computer": "dc1",
            "TimeCreated": {"SystemTime": "2026-03-09T10:00:00Z"},
        },
        "EventData": {"TargetUserName": "ann", "IpAddress": "192.0.2.7", "LogonType": "10"},
    }
}


@pytest.mark.parametrize("line", [*LINES.strip().splitlines(), msgspec.json.encode(WINDOWS).decode()])
def test_a_login_is_one_log_source_whoever_tells_of_it(line: str) -> None:
    event = read(line)
    assert AUTHENTICATION in event.logsources
    assert "authentication" in event.fields["event.category"]
    assert event.fields["event.outcome"] in ("success", "failure")
    assert event.fields["user.name"] == "ann"


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"event": "login", "status": "success"}, "success"),
        ({"event_type": "user.login.failed"}, "failure"),
        ({"eventName": "LoginSuccess"}, "success"),
        ({"type": "sign-in", "result": "denied"}, "failure"),
        ({"action": "user_login", "success": True}, "success"),
        ({"action": "login", "success": False}, "failure"),
        ({"event": "auth", "status": 401}, "failure"),
        ({"event": "logon", "outcome": "Success"}, "success"),
        ({"event": {"action": "login", "name": "x"}, "result": "ok"}, "success"),
        ({"operation": "failed_login", "status": "ok"}, "failure"),
        ({"activity": "login", "status": 302}, None),
    ],
)
def test_a_program_s_own_words_for_a_login(said: dict[str, Any], outcome: str | None) -> None:
    fields = told(**said).fields
    assert fields["event.category"] == ("authentication",)
    assert fields.get("event.outcome") == outcome
    assert (fields["user.name"], fields["source.ip"]) == ("ann", "192.0.2.7")


@pytest.mark.parametrize(
    "said",
    [
        {"event": "logout"},
        {"event": "login page viewed"},
        {"type": "login" * 100},
        {"event": ["login"]},
        {"event": None},
        {"event": 7},
        {"message": "login"},
    ],
)
def test_what_is_no_login(said: dict[str, Any]) -> None:
    fields = told(**said).fields
    assert "event.category" not in fields
    assert "event.outcome" not in fields


def test_the_user_of_a_login_may_be_called_otherwise() -> None:
    fields = read('{"time":"2026-03-09T10:00:00Z","event":"login","email":"ann@example.org","ok":1}').fields
    assert fields["user.name"] == "ann@example.org"
    assert fields["event.action"] == "app_login"


def test_the_producer_s_action_is_kept() -> None:
    assert told(action="user.login").fields["event.action"] == "user.login"


def test_words_are_no_guesses() -> None:
    assert "logout" not in LOGIN_WORDS
    assert {"", "success", "failure"} == set(LOGIN_WORDS.values())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Russian Federation", "RU"),
        ("THE NETHERLANDS", "NL"),
        ("Iran, Islamic Republic of", "IR"),
        ("Korea, Republic of", "KR"),
        ("Korea, Democratic People's Republic of", "KP"),
        ("Türkiye", "TR"),
        ("Congo, The Democratic Republic of the", "CD"),
        ("Reserved", None),
        ("x" * 1000, None),
        ("", None),
    ],
)
def test_a_country_by_its_name(name: str, code: str | None) -> None:
    assert code_of(name) == code
