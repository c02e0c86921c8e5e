"""JSON lines of any program, ECS documents, audit logs of clouds: what is found, kept and refused."""

from __future__ import annotations

import gc
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.parsers.envelopes import parse_json
from socterm.parsers.flat import LEFT_OUT, MOST
from socterm.parsers.moments import moment, of_number, when
from socterm.parsers.objects import may_read
from socterm.parsers.registry import FORMATS
from socterm.parsers.stamps import Clock, micros
from socterm.sigma.fields import names_of, values
from socterm.taxonomy.cloud import LOGSOURCES, MAKES

DOCKER = '{"log":'
"""How the envelope of a container's line begins: the line in it is read, not the envelope."""
NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000
EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001 - hypothesis wants naive bounds
LATEST = datetime(2200, 1, 1)  # noqa: DTZ001
TEN = 1_795_168_800_000_000
LOGS = Path(__file__).parent / "logs"


def decode(*entries: dict[str, Any] | str, **options: Any) -> list[Event]:
    lines = [(entry if isinstance(entry, str) else json.dumps(entry)).encode() for entry in entries]
    return Decoder("x", **options).decode(Chunk("x", 0, lines, {}, NOW, live=False))


def fields(entry: dict[str, Any] | str) -> dict[str, Any]:
    return decode(entry)[0].fields


def asked(event: Event, name: str) -> tuple[Any, ...]:
    return values(event, names_of(name, event.logsources[0]))


# Stamps


@pytest.mark.parametrize(
    "stamp",
    [
        {"@timestamp": "2026-11-20T10:00:00Z"},
        {"timestamp": "2026-11-20T11:00:00.000000000+01:00"},
        {"time": "2026-11-20 10:00:00,000"},
        {"ts": 1795168800},
        {"ts": 1795168800.0},
        {"time": 1795168800000},
        {"epoch": "1795168800"},
        {"timestamp": 1795168800000000},
        {"ts": 1795168800000000000},
        {"date": "20/Nov/2026:10:00:00 +0000"},
        {"eventTime": "2026-11-20T10:00:00Z"},
        {"@t": "2026-11-20T10:00:00.0000000Z"},
        {"t": {"$date": "2026-11-20T10:00:00Z"}},
        {"TimeCreated": "/Date(1795168800000)/"},
        {"instant": {"epochSecond": 1795168800, "nanoOfSecond": 0}},
        {"json": {"added_at": "2026-11-20T10:00:00"}},
    ],
)
def test_stamps_under_the_names_and_in_the_forms_people_use(stamp: dict[str, Any]) -> None:
    (event,) = decode(stamp | {"message": "x"})
    assert (event.ts, event.time_from) == (TEN, "line")


@pytest.mark.parametrize("value", [12, 0.25, "soon", True, None, [], 1e300, -5, "99999999999999999999"])
def test_what_is_no_stamp_stays_a_field(value: Any) -> None:
    (event,) = decode({"time": value, "message": "x"})
    assert event.time_from != "line"
    if value not in (None, []):
        assert event.fields["time"] == value


def test_the_most_trusted_of_several_stamps_counts_and_the_others_stay() -> None:
    (event,) = decode({"date": "2020-01-01", "time": "bad", "timestamp": "2026-11-20T10:00:00Z", "ts": 1.5})
    assert event.ts == TEN
    assert (event.fields["date"], event.fields["time"], event.fields["ts"]) == ("2020-01-01", "bad", 1.5)
    assert "timestamp" not in event.fields


@settings(max_examples=200)
@given(
    moments=st.lists(st.datetimes(EARLIEST, LATEST), min_size=1, max_size=5),
    zone=st.sampled_from(["Z", "+00:00", "+05:30", "-03:00", "+0100"]),
    digits=st.integers(0, 6),
    blank=st.booleans(),
)
def test_stamps_read_by_their_hour_mean_what_they_say(
    moments: list[datetime], zone: str, digits: int, blank: bool
) -> None:
    clock = Clock(UTC)
    clock.set_now(NOW)
    offset = timedelta() if zone == "Z" else timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[-2:]))
    for shift in (0, 1, 59, 3599):
        for first in moments:
            local = first + timedelta(seconds=shift)
            fraction = f".{local.microsecond:06d}"[: digits + 1] if digits else ""
            text = f"{local:%Y-%m-%d}{' ' if blank else 'T'}{local:%H:%M:%S}{fraction}{zone}"
            kept = int((fraction[1:] + "000000")[:6])
            want = micros(local.replace(microsecond=kept, tzinfo=UTC) - offset)
            assert when(clock, text) == want


