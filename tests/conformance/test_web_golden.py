"""Other people's golden tests of web servers and proxies, and what SigmaHQ's rules for them ask for."""

from __future__ import annotations

import json
import os
import tarfile
from collections import Counter
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from socterm.event import Chunk
from socterm.parsers import Decoder
from socterm.taxonomy import resolve
from tests.conformance.scoring import SCORED, Score, raw, read, records

CORPORA = Path(os.environ.get("SOCTERM_CORPORA", "/nonexistent"))
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="SOCTERM_CORPORA names no folder")

ELASTIC = CORPORA / "golden" / "golden_elastic.jsonl"
FAIL2BAN = CORPORA / "golden" / "golden_fail2ban.jsonl"

OURS = {"event.action"}
"""No golden of theirs has an action: the word is our own."""
OLD = {"event.category", "event.outcome"}
"""What happened, in ECS's words. Their older fixtures were written before ECS had these."""
ASKED = {"url.original", "http.request.method", "http.response.status_code"}
"""What was asked, under ECS names; these fixtures have it under names of their own, or in the message."""

WIDER: dict[str, set[str]] = {
    "apache.access": set(),
    "nginx.access": set(),
    "traefik.access": set(),
    # Where Apache logs the place in its code, their pattern leaves the client in the message.
    "apache.error": {"source.ip", "source.port"},
    # Their module keeps client and request in the message only; a ban needs the client.
    "nginx.error": {"source.ip"} | ASKED,
    # Their fixtures of HAProxy leave out the syslog header and the message.
    "haproxy.log": {"host.hostname", "message"} | ASKED,
    # W3C writes path and query apart; url.original is put together from them. s-computername is the host.
    "iis.access": {"url.original", "host.hostname"},
    "iis.error": set(),
    # The target a balancer chose, as the other end of the connection.
    "aws.elb_logs": {"destination.ip", "destination.port"},
    # Their old module has all under names of its own, nothing under ECS's.
    "aws.s3access": {"source.ip", "user.name"} | ASKED,
}
"""Kind → fields of ours that those goldens do not have, each with a reason."""


def expected(record: dict[str, Any]) -> dict[str, Any]:
    """What they want, but for what is not to be wanted.

    `-` is nobody: as a user's name it would be an entity that groups all anonymous requests. The same address
    in another spelling is the same address.
    """
    wanted = dict(record["expect"])
    if wanted.get("user.name") == "-":
        del wanted["user.name"]
    for field in ("source.ip", "destination.ip"):
        if field in wanted:
            wanted[field] = str(ip_address(wanted[field]))
    return wanted


def decoded(record: dict[str, Any]) -> dict[str, Any]:
    """What we make of a record; a stamp without a zone in the zone that they ran with."""
    stamp = datetime.fromisoformat(str(record["expect"].get("@timestamp", "2026-01-01T00:00:00+00:00")))
    zone = stamp.tzinfo
    return read(raw(record), tz=zone) if zone is not None else read(raw(record))


@pytest.mark.parametrize("kind", WIDER)
def test_documents(kind: str) -> None:
    score = Score()
    wider = WIDER[kind] | OURS | OLD
    for record in records(ELASTIC, kind):
        wanted = expected(record)
        ours = decoded(record)
        kept = {name: value for name, value in ours.items() if name not in wider or name in wanted}
        score.add(record | {"expect": wanted}, kept)
    assert score.records
    for field in SCORED:
        assert score.agreement(field) >= 0.95, (field, score.differences)
    assert score.extra() <= 0.03, score.differences


KINDS = (
    "apache-auth", "apache-badbots", "apache-botsearch", "apache-fakegooglebot", "apache-modsecurity",
    "apache-nohome", "apache-noscript", "apache-overflows", "apache-pass", "apache-shellshock",
    "haproxy-http-auth", "lighttpd-auth", "nginx-bad-request", "nginx-botsearch", "nginx-forbidden",
    "nginx-http-auth", "nginx-limit-req", "openhab", "php-url-fopen", "squid", "suhosin", "traefik-auth",
    "zoneminder",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_ban_filters(kind: str) -> None:
    counts: Counter[bool] = Counter()
    for record in records(FAIL2BAN, kind):
        meta, expect = record["meta"], record["expect"]
        now = int(datetime.fromisoformat(meta["now"]).timestamp()) * 1_000_000
        decoder = Decoder("x", tz=ZoneInfo(meta["tz"]))
        (event,) = decoder.decode(Chunk("x", 0, [raw(record)], {}, now, live=False))
        if not expect["match"]:
            failed = event.fields.get("event.outcome") == "failure"
            assert not (failed and "authentication" in event.fields.get("event.category", ())), record["line"]
        elif "source.ip" in expect:
            counts[event.fields.get("source.ip") == expect["source.ip"]] += 1
            if "epoch" in expect and event.time_from == "line":
                assert abs(event.ts / 1_000_000 - expect["epoch"]) < 1, record["line"]
    assert counts[True] >= 0.95 * sum(counts.values()), counts


def test_every_real_line_is_read() -> None:
    lines = (CORPORA / "logs" / "access_combined.log").read_bytes().splitlines()
    events = Decoder("x").decode(Chunk("x", 0, lines, {}, 1_800_000_000_000_000, live=False))
    assert len(events) == 10_000
    for event in events:
        fields = event.fields
        assert fields["event.dataset"] == "web.access", event.raw
        assert {"source.ip", "http.response.status_code", "url.original"} <= fields.keys(), event.raw
        assert event.time_from == "line"


def written() -> set[str]:
    """Every field that some line of our own golden logs has."""
    found: set[str] = set()
    for path in (Path(__file__).parent.parent / "logs").glob("*/*.expected.jsonl"):
        for line in path.read_text().splitlines():
            found |= json.loads(line).keys()
    return found


def asked(detection: Any) -> set[str]:
    """The fields a detection names."""
    if isinstance(detection, list):
        return set().union(*(asked(part) for part in detection if isinstance(part, dict)))
    return {name.partition("|")[0] for name in detection if name.partition("|")[0]}


def test_fields_of_unmodified_rules_are_fields_of_ours(tmp_path: Path) -> None:
    with tarfile.open(CORPORA / "sigma" / "sigmahq-rules.tar.gz") as archive:
        archive.extractall(tmp_path)
    known = written()
    missing: set[tuple[str, str]] = set()
    names: set[tuple[str, str]] = set()
    for path in tmp_path.rglob("*.yml"):
        for rule in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            source = (rule or {}).get("logsource") or {}
            category = source.get("category")
            if category not in ("webserver", "proxy") or source.get("product"):
                continue
            for name, part in rule["detection"].items():
                if name != "condition":
                    names |= {(category, field) for field in asked(part)}
    for category, field in names:
        if resolve(field, ("", category, "")) not in known:
            missing.add((category, field))
    assert len(names) > 18
    # No text log has the request's own content type; IIS can be told to, CloudFront cannot.
    assert missing <= {("webserver", "cs-content-type")}
