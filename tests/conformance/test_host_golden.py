"""Other people's golden tests of audit records, syslog and a host's own daemons."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from tests.conformance.scoring import SCORED, Score, raw, read, records

CORPORA = Path(os.environ.get("SOCTERM_CORPORA", "/nonexistent"))
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="SOCTERM_CORPORA names no folder")

ELASTIC = CORPORA / "golden" / "golden_elastic.jsonl"
MODERN = CORPORA / "golden" / "golden_elastic_modern.jsonl"
FAIL2BAN = CORPORA / "golden" / "golden_fail2ban.jsonl"

OLD = {"event.category"}
"""Their fixtures of audit records were written before ECS had categories: no record of theirs has one."""
TORN = {"message"}
"""What they call the message of an audit record is what stands behind `msg='` up to a blank (`cwd="/`)."""
TAG = {"process.name", "process.pid"}
LAUNCHD = "launchd["
"""macOS writes the job launchd speaks for behind its tag; they take all of `launchd[1] (com.apple.x[2])` for
the process name, here the process is launchd, with its pid."""


def table(kind: str, fields: tuple[str, ...], path: Path = ELASTIC) -> Score:
    score = Score()
    for record in records(path, kind):
        seen = tuple(field for field in fields if LAUNCHD not in record["line"] or field not in TAG)
        score.add(record, read(raw(record)), seen)
    return score


def test_audit_records_say_what_theirs_say() -> None:
    fields = tuple(field for field in SCORED if field not in OLD | TORN)
    score = table("auditd.log", fields)
    assert score.records == 115
    assert all(score.agreement(field) >= 0.95 for field in fields), score.table()
    assert score.extra() <= 0.03, score.table()


def test_syslog_lines_say_what_theirs_say() -> None:
    # One stamp without a zone is under test there with a zone that was configured.
    fields = tuple(field for field in SCORED if field != "@timestamp")
    score = table("system.syslog", fields)
    assert score.records == 106
    assert all(score.agreement(field) >= 0.95 for field in fields), score.table()
    # What units and sessions do is an action here; theirs keep it in the message.
    assert score.extra() <= 0.03, score.table()


def test_newer_auth_lines_have_their_headers() -> None:
    # A failure that sshd will tell of itself waits for its line: see docs/parsers.md, Counting.
    fields = ("@timestamp", "host.hostname", "process.name", "process.pid", "message")
    score = table("system.auth", fields, MODERN)
    assert score.records == 15
    assert all(score.agreement(field) >= 0.95 for field in fields), score.table()


BANNED = (
    "recidive",
    "selinux-ssh",
    "proxmox",
    "vaultwarden",
    "bitwarden",
    "monit",
    "monitorix",
    "pam-generic",
)


@pytest.mark.parametrize("kind", BANNED)
def test_who_is_to_be_banned_is_found(kind: str) -> None:
    counts: Counter[bool] = Counter()
    for record in records(FAIL2BAN, kind):
        ours = read(raw(record))
        expect = record["expect"]
        failed = "authentication" in ours.get("event.category", ()) and ours.get("event.outcome") == "failure"
        if not expect["match"]:
            assert not failed or kind == "pam-generic", record["line"]
        elif "source.ip" in expect:
            counts[ours.get("source.ip") == expect["source.ip"]] += 1
    assert counts[True] >= 0.95 * counts.total() > 0
