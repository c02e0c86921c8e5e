"""Dialects of flat Windows events, brought to the names that `windows_flat` knows.

| dialect | what is done |
|---|---|
| GELF (NXLog, Graylog's sidecar) | additional fields lose their `_` |
| Graylog's Winlogbeat | `winlogbeat_winlog_event_data_Image` is `Image`, `winlog_channel` is `Channel` |
| EvtxECmd | `Payload` is JSON in a text: its data becomes the event's |
| `Get-WinEvent`, `Get-EventLog` | `Id`, `LogName`, `ProcessId` are the event's own |
| osquery's `windows_events` | the row below `columns`; `data` is JSON in a text |
| Azure Log Analytics | `EventData` is XML or JSON in a text |
"""

from __future__ import annotations

from typing import Any

from socterm.parsers.envelopes import parse_json
from socterm.parsers.formats.windows_shapes import values_of
from socterm.parsers.formats.windows_xml import data_of

PREFIXED: frozenset[str] = frozenset(
    {"_EventID", "_EventCode", "winlogbeat_winlog_event_id", "winlogbeat_event_id", "winlog_event_id"}
)
"""Names by which the prefixed dialects are known."""
_PREFIXES = ("winlogbeat_winlog_", "winlogbeat_", "winlog_")
_HEAD = {
    "event_id": "EventID",
    "channel": "Channel",
    "log_name": "Channel",
    "provider_name": "ProviderName",
    "source_name": "ProviderName",
    "computer_name": "Computer",
    "record_id": "EventRecordID",
    "record_number": "EventRecordID",
    "keywords": "Keywords",
    "level": "Level",
    "task": "Task",
    "process_pid": "Execution_ProcessID",
    "process_thread_id": "Execution_ThreadID",
    "user_identifier": "UserID",
}
_DATA = ("event_data_", "user_data_")
_GET_WINEVENT = {
    "Id": "EventID",
    "ProcessId": "Execution_ProcessID",
    "ThreadId": "Execution_ThreadID",
    "EntryType": "Keywords",
    "InstanceId": "InstanceId",
}
_OSQUERY = {
    "eventid": "EventID",
    "source": "Channel",
    "provider_name": "ProviderName",
    "datetime": "TimeCreated",
    "time": "timestamp",
    "computer_name": "Computer",
    "keywords": "Keywords",
    "level": "Level",
    "task": "Task",
}
_LONGEST = 1 << 18


def plainly(entry: dict[str, Any]) -> dict[str, Any]:
    """A copy of a flat object under the usual names.

    >>> plainly({"_EventID": 1, "host": "h"}), plainly({"winlog_event_id": 1, "winlog_event_data_Image": "x"})
    ({'EventID': 1, 'host': 'h'}, {'EventID': 1, 'Image': 'x'})
    """
    if not PREFIXED.isdisjoint(entry):
        return _gelf(entry) if "_EventID" in entry or "_EventCode" in entry else _graylog(entry)
    columns = entry.get("columns")
    if isinstance(columns, dict):
        return _osquery(entry, columns)
    if isinstance(entry.get("Payload"), str) and "EventId" in entry:
        return _evtxecmd(entry)
    if "Id" in entry and "LogName" in entry:
        return {_GET_WINEVENT.get(name, name): value for name, value in entry.items()}
    data = entry.copy()
    if isinstance(data.get("EventData"), str):
        data["EventData"] = _unpacked(data["EventData"])
    if "EventLog" in data and "Source" in data:
        data.setdefault("SourceName", data.pop("Source"))
    if "RenderedDescription" in data:
        data.setdefault("Message", data.pop("RenderedDescription"))
    return data


def _gelf(entry: dict[str, Any]) -> dict[str, Any]:
    data = {name[1:] if name[:1] == "_" else name: value for name, value in entry.items()}
    said = data.pop("full_message", None) or data.get("short_message")
    data.pop("short_message", None)
    data.pop("version", None)
    data.pop("level", None)  # syslog's, not Windows'
    if said is not None:
        data.setdefault("Message", said)
    return data


def _graylog(entry: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, value in entry.items():
        bare = next((name[len(prefix) :] for prefix in _PREFIXES if name.startswith(prefix)), "")
        part = next((bare[len(prefix) :] for prefix in _DATA if bare.startswith(prefix)), "")
        data[part or _HEAD.get(bare, name)] = value
    return data


def _osquery(entry: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    data = {_OSQUERY.get(name, name): value for name, value in columns.items() if name != "data"}
    data.setdefault("Computer", entry.get("hostIdentifier"))
    inside = _unpacked(columns.get("data"))
    return data | {name: inside[name] for name in ("EventData", "UserData") if name in inside}


def _evtxecmd(entry: dict[str, Any]) -> dict[str, Any]:
    data = {_GET_WINEVENT.get(name, name): value for name, value in entry.items() if name != "Payload"}
    payload = parse_json(entry["Payload"][:_LONGEST])
    if isinstance(payload, dict):
        data |= {name: payload[name] for name in ("EventData", "UserData") if payload.get(name)}
    return data


def _unpacked(text: Any) -> dict[str, Any]:
    """Event data in a text: JSON, or XML around it; {} where it is neither."""
    if not isinstance(text, str):
        return {}
    if text[:1] == "{":
        found = parse_json(text[:_LONGEST])
        return found if isinstance(found, dict) else {}
    return values_of(data_of(text))
