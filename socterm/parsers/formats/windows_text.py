"""Windows events as text: what Snare, NXLog and Splunk's agent make of them, mostly to send them by syslog.

| form | who writes it |
|---|---|
| `MSWinEventLog<TAB>1<TAB>Security<TAB>…` | Snare, NXLog's `to_syslog_snare` |
| `[NXLOG@14506 EventID="4625" Channel="Security" …]` | NXLog's `to_syslog_ietf` |
| `11/20/2026 10:00:00 AM LogName=Security EventCode=4625 … Message=…` | Splunk's forwarder |
| the message alone, the provider as its program | NXLog's `to_syslog_bsd`, evtsys |

What has no names is read off the message, see `windows_message`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "user.name", "source.ip")
('logon-failed', 'ann', '192.0.2.88')
>>> read_line(FORMATS[1].example, "event.action", "user.name", "source.ip")
('logon-failed', 'ann', '192.0.2.88')
"""

from __future__ import annotations

import re
from typing import Any

from socterm.parsers.envelopes import parse_json
from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.windows import windows
from socterm.parsers.formats.windows_accounts import number_of
from socterm.parsers.formats.windows_event import Head, windows_event
from socterm.parsers.formats.windows_message import read_message
from socterm.parsers.formats.windows_xml import windows_xml
from socterm.parsers.marks import Fields
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.parsers.stamps import Clock
from socterm.taxonomy.windows import CHANNEL_OF, service_of
from socterm.taxonomy.windows_labels import SENTENCES

_SNARE = "MSWinEventLog"
_COLUMNS = 14
_NXLOG = "log.syslog.structured_data.NXLOG@14506."
_STAMP = r"(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d):(\d\d)(?:\.\d+)? ([AP])M"
_SPLUNK = re.compile(rf"{_STAMP}\s+(?=LogName=|EventCode=)")
_PAIR = re.compile(
    r"\b(LogName|SourceName|EventCode|EventType|Type|ComputerName|User|Sid|SidType|TaskCategory|OpCode|"
    r"RecordNumber|Keywords|Message)=\s*"
)


def _event(f: Fields, head: Head, data: dict[str, Any]) -> Found:
    for name in ("process.name", "process.pid"):  # of the syslog header: the event's own follow
        f.pop(name, None)
    return head.ts, windows_event(f, head, data), 1


