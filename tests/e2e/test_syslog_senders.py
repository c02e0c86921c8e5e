"""Syslog from those who really send it: logger, rsyslogd with a queue on disk, openssl; over TCP and TLS."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from socterm.sources.peers import Limits
from tests.e2e.forwarder import Forwarder
from tests.e2e.machine import free_port
from tests.e2e.road import lines_stored, running, socterm, start, stop, until

pytestmark = pytest.mark.e2e

LINE = 92
"""Bytes of a forwarded line, its count included."""

QUEUE = Limits().queue


def heard(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def numbers(db: Path) -> Counter[int]:
    """How often each numbered line stands in the store."""
    with contextlib.closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT raw FROM events").fetchall()
    return Counter(int(found[1]) for row in rows if (found := re.search(r"number (\d+) of those", row[0])))


def arrived(db: Path, count: int, ending: signal.Signals) -> bool:
    """Whether all numbers below `count` are there; after a kill, all but one run of them before the last."""
    missing = sorted(set(range(count)) - set(numbers(db)))
    if not missing or ending == signal.SIGTERM:
        return not missing
    return len(missing) == missing[-1] - missing[0] + 1 and missing[-1] < count - 1


def drops(db: Path) -> dict[str, int]:
    """What all sources together count as lost or refused."""
    found: Counter[str] = Counter()
    with contextlib.closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as store:
        for (counted,) in store.execute("SELECT drops FROM sources"):
            found.update(json.loads(counted))
    return dict(found)


# -- logger


def test_logger_over_tcp_becomes_an_event(tmp_path: Path) -> None:
    """Both headers in both framings, one connection each."""
    db, port = tmp_path / "soc.db", free_port()
    sent = [(header, framing) for header in ("--rfc3164", "--rfc5424") for framing in ([], ["--octet-count"])]
    with running("--syslog", f"tcp://127.0.0.1:{port}", "--db", db, home=tmp_path):
        until(lambda: heard(port), "the listener")
        for number, (header, framing) in enumerate(sent):
            subprocess.run(
                ["logger", "--tcp", "-n", "127.0.0.1", "-P", str(port), header, *framing, "-p", "auth.info",
                 "-t", "sshd", f"--id={4100 + number}",
                 f"Failed password for invalid user oracle from 203.0.113.9 port {40000 + number} ssh2"],
                check=True,
            )  # fmt: skip
        until(lambda: lines_stored(db, tmp_path) == len(sent), "four lines")
    found = socterm("search", "", "--oldest", "--json", "--db", db, home=tmp_path).splitlines()
    rows = sorted((json.loads(row) for row in found), key=lambda row: row["source.port"])
    assert [row["source.port"] for row in rows] == list(range(40000, 40004))
    assert [row["process.pid"] for row in rows] == list(range(4100, 4104))
    for row in rows:
        assert row["socterm.source"] == f"syslog:tcp://127.0.0.1:{port}"
        assert row["host.hostname"] == socket.gethostname()
        assert (row["process.name"], row["user.name"], row["source.ip"]) == ("sshd", "oracle", "203.0.113.9")
        assert (row["event.action"], row["event.outcome"]) == ("ssh_login", "failure")
        assert (row["log.syslog.facility.code"], row["log.syslog.severity.code"]) == (4, 6)
    assert drops(db) == {}


# -- rsyslogd with a queue on disk


@contextlib.contextmanager
def flowing(sender: Forwarder) -> Iterator[None]:
    """Some thousand lines a second, for the length of the block."""
    enough = threading.Event()

    def write() -> None:
        while not enough.wait(0.01):
            sender.write(20)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_what_rsyslogd_sends_while_socterm_is_away(tmp_path: Path, ending: signal.Signals) -> None:
    """Ended in the middle of the flow and started again a thousand lines later.

    Stopped, it loses nothing: rsyslogd hears that it ends, and all it had sent by then is stored. Killed, it
    loses what it had not committed and what stood in the sockets: one run of numbers, where the store breaks
    off. rsyslogd itself sends a line twice after an outage, over a second connection (8.2302 does so to any
    server): one of each connection may be there twice, and no other.
    """
    db, port = tmp_path / "soc.db", free_port()
    options = ("--syslog", f"tcp://127.0.0.1:{port}", "--db", db)
    process = start(*options, home=tmp_path)
    until(lambda: heard(port), "the listener")
    with Forwarder(tmp_path / "sender", port) as sender:
        with flowing(sender):
            until(lambda: lines_stored(db, tmp_path) > 1500, "the flow")
            process.send_signal(ending)
            process.communicate(timeout=60)
            stored = max(numbers(db))
            away = sender.written
            until(lambda: sender.written > away + 1000, "lines while nobody listens")
            process = start(*options, home=tmp_path)
            until(lambda: lines_stored(db, tmp_path) > away, "the flow again")
        until(lambda: arrived(db, sender.written, ending), "all but what the kill took")
        stop(process)
    found = numbers(db)
    missing = sorted(set(range(sender.written)) - set(found))
    repeated = {number: count for number, count in found.items() if count > 1}
    assert list(repeated.values()) in ([], [2], [2, 2])
    assert min(repeated, default=stored + 1) > stored
    if ending == signal.SIGTERM:
        assert missing == []
        assert drops(db) == {}
    else:
        assert missing == list(range(stored + 1, stored + 1 + len(missing)))
        assert len(missing) * LINE < 2000 * LINE + QUEUE + _sockets()
    assert "ok" in socterm("db", "check", "--db", db, home=tmp_path)


def _sockets() -> int:
    """Bytes the two sockets of a connection can hold at most."""
    limits = [Path(f"/proc/sys/net/ipv4/tcp_{which}").read_text().split()[2] for which in ("rmem", "wmem")]
    return sum(map(int, limits))


# -- TLS


def test_over_tls_who_shows_a_good_certificate_is_heard_and_nobody_else(tmp_path: Path) -> None:
    """rsyslogd with GnuTLS and with OpenSSL; one with a stranger's certificate; s_client with none."""
    db, port, pki = tmp_path / "soc.db", free_port(), tmp_path / "pki"
    said = socterm("tls", "init", pki, home=tmp_path)
    socterm("tls", "init", tmp_path / "other", home=tmp_path)
    for end in ("pem", "key"):
        (pki / f"stranger.{end}").write_bytes((tmp_path / "other" / f"client.{end}").read_bytes())
    shown = said[said.index("  syslog = ") : said.index("On the sender")].replace(
        "0.0.0.0:6514", f"127.0.0.1:{port}"
    )
    config = tmp_path / "config.toml"
    config.write_text("\n".join(line.strip() for line in shown.splitlines()))
    with contextlib.ExitStack() as stack:
        stack.enter_context(running("--config", config, "--db", db, home=tmp_path))
        until(lambda: heard(port), "the listener")
        senders = [
            stack.enter_context(Forwarder(tmp_path / name, port, driver=driver, pki=pki, name=cert))
            for name, driver, cert in (("gnutls", "gtls", "client"), ("openssl", "ossl", "client"))
        ]
        wrong = stack.enter_context(
            Forwarder(tmp_path / "wrong", port, driver="gtls", pki=pki, name="stranger")
        )
        for sender in (*senders, wrong):
            sender.write(100)
        client = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", pki / "ca.pem", "-quiet"]
        bare = subprocess.run(client, input=b"<13>nobody\n", capture_output=True, timeout=30, check=False)
        assert b"certificate required" in bare.stderr
        until(lambda: set(numbers(db).values()) == {2} and len(numbers(db)) == 100, "both senders' lines")
        reasons = {"no client certificate", "client certificate refused"}
        until(lambda: set(drops(db)) == reasons, "both to be counted")
    (row,) = socterm("sources", "list", "--json", "--db", db, home=tmp_path).splitlines()
    shown, counted = json.loads(row), drops(db)
    assert (shown["name"], shown["drops"]) == (f"syslog:tls://127.0.0.1:{port}", counted)
    assert "certificate" in shown["note"]
    assert set(counted) == reasons
    assert counted["no client certificate"] == 1
    assert set(numbers(db).values()) == {2}
