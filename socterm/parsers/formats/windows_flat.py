"""Windows events in one flat object: NXLog, Security-Datasets, Zircolite, Hayabusa, Splunk, Get-WinEvent, …

Who logs and what is logged stand side by side, each dialect with its own names for the former. The first name
of a list that is there is taken out; everything else is event data.
"""

from __future__ import annotations

from typing import Any

from socterm.parsers.formats.windows_accounts import number_of
from socterm.parsers.formats.windows_dialects import plainly
from socterm.parsers.formats.windows_event import Head, inner, level_code, node
from socterm.parsers.formats.windows_message import KNOWN, read_message, read_values
from socterm.parsers.formats.windows_shapes import Taken, string, values_of
from socterm.parsers.moments import moment
from socterm.parsers.stamps import Clock
from socterm.taxonomy.windows import PROVIDERS, SHORT_CHANNELS, provider_of, service_of
from socterm.taxonomy.windows_names import RENDERED

_CODES = ("EventID", "EventCode", "EventId")
_CHANNELS = ("Channel", "LogName", "EventLog", "Logfile")
_PROVIDERS = ("Provider_Name", "ProviderName", "SourceName", "EventSourceName", "Provider")
_COMPUTERS = ("Computer", "ComputerName", "Hostname", "MachineName", "host")
_STAMPS = (
    "SystemTime", "TimeCreated", "TimeCreated_SystemTime", "@timestamp", "TimeGenerated", "EventTime",
    "Timestamp", "timestamp", "_time", "date",
)  # fmt: skip
_RECORDS = ("EventRecordID", "EventRecordId", "RecordNumber", "RecordID", "RecordId")
_PIDS = ("Execution_ProcessID", "ProcessID", "ExecutionProcessID")
_THREADS = ("Execution_ThreadID", "ThreadID", "ExecutionThreadID")
_LEVELS = ("Level", "Severity", "LevelDisplayName", "EventLevel")
_KEYWORDS = ("Keywords", "KeywordsDisplayNames")
_TASKS = ("Task", "Category", "TaskDisplayName", "TaskCategory")
_SIDS = ("Security_UserID", "UserID")
_COLLECTOR = (
    "@version", "EventReceivedTime", "SourceModuleName", "SourceModuleType", "ProviderGuid", "Provider_Guid",
    "Version", "Opcode", "OpcodeValue", "SeverityValue", "_raw", "_cd", "_serial", "_si", "_indextime",
    "_bkt", "_sourcetype", "linecount", "punct", "splunk_server", "ProviderId", "ContainerLog",
    "MatchedQueryIds", "Bookmark", "LevelDisplayName", "OpcodeDisplayName", "TaskDisplayName",
    "KeywordsDisplayNames", "Qualifiers", "RelatedActivityId", "RelatedActivityID", "ChunkNumber",
    "ExtraDataOffset", "HiddenRecord", "SourceFile",
)  # fmt: skip
"""What collectors say of themselves."""
_NX_TYPES = frozenset({"INFO", "WARNING", "ERROR", "VERBOSE", "CRITICAL", "AUDIT_SUCCESS", "AUDIT_FAILURE"})
_PARTS = ("EventData", "AllFieldInfo", "ExtraFieldInfo", "Details", "event_data")
_VALUES = ("Properties", "StringInserts", "ReplacementStrings", "InsertionStrings")
"""Event data in its order, without names."""
_PREFIXES = ("WinEventLog:", "XmlWinEventLog:")
_ACCOUNTS = (("AccountName", "UserName"), ("AccountDomain", "DomainName"), ("SecurityID", "UserSid"))


