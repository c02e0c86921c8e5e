"""Who logged in from where behind a sudo, a su, a changed account: told by lines as programs write them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.enrich import Enricher
from socterm.enrich.data import DataFiles
from socterm.enrich.origin import ACTS, OPEN_AT_MOST
from socterm.event import Chunk, Event
from socterm.parsers.decoder import Decoder

NOW = 1_795_000_000_000_000
LOGS = Path(__file__).parent / "logs"
AUTH = ("sshd", "sudo", "su", "pam", "accounts", "cron", "systemd", "headers")

ALICE = "sshd[100]: Accepted publickey for alice from 203.0.113.5 port 5001 ssh2: ED25519 SHA256:AAAA"
ALICE_AGAIN = "sshd[110]: Accepted password for alice from 198.51.100.9 port 6001 ssh2"
ALICE_SUDO = "sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id"
SUDO_OPENED = "sudo: pam_unix(sudo:session): session opened for user root(uid=0) by alice(uid=1000)"
SUDO_CLOSED = "sudo: pam_unix(sudo:session): session closed for user root"
ADDED = "useradd[300]: new user: name=mallory, UID=1005, GID=1005, home=/home/mallory, shell=/bin/bash"
SU = "su[200]: (to bob) alice on pts/1"
SU_OPENED = "su[200]: pam_unix(su:session): session opened for user bob(uid=1001) by alice(uid=1000)"
SU_CLOSED = "su[200]: pam_unix(su:session): session closed for user bob"
BOB_SUDO = "sudo:      bob : TTY=pts/1 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/cat /etc/shadow"


def read(*messages: str, host: str = "web1") -> list[Event]:
    """Lines of one host, a second apart, as events; nothing of them is enriched yet."""
    lines = [
        f"2026-11-20T10:{n // 60:02d}:{n % 60:02d}.000000+00:00 {host} {text}".encode()
        for n, text in enumerate(messages)
    ]
    return Decoder("x").decode(Chunk("x", 0, lines, {}, NOW))


def origins(*messages: str) -> list[tuple[Any, Any]]:
    """(address, user) behind each line."""
    events = read(*messages)
    Enricher().apply(events)
    return [_origin(event) for event in events]


def _origin(event: Event) -> tuple[Any, Any]:
    return event.fields.get("session.origin.ip"), event.fields.get("session.origin.user")


HERS = ("203.0.113.5", "alice")
NOBODY = (None, None)


@pytest.mark.parametrize(
    "line",
    [
        ALICE_SUDO,
        SUDO_OPENED,
        SU,
        SU_OPENED,
        "sudo:    alice : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id",
        "sudo:    alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id",
        "su[201]: FAILED SU (to root) alice on pts/1",
        "crontab[400]: (alice) REPLACE (alice)",
        "crontab[400]: (alice) LIST (alice)",
        "gpasswd[400]: user mallory added by alice to group sudo",
    ],
)
def test_what_a_user_does_leads_back_to_the_login(line: str) -> None:
    assert origins(ALICE, line) == [NOBODY, HERS]
    assert origins(line) == [NOBODY]


@pytest.mark.parametrize(
    "end",
    [
        "sshd[100]: pam_unix(sshd:session): session closed for user alice",
        "sshd[105]: Disconnected from user alice 203.0.113.5 port 5001",
        "sshd[105]: Received disconnect from 203.0.113.5 port 5001:11: disconnected by user",
        "sshd[105]: Received disconnect from 203.0.113.5: 11: disconnected by user",
        "sshd[100]: Timeout, client not responding from user alice 203.0.113.5 port 5001",
        "systemd-logind[1]: System is rebooting.",
    ],
)
def test_a_login_that_ended_is_behind_nothing(end: str) -> None:
    assert origins(ALICE, end, ALICE_SUDO)[-1] == NOBODY


@pytest.mark.parametrize(
    "other",
    [
        "sshd[105]: Disconnected from user bob 203.0.113.5 port 5001",
        "sshd[105]: Disconnected from user alice 203.0.113.5 port 5002",
        "sshd[105]: Disconnected from user alice 203.0.113.6 port 5001",
        "sshd[105]: Disconnected from authenticating user alice 203.0.113.5 port 5001 [preauth]",
        "sshd[101]: pam_unix(sshd:session): session closed for user alice",
        "CRON[100]: pam_unix(cron:session): session closed for user alice",
        "sshd[100]: Close session: user alice from 203.0.113.5 port 5001 id 0",
        "sshd[120]: Failed password for alice from 192.0.2.66 port 1 ssh2",
    ],
)
def test_another_end_leaves_the_login_open(other: str) -> None:
    assert origins(ALICE, other, ALICE_SUDO)[-1] == HERS


def test_a_host_knows_its_own_logins_only() -> None:
    events = read(ALICE) + read(ALICE_SUDO, host="web2")
    Enricher().apply(events)
    assert _origin(events[-1]) == NOBODY


def test_a_source_knows_its_own_logins_only() -> None:
    login, command = read(ALICE, ALICE_SUDO)
    command.source = "y"
    Enricher().apply([login, command])
    assert _origin(command) == NOBODY


def test_several_logins_are_told_newest_first() -> None:
    assert origins(ALICE, ALICE_AGAIN, ALICE_SUDO)[-1] == (("198.51.100.9", "203.0.113.5"), "alice")
    again = ALICE.replace("[100]", "[120]")
    assert origins(ALICE, again, ALICE_SUDO)[-1] == HERS


def test_a_number_used_anew_is_another_login() -> None:
    assert origins(ALICE, ALICE_AGAIN.replace("[110]", "[100]"), ALICE_SUDO)[-1] == ("198.51.100.9", "alice")


def test_su_is_followed_while_it_lasts() -> None:
    found = origins(ALICE, SU, SU_OPENED, BOB_SUDO, SU_CLOSED, BOB_SUDO)
    assert found[3:] == [HERS, NOBODY, NOBODY]


def test_su_is_followed_by_its_session_alone() -> None:
    assert origins(ALICE, SU_OPENED, BOB_SUDO)[-1] == HERS


def test_a_failed_su_leads_nowhere() -> None:
    assert origins(ALICE, "su[200]: FAILED SU (to bob) alice on pts/1", BOB_SUDO)[-1] == NOBODY


def test_own_login_and_anothers_su_are_both_told() -> None:
    bob = "sshd[130]: Accepted password for bob from 192.0.2.7 port 7001 ssh2"
    assert origins(ALICE, bob, SU, BOB_SUDO)[-1] == (("192.0.2.7", "203.0.113.5"), ("bob", "alice"))


def test_users_who_become_each_other_end_somewhere() -> None:
    back = "su[202]: (to alice) bob on pts/2"
    assert origins(ALICE, SU, back, BOB_SUDO, ALICE_SUDO)[-2:] == [HERS, HERS]


def test_an_account_made_within_sudo_leads_back() -> None:
    assert origins(ALICE, ALICE_SUDO, SUDO_OPENED, ADDED, SUDO_CLOSED, ADDED)[3:] == [HERS, NOBODY, NOBODY]


def test_a_sudo_session_that_does_not_say_by_whom() -> None:
    opened = "sudo: pam_unix(sudo:session): session opened for user root(uid=0) by (uid=1000)"
    assert origins(ALICE, ALICE_SUDO, opened, ADDED)[-2:] == [HERS, HERS]
    assert origins(ALICE, opened, ADDED)[-1] == NOBODY


def test_the_first_sudo_outlasts_the_second() -> None:
    found = origins(ALICE, SUDO_OPENED, SUDO_OPENED, SUDO_CLOSED, ADDED, SUDO_CLOSED, ADDED)
    assert (found[4], found[6]) == (HERS, NOBODY)


def test_own_password_is_changed_from_ones_own_login() -> None:
    changed = "passwd[500]: pam_unix(passwd:chauthtok): password changed for alice"
    assert origins(ALICE, changed)[-1] == HERS


def test_a_cron_job_has_no_login_behind_it() -> None:
    assert origins(ALICE, "CRON[9]: (alice) CMD (/usr/bin/true)")[-1] == NOBODY


def test_a_login_from_a_name() -> None:
    events = read("sshd[100]: Accepted password for alice from laptop.example port 5001 ssh2", ALICE_SUDO)
    Enricher().apply(events)
    assert events[1].fields["session.origin.domain"] == "laptop.example"
    assert _origin(events[1]) == (None, "alice")


def test_a_login_is_over_after_two_weeks_without_a_word() -> None:
    login, early, late = read(ALICE, ALICE_SUDO, ALICE_SUDO)
    early.ts, late.ts = login.ts + OPEN_AT_MOST - 1, login.ts + OPEN_AT_MOST
    Enricher().apply([login, early, late])
    assert (_origin(early), _origin(late)) == (HERS, NOBODY)


# -- bounds and restart ----------------------------------------------------------------------


def test_open_logins_are_bounded_and_the_oldest_goes() -> None:
    events = [
        Event(
            n, "x", n, "",
            {
                "event.action": "ssh_login", "event.outcome": "success", "host.hostname": "web1",
                "user.name": f"u{n}", "source.ip": f"203.0.{n >> 8}.{n & 255}", "process.pid": n,
            },
        )
        for n in range(6000)
    ]  # fmt: skip
    enricher = Enricher()
    enricher.apply(events)
    kept = [key for key, text in enricher.changes("x") if text is not None]
    assert len(kept) == 4096
    asked = [
        Event(
            6000, "x", 6000, "", {"event.action": "sudo_command", "host.hostname": "web1", "user.name": name}
        )
        for name in ("u0", "u5999")
    ]
    enricher.apply(asked)
    assert [_origin(event)[1] for event in asked] == [None, "u5999"]


def test_names_that_can_be_none_are_not_remembered() -> None:
    login = {"event.action": "ssh_login", "event.outcome": "success", "source.ip": "203.0.113.5"}
    for user in ("x" * 300, "a\x00b", "\udc80", "", 7, None, ("alice",)):
        enricher = Enricher()
        enricher.apply([Event(0, "x", 0, "", login | {"user.name": user})])
        assert enricher.changes("x") == []


LINES = [
    ALICE, ALICE_AGAIN, ALICE_SUDO, SUDO_OPENED, ADDED, SUDO_CLOSED, SU, SU_OPENED, SU_CLOSED, BOB_SUDO,
    "sshd[100]: pam_unix(sshd:session): session closed for user alice",
    "sshd[115]: Disconnected from user alice 198.51.100.9 port 6001",
    "sshd[130]: Accepted password for bob from 192.0.2.7 port 7001 ssh2",
    "systemd-logind[1]: System is rebooting.",
]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(LINES), st.booleans()), max_size=40))
def test_a_restart_anywhere_changes_nothing(steps: list[tuple[str, bool]]) -> None:
    """After each line the process may be killed; what was committed with the line is all that comes back."""
    whole, pieces = read(*(text for text, _ in steps)), read(*(text for text, _ in steps))
    enricher = Enricher()
    enricher.apply(whole)
    stored: dict[str, str] = {}
    enricher = Enricher()
    for event, (_, killed) in zip(pieces, steps, strict=True):
        enricher.apply([event])
        for key, text in enricher.changes("x"):
            assert key.startswith("origin ")
            if text is None:
                stored.pop(key, None)
            else:
                stored[key] = text
        if killed:
            enricher = Enricher()
            enricher.restore("x", [("pid web1 7", "[]"), ("last", "5"), *sorted(stored.items())])
    assert [event.fields for event in pieces] == [event.fields for event in whole]


# -- the short way and the long way ----------------------------------------------------------


class Long(Enricher):
    """Goes the long way with every event, whatever wrote its line."""

    def apply(self, events: list[Event]) -> None:
        for event in events:
            self._wide(event, event.fields)


def _auth_logs() -> Iterator[Path]:
    return (path for name in AUTH for path in sorted((LOGS / name).glob("*.log")))


@pytest.mark.parametrize("path", _auth_logs(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_lines_of_auth_log_get_all_that_the_long_way_gives(path: Path, tmp_path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    first = Decoder("x").decode(Chunk("x", 0, lines, {}, NOW))
    hosts = {str(event.fields.get("host.hostname", "x")) for event in first}
    peers = {str(event.fields.get("source.domain", "x.example")) for event in first}
    (tmp_path / "assets.csv").write_text("host,owner\n" + "".join(f"{host},ops\n" for host in hosts))
    (tmp_path / "bad.txt").write_text("0.0.0.0/8\n10.0.0.0/8\n192.0.0.0/8\n" + "\n".join(peers))
    for data in (DataFiles(), DataFiles(assets=tmp_path / "assets.csv", ioc=[tmp_path / "bad.txt"])):
        short, long = (Decoder("x").decode(Chunk("x", 0, lines, {}, NOW)) for _ in range(2))
        Enricher(data).apply(short)
        Long(data).apply(long)
        assert [event.fields for event in short] == [event.fields for event in long]


def test_every_act_is_an_action_that_exists() -> None:
    from socterm.taxonomy import ACTIONS

    assert ACTS.keys() <= ACTIONS.keys()


def test_a_session_that_begins_and_ends_between_two_looks_is_nothing_to_store() -> None:
    opened, closed = (
        "sshd[7]: Accepted password for ann from 192.0.2.7 port 4022 ssh2",
        "sshd[7]: Disconnected from user ann 192.0.2.7 port 4022",
    )
    enricher = Enricher()
    enricher.apply(read(opened, closed))
    assert enricher.changes("x") == []
    enricher.apply(read(opened))
    [(key, _)] = told = enricher.changes("x")
    again = Enricher()
    again.restore("x", [(key, text) for key, text in told if text is not None])
    for one in (enricher, again):
        one.apply(read(closed))
        assert one.changes("x") == [(key, None)]
        assert one.changes("x") == []