def snare(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of Snare's columns."""
    if not text.startswith(_SNARE):
        return None
    columns = (text.replace("#011", "\t") if "\t" not in text else text).split("\t")
    code = number_of(columns[5].strip()) if len(columns) >= _COLUMNS else None
    if code is None:
        return None
    channel, provider, computer = columns[2], columns[6], columns[10]
    message = columns[13]
    head = Head(
        code=code,
        channel=channel,
        provider=provider,
        computer=computer if computer not in ("N/A", "") else "",
        ts=when(reading.clock, columns[4]),
        keywords=columns[9],
        task=columns[11] if columns[11] not in ("N/A", "None") else None,
        message=message,
    )
    return _event(f, head, dict(read_message(service_of(channel, provider), code, message)))


def splunk(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of what Splunk's forwarder takes from an event log, on one line or on many."""
    found = _SPLUNK.match(text)
    if found is None:
        return None
    pairs: dict[str, str] = {}
    marks = list(_PAIR.finditer(text, found.end()))
    for mark, following in zip(marks, [*marks, None][1:], strict=True):
        if mark[1] == "Message":
            pairs["Message"] = text[mark.end() :]
            break
        pairs.setdefault(mark[1], text[mark.end() : following.start() if following else len(text)].strip())
    code = number_of(pairs.get("EventCode"))
    if code is None or "LogName" not in pairs:
        return None
    month, day, year, hour, minute, second, half = found.groups()
    whole = f"{year}-{month}-{day} {int(hour) % 12 + 12 * (half == 'P'):02}:{minute}:{second}"
    channel, provider = pairs["LogName"], pairs.get("SourceName", "")
    message = pairs.get("Message", "")
    head = Head(
        code=code,
        channel=channel,
        provider=provider,
        computer=pairs.get("ComputerName", ""),
        ts=when(reading.clock, whole),
        record=number_of(pairs.get("RecordNumber")),
        keywords=pairs.get("Keywords"),
        task=pairs.get("TaskCategory"),
        message=message,
    )
    return _event(f, head, dict(read_message(service_of(channel, provider), code, message)))


def _structured(f: Fields, msg: str, clock: Clock) -> Found | None:
    """NXLog's structured data: a flat event, as its JSON is."""
    entry: dict[str, Any] = {}
    for name in [name for name in f if name.startswith(_NXLOG)]:
        entry[name[len(_NXLOG) :]] = f[name]
    if "EventID" not in entry:
        return None
    for name in entry:
        del f[_NXLOG + name]
    provider = str(f.get("process.name", ""))
    provider = provider if provider.startswith("Microsoft-") else provider.replace("_", " ")
    entry |= {"SourceName": provider, "Message": msg}
    entry.setdefault("ExecutionProcessID", f.get("process.pid"))
    entry.setdefault("Hostname", f.get("host.hostname"))
    return windows(entry, f, Reading(clock, Memory()))


def _said(msg: str, f: Fields) -> Found | None:
    """A message alone: its first sentence says which event it is."""
    at = re.match(r"(?:\[?(?P<code>\d{3,5})\]?: )?(?P<sentence>[A-Z][^.:\r\n\t]{8,90})[.:]", msg)
    known = SENTENCES.get(at["sentence"].lower()) if at is not None else None
    if known is None:
        return None
    provider, code = known
    channel = CHANNEL_OF[provider]
    head = Head(
        code=code, channel=channel, provider=provider, computer=f.get("host.hostname", ""), message=msg
    )
    return _event(f, head, dict(read_message(service_of(channel, provider), code, msg)))


def windows_program(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for what Windows' providers say through syslog."""
    clock = mem.clock
    if clock is None:
        return mem.times
    reading = Reading(clock, mem)
    found = None
    if msg[:1] == "{":
        entry = parse_json(msg)
        found = windows(entry, f, reading) if isinstance(entry, dict) else None
    elif msg[:1] == "<":
        found = windows_xml(msg, f, reading)
    elif msg.startswith(_SNARE):
        found = snare(msg, f, reading)
    else:
        found = _structured(f, msg, clock) or _said(msg, f)
    if found is not None:
        mem.told, mem.logsources, times = found
        mem.asked = True
        return times * mem.times
    return mem.times


_PROGRAM = Program(windows_program, "syslog", wraps=False, varies=True)

FORMATS = (
    Format(
        name="windows_snare",
        title="Windows events as Snare and NXLog send them by syslog",
        example="<13>Nov 20 10:00:00 DC9 MSWinEventLog\t1\tSecurity\t4711\tFri Nov 20 10:00:00 2026\t4625\t"
        "Microsoft-Windows-Security-Auditing\tann\tN/A\tFailure Audit\tDC9.corp.example\tLogon\t\tAn account "
        "failed to log on.    Subject:   Security ID:  S-1-0-0   Account Name:  -    Logon Type:   3    "
        "Account For Which Logon Failed:   Account Name:  ann   Account Domain:  CORP    Network Information:"
        "   Workstation Name: KIOSK   Source Network Address: 192.0.2.88   Source Port:  50123\t4711",
        programs=dict.fromkeys(
            (
                "microsoft-windows-*",
                "microsoft_windows_*",
                "security-auditing",
                "service_control_manager",
                "mswineventlog",
            ),
            _PROGRAM,
        ),
        line=snare,
        begins="M",
        order=20,
    ),
    Format(
        name="windows_splunk",
        title="Windows events as Splunk's forwarder writes them",
        example="11/20/2026 10:00:00 AM LogName=Security EventCode=4625 EventType=0 "
        "ComputerName=DC9.corp.example SourceName=Microsoft Windows security auditing. Type=Information "
        "RecordNumber=77 Keywords=Audit Failure TaskCategory=Logon OpCode=Info "
        "Message=An account failed to log on.  Logon Type: 3  "
        "Account For Which Logon Failed:  Account Name: ann  Account Domain: CORP  "
        "Network Information:  Workstation Name: KIOSK  Source Network Address: 192.0.2.88  "
        "Source Port: 50123",
        line=splunk,
        begins="01",
        order=20,
    ),
)