def test_numbers_that_are_instants() -> None:
    assert of_number(1795168800) == of_number(1795168800000) == TEN
    assert [of_number(value) for value in (0, -1, 99, 4e18, float("nan"))] == [None] * 5
    assert moment(Clock(UTC), object()) is None


# Names


def test_names_that_mean_one_thing_become_ecs_names() -> None:
    found = fields(
        {
            "src_ip": "192.0.2.1", "sport": 1, "src_port": "443", "dest_ip": "::ffff:192.0.2.2",
            "dst_port": 53, "username": "ann", "hostname": "app1", "program": "sshd", "pid": "77",
            "level": "WARN",
            "msg": "text", "proto": "TCP", "method": "GET", "status_code": "404", "user_agent": "curl",
        }
    )  # fmt: skip
    want = {
        "source.ip": "192.0.2.1", "source.port": 443, "destination.ip": "192.0.2.2", "destination.port": 53,
        "user.name": "ann", "host.hostname": "app1", "process.name": "sshd", "process.pid": 77,
        "log.level": "warn", "message": "text", "network.transport": "tcp", "http.request.method": "GET",
        "http.response.status_code": 404, "user_agent.original": "curl", "sport": 1, "event.dataset": "json",
    }  # fmt: skip
    assert found == want


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        ({"src_ip": "host.example"}, {"src_ip": "host.example"}),
        ({"source": {"ip": "host.example"}}, {"source.address": "host.example"}),
        ({"source.ip": "host.example"}, {"source.address": "host.example"}),
        ({"src_port": 70000}, {"src_port": 70000}),
        ({"pid": "main"}, {"pid": "main"}),
        ({"method": "doLogin"}, {"method": "doLogin"}),
        ({"outcome": "42"}, {"outcome": "42"}),
        ({"user": "ann", "username": "bob"}, {"user.name": "ann", "username": "bob"}),
        ({"level": 30}, {"level": 30}),
    ],
)
def test_a_value_that_does_not_fit_stays_under_its_own_name(
    entry: dict[str, Any], kept: dict[str, Any]
) -> None:
    found = fields(entry)
    assert {name: found.get(name) for name in kept} == kept
    assert (
        not {"source.ip", "source.port", "process.pid", "http.request.method", "event.outcome"} & found.keys()
    )


def test_numbers_as_levels_where_the_rest_tells_whose() -> None:
    assert fields({"level": 50, "pid": 1, "hostname": "h", "msg": "pino"})["log.level"] == "error"
    assert (
        fields({"version": "1.1", "host": "h", "short_message": "gelf", "level": 4})["log.level"] == "warning"
    )
    assert "log.level" not in fields({"level": 50, "msg": "who knows"})


def test_nested_objects_and_lists_become_dotted_names_and_tuples() -> None:
    found = fields(
        {"a": {"b": {"c": 1}}, "l": [1, "x", None], "o": [{"k": 1}, {"k": [2, 3]}], "n": None, "e": {}}
    )
    assert found["a.b.c"] == 1
    assert found["l"] == (1, "x")
    assert found["o.k"] == (1, 2, 3)
    assert not {"n", "e", "a", "o"} & found.keys()


def test_depth_and_count_are_bounded_and_what_is_left_out_is_counted() -> None:
    deep: Any = 1
    for _ in range(60):
        deep = {"d": deep}
    found = fields({"deep": deep})
    assert max(name.count(".") for name in found) < 12
    found = fields({f"k{n}": n for n in range(5000)})
    assert len(found) <= MOST + 5
    assert found[LEFT_OUT] == 5000 - MOST + 1
    found = fields({"many": list(range(9000)), "n" * 300: 1})
    assert len(found["many"]) == 500
    assert found[LEFT_OUT] == 8501


