"""JSON around a line: journald's export and docker's json-file. Any other JSON is left as it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from socterm.parsers.marks import number
from socterm.parsers.text import clean

_decode = msgspec.json.Decoder(type=dict[str, Any]).decode
_INT64 = 2**63

_KEPT = {
    "_SYSTEMD_UNIT": "systemd.unit",
    "_TRANSPORT": "systemd.transport",
    "_UID": "journald.uid",
    "_GID": "journald.gid",
    "_AUDIT_LOGINUID": "journald.audit_login_uid",
    "_AUDIT_ID": "audit.sequence",
    "_EXE": "journald.exe",
    "_CMDLINE": "journald.cmdline",
    "_BOOT_ID": "host.boot.id",
    "MESSAGE_ID": "journald.message_id",
}


_POD = {
    "pod_name": "kubernetes.pod.name",
    "namespace_name": "kubernetes.namespace",
    "container_name": "container.name",
    "host": "kubernetes.node.name",
}
_LAST_SECOND = 253_402_300_799
"""9999-12-31, the last day a datetime holds."""


class Journal(NamedTuple):
    """A journal entry's own header and its message; `ts` is None where it names no time."""

    ts: int | None
    host: str
    name: str
    pid: int | None
    msg: str
    fields: dict[str, Any]


class Docker(NamedTuple):
    """A container's line, the stamp docker put on it, and the stream it came from."""

    line: str
    stamp: str
    fields: dict[str, Any]


TOO_DEEP: Final = "JSON: a number too long or nesting too deep"


def parse_json(text: str) -> dict[str, Any] | str:
    """The object of a line that begins with `{`, or one sentence on why it is none."""
    try:
        return _decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # the strict decoder refuses what journald writes for odd bytes; the lenient one decides
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        return f"JSON: broken at character {error.pos}"
    except (ValueError, RecursionError):
        return TOO_DEEP
    return found if isinstance(found, dict) else "JSON: not an object"


def _text(value: Any) -> str:
    """A journal field as text: bytes come as a list of numbers, a repeated field as a list of values."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        if value and all(
            isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 256 for item in value
        ):
            return bytes(value).decode("utf-8", "replace").replace("\0", "")
        return "\n".join(_text(item) for item in value)
    if value is None:
        return ""
    return clean(str(value)) if isinstance(value, (int, float)) else clean(json.dumps(value))


def _first(value: Any) -> str:
    """The first value of a field that may be repeated."""
    if isinstance(value, list) and value and not isinstance(value[0], int):
        return _text(value[0])
    return _text(value)


def _many(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, list) and value and not isinstance(value[0], int):
        return tuple(_text(item) for item in value)
    return _text(value)


def journal(entry: dict[str, Any]) -> Journal | None:
    """A journal entry (`journalctl -o json`), or None where the object is none."""
    if "MESSAGE" not in entry and "__REALTIME_TIMESTAMP" not in entry:
        return None
    stamp = number(_first(entry.get("__REALTIME_TIMESTAMP", "")), 18)
    fields: dict[str, Any] = {
        ours: _many(entry[theirs]) for theirs, ours in _KEPT.items() if entry.get(theirs)
    }
    severity = number(_first(entry.get("PRIORITY", "")), 1)
    facility = number(_first(entry.get("SYSLOG_FACILITY", "")), 3)
    if severity is not None and severity < 8:
        fields["log.syslog.severity.code"] = severity
        if facility is not None and facility < 24:
            fields["log.syslog.priority"] = facility * 8 + severity
    if facility is not None:
        fields["log.syslog.facility.code"] = facility
    name = _first(entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM") or "")
    pid = number(_first(entry.get("SYSLOG_PID") or entry.get("_PID") or ""))
    return Journal(stamp, _first(entry.get("_HOSTNAME", "")), name, pid, _text(entry.get("MESSAGE")), fields)


def docker(entry: dict[str, Any]) -> Docker | None:
    """A container's line in docker's json-file or as Fluent Bit and Fluentd hand it on, else None."""
    line, stamp = entry.get("log"), _docker_stamp(entry)
    if not isinstance(line, str) or not stamp:
        return None
    stream = entry.get("stream")
    fields: dict[str, Any] = {"stream": clean(stream)} if isinstance(stream, str) else {}
    pod = entry.get("kubernetes")
    if isinstance(pod, dict):
        fields |= {
            ours: clean(pod[theirs]) for theirs, ours in _POD.items() if isinstance(pod.get(theirs), str)
        }
    return Docker(clean(line), clean(stamp), fields)


def _docker_stamp(entry: dict[str, Any]) -> str:
    """When the envelope was written: `time`; of a collector that names the stream `@timestamp` or `date`."""
    stamp = entry.get("time")
    if stamp is None and entry.get("stream") in ("stdout", "stderr"):
        stamp = entry.get("@timestamp", entry.get("date"))
        if stamp.__class__ in (int, float) and 0 <= stamp < _LAST_SECOND:
            return datetime.fromtimestamp(stamp, UTC).isoformat(timespec="microseconds")
    return stamp if isinstance(stamp, str) else ""


def is_docker(entry: dict[str, Any]) -> bool:
    """Whether `docker` would take this object for a container's line."""
    return isinstance(entry.get("log"), str) and bool(_docker_stamp(entry))
