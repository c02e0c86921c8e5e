"""Other people's golden tests of firewalls, DNS servers and sensors, and of what a ban filter should see."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

CORPORA = Path(os.environ.get("SOCTERM_CORPORA", "/nonexistent"))
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="SOCTERM_CORPORA names no folder")

if CORPORA.is_dir():
    from tests.conformance.scoring import SCORED, Score, raw, read, records

ELASTIC = CORPORA / "golden" / "golden_elastic.jsonl"
BANS = CORPORA / "golden" / "golden_fail2ban.jsonl"

# The fixtures are older than ECS's categories: they have no event.action and no event.category, or words
# that ECS does not know ("network_traffic", "firewall-rule"), and the firewall's verdict ("deny") as outcome.
OLD_ECS = {"event.action", "event.category", "event.outcome"}
# They drop the syslog header, and keep the message only as log.original.
NO_HEADER = {"host.hostname", "process.name", "process.pid", "message"}

LEFT_OUT: dict[str, set[str]] = {
    "iptables.log": OLD_ECS | NO_HEADER,
    # Their message is the alert's category; ours is the signature, which says what was seen.
    "suricata.eve": OLD_ECS | {"message"},
    "zeek.connection": OLD_ECS,
    "zeek.dns": OLD_ECS,
    "zeek.http": OLD_ECS,
    "zeek.ssl": OLD_ECS,
    "zeek.files": OLD_ECS,
    # The notice's text is theirs only as zeek.notice.msg; it is the message of the event.
    "zeek.notice": OLD_ECS | {"message"},
    # The node of the collector's envelope is the host; theirs is kubernetes.node.name alone.
    "coredns.log": OLD_ECS | {"host.hostname"},
    # The sender of the relay's header is the host; theirs is log.source.address.
    "cisco.ios": OLD_ECS | {"host.hostname"},
}
ODD_PORT = 383_341
"""A source port that one fixture of a connection holds; no port is as high."""


def score(kind: str, leave: set[str], skip: re.Pattern[str] | None = None) -> Score:
    found = Score()
    fields = [field for field in SCORED if field not in leave]
    for record in records(ELASTIC, kind):
        if skip is not None and skip.search(record["line"]):
            continue
        if record["expect"].get("source.port") == ODD_PORT:
            del record["expect"]["source.port"]
        found.add(record, read(raw(record)), fields)
    return found


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_documents(kind: str) -> None:
    found = score(kind, LEFT_OUT[kind])
    assert found.records
    for field in found.counts:
        assert found.agreement(field) >= 0.95, (field, found.differences[:5])
    assert found.extra() <= 0.03, found.differences[:5]


# A translation's outer address is source.nat here, theirs is the destination (305011, 305012). Of ICMP they
# take the foreign end for the destination whoever began (302020, 302021); a SIP channel's ends are theirs
# reversed (607001). 313005 quotes another packet, whose ports theirs takes.
OTHER_VIEW = re.compile(r"%\w+-(?:\w+-)?\d-(?:305011|305012|302020|302021|607001|313005)")


def test_asa_documents() -> None:
    # Where a placeholder "<IP>" stands for the host, theirs makes it a process name: that is not asked.
    # Users are user.name here; theirs are source.user.name or server.user.name, depending on the message.
    found = score("cisco_asa.log", OLD_ECS | {"message", "user.name"}, OTHER_VIEW)
    for field in ("@timestamp", "host.hostname", "source.ip", "source.port", "url.original", "process.pid"):
        assert found.agreement(field) >= 0.95, (field, found.differences[:5])
    assert found.agreement("destination.ip") >= 0.95
    assert found.agreement("destination.port") >= 0.95


def test_older_asa_documents() -> None:
    # Built connections and translations have no ends there at all: those of ours are not extra, but more.
    found = score("cisco.asa", OLD_ECS | NO_HEADER, re.compile(r"Built|translation|30202[01]"))
    for field in found.counts:
        assert found.agreement(field) >= 0.95, (field, found.differences[:5])
    assert found.extra() <= 0.03, found.differences[:5]


@pytest.mark.parametrize(
    "kind", ["named-refused", "openvpn", "nsd", "portsentry", "scanlogd", "routeros-auth"]
)
def test_ban_filters(kind: str) -> None:
    found = 0
    wanted = 0
    for record in records(BANS, kind):
        ours = read(raw(record))
        if record["expect"]["match"]:
            wanted += 1
            found += ours.get("source.ip") == record["expect"].get("source.ip")
        else:
            failed = (
                "authentication" in ours.get("event.category", ()) and ours.get("event.outcome") == "failure"
            )
            assert not failed, record["line"]
    assert wanted
    assert found >= 0.95 * wanted