def test_names_that_are_ours_cannot_be_set_by_a_line() -> None:
    (event,) = decode(
        {
            "event.kind": "pipeline_error", "event": {"kind": "x", "original": "y", "dataset": "sshd"},
            "socterm.repeat": 9, "socterm": {"repeat": 9}, "event.original": "spoof", "@timestamp": "spoof",
        }
    )  # fmt: skip
    assert (event.kind, event.repeat, event.fields["event.dataset"]) == ("event", 1, "json")
    assert not {"event.kind", "event.original", "@timestamp", "socterm.repeat"} & event.fields.keys()


def test_escapes_cannot_bring_in_what_terminals_and_databases_choke_on() -> None:
    found = fields('{"message":"a\\u0000b\\ud800c","\\u0000k":["\\udfff"],"n":{"\\u0000":"x"}}')
    assert found["message"] == "ab\ufffdc"
    assert found["k"] == ("\ufffd",)


def test_numbers_beyond_64_bits_are_kept_as_text() -> None:
    found = fields(
        '{"big":123456789012345678901234567890,"nested":{"big":-99999999999999999999},"l":[1e999]}'
    )
    assert found["big"] == "123456789012345678901234567890"
    assert found["nested.big"] == "-99999999999999999999"
    assert found["l"] == ("inf",)


def test_envelopes_of_docker_and_the_journal_are_not_taken() -> None:
    line = "Nov 20 10:00:00 web1 sshd[7]: Invalid user bob from 192.0.2.7"
    docker = {"time": "2026-11-20T10:00:00Z", "stream": "stdout", "log": line + "\n"}
    journal = {"MESSAGE": "Invalid user bob from 192.0.2.7", "SYSLOG_IDENTIFIER": "sshd", "_PID": "7"}
    assert [event.fields["source.ip"] for event in decode(docker, journal)] == ["192.0.2.7"] * 2


def test_objects_of_one_log_in_turn_are_read_as_alone() -> None:
    lines = [
        line
        for name in ("json", "ecs", "cloudtrail", "okta", "windows", "suricata", "zeek", "caddy")
        for path in sorted((LOGS / name).glob("*.log"))
        for line in path.read_text().splitlines()
        if line.startswith("{")
    ]
    together = decode(*lines)
    for line, event in zip(lines, together, strict=True):
        assert event.fields.get("event.dataset") == decode(line)[0].fields.get("event.dataset"), line


def test_a_format_reads_no_object_that_lacks_the_names_it_declares() -> None:
    for name, made in FORMATS.items():
        if made.object is None or not made.keys:
            continue
        for path in (LOGS / name).glob("*.log"):
            for line in path.read_text(errors="replace").splitlines():
                entry = parse_json(line) if line.startswith("{") and not line.startswith(DOCKER) else ""
                forced = decode(line, form=name)[0] if isinstance(entry, dict) else None
                if forced is not None and forced.kind == "event" and isinstance(entry, dict):
                    assert may_read(made.keys, entry), (name, line)


# ECS


ECS = {"@timestamp": "2026-11-20T10:00:00Z", "ecs": {"version": "8.11"}}


def test_ecs_documents_pass_through_with_nested_and_dotted_names() -> None:
    nested = {
        "event": {"dataset": "nginx.access", "category": ["web"]},
        "source": {"ip": "192.0.2.5", "port": 7},
    }
    dotted = {
        "event.dataset": "nginx.access", "event.category": "web", "source.ip": "192.0.2.5",
        "source.port": "7",
    }  # fmt: skip
    for entry in (nested, dotted):
        (event,) = decode(ECS | entry)
        want = {"event.dataset": "nginx.access", "event.category": ("web",), "source.ip": "192.0.2.5"}
        assert {name: event.fields[name] for name in want} == want
        assert event.fields["source.port"] == 7
        assert any(category == "webserver" for _, category, _ in event.logsources)


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        ({"event": {"dataset": "system.auth"}, "process": {"name": "sshd"}}, ("linux", "", "sshd")),
        ({"event": {"dataset": "system.auth"}, "process": {"name": "x"}}, ("linux", "", "pam")),
        ({"event": {"dataset": "aws.cloudtrail"}}, ("aws", "", "cloudtrail")),
        (
            {"event": {"category": ["process"], "type": ["start"]}, "host": {"os": {"type": "windows"}}},
            ("windows", "process_creation", ""),
        ),
        (
            {"event": {"category": "file", "type": "creation"}, "host": {"os": {"platform": "darwin"}}},
            ("macos", "file_event", ""),
        ),
        ({"event": {"dataset": "nobody.knows"}}, ("", "application", "")),
    ],
)
def test_log_sources_of_ecs_documents(entry: dict[str, Any], source: tuple[str, str, str]) -> None:
    assert source in decode(ECS | entry)[0].logsources


