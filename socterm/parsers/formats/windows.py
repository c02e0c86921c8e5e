"""Windows events as JSON, in all the shapes that people have them (see `windows_shapes`), .evtx files among
them: those are unwrapped into such lines before they come here.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('logon-failed', 'failure', '192.0.2.88')
"""

from __future__ import annotations

from typing import Any

from socterm.parsers.flat import flatten
from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats import windows_shapes as shapes
from socterm.parsers.formats.windows_dialects import PREFIXED
from socterm.parsers.formats.windows_event import windows_event
from socterm.parsers.formats.windows_flat import flat, otel
from socterm.parsers.marks import Fields
from socterm.parsers.stamps import Clock

_SIGNS = frozenset(
    {
        "Event", "System", "winlog", "winlog.event_id", "event_data", "win", "data", "EventID", "EventCode",
        "EventId", "LogName", "document", "result", "_source", "body", *PREFIXED, "columns",
    }
)  # fmt: skip
_ENVELOPES = ("result", "_source", "body")
_NOT_OURS = ("event.kind", "event.original", "@timestamp", "event.dataset")


def taken(entry: dict[str, Any], clock: Clock, *, nested: bool = False) -> shapes.Taken | None:
    """The event in an object of any shape, None where there is none."""
    tree = entry.get("Event")
    if isinstance(tree, dict):
        return shapes.event_tree(tree, clock, entry.get("Message"))
    if isinstance(entry.get("System"), dict):
        return shapes.event_tree(entry, clock)
    if isinstance(entry.get("winlog"), dict) or "winlog.event_id" in entry:
        return shapes.winlogbeat(entry, clock)
    if not PREFIXED.isdisjoint(entry):
        return flat(entry, clock)
    if isinstance(entry.get("event_data"), dict) and "event_id" in entry:
        return shapes.winlogbeat_6(entry, clock) if "log_name" in entry else otel(entry, clock)
    data = entry.get("data")
    win = entry.get("win") or (data.get("win") if isinstance(data, dict) else None)
    if isinstance(win, dict):
        return shapes.wazuh(win, entry, clock)
    if not nested:
        for name in _ENVELOPES:
            if isinstance(entry.get(name), dict):
                return taken(entry[name], clock, nested=True)
        document = entry.get("document")
        if isinstance(document, dict) and isinstance(document.get("data"), dict):
            return taken(document["data"], clock, nested=True)
    return flat(entry, clock)


def windows(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """Reader of Windows events."""
    if _SIGNS.isdisjoint(entry):
        return None
    found = taken(entry, reading.clock)
    if found is None:
        return None
    for name in ("process.name", "process.pid"):  # of the shipper, where a syslog header named one
        f.pop(name, None)
    if found.beside:
        flatten(found.beside, f)
        for name in _NOT_OURS:
            f.pop(name, None)
    sources = windows_event(f, found.head, found.data)
    if found.beside:
        _restored(f)
    return found.head.ts, sources, 1


def _restored(f: Fields) -> None:
    """Elastic's pipelines take a user apart and the hashes; rules for Sysmon ask for the whole."""
    if f["event.dataset"] != "windows.sysmon":
        return
    if "User" not in f and "user.name" in f and "user.domain" in f:
        f["User"] = f"{f['user.domain']}\\{f['user.name']}"
    if "Hashes" not in f:
        hashes = [
            f"{kind.upper()}={f[name]}"
            for kind in ("sha1", "md5", "sha256")
            for name in (f"process.hash.{kind}", f"file.hash.{kind}")
            if name in f
        ]
        imphash = f.get("process.pe.imphash") or f.get("file.pe.imphash")
        if imphash:
            hashes.append(f"IMPHASH={imphash}")
        if hashes:
            f["Hashes"] = ",".join(hashes)


FORMATS = (
    Format(
        name="windows",
        title="Windows events as JSON: .evtx records, Winlogbeat, NXLog, Wazuh, Splunk and flat exports",
        example='{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},'
        '"EventID":4625,"Level":0,"Keywords":"0x8010000000000000","TimeCreated":{"#attributes":'
        '{"SystemTime":"2026-11-20T10:00:00.123456Z"}},"EventRecordID":77,"Channel":"Security","Computer":'
        '"DC9.corp.example"},"EventData":{"TargetUserName":"ann","TargetDomainName":"CORP","Status":"0xc000006d",'
        '"LogonType":3,"WorkstationName":"KIOSK","IpAddress":"192.0.2.88","IpPort":"50123"}}}',
        object=windows,
        keys=(_SIGNS,),
        order=30,
    ),
)
