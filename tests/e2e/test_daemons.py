"""The main job on real servers: sshd writes through rsyslogd, and the alert says who and how often."""

from __future__ import annotations

import json
import signal
import socket
import struct
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from tests.e2e.machine import PASSWORD, USER, Machine, free_port
from tests.e2e.road import alerts, lines_stored, running, socterm, start, until

pytestmark = pytest.mark.e2e

BRUTE_FORCE = "Brute force: more than 5 failed logins from one address in 2 minutes"
THEN_IN = "Successful login after brute force or spraying from the same address"
WRONG = 30


# -- thirty wrong passwords


@pytest.mark.parametrize(
    ("pam", "style", "tries"),
    [(True, "iso", 1), (False, "traditional", 1), (True, "traditional", 3)],
    ids=["PAM", "no PAM", "PAM, three a connection"],
)
def test_thirty_failed_logins_are_thirty(tmp_path: Path, pam: bool, style: str, tries: int) -> None:
    """Brute force from 127.0.0.1 counts 30; then the right password raises the graver alert.

    That thirty are thirty rests on the client: it offers as many wrong passwords as it is given and no keys,
    fewer than MaxAuthTries (6), so that no attempt is refused before it is made; MaxStartups admits all.
    The log itself is counted first, independently of socterm.
    """
    users = ["root", "oracle", USER]
    db = tmp_path / "soc.db"
    with Machine(tmp_path / "machine", pam=pam, style=style) as machine:
        options = ("--tail", machine.log, "--from-start", "--tz", "UTC", "--db", db)
        with running(*options, home=tmp_path) as process:
            until(lambda: lines_stored(db, tmp_path) > 0, "the lines before the attack")
            knocked = [users[n // tries % 3] for n in range(WRONG)]
            knocks = [
                machine.knock(knocked[n], [f"wrong {n + t}" for t in range(tries)])
                for n in range(0, WRONG, tries)
            ]
            assert {knock.wait(60) for knock in knocks} == {255}
            assert machine.text().count(": Failed password for ") == WRONG
            assert ("pam_unix(sshd:auth)" in machine.text()) is pam
            assert ("more authentication failures" in machine.text()) is (pam and tries > 1)
            until(lambda: alive(process) and counted(db, tmp_path, BRUTE_FORCE) == [WRONG], "thirty")
            assert THEN_IN not in {row["title"] for row in alerts(db, tmp_path)}
            assert machine.knock(USER, [PASSWORD]).wait(60) == 0
            until(lambda: alive(process) and bool(counted(db, tmp_path, THEN_IN)), "the login")
            until(lambda: lines_stored(db, tmp_path) == len(machine.text().splitlines()), "every line")
    found = {row["title"]: row for row in alerts(db, tmp_path)}
    assert found[BRUTE_FORCE]["entity"] == {"source.ip": "127.0.0.1"}
    assert found[BRUTE_FORCE]["count"] == WRONG
    assert found[THEN_IN]["entity"] == {"source.ip": "127.0.0.1"}
    assert found[THEN_IN]["count"] == WRONG + 1
    assert found[THEN_IN]["level"] == "high"
    by_user = Counter({row["value"]: row["count"] for row in failures(db, tmp_path)})
    assert by_user == Counter(knocked)
    assert "ok" in socterm("db", "check", "--db", db, home=tmp_path)


def alive(process: subprocess.Popen[bytes]) -> bool:
    """True; fails with its last words where it has ended."""
    if process.poll() is not None:
        raise AssertionError(process.communicate()[1].decode())
    return True


def counted(db: Path, home: Path, title: str) -> list[int]:
    """The counts of the alerts of a rule."""
    return [row["count"] for row in alerts(db, home) if row["title"] == title]


def failures(db: Path, home: Path) -> list[dict]:
    """Refused logins by user."""
    query = "event.action:ssh_login and event.outcome:failure"
    return listed(db, home, query, "--by", "user.name")


def listed(db: Path, home: Path, *arguments: object) -> list[dict]:
    """What a search answers."""
    rows = socterm("search", *arguments, "--json", "--db", db, home=home).splitlines()
    return [json.loads(row) for row in rows]


# -- syslog over UDP


@pytest.mark.parametrize("header", ["--rfc3164", "--rfc5424"])
def test_logger_over_udp_becomes_an_event(tmp_path: Path, header: str) -> None:
    """What `logger --udp` sends stands in the store under the right fields."""
    db = tmp_path / "soc.db"
    port = free_port(socket.SOCK_DGRAM)
    with running("--syslog", f"udp://127.0.0.1:{port}", "--db", db, home=tmp_path) as process:
        until(lambda: alive(process) and listens(port), "the listener")
        for number in range(7):
            subprocess.run(
                ["logger", "--udp", "-n", "127.0.0.1", "-P", str(port), header, "-p", "auth.info",
                 "-t", "sshd", f"--id={4100 + number}",
                 f"Failed password for invalid user oracle from 203.0.113.9 port {40000 + number} ssh2"],
                check=True,
            )  # fmt: skip
        until(lambda: lines_stored(db, tmp_path) == 7, "seven datagrams")
        until(lambda: counted(db, tmp_path, BRUTE_FORCE) == [7], "the alert")
    rows = listed(db, tmp_path, "", "--oldest")
    assert [row["source.port"] for row in rows] == list(range(40000, 40007))
    assert [row["process.pid"] for row in rows] == list(range(4100, 4107))
    for row in rows:
        assert row["socterm.source"] == f"syslog:udp://127.0.0.1:{port}"
        assert row["event.kind"] == "event"
        assert row["host.hostname"] == socket.gethostname()
        assert row["process.name"] == "sshd"
        assert row["source.ip"] == "203.0.113.9"
        assert row["user.name"] == "oracle"
        assert (row["event.action"], row["event.outcome"]) == ("ssh_login", "failure")
        assert (row["log.syslog.facility.code"], row["log.syslog.severity.code"]) == (4, 6)


def listens(port: int) -> bool:
    """Whether somebody has bound this UDP port."""
    rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(row.split()[1].endswith(f":{port:04X}") for row in rows)


# -- the journal


JOURNAL_REMOTE = "/usr/lib/systemd/systemd-journal-remote"


def message(number: int) -> str:
    """What a record says; every fifth says it in two lines, which the format writes in binary."""
    more = "" if number % 5 else "\nsecond line"
    return f"Failed password for user{number} from 203.0.113.{number % 200} port {number + 1} ssh2{more}"


def export(first: int, last: int) -> bytes:
    """sshd's records in Journal Export Format."""
    out = bytearray()
    for number in range(first, last):
        text = message(number).encode()
        fields = {
            "__REALTIME_TIMESTAMP": 1_790_000_000_000_000 + number * 1_000_000,
            "__MONOTONIC_TIMESTAMP": 1_000_000 + number * 1_000_000,
            "_BOOT_ID": "0123456789abcdef0123456789abcdef",
            "_MACHINE_ID": "f" * 32,
            "_HOSTNAME": "web1",
            "PRIORITY": 6,
            "SYSLOG_FACILITY": 10,
            "SYSLOG_IDENTIFIER": "sshd",
            "_PID": 4242,
        }
        out += "".join(f"{name}={value}\n" for name, value in fields.items()).encode()
        out += b"MESSAGE\n" + struct.pack("<Q", len(text)) if b"\n" in text else b"MESSAGE="
        out += text + b"\n\n"
    return bytes(out)


def test_a_journal_is_resumed_by_cursor_after_kill_9(tmp_path: Path) -> None:
    """A journal file that systemd-journal-remote feeds; the reader is killed three times while it grows."""
    journal, db = tmp_path / "remote.journal", tmp_path / "soc.db"
    fed = 0

    def feed(count: int) -> None:
        nonlocal fed
        subprocess.run(
            [JOURNAL_REMOTE, "-o", str(journal), "-"], input=export(fed, fed + count),
            check=True, capture_output=True,
        )  # fmt: skip
        fed += count

    feed(300)
    options = ("--journal-file", journal, "--from-start", "--batch", 20, "--db", db)
    for turn in range(3):
        before = lines_stored(db, tmp_path)
        process = start(*options, home=tmp_path)
        feed(200)
        until(
            lambda b=before, p=process: lines_stored(db, tmp_path) > b or p.poll() is not None, "some records"
        )
        feed(100)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if turn:
            feed(50)  # while nobody reads
    with running(*options, home=tmp_path):
        until(lambda: lines_stored(db, tmp_path) >= fed, "all records")
        feed(10)
        until(lambda: lines_stored(db, tmp_path) >= fed, "the last records")
    rows = listed(db, tmp_path, "", "--oldest", "--limit", 100_000)
    assert [json.loads(row["event.original"])["MESSAGE"] for row in rows] == [message(n) for n in range(fed)]
    plain = [(row["user.name"], row["source.port"]) for n, row in enumerate(rows) if n % 5]
    assert plain == [(f"user{n}", n + 1) for n in range(fed) if n % 5]
    assert {row["socterm.source"] for row in rows} == {f"journal:{journal}"}
    assert {row["process.name"] for row in rows} == {"sshd"}
    assert "ok" in socterm("db", "check", "--db", db, home=tmp_path)
    until(lambda: not followers(journal), "no journalctl of ours to be left")


def followers(journal: Path) -> list[str]:
    """Processes whose command line names the journal file."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:
            continue
        if str(journal).encode() in command and command.startswith(b"journalctl"):
            found.append(entry.parent.name)
    return found
