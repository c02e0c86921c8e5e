"""Other people's golden files for mail, file, database and application servers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from socterm.event import Chunk
from socterm.parsers import Decoder, as_ecs
from tests.conformance.scoring import SCORED, Score, raw, read, records

CORPORA = Path(os.environ.get("SOCTERM_CORPORA", "/nonexistent"))
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="SOCTERM_CORPORA names no folder")

Record = dict[str, Any]
Exempt = dict[str, Callable[[Record], bool]]
"""Field → the records whose value for it is odd."""

POSTGRESQL: Exempt = {
    # Eastern Standard Time is five hours behind UTC in July, too; theirs reads it as New York's summer time.
    "@timestamp": lambda record: " EST " in record["line"][:40],
    # Theirs has the whole line for the message of a slow statement; ours has the message.
    "message": lambda record: "duration: " in record["line"] and "statement: " in record["line"],
    # [unknown] is what PostgreSQL writes where it knows no user; it is not somebody's name.
    "user.name": lambda record: "[unknown]@[unknown]" in record["line"],
}


def scored(kind: str, exempt: Exempt | None = None) -> Score:
    score = Score()
    for record in records(CORPORA / "golden" / "golden_elastic.jsonl", kind):
        fields = [name for name in SCORED if not (name in (exempt or {}) and (exempt or {})[name](record))]
        score.add(record, read(raw(record)), fields)
    return score


@pytest.mark.parametrize(
    ("kind", "exempt"),
    [
        ("mysql.error", None),
        ("mysql.slowlog", None),
        ("postgresql.log", POSTGRESQL),
        ("mssql.log", None),
        ("kafka.log", None),
        ("icinga.main", None),
        ("icinga.debug", None),
        ("icinga.startup", None),
    ],
)
def test_agreement(kind: str, exempt: Exempt | None) -> None:
    score = scored(kind, exempt)
    assert score.records
    for field in score.counts:
        assert score.agreement(field) >= 0.95, (field, score.differences[:5])
    assert score.extra() <= 0.03, score.differences[:5]


# Theirs stop at stamp, level and message in these logs. Ours also has the peer that a line names, and what
# happened, so the records with more fields than theirs are no measure here.
RICHER = {
    "mongodb.log": (),
    "rabbitmq.log": (),
    "redis.log": (),
    "santa.log": (),
    # theirs cuts a client's protocol message to its JSON
    "nats.log": ("message",),
    # theirs joins process and thread in the pid, and takes the local stamp for UTC where a line names both
    "ibmmq.errorlog": ("process.pid", "@timestamp"),
}


@pytest.mark.parametrize("kind", RICHER)
def test_agreement_of_what_theirs_has(kind: str) -> None:
    score = scored(kind)
    assert score.records
    for field in score.counts:
        assert field in RICHER[kind] or score.agreement(field) >= 0.95, (field, score.differences[:5])


OURS = (
    "3proxy", "assp", "asterisk", "centreon", "counter-strike", "courier-auth", "courier-smtp", "cowrie",
    "cyrus-imap", "dante", "directadmin", "domino-smtp", "dovecot", "dropbear", "drupal-auth",
    "ejabberd-auth",
    "exim", "exim-spam", "freeswitch", "froxlor-auth", "gitlab", "grafana", "groupoffice", "gssftpd",
    "guacamole", "horde", "kerio", "mongodb-auth", "mssql-auth", "murmur", "mysqld-auth", "nagios",
    "openwebmail", "oracleims", "perdition", "phpmyadmin-syslog", "postfix", "proftpd", "pure-ftpd", "qmail",
    "roundcube-auth", "screensharingd", "sendmail-auth", "sendmail-reject", "sieve", "slapd", "softethervpn",
    "sogo-auth", "solid-pop3d", "squirrelmail", "stunnel", "tine20", "uwimap-auth", "vsftpd", "webmin-auth",
    "wuftpd", "xinetd-fail", "xrdp", "znc-adminlog",
)  # fmt: skip

# An invented program that shows how to write a filter. Nobody's log looks like that.
INVENTED = "zzz-generic-example"
# Samples without annotations: nothing is said of which lines are failures.
UNANNOTATED = "bsd/"


def decoded(kinds: list[Record]) -> list[Record]:
    """All records of a kind in the order of their file, as one source."""
    meta = kinds[0]["meta"]
    now = int(datetime.fromisoformat(meta["now"]).timestamp()) * 1_000_000
    chunk = Chunk("golden", 0, [raw(record) for record in kinds], {}, now, live=False)
    return [as_ecs(event) for event in Decoder("golden", tz=ZoneInfo(meta["tz"])).decode(chunk)]


def canonical(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def compare(kind: str) -> tuple[int, int, list[str]]:
    """(addresses found, addresses wanted, lines that are no match but a failure to us)."""
    kinds = list(records(CORPORA / "golden" / "golden_fail2ban.jsonl", kind))
    found = wanted = 0
    accused = []
    for record, ours in zip(kinds, decoded(kinds), strict=True):
        expect = record["expect"]
        categories = ours.get("event.category", ())
        failed = "authentication" in categories and ours.get("event.outcome") == "failure"
        if not expect.get("match"):
            accused += [record["line"]] if failed else []
        elif expect.get("source.ip"):
            wanted += 1
            found += canonical(expect["source.ip"]) == ours.get("source.ip")
    return found, wanted, accused


@pytest.mark.parametrize("kind", OURS)
def test_ban_filters(kind: str) -> None:
    found, wanted, accused = compare(kind)
    assert wanted
    assert found == wanted
    assert accused == []


def test_addresses_of_all_ban_filters_together() -> None:
    """The figure for everybody's kinds; single ones are asserted beside their formats."""
    found = wanted = 0
    lines = (CORPORA / "golden" / "golden_fail2ban.jsonl").read_text().splitlines()
    for kind in sorted({json.loads(line)["kind"] for line in lines}):
        if kind != INVENTED and not kind.startswith(UNANNOTATED):
            right, all_of_them, accused = compare(kind)
            found += right
            wanted += all_of_them
            assert accused == [], kind
    assert wanted > 900
    assert found / wanted >= 0.99


# multilog's labels are ten seconds ahead of UTC (daemontools); theirs takes them for UTC. A line of the day
# that has only a time of day takes the date of the line before it; JUL's stamps with AM and PM are not read.
TIMES_OFF = {"dovecot": 4, "ejabberd-auth": 1, "guacamole": 2}
# Theirs drops the zone these logs write.
ZONES_DROPPED = ("3proxy", "cowrie")


@pytest.mark.parametrize("kind", [kind for kind in OURS if kind not in ZONES_DROPPED])
def test_times(kind: str) -> None:
    kinds = list(records(CORPORA / "golden" / "golden_fail2ban.jsonl", kind))
    off = 0
    for record, ours in zip(kinds, decoded(kinds), strict=True):
        expect = record["expect"]
        if expect.get("match") and "epoch" in expect:
            got = datetime.fromisoformat(ours["@timestamp"]).astimezone(UTC).timestamp()
            off += abs(got - expect["epoch"]) >= 1
    assert off <= TIMES_OFF.get(kind, 0)
