"""What a table cannot say of an audit log: what of an object is the record, how it ended, whose log it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

from socterm.parsers.flat import put
from socterm.parsers.formats.json_values import put_address
from socterm.parsers.marks import Fields
from socterm.taxonomy.appliances import OUTCOMES
from socterm.taxonomy.cloud import AZURE_HOISTED

_LONGEST = 8192
_TRANSPORTS = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp", 132: "sctp"}


class Hook(NamedTuple):
    """`before` makes the record out of the object, None if it is none. `after` adds to the fields and gives
    the dataset where it is not the make's own."""

    before: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None
    after: Callable[[dict[str, Any], Fields], str] | None = None


def _cloudtrail(record: dict[str, Any], f: Fields) -> str:
    """An error, or an answer that says Failure, is a failure. Rules ask for whole parameters, too."""
    answer = record.get("responseElements")
    login = answer.get("ConsoleLogin") if isinstance(answer, dict) else None
    failed = record.get("errorCode") or record.get("errorMessage") or login == "Failure"
    f["event.outcome"] = "failure" if failed else "success"
    for name in ("requestParameters", "responseElements"):
        value = record.get(name)
        if isinstance(value, dict) and value and name not in f:
            f[name] = _as_text(value)
    who = record.get("userIdentity")
    if "user.name" not in f and isinstance(who, dict) and who.get("type") == "Root":
        f["user.name"] = "root"
    return ""


def _as_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))[:_LONGEST]
    except (RecursionError, ValueError):
        return ""


def _gcp(record: dict[str, Any], f: Fields) -> str:
    payload = record.get("protoPayload")
    if not isinstance(payload, dict):
        return ""
    status = payload.get("status")
    code = status.get("code", 0) if isinstance(status, dict) else 0
    f["event.outcome"] = "failure" if code else "success"
    service = payload.get("serviceName")
    if service == "k8s.io":
        return _gke(payload, f)
    if service not in ("login.googleapis.com", "admin.googleapis.com"):
        return ""
    f["eventService"] = service
    if "protoPayload.metadata.event.eventName" in f:
        f["eventName"] = f["protoPayload.metadata.event.eventName"]
    _parameters(f, "protoPayload.metadata.event.parameter")
    return "google_workspace.login" if service.startswith("login") else "google_workspace.admin"


def _parameters(f: Fields, where: str) -> None:
    """Workspace's list of names and values as fields of their own: `setting_name`, `new_value`."""
    names, values = f.get(f"{where}.name"), f.get(f"{where}.value")
    if isinstance(names, tuple) and isinstance(values, tuple) and len(names) == len(values):
        for name, value in zip(names, values, strict=True):
            if isinstance(name, str) and "." not in name and not name.lower().startswith("socterm"):
                f.setdefault(name.lower(), value)


def _workspace(record: dict[str, Any], f: Fields) -> str:
    identity = record["id"] if isinstance(record.get("id"), dict) else {}
    application = str(identity.get("applicationName", ""))
    f["eventService"] = f"{application}.googleapis.com"
    _parameters(f, "events.parameters")
    action = str(f.get("event.action", ""))
    if application == "login" and action.startswith("login_"):
        f["event.outcome"] = "success" if action == "login_success" else "failure"
    return "google_workspace.login" if application == "login" else ""


def _flow(_: dict[str, Any], f: Fields) -> str:
    for name in ("network.bytes", "network.packets", "network.iana_number"):
        value = f.get(name)
        if isinstance(value, str) and value.isdecimal() and len(value) < 19:
            f[name] = int(value)
    number = f.get("network.iana_number")
    if number in _TRANSPORTS:
        f["network.transport"] = _TRANSPORTS[number]
    f["network.iana_number"] = str(number)
    f["event.action"] = "network_flow"
    return ""


def _flow_record(entry: dict[str, Any]) -> dict[str, Any] | None:
    payload = entry.get("jsonPayload")
    return entry if isinstance(payload, dict) and isinstance(payload.get("connection"), dict) else None


_UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"


def _worded(value: Any) -> Any:
    """The command line tool writes `{"localizedValue": …, "value": …}` for a word."""
    return (
        value["value"] if isinstance(value, dict) and value.keys() == {"localizedValue", "value"} else value
    )


