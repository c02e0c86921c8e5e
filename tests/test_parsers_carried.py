"""Records that another program put into a document of its own, and what watches clouds and containers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.parsers.carried import carried
from socterm.parsers.formats.cloud_examples import EXAMPLES

NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000
SSHD = "Nov 20 10:00:00 web1 sshd[7]: Failed password for root from 192.0.2.7 port 40000 ssh2"


def decode(entry: dict[str, Any] | str) -> Event:
    line = entry if isinstance(entry, str) else json.dumps(entry)
    return Decoder("t").decode(Chunk("t", 0, [line.encode()], {}, NOW))[0]


def wrapped(text: str) -> dict[str, dict[str, Any]]:
    record = json.loads(text)
    return {
        "EventBridge": {"detail-type": "x", "time": "2026-11-20T10:00:05Z", "detail": record},
        "CloudWatch": {"timestamp": 1_795_168_805_000, "message": text},
        "Splunk": {"preview": False, "result": {"_time": "2026-11-20T10:00:05Z", "_raw": text}},
        "Cribl": {"_time": 1_795_168_805.0, "_raw": text},
        "HTTP input": {"time": 1_795_168_805.0, "event": text},
        "AuditData": {"CreationDate": "2026-11-20", "AuditData": text},
        "Azure": {"time": "2026-11-20T10:00:05Z", "category": "c", "operationName": "o", "resourceId": "r",
                  "properties": {"log": text + "\n"}},
        "Elastic": {"@timestamp": "2026-11-20T10:00:05Z", "ecs": {"version": "8.0.0"},
                    "event": {"dataset": "x", "category": ["x"], "original": text}},
    }  # fmt: skip


@pytest.mark.parametrize("make", ["cloudtrail", "okta", "kubernetes-audit", "m365", "github", "guardduty"])
def test_a_record_means_the_same_in_whatever_it_comes(make: str) -> None:
    alone = decode(EXAMPLES[make])
    for name, entry in wrapped(EXAMPLES[make]).items():
        event = decode(entry)
        assert event.logsources == alone.logsources, name
        assert {key: event.fields.get(key) for key in alone.fields} == alone.fields, name


def test_the_stamp_of_the_record_counts_where_the_document_has_none() -> None:
    text = EXAMPLES["cloudtrail"]
    assert decode({"AuditData": text}).ts == decode(text).ts
    assert decode({"AuditData": text}).time_from == "line"


def test_a_line_kept_raw_is_read_as_the_line_it_is() -> None:
    for entry in (
        {"_raw": SSHD, "host": "x"},
        {"result": {"_raw": SSHD}},
        {"event": SSHD, "time": 1_795_168_805},
    ):
        event = decode(entry)
        assert (event.fields["event.action"], event.fields["source.ip"]) == ("ssh_login", "192.0.2.7")


def test_what_nobody_knows_leaves_the_document_as_it_was() -> None:
    entry = {"message": '{"a":1,"user":"eve"}', "level": "info", "user": "ann"}
    event = decode(entry)
    assert (event.fields["event.dataset"], event.fields["user.name"]) == ("json", "ann")
    assert event.fields["message"] == entry["message"]


def test_only_what_is_one_is_taken_for_an_envelope() -> None:
    assert carried({"detail": {"a": 1}}) == ""
    assert carried({"data": {"a": 1}, "properties": {"log": 7}, "event": {"a": 1}, "result": "ok"}) == ""


@pytest.mark.parametrize(
    ("code", "outcome"), [(200, "success"), (101, "success"), (403, "failure"), (500, "failure")]
)
def test_kubernetes_says_by_its_answer_how_a_request_ended(code: int, outcome: str) -> None:
    entry = json.loads(EXAMPLES["kubernetes-audit"]) | {"responseStatus": {"code": code}}
    assert decode(entry).fields["event.outcome"] == outcome


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("io.k8s.core.v1.pods.exec.create", "core/v1/namespaces/n/pods/web/exec",
         ("create", "pods", "exec", None, "n", "web")),
        ("io.k8s.core.v1.secrets.list", "core/v1/namespaces/n/secrets",
         ("list", "secrets", None, None, "n", None)),
        ("io.k8s.authorization.rbac.v1.clusterrolebindings.create",
         "rbac.authorization.k8s.io/v1/clusterrolebindings/b",
         ("create", "clusterrolebindings", None, "authorization.rbac", None, "b")),
        ("google.container.v1.ClusterManager.GetCluster", "projects/p", (None,) * 6),
    ],
)  # fmt: skip
def test_what_google_tells_of_kubernetes_has_the_names_of_its_audit_log(
    method: str, path: str, wanted: tuple[str | None, ...]
) -> None:
    payload = {"serviceName": "k8s.io", "methodName": method, "resourceName": path}
    event = decode({"insertId": "i", "timestamp": "2026-11-20T10:00:00Z", "protoPayload": payload})
    names = (
        "verb",
        *(f"objectRef.{name}" for name in ("resource", "subresource", "apiGroup", "namespace", "name")),
    )
    assert tuple(event.fields.get(name) for name in names) == wanted
    assert (("kubernetes", "application", "audit") in event.logsources) == (wanted[0] is not None)


def test_a_value_called_properties_is_no_list_of_values() -> None:
    entry = {
        "EventID": 4662,
        "Channel": "Security",
        "Properties": "%%7688 {1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}",
    }
    assert decode(entry).fields["Properties"] == entry["Properties"]


@pytest.mark.parametrize(
    ("message", "dataset"),
    [
        (SSHD, "sshd"),
        (
            "2 123456789012 eni-0a1b2c3d 192.0.2.7 10.0.0.9 40000 22 6 1 40 1795168800 1795168860 REJECT OK",
            "aws.vpcflow",
        ),
        (EXAMPLES["cloudtrail"], "aws.cloudtrail"),
        ("words of an application", "json"),
    ],
)
def test_an_event_of_a_log_group_is_what_its_message_says(message: str, dataset: str) -> None:
    told = {"owner": "1", "logGroup": "g", "logStream": "i-0", "id": "1", "timestamp": 1_795_168_805_000}
    event = decode({**told, "message": message})
    assert event.fields["event.dataset"] == dataset
    assert (event.fields["logGroup"], event.fields["logStream"]) == ("g", "i-0")


@pytest.mark.parametrize("name", ["createdDateTime", "activityDateTime"])
def test_a_record_of_microsoft_graph_has_its_own_time(name: str) -> None:
    event = decode({"id": "1", name: "2026-11-20T10:00:00Z", "userPrincipalName": "ann@example.org"})
    assert (event.time_from, event.ts) == ("line", 1_795_168_800_000_000)