def test_rules_for_windows_processes_find_an_endpoint_agents_names() -> None:
    entry = ECS | {
        "event": {"category": ["process"], "type": ["start"]},
        "host": {"os": {"type": "windows"}, "name": "ws1.corp.example"},
        "process": {"executable": "C:\\a.exe", "command_line": "a /x", "parent": {"executable": "C:\\p.exe"}},
        "user": {"name": "ann", "domain": "CORP"},
    }
    (event,) = decode(entry)
    assert asked(event, "Image") == ("C:\\a.exe",)
    assert asked(event, "CommandLine") == ("a /x",)
    assert asked(event, "ParentImage") == ("C:\\p.exe",)
    assert asked(event, "User") == ("CORP\\ann",)
    assert event.fields["host.hostname"] == "ws1.corp.example"


# Clouds


TRAIL = {
    "eventVersion": "1.08", "eventTime": "2026-11-20T10:00:00Z", "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin", "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.9",
    "userIdentity": {"type": "IAMUser", "userName": "ann", "accountId": "1"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"responseElements": {"ConsoleLogin": "Success"}}, "success"),
        ({"responseElements": {"ConsoleLogin": "Failure"}}, "failure"),
        ({"errorCode": "AccessDenied"}, "failure"),
        ({"errorMessage": "Failed authentication"}, "failure"),
        ({"responseElements": None}, "success"),
    ],
)
def test_cloudtrail_keeps_its_names_beside_those_of_ecs(more: dict[str, Any], outcome: str) -> None:
    (event,) = decode(TRAIL | more)
    want = {
        "eventName": "ConsoleLogin", "eventSource": "signin.amazonaws.com", "userIdentity.type": "IAMUser",
        "event.action": "ConsoleLogin", "event.provider": "signin.amazonaws.com", "event.outcome": outcome,
        "user.name": "ann", "source.ip": "192.0.2.9", "cloud.provider": "aws", "cloud.region": "eu-west-1",
        "cloud.account.id": "1", "event.category": ("authentication",), "event.dataset": "aws.cloudtrail",
    }  # fmt: skip
    assert {name: event.fields.get(name) for name in want} == want
    assert event.ts == TEN
    assert event.logsources == (("aws", "", "cloudtrail"), ("", "authentication", ""))
    assert asked(event, "status") == (outcome,)


def test_a_service_that_calls_for_itself_is_no_address() -> None:
    found = fields(TRAIL | {"sourceIPAddress": "config.amazonaws.com"})
    assert "source.ip" not in found
    assert found["sourceIPAddress"] == found["source.address"] == "config.amazonaws.com"


def test_rules_may_ask_for_whole_parameters_and_for_parts_of_lists() -> None:
    parameters = {"containerDefinitions": [{"command": ["sh", "-c", "x"]}, {"command": ["y"]}]}
    (event,) = decode(TRAIL | {"requestParameters": parameters})
    assert asked(event, "requestParameters.containerDefinitions.command") == ("sh", "-c", "x", "y")
    assert '"command":["y"]' in asked(event, "requestParameters")[0]


def test_azure_logs_are_told_apart_and_have_one_set_of_names() -> None:
    event_hub = {
        "time": "2026-11-20T10:00:00Z", "category": "SignInLogs", "operationName": "Sign-in activity",
        "tenantId": "t", "resultType": "50126",
        "properties": {"riskState": "none", "userPrincipalName": "a@x"},
    }  # fmt: skip
    workspace = {
        "TimeGenerated": "2026-11-20T10:00:00Z", "Type": "SigninLogs", "OperationName": "Sign-in activity",
        "TenantId": "t", "ResultType": "50126", "RiskState": "none", "UserPrincipalName": "a@x",
    }  # fmt: skip
    for entry in (event_hub, workspace):
        (event,) = decode(entry)
        assert event.logsources == (("azure", "", "signinlogs"), ("", "authentication", ""))
        assert event.fields["event.outcome"] == "failure"
        assert event.fields["user.name"] == "a@x"
        assert asked(event, "ResultType") == ("50126",)
        assert asked(event, "RiskState") == ("none",)