def _azure_record(entry: dict[str, Any]) -> dict[str, Any] | None:
    """Names begin with a small letter in one export, with a capital in another; `properties` may be text."""
    properties = entry.get("properties")
    if isinstance(properties, dict) and isinstance(properties.get("log"), str):
        return None  # a container's line that Azure passes on
    record = {name[:1].lower() + name[1:]: _worded(value) for name, value in entry.items()}
    claims = record.get("claims") or (
        record["identity"].get("claims") if isinstance(record.get("identity"), dict) else None
    )
    if isinstance(claims, dict) and isinstance(claims.get(_UPN), str):
        record.setdefault("userPrincipalName", claims[_UPN])
    if isinstance(record.get("operationNameValue"), str):
        record["operationName"] = record["operationNameValue"]
    properties = record.get("properties")
    if isinstance(properties, str) and properties.startswith("{"):
        try:
            properties = json.loads(properties[: 1 << 18])
        except (ValueError, RecursionError):
            return record
        record["properties"] = properties
    if isinstance(properties, dict):
        for name in AZURE_HOISTED & properties.keys():
            record.setdefault(name, properties[name])
    return record


def _azure(record: dict[str, Any], f: Fields) -> str:
    category = f"{record.get('category', '')} {record.get('type', '')}".lower()
    if "risk" in category or "riskEventType" in record:
        return "azure.riskdetection"
    if "signin" in category or ("appDisplayName" in record and "userPrincipalName" in record):
        return _sign_in(record, f)
    audit = "auditlogs" in category or "loggedByService" in record
    ended = str(record.get("result") or record.get("resultType") or record.get("activityStatusValue") or "")
    if not ended and isinstance(record.get("status"), str):
        ended = record["status"]
    word = OUTCOMES.get(ended.lower().removesuffix("ed").removesuffix("e"), OUTCOMES.get(ended.lower(), ""))
    if word:
        f["event.outcome"] = word
    if not audit:
        return ""
    if word:
        f.setdefault("status", word.capitalize())
    said = record.get("activityDisplayName") or record.get("operationName")
    if isinstance(said, str):
        f.setdefault("properties.message", said)
        f.setdefault("operationName", said)
    _consent(f)
    return "azure.auditlogs"


def _consent(f: Fields) -> None:
    """Whether an administrator consented stands among the changed properties, by name."""
    names = f.get("targetResources.modifiedProperties.displayName")
    values = f.get("targetResources.modifiedProperties.newValue")
    if isinstance(names, tuple) and isinstance(values, tuple) and len(names) == len(values):
        for name, value in zip(names, values, strict=True):
            if isinstance(name, str) and name.startswith("ConsentContext.") and isinstance(value, str):
                f[name] = value.strip('"')


def _sign_in(record: dict[str, Any], f: Fields) -> str:
    status = record.get("status")
    code = record.get("resultType")
    if code is None and isinstance(status, dict):
        code = status.get("errorCode")
    if code is not None:
        word = "success" if str(code) in ("0", "Success") else "failure"
        f["event.outcome"] = word
        f.setdefault("status", word.capitalize())
        f.setdefault("resultType", code if isinstance(code, str | int) else str(code))
    said = record.get("resultDescription")
    if isinstance(said, str):
        f.setdefault("properties.message", said)
    return "azure.signinlogs"


def _m365(record: dict[str, Any], f: Fields) -> str:
    """What SigmaHQ calls threat management are alerts of the security centre: eventSource, eventName."""
    operation, workload = record.get("Operation"), record.get("Workload")
    ended = str(record.get("ResultStatus", "")).lower()
    if ended in ("true", "succeeded", "success", "partiallysucceeded"):
        f["event.outcome"] = "success"
    elif ended in ("false", "failed", "failure") or operation == "UserLoginFailed":
        f["event.outcome"] = "failure"
    name = record.get("Name") if str(operation).startswith("Alert") else operation
    put(f, "eventSource", workload if isinstance(workload, str) else "")
    put(f, "eventName", name if isinstance(name, str) else str(operation))
    f.setdefault("status", f.get("event.outcome", "success"))
    if workload == "SecurityComplianceCenter":
        return "m365.threats"
    return "m365.exchange" if workload == "Exchange" else ""


def _github(record: dict[str, Any], f: Fields) -> str:
    where = record.get("actor_location")
    if isinstance(where, dict) and isinstance(where.get("country_code"), str):
        f["source.geo.country_iso_code"] = where["country_code"]
    return ""


def _opencanary(record: dict[str, Any], f: Fields) -> str:
    f["event.action"] = f"opencanary_{record.get('logtype')}"
    return ""


def _kubernetes(_: dict[str, Any], f: Fields) -> str:
    code = f.get("http.response.status_code")
    if code.__class__ is int:
        f["event.outcome"] = "success" if code < 400 else "failure"
    return ""


