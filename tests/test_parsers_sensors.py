"""Suricata and Zeek: behaviours and quirks that the golden pairs do not name; names that Sigma rules use."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.sigma.fields import names_of
from socterm.taxonomy import ACTIONS, LOGSOURCES
from socterm.taxonomy.network import ACTIONS as NETWORK_ACTIONS

NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000
TSV = "1795168800.000001\tCHhAvVGS1DHFjwGM9a\t192.0.2.5\t40000\t203.0.113.80\t443"


def events(*lines: str) -> list[Event]:
    chunk = Chunk("x", 0, [line.encode() for line in lines], {}, NOW, live=False)
    return Decoder("x").decode(chunk)


def fields(line: str) -> dict[str, Any]:
    return events(line)[0].fields


def eve(**entry: Any) -> dict[str, Any]:
    whole = {"timestamp": "2026-11-20T10:00:00.000001+0000", "flow_id": 1, "src_ip": "192.0.2.5"} | entry
    return fields(json.dumps(whole))


class TestSuricata:
    def test_an_alert_carries_the_transaction_it_matched_in(self) -> None:
        found = eve(
            event_type="alert", alert={"signature": "S", "signature_id": 7}, dns={"rrname": "x.example"}
        )
        assert found["event.action"] == "ids_alert"
        assert found["rule.id"] == "7"
        assert found["dns.question.name"] == "x.example"

    def test_blocked_traffic_is_told_apart(self) -> None:
        assert eve(event_type="alert", alert={"action": "blocked"})["event.action"] == "ids_blocked"

    def test_attack_tags_of_a_rule_become_threat_fields(self) -> None:
        found = eve(event_type="alert", alert={"metadata": {"mitre_technique_id": ["T1071"]}})
        assert found["threat.technique.id"] == ("T1071",)

    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_dns_answers_of_each_version(self, version: int) -> None:
        record = {"rrname": "x.example", "rrtype": "A", "rdata": "192.0.2.80"}
        dns: dict[str, Any] = {"type": "answer", "rrname": "x.example", "rcode": "NOERROR"}
        dns |= {1: record, 2: {"answers": [record]}, 3: {"type": "response", "answers": [record]}}[version]
        found = eve(event_type="dns", dns=dns)
        assert found["dns.resolved_ip"] == ("192.0.2.80",)
        assert found["event.action"] == "dns_response"

    def test_an_event_type_of_tomorrow_is_read_by_its_head(self) -> None:
        found = eve(event_type="telepathy", dest_ip="192.0.2.6", telepathy={"a": 1})
        assert found["event.dataset"] == "suricata"
        assert found["suricata.telepathy.a"] == 1

    def test_other_objects_with_an_event_type_are_not_suricatas(self) -> None:
        found = fields('{"event_type": "alert", "timestamp": "2026-11-20T10:00:00Z", "user": "ann"}')
        assert not str(found.get("event.dataset", "")).startswith("suricata")

    def test_microseconds_and_milliseconds_share_no_hour(self) -> None:
        lines = [
            json.dumps({"timestamp": f"2026-11-20T10:00:00.{digits}+0000", "event_type": "dns", "flow_id": 1})
            for digits in ("000001", "123", "000002", "456")
        ]
        assert [event.ts % 1_000_000 for event in events(*lines)] == [1, 123_000, 2, 456_000]


CONN = f"{TSV}\ttcp\tssl\t1.5\t500\t2000\tSF\tT\tF\t0\tShAD\t10\t900\t12\t2500\t-"


class TestZeek:
    def test_columns_of_a_header_are_remembered(self) -> None:
        found = events(
            "#path\tours",
            "#fields\tts\tuid\tid.orig_h\tid.orig_p\tcolour",
            "#types\ttime\tstring\taddr\tport\tenum",
            "1795168800.000001\tCHhAvVGS1DHFjwGM9a\t192.0.2.5\t7\tred",
        )
        assert found[3].fields["zeek.ours.colour"] == "red"
        assert found[3].fields["source.port"] == 7

    def test_a_header_survives_a_restart(self) -> None:
        first = Decoder("x")
        lines = [b"#path\tours", b"#fields\tts\tuid\tid.orig_h\tid.orig_p\tcolour"]
        first.decode(Chunk("x", 0, lines, {}, NOW))
        second = Decoder("x")
        second.restore([(key, text) for key, text in first.changes() if text is not None])
        row = b"1795168800.000001\tCHhAvVGS1DHFjwGM9a\t192.0.2.5\t7\tred"
        assert second.decode(Chunk("x", 2, [row], {}, NOW))[0].fields["zeek.ours.colour"] == "red"

    def test_a_row_without_a_header_is_told_by_its_shape(self) -> None:
        assert fields(CONN)["event.dataset"] == "zeek.conn"

    def test_a_header_counts_only_for_rows_that_fit_it(self) -> None:
        found = events("#path\tdns", "#fields\tts\tuid\tquery", CONN)
        assert found[2].fields["event.dataset"] == "zeek.conn"

    def test_tsv_and_json_of_one_connection_are_the_same_event(self) -> None:
        entry = {
            "ts": 1795168800.000001,
            "uid": "CHhAvVGS1DHFjwGM9a",
            "id.orig_h": "192.0.2.5",
            "id.orig_p": 40000,
            "id.resp_h": "203.0.113.80",
            "id.resp_p": 443,
            "proto": "tcp",
            "service": "ssl",
            "duration": 1.5,
            "orig_bytes": 500,
            "resp_bytes": 2000,
            "conn_state": "SF",
            "local_orig": True,
            "local_resp": False,
            "missed_bytes": 0,
            "history": "ShAD",
            "orig_pkts": 10,
            "orig_ip_bytes": 900,
            "resp_pkts": 12,
            "resp_ip_bytes": 2500,
        }
        left, right = events(CONN, json.dumps(entry))
        assert left.fields == right.fields
        assert left.ts == right.ts

    def test_a_login_seen_on_the_wire_has_an_outcome(self) -> None:
        found = fields(
            json.dumps({"ts": 1795168800.5, "uid": "C1", "auth_success": False, "auth_attempts": 3})
        )
        assert found["event.outcome"] == "failure"


SIGMA = {
    ("zeek", "", "dns"): ("query", "answers", "qtype_name", "rejected", "Z", "id.resp_p"),
    ("zeek", "", "http"): (
        "method",
        "host",
        "uri",
        "user_agent",
        "status_code",
        "resp_mime_types",
        "id.resp_h",
        "request_body_len",
        "client_header_names",
        "c-uri",
        "c-useragent",
    ),
    ("zeek", "", "kerberos"): ("request_type", "cipher", "service"),
    ("zeek", "", "dce_rpc"): ("operation", "endpoint"),
    ("zeek", "", "smb_files"): ("path", "name"),
    ("zeek", "", "x509"): ("certificate.serial",),
    ("zeek", "", "rdp"): ("id.orig_h",),
    ("", "dns", ""): ("query", "answer", "record_type"),
    ("", "firewall", ""): ("src_ip", "dst_ip", "dst_port", "action", "blocked"),
}
ENTRIES: dict[str, dict[str, Any]] = {
    "dns": {"query": "x", "answers": ["192.0.2.1"], "qtype_name": "A", "rejected": False, "Z": 1},
    "http": {
        "method": "GET",
        "host": "h",
        "uri": "/",
        "user_agent": "u",
        "status_code": 200,
        "request_body_len": 1,
        "resp_mime_types": ["a/b"],
        "client_header_names": ["HOST"],
    },
    "kerberos": {"request_type": "TGS", "cipher": "rc4", "service": "s"},
    "dce_rpc": {"operation": "o", "endpoint": "e"},
    "smb_files": {"path": "p", "name": "n"},
    "x509": {"certificate.serial": "1"},
    "rdp": {"cookie": "c"},
}


@pytest.mark.parametrize("source", SIGMA, ids=lambda source: "/".join(filter(None, source)))
def test_names_that_public_sigma_rules_use_find_their_values(source: tuple[str, str, str]) -> None:
    if source[0] == "zeek" or source[1] == "dns":
        path = source[2] or "dns"
        entry = {
            "_path": path,
            "ts": 1795168800.5,
            "uid": "C1",
            "id.orig_h": "192.0.2.5",
            "id.resp_h": "192.0.2.6",
            "id.resp_p": 53,
        } | ENTRIES[path]
        (event,) = events(json.dumps(entry))
    else:
        (event,) = events(
            "Nov 20 10:00:00 g kernel: DROP IN=a OUT= SRC=10.0.0.1 DST=10.0.0.2 PROTO=TCP DPT=21"
        )
    assert source in event.logsources
    for name in SIGMA[source]:
        assert any(key in event.fields for key in names_of(name, source)), name


def test_every_action_of_the_network_is_known_with_its_meaning() -> None:
    assert set(NETWORK_ACTIONS) <= set(ACTIONS)
    assert all(ACTIONS[name].meaning for name in NETWORK_ACTIONS)


def test_sensors_logs_have_log_sources() -> None:
    assert LOGSOURCES["zeek.dns"] == (("zeek", "", "dns"), ("", "dns", ""))
    assert ("", "firewall", "") in LOGSOURCES["cisco.asa"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
EVE_KEYS = st.sampled_from(
    [
        "src_ip",
        "src_port",
        "dest_port",
        "proto",
        "alert",
        "dns",
        "http",
        "tls",
        "flow",
        "tcp",
        "smb",
        "fileinfo",
        "files",
        "ftp",
        "krb5",
        "dhcp",
        "ether",
        "vlan",
        "email",
        "stats",
    ]
)
ZEEK_KEYS = st.sampled_from(
    [
        "id.orig_h",
        "id.orig_p",
        "id.resp_p",
        "proto",
        "duration",
        "answers",
        "orig_bytes",
        "tx_hosts",
        "query",
        "trans_id",
        "version",
        "path",
        "name",
        "local_orig",
        "auth_success",
    ]
)
INNER = st.sampled_from(
    [
        "type",
        "rrname",
        "answers",
        "query",
        "queries",
        "grouped",
        "rdata",
        "metadata",
        "signature",
        "bytes_toserver",
        "bytes_toclient",
        "start",
        "end",
        "hostname",
        "ja3",
        "ntlmssp",
        "id",
    ]
)


@settings(max_examples=300)
@given(
    st.sampled_from(["alert", "dns", "flow", "http", "tls", "dhcp", "new"]),
    st.dictionaries(EVE_KEYS, JSON | st.dictionaries(INNER, JSON, max_size=5), max_size=8),
)
def test_suricata_objects_of_any_shape_are_one_event(kind: str, entry: dict[str, Any]) -> None:
    found = eve(event_type=kind, **entry)
    assert all(isinstance(value, str | int | float | bool | tuple) for value in found.values())
    assert all(-(1 << 63) <= value < 1 << 63 for value in found.values() if isinstance(value, int))


@settings(max_examples=300)
@given(
    st.sampled_from(["conn", "dns", "http", "ssl", "files", "smb_files", "ntlm", "ours"]),
    st.dictionaries(ZEEK_KEYS, JSON, max_size=8),
)
def test_zeek_objects_of_any_shape_are_one_event(path: str, entry: dict[str, Any]) -> None:
    found = fields(json.dumps({"_path": path, "ts": 1795168800.5, "uid": "C1"} | entry))
    assert all(isinstance(value, str | int | float | bool | tuple) for value in found.values())
    assert all(-(1 << 63) <= value < 1 << 63 for value in found.values() if isinstance(value, int))
