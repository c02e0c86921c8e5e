"""From the name a person or a rule writes to the ECS name the event carries: tables, first hit wins."""

from __future__ import annotations

from socterm.event import LogSource
from socterm.taxonomy import audit, cloud, network
from socterm.taxonomy.web import WEB_NAMES
from socterm.taxonomy.windows_names import DISTINCT, windows_name

ALIASES: dict[str, str] = {
    "host": "host.hostname",
    "host.name": "host.hostname",
    "hostname": "host.hostname",
    "process": "process.name",
    "program": "process.name",
    "pid": "process.pid",
    "user": "user.name",
    "username": "user.name",
    "ip": "source.ip",
    "src_ip": "source.ip",
    "src": "source.ip",
    "source.address": "source.ip",
    "action": "event.action",
    "outcome": "event.outcome",
    "timestamp": "@timestamp",
    "time": "@timestamp",
    "msg": "message",
    "raw": "event.original",
    **network.ALIASES,
    **DISTINCT,
}
"""Short names people type and producers use → ECS; lower case."""

_PROCESS_CREATION = {
    "image": "process.executable",
    "commandline": "process.command_line",
    "user": "user.name",
    "logonid": "user.id",
    "currentdirectory": "process.working_directory",
    "processid": "process.pid",
    "parentimage": "process.parent.executable",
    "parentcommandline": "process.parent.command_line",
}

_ANTIVIRUS = {"signature": "ThreatName", "filename": "Path"}
"""Defender's names; ECS has none for what a scanner calls a find."""
_WINLOGBEAT = "winlog.event_data."

BY_LOGSOURCE: dict[str, dict[str, str]] = {
    "process_creation": _PROCESS_CREATION,
    "antivirus": _ANTIVIRUS,
    **cloud.NAMES,
    **audit.BY_LOGSOURCE,
    **network.BY_LOGSOURCE,
    **WEB_NAMES,
}
"""Sigma field names of one log source category or service → ECS; lower case."""


def resolve(name: str, logsource: LogSource | None = None) -> str:
    """The ECS name for a field name in a rule or a query; the name itself where no table knows it.

    >>> resolve("CommandLine", ("linux", "process_creation", ""))
    'process.command_line'
    >>> resolve("host.name")
    'host.hostname'
    """
    low = name.lower()
    if low.startswith(_WINLOGBEAT):
        name = name[len(_WINLOGBEAT) :]
        return windows_name(name, *(logsource or ("", "", ""))[:0:-1])
    if logsource is not None:
        if logsource[0] == "windows" and "." not in name:
            return windows_name(name, logsource[2], logsource[1])
        for part in (logsource[2], logsource[1], logsource[0]):
            found = BY_LOGSOURCE.get(part, {}).get(low)
            if found:
                return found
    return ALIASES.get(low, name)