def _gke(payload: dict[str, Any], f: Fields) -> str:
    """Google tells of Kubernetes in a method and a path; rules for its audit log ask for verb and object.

    `io.k8s.core.v1.pods.exec.create` on `core/v1/namespaces/default/pods/web/exec`.
    """
    method, path = payload.get("methodName"), payload.get("resourceName")
    words = method.split(".") if isinstance(method, str) else []
    version = next((at for at, word in enumerate(words) if _VERSION.match(word)), 0)
    if words[:2] != ["io", "k8s"] or not version or len(words) - version < 3:
        return ""
    f["verb"] = words[-1]
    f["objectRef.resource"] = words[version + 1]
    if len(words) - version > 3:
        f["objectRef.subresource"] = words[version + 2]
    if words[version - 1] != "core":
        f["objectRef.apiGroup"] = ".".join(words[2:version])
    steps = path.split("/") if isinstance(path, str) else []
    for step, value in pairwise(steps):
        if step == "namespaces":
            f["objectRef.namespace"] = f["orchestrator.namespace"] = value
        elif step == words[version + 1]:
            f["objectRef.name"] = f["orchestrator.resource.name"] = value
    f["orchestrator.resource.type"] = words[version + 1]
    f["event.action"] = words[-1]
    return "gcp.gke"


_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d+)?$")
_FALCO = {
    "proc.name": "process.name",
    "proc.cmdline": "process.command_line",
    "proc.exepath": "process.executable",
    "proc.pname": "process.parent.name",
    "proc.pid": "process.pid",
    "user.name": "user.name",
    "container.id": "container.id",
    "container.name": "container.name",
    "container.image.repository": "container.image.name",
    "k8s.ns.name": "orchestrator.namespace",
    "k8s.pod.name": "kubernetes.pod.name",
    "fd.name": "file.path",
}


def _falco(record: dict[str, Any], f: Fields) -> str:
    told = record.get("output_fields")
    told = told if isinstance(told, dict) else {}
    for theirs, ours in _FALCO.items():
        value = told.get(theirs)
        if isinstance(value, str | int) and value not in ("", "<NA>", "host"):
            put(f, ours, value)
    f["event.severity"] = PRIORITIES.get(str(record.get("priority", "")).lower(), 6)
    return ""


PRIORITIES = {
    name: number
    for number, name in enumerate(
        ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
    )
}


def _duo(record: dict[str, Any], f: Fields) -> str:
    if f.get("event.action") == "admin_login":
        f["event.outcome"] = "success"
    elif f.get("event.action") == "admin_login_error" or record.get("result") in ("fraud", "denied"):
        f["event.outcome"] = "failure"
    said = record.get("description")
    if "source.ip" not in f and isinstance(said, str) and said[:1] == "{":
        try:
            address = json.loads(said[:_LONGEST]).get("ip_address")
        except (ValueError, RecursionError, AttributeError):
            return ""
        if isinstance(address, str):
            put_address(f, "source.ip", "source.ip", address)
    return ""


def _docker(_: dict[str, Any], f: Fields) -> str:
    """`exec_create: /bin/sh -c id` is an action and the command."""
    action, colon, command = str(f.get("event.action", "")).partition(": ")
    f["event.action"] = action
    if colon:
        f["process.command_line"] = command
    return ""


_ONELOGIN = {5: ("login", "success"), 6: ("login_failed", "failure"), 8: ("app_login", "success")}


def _onelogin(record: dict[str, Any], f: Fields) -> str:
    kind = record.get("event_type_id")
    number = int(kind) if isinstance(kind, str) and kind.isdecimal() and len(kind) < 9 else kind
    if number in _ONELOGIN:
        f["event.action"], f["event.outcome"] = _ONELOGIN[number]
    return ""


HOOKS: dict[str, Hook] = {
    "cloudtrail": Hook(after=_cloudtrail),
    "gcp": Hook(after=_gcp),
    "gcp-flow": Hook(before=_flow_record, after=_flow),
    "workspace": Hook(after=_workspace),
    "azure": Hook(before=_azure_record, after=_azure),
    "m365": Hook(after=_m365),
    "github": Hook(after=_github),
    "opencanary": Hook(after=_opencanary),
    "kubernetes-audit": Hook(after=_kubernetes),
    "falco": Hook(after=_falco),
    "duo": Hook(after=_duo),
    "docker-events": Hook(after=_docker),
    "onelogin": Hook(after=_onelogin),
}
"""By make."""
