"""Lines and records that another program put into a document of its own: where they lie in it.

| document | where |
|---|---|
| Splunk, Cribl | `_raw`, also below `result` |
| Splunk's HTTP input | `event`, a text |
| Amazon EventBridge | `detail`, beside `detail-type` |
| exports of Microsoft's unified audit log | `AuditData`, JSON in a text |
| Azure's diagnostic logs of containers | `properties.log` |
| Google Pub/Sub | `data`, a log entry |
| CloudWatch Logs, an event of a subscription | `message`, beside `logGroup` and `logStream` |

>>> carried({"result": {"_raw": "Nov 20 10:00:00 web1 sshd[7]: hello"}})
'Nov 20 10:00:00 web1 sshd[7]: hello'
"""

from __future__ import annotations

import json
from typing import Any

NAMES: frozenset[str] = frozenset({"_raw", "result", "event", "detail", "AuditData", "data", "properties",
                                   "logGroup"})  # fmt: skip
"""Names of which a document that carries something has one."""


def carried(entry: dict[str, Any]) -> str:
    """The line or record that a document carries as it was, "" where it carries none."""
    inside = entry.get("result")
    properties = entry.get("properties")
    for found in (
        entry.get("_raw"),
        inside.get("_raw") if isinstance(inside, dict) else None,
        entry.get("event"),
        entry.get("AuditData"),
        properties.get("log") if isinstance(properties, dict) else None,
    ):
        if isinstance(found, str) and found:
            return found.strip()
    if "logGroup" in entry and "logStream" in entry and isinstance(entry.get("message"), str):
        return str(entry["message"]).strip()
    if "detail-type" in entry:
        return _written(entry.get("detail"))
    data = entry.get("data")
    return _written(data) if isinstance(data, dict) and "protoPayload" in data else ""


def _written(record: Any) -> str:
    if not isinstance(record, dict):
        return ""
    try:
        return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return ""
