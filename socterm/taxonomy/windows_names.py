"""Names of Windows event data, as Sysmon and Windows write them and as Sigma's rules ask for them → ECS.

One table for both ends: the reader files a value under the name found here, and a rule's name is resolved
through it. Names that are not here stay as Windows writes them, without blanks (`Threat Name` is ThreatName).
A value that does not fit its ECS field (`-` for an address) stays under its own name too: a rule looks there
next. Lower case.
"""

from __future__ import annotations

ANY: dict[str, str] = {
    # what every event says of itself
    "eventid": "event.code",
    "eventcode": "event.code",
    "channel": "winlog.channel",
    "eventlog": "winlog.channel",
    "provider_name": "event.provider",
    "providername": "event.provider",
    "source_name": "event.provider",
    "computer": "winlog.computer_name",
    "computername": "winlog.computer_name",
    "eventrecordid": "winlog.record_id",
    "execution_processid": "winlog.process.pid",
    "execution_threadid": "winlog.process.thread.id",
    "security_userid": "winlog.user.identifier",
    "message": "message",
    # processes
    "image": "process.executable",
    "commandline": "process.command_line",
    "processcommandline": "process.command_line",
    "currentdirectory": "process.working_directory",
    "processid": "process.pid",
    "processguid": "process.entity_id",
    "newprocessname": "process.executable",
    "newprocessid": "process.pid",
    "processname": "process.executable",
    "parentimage": "process.parent.executable",
    "parentprocessname": "process.parent.executable",
    "creatorprocessname": "process.parent.executable",
    "parentcommandline": "process.parent.command_line",
    "parentprocessid": "process.parent.pid",
    "parentprocessguid": "process.parent.entity_id",
    "originalfilename": "process.pe.original_file_name",
    "imphash": "process.pe.imphash",
    "md5": "process.hash.md5",
    "sha1": "process.hash.sha1",
    "sha256": "process.hash.sha256",
    "sourceimage": "process.executable",
    "sourceprocessid": "process.pid",
    "sourceprocessguid": "process.entity_id",
    # files, registry
    "targetfilename": "file.path",
    "imageloaded": "file.path",
    "targetobject": "registry.path",
    # network
    "ipaddress": "source.ip",
    "ipport": "source.port",
    "sourceip": "source.ip",
    "sourceport": "source.port",
    "sourcehostname": "source.domain",
    "sourceaddress": "source.ip",
    "destinationip": "destination.ip",
    "destinationport": "destination.port",
    "destinationhostname": "destination.domain",
    "destaddress": "destination.ip",
    "destport": "destination.port",
    "clientaddress": "source.ip",
    "queryname": "dns.question.name",
    # PowerShell
    "scriptblocktext": "powershell.file.script_block_text",
}
"""What a name means in any Windows event."""

_FILE_HASHES = {
    "imphash": "file.pe.imphash",
    "md5": "file.hash.md5",
    "sha1": "file.hash.sha1",
    "sha256": "file.hash.sha256",
    "originalfilename": "file.pe.original_file_name",
}
_PE = ("description", "product", "company", "fileversion")

NAMES: dict[str, dict[str, str]] = {
    "process_creation": {name: f"process.pe.{name.replace('filev', 'file_v')}" for name in _PE},
    "image_load": _FILE_HASHES | {name: f"file.pe.{name.replace('filev', 'file_v')}" for name in _PE},
    "driver_load": _FILE_HASHES,
    "file_event": _FILE_HASHES,
    "file_delete": _FILE_HASHES,
    "file_block_executable": _FILE_HASHES,
    "file_block_shredding": _FILE_HASHES,
    "file_executable_detected": _FILE_HASHES,
    "create_stream_hash": _FILE_HASHES,
    "network_connection": {"protocol": "network.transport"},
    "openssh": {"process": "process.name"},
    # "Channel" of an event log cleared: that of the log, not of the event.
    "system": {"channel": "Channel"},
}
"""By Sigma category or service, where a name means something else there than in any Windows event."""

RENDERED: dict[str, str] = {
    "sourcenetworkaddress": "IpAddress",
    "logonprocess": "LogonProcessName",
    "authenticationpackage": "AuthenticationPackageName",
    "accesses": "AccessList",
    "callerprocessname": "ProcessName",
}
"""Labels of rendered messages (`Source Network Address`, as Splunk takes them apart) → event data names."""

READ_AS: dict[tuple[str, int], dict[str, str]] = {
    # The event is of the new process; the one that made it is its parent.
    ("security", 4688): {
        "processid": "process.parent.pid",
        "processname": "process.parent.executable",
        "mandatorylabel": "IntegrityLevel",
        "subjectlogonid": "LogonId",
    },
}
"""(service, event id) → names this event's data is filed under, against the tables above."""


def windows_name(name: str, service: str = "", category: str = "") -> str:
    """Where a value that Windows calls so stands in an event: its ECS name, else the name itself.

    >>> windows_name("CommandLine"), windows_name("Description", category="image_load")
    ('process.command_line', 'file.pe.description')
    """
    low = name.lower()
    for scope in (category, service):
        if scope and low in NAMES.get(scope, {}):
            return NAMES[scope][low]
    return ANY.get(low, name)


_DISTINCT = (
    "eventid", "eventcode", "commandline", "currentdirectory", "originalfilename", "newprocessname",
    "processguid", "parentimage", "parentcommandline", "parentprocessname", "parentprocessid",
    "parentprocessguid", "targetfilename", "imageloaded", "targetobject", "ipaddress", "ipport",
    "destinationip", "destinationport", "destinationhostname", "queryname", "scriptblocktext",
)  # fmt: skip
DISTINCT: dict[str, str] = {
    **{name: ANY[name] for name in _DISTINCT},
    "winlog.event_id": "event.code",
    "winlog.provider_name": "event.provider",
}
"""Names that nobody but Windows uses: people may type them in any query, whatever the log source."""