def _take(data: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The first of these that is there, taken out."""
    for name in names:
        if data.get(name) not in (None, ""):
            return data.pop(name)
    return None


def _channel(data: dict[str, Any]) -> str:
    channel = string(_take(data, _CHANNELS))
    if channel:
        return SHORT_CHANNELS.get(channel, channel)
    for name in ("source", "sourcetype"):  # Splunk's
        value = data.get(name)
        if isinstance(value, str) and value.startswith(_PREFIXES):
            return value.partition(":")[2]
    return ""


def _names(data: dict[str, Any]) -> dict[str, Any]:
    """Names as event data has them: Splunk's labels of rendered messages have underscores for blanks."""
    if not any("_" in name and name[0].isupper() for name in data):
        return data
    found: dict[str, Any] = {}
    for name, value in data.items():
        plain = name.replace("_", "") if name[:1].isupper() else name
        found[RENDERED.get(plain.lower(), plain) if plain != name else name] = value
    for label, name in _ACCOUNTS:  # stands there twice: who acts, then upon whom
        value = found.get(label)
        if isinstance(value, list) and len(value) == 2:
            found.setdefault(f"Subject{name}", value[0])
            found.setdefault(f"Target{name}", value[1])
            del found[label]
    return found


def _parts(data: dict[str, Any]) -> None:
    """Event data in an object of its own within the flat one."""
    for part in _PARTS:
        if isinstance(data.get(part), dict):
            data.update(values_of(data.pop(part)))
    if isinstance(data.get("UserData"), dict):
        data.update(inner(data.pop("UserData")))


def _kind(data: dict[str, Any], channel: str, message: str) -> str:
    """NXLog's EventType takes the place of Sysmon's own, which the message still tells."""
    kind = data.get("EventType")
    if kind not in _NX_TYPES:
        return ""
    del data["EventType"]
    said = message.partition("EventType: ")[2][:20].split()
    if said and "Sysmon" in channel:
        data["EventType"] = said[0]
    return str(kind)


def _better_whole(entry: dict[str, Any]) -> bool:
    """Whether Splunk took no fields out: the line it keeps says more then."""
    raw = entry.get("_raw")
    told = isinstance(raw, str) and (raw.startswith("<Event") or "\nEventCode=" in raw[:500])
    return told and KNOWN.isdisjoint(entry)


def flat(entry: dict[str, Any], clock: Clock) -> Taken | None:
    """The event in a flat object, None where there is none."""
    if _better_whole(entry):
        return None
    data = plainly(entry)
    code = number_of(node(_take(data, _CODES)))
    if code is None:
        return None
    channel = _channel(data)
    provider = string(_take(data, _PROVIDERS))
    if not channel and provider.lower() not in PROVIDERS and not provider.startswith("Microsoft-"):
        return None
    ordered = next((name for name in _VALUES if _is_values(code, data.get(name))), "")
    values = data.pop(ordered) if ordered else None
    message = string(_take(data, ("Message", "message")))
    kind = _kind(data, channel, message)
    keywords = _take(data, _KEYWORDS)
    times = [(name, moment(clock, data[name])) for name in _STAMPS if name in data]
    used, ts = next(((name, ts) for name, ts in times if ts is not None), ("", None))
    data.pop(used, None)
    sid = string(_take(data, _SIDS))
    head = Head(
        code=code,
        channel=channel,
        provider=provider or provider_of(service_of(channel, ""), code),
        computer=string(_take(data, _COMPUTERS)),
        ts=ts if ts is not None else moment(clock, data.get("UtcTime")),
        record=number_of(_take(data, _RECORDS)),
        pid=number_of(_take(data, _PIDS)),
        thread=number_of(_take(data, _THREADS)),
        level=level_code(_take(data, _LEVELS)),
        keywords=keywords if keywords is not None else kind or None,
        task=_take(data, _TASKS),
        sid=sid if sid.startswith("S-1-") else "",
        message=message,
    )
    for name in _COLLECTOR:
        data.pop(name, None)
    _parts(data)
    return Taken(head, _told(head, _names(data), values), {})


def _is_values(code: int, found: Any) -> bool:
    """Whether this is a list of all values; 4662 has a value that is called Properties itself."""
    return isinstance(found, list) and (code != 4662 or len(found) > 4)


def _told(head: Head, data: dict[str, Any], values: Any) -> dict[str, Any]:
    """The data, and where it has no names of its own what the values' order or the message says."""
    if values is None and (not head.message or not KNOWN.isdisjoint(data)):
        return data
    service = service_of(head.channel, head.provider)
    found = read_values(service, head.code, values) or read_message(service, head.code, head.message)
    if values is not None and not found:
        return {"Data": values} | data
    return found | data


def otel(entry: dict[str, Any], clock: Clock) -> Taken | None:
    """OpenTelemetry's windowseventlog receiver and Vector: small letters, an object around each part."""
    identity, provider, data = entry.get("event_id"), entry.get("provider"), entry.get("event_data")
    code = number_of(identity.get("id") if isinstance(identity, dict) else identity)
    if code is None or not isinstance(data, dict):
        return None
    head = Head(
        code=code,
        channel=string(entry.get("channel")),
        provider=string(
            (provider.get("name") if isinstance(provider, dict) else provider) or entry.get("provider_name")
        ),
        computer=string(entry.get("computer")),
        ts=moment(clock, entry.get("system_time") or entry.get("timestamp") or entry.get("@timestamp")),
        record=number_of(entry.get("record_id")),
        level=level_code(entry.get("level")),
        keywords=entry.get("keywords"),
        task=entry.get("task"),
        message=string(entry.get("message")),
    )
    return Taken(head, values_of({"Data": data.get("data")} | data), {})