def test_whether_an_administrator_consented_is_found_among_changed_properties() -> None:
    changed = [{"displayName": "ConsentContext.IsAdminConsent", "newValue": '"True"'}]
    entry = {
        "time": "2026-11-20T10:00:00Z", "category": "AuditLogs", "operationName": "Consent to application",
        "tenantId": "t", "properties": {"targetResources": [{"modifiedProperties": changed}]},
    }  # fmt: skip
    (event,) = decode(entry)
    assert asked(event, "ConsentContext.IsAdminConsent") == ("True",)
    assert asked(event, "properties.message") == ("Consent to application",)


def test_alerts_of_the_security_centre_are_threat_management() -> None:
    entry = {
        "CreationTime": "2026-11-20T10:00:00", "Operation": "AlertTriggered",
        "Name": "Impossible travel activity", "Workload": "SecurityComplianceCenter", "UserId": "ann@x",
    }  # fmt: skip
    (event,) = decode(entry)
    assert ("m365", "", "threat_management") in event.logsources
    assert asked(event, "eventName") == ("Impossible travel activity",)
    assert asked(event, "status") == ("success",)


def test_each_make_has_log_sources_of_its_own() -> None:
    assert {make.dataset for make in MAKES} <= set(LOGSOURCES)


# Hostile


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
DECLARED = sorted({name for made in FORMATS.values() for keys in made.keys for name in keys})
OTHERS = (
    "time",
    "message",
    "level",
    "user",
    "source",
    "host",
    "event",
    "properties",
    "log",
    "ecs",
    "@timestamp",
)
KNOWN = st.sampled_from((*DECLARED, *OTHERS))


@settings(max_examples=400)
@given(entry=st.dictionaries(KNOWN | st.text(max_size=8), json_values, max_size=8))
def test_no_object_breaks_anything(entry: dict[str, Any]) -> None:
    line = json.dumps(entry)
    (event,) = decode(line)
    assert event.raw == line
    kept = (str, int, float, bool, tuple)
    assert all(isinstance(value, kept) for value in event.fields.values())


@pytest.mark.parametrize(
    "line",
    [
        '{"a":' + "[" * 30_000 + "]" * 30_000 + "}",
        '{"a":' * 10_000 + "1" + "}" * 10_000,
        "{" + ",".join(f'"k{n}":{n}' for n in range(6000)) + "}",
        '{"a":"' + "x" * 65_000 + '"}',
        '{"a":"' + "\\u0000" * 10_000 + '"}',
        '{"time":"' + "9" * 65_000 + '"}',
        '{"EventID":1,"Channel":"Security","Hashes":"' + "MD5=," * 12_000 + '"}',
        '{"eventSource":"' + "a" * 60_000 + '","eventName":"x","awsRegion":"r"}',
    ],
)
def test_long_hostile_lines_are_events_all_the_same(line: str) -> None:
    (event,) = decode(line)
    assert event.raw == line


def test_names_of_any_length_that_never_come_again_do_not_pile_up_in_memory() -> None:
    decoder = Decoder("s")
    tracemalloc.start()
    try:
        for number in range(200):
            line = json.dumps({f"{number}{'x' * 50_000}": 1}).encode()
            [event] = decoder.decode(Chunk("s", number, [line], {}, 0))
            assert event.raw == line.decode()
        del event, line
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2 << 20  # of 10 MB


def test_an_ecs_document_keeps_what_it_says_behind_a_relays_header() -> None:
    document = (
        '{"@timestamp":"2026-11-20T10:00:00Z","ecs":{"version":"8"},"event":{"dataset":"nginx.access"},'
        '"host":{"hostname":"ws61"}}'
    )
    (event,) = decode(f"Nov 20 10:00:01 relay logstash[7]: {document}")
    assert event.fields["event.dataset"] == "nginx.access"
    assert event.fields["host.hostname"] == "ws61"
