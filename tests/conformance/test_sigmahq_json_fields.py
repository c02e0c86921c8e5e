"""Every field that SigmaHQ's rules for Windows and clouds name is found in events we read, by that name."""

from __future__ import annotations

import json
import os
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.sigma.fields import names_of, text, values
from socterm.taxonomy import known_logsources, windows
from socterm.taxonomy.logsources import serves

CORPORA = os.environ.get("SOCTERM_CORPORA", "")
pytestmark = pytest.mark.skipif(not CORPORA, reason="SOCTERM_CORPORA names no folder with outside corpora")

NOW = 1_800_000_000_000_000
PROBES: tuple[Any, ...] = ("probe value", "192.0.2.1", "443", "4", ["probe value"], {"x": 1})

NOBODY_WRITES = {
    ("auditlogs", "ConsentContext.IsAdminConsent"),  # stands as a name among changed properties: own test
}
"""(category or service, field) that is no key of any record."""

_ADMIN, _LOGIN = "admin.googleapis.com", "login.googleapis.com"
_CENTRE = "SecurityComplianceCenter"
_T = "2026-11-20T10:00:00Z"
BASES: dict[tuple[str, str, str], dict[str, Any]] = {
    ("aws", "", "cloudtrail"): {"eventSource": "s", "eventName": "n", "awsRegion": "r", "eventTime": _T},
    ("azure", "", "activitylogs"): {"time": _T, "operationName": "o", "resourceId": "r"},
    ("azure", "", "auditlogs"): {"time": _T, "operationName": "o", "tenantId": "t", "loggedByService": "s"},
    ("azure", "", "signinlogs"): {"time": _T, "operationName": "o", "tenantId": "t", "type": "SigninLogs"},
    ("azure", "", "riskdetection"): {"detectedDateTime": _T, "riskEventType": "r"},
    ("azure", "", "pim"): {"detectedDateTime": _T, "riskEventType": "r"},
    ("gcp", "", "gcp.audit"): {"insertId": "i", "protoPayload": {"methodName": "m", "serviceName": "s"}},
    ("gcp", "", "google_workspace.admin"): {"insertId": "i", "protoPayload": {"serviceName": _ADMIN}},
    ("gcp", "", "google_workspace.login"): {"insertId": "i", "protoPayload": {"serviceName": _LOGIN}},
    ("github", "", "audit"): {"action": "a", "actor": "x", "org": "o"},
    ("m365", "", "audit"): {"CreationTime": _T, "Operation": "o", "Workload": "w"},
    ("m365", "", "exchange"): {"CreationTime": _T, "Operation": "o", "Workload": "Exchange"},
    ("m365", "", "threat_detection"): {"CreationTime": _T, "Operation": "o", "Workload": _CENTRE},
    ("m365", "", "threat_management"): {"CreationTime": _T, "Operation": "o", "Workload": _CENTRE},
    ("okta", "", "okta"): {"eventType": "e", "actor": {}, "published": _T},
    ("bitbucket", "", "audit"): {"auditType": {}, "timestamp": _T},
    ("onelogin", "", "onelogin.events"): {"event_type_id": 1, "account_id": 1},
    ("kubernetes", "", "audit"): {"auditID": "a", "verb": "v", "stage": "s"},
    ("kubernetes", "application", "audit"): {"auditID": "a", "verb": "v", "stage": "s"},
    ("opencanary", "application", ""): {"logtype": 1, "node_id": "n", "src_host": "192.0.2.9"},
    ("rpc_firewall", "application", ""): {"EventID": 3, "Channel": "RPCFW"},
}  # fmt: skip
"""Log source → what an object of it has at least."""


@cache
def wanted() -> dict[tuple[str, str, str], set[str]]:
    """Log source → the fields its rules name."""
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    with tarfile.open(Path(CORPORA) / "sigma" / "sigmahq-rules.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".yml") else None
            rule = yaml.load(file, yaml.CSafeLoader) if file is not None else None
            if isinstance(rule, dict) and "logsource" in rule:
                source = rule["logsource"]
                key = (source.get("product", ""), source.get("category", ""), source.get("service", ""))
                for name, part in rule["detection"].items():
                    if name not in ("condition", "timeframe"):
                        found[key] |= set(fields(part))
    return found


def fields(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (name for key in part if (name := key.partition("|")[0]))
    elif isinstance(part, list):
        for item in part:
            yield from fields(item)


def windows_base(category: str, service: str) -> dict[str, Any]:
    """The least of an event of a category or a service."""
    for (name, code), categories in windows._BY_ID.items():
        if category and category in categories:
            return {"EventID": code, "Channel": windows._CHANNELS[name][0], "Provider_Name": "P"}
    channels = windows._CHANNELS.get(service, ("Other",))
    return {"EventID": 4624 if service == "security" else 9999, "Channel": channels[0], "Provider_Name": "P"}


def probed(base: dict[str, Any], field: str, value: Any) -> Event:
    entry = json.loads(json.dumps(base))
    at = entry
    *path, last = field.split(".")
    for step in path:
        nested = at.get(step)
        at[step] = at = nested if isinstance(nested, dict) else {}
    at[last] = value
    return Decoder("x").decode(Chunk("x", 0, [json.dumps(entry).encode()], {}, NOW, live=False))[0]


def is_found(base: dict[str, Any], field: str, logsource: tuple[str, str, str]) -> bool:
    """Whether a value under that name, or the one it stands for, comes back when the rule asks for it."""
    names = names_of(field, logsource)
    for written in (field, names[0]):
        for probe in PROBES:
            event = probed(base, written, probe)
            found = {text(value).lower() for value in values(event, names)}
            wanted = probe[0] if isinstance(probe, list) else '{"x":1}' if isinstance(probe, dict) else probe
            if str(wanted).lower() in found:
                return True
    return bool(values(probed(base, "unrelated", "x"), names))  # what we tell of each: an outcome, a method


def test_names_in_rules_for_windows_and_clouds_are_found() -> None:
    tried = 0
    missed = []
    for logsource, names in sorted(wanted().items()):
        product, category, service = logsource
        if product == "windows":
            base = windows_base(category, service)
        elif logsource in BASES:
            base = BASES[logsource]
        else:
            continue
        for field in sorted(names):
            tried += 1
            if not is_found(base, field, logsource) and (service or category, field) not in NOBODY_WRITES:
                missed.append((*logsource, field))
    assert tried > 400
    assert missed == []


def test_log_sources_of_rules_for_windows_and_clouds_are_served() -> None:
    known = known_logsources()
    ours = {"windows", "aws", "azure", "gcp", "github", "okta", "m365", "bitbucket", "onelogin", "kubernetes"}
    lacking = [
        source
        for source in sorted(wanted())
        if source[0] in {*ours, "opencanary", "rpc_firewall"}
        and not any(serves(source, have) for have in known)
    ]
    assert lacking == []
