"""Windows events: from channel and event id to Sigma log sources, as SigmaHQ's rules name them.

A channel is one Sigma service; an event id of a service may be of one or more categories. Source: SigmaHQ's
log source guides, Microsoft's Sysmon manual and the manifests of the providers.
"""

from __future__ import annotations

from socterm.event import LogSource
from socterm.taxonomy.authentication import AUTHENTICATION

_CHANNELS: dict[str, tuple[str, ...]] = {
    "security": ("Security",),
    "system": ("System",),
    "application": ("Application",),
    "sysmon": ("Microsoft-Windows-Sysmon/Operational",),
    "powershell": ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational"),
    "powershell-classic": ("Windows PowerShell",),
    "windefend": ("Microsoft-Windows-Windows Defender/Operational",),
    "taskscheduler": ("Microsoft-Windows-TaskScheduler/Operational",),
    "wmi": ("Microsoft-Windows-WMI-Activity/Operational",),
    "dns-server": ("DNS Server",),
    "dns-server-audit": ("Microsoft-Windows-DNS-Server/Audit", "Microsoft-Windows-DNSServer/Audit"),
    "dns-server-analytic": (
        "Microsoft-Windows-DNS-Server/Analytical",
        "Microsoft-Windows-DNSServer/Analytical",
    ),
    "dns-client": (
        "Microsoft-Windows-DNS Client Events/Operational",
        "Microsoft-Windows-DNS-Client/Operational",
    ),
    "firewall-as": ("Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",),
    "applocker": (
        "Microsoft-Windows-AppLocker/EXE and DLL",
        "Microsoft-Windows-AppLocker/MSI and Script",
        "Microsoft-Windows-AppLocker/Packaged app-Deployment",
        "Microsoft-Windows-AppLocker/Packaged app-Execution",
    ),
    "bits-client": ("Microsoft-Windows-Bits-Client/Operational",),
    "ntlm": ("Microsoft-Windows-NTLM/Operational",),
    "terminalservices-localsessionmanager": (
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    ),
    "codeintegrity-operational": ("Microsoft-Windows-CodeIntegrity/Operational",),
    "security-mitigations": (
        "Microsoft-Windows-Security-Mitigations/KernelMode",
        "Microsoft-Windows-Security-Mitigations/Kernel Mode",
        "Microsoft-Windows-Security-Mitigations/UserMode",
        "Microsoft-Windows-Security-Mitigations/User Mode",
    ),
    "driver-framework": ("Microsoft-Windows-DriverFrameworks-UserMode/Operational",),
    "printservice-admin": ("Microsoft-Windows-PrintService/Admin",),
    "printservice-operational": ("Microsoft-Windows-PrintService/Operational",),
    "smbclient-security": ("Microsoft-Windows-SmbClient/Security",),
    "smbclient-connectivity": ("Microsoft-Windows-SmbClient/Connectivity",),
    "smbserver-connectivity": ("Microsoft-Windows-SMBServer/Connectivity",),
    "msexchange-management": ("MSExchange Management",),
    "microsoft-servicebus-client": (
        "Microsoft-ServiceBus-Client/Admin",
        "Microsoft-ServiceBus-Client/Operational",
    ),
    "ldap": ("Microsoft-Windows-LDAP-Client/Debug",),
    "lsa-server": ("Microsoft-Windows-LSA/Operational",),
    "dhcp": ("Microsoft-Windows-DHCP-Server/Operational", "DhcpAdminEvents"),
    "openssh": ("OpenSSH/Operational", "OpenSSH/Admin"),
    "shell-core": ("Microsoft-Windows-Shell-Core/Operational",),
    "diagnosis-scripted": ("Microsoft-Windows-Diagnosis-Scripted/Operational",),
    "appxdeployment-server": ("Microsoft-Windows-AppXDeploymentServer/Operational",),
    "appxpackaging-om": ("Microsoft-Windows-AppxPackaging/Operational",),
    "appmodel-runtime": ("Microsoft-Windows-AppModel-Runtime/Admin",),
    "capi2": ("Microsoft-Windows-CAPI2/Operational",),
    "certificateservicesclient-lifecycle-system": (
        "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational",
    ),
    "bitlocker": ("Microsoft-Windows-BitLocker/BitLocker Management",),
    "vhdmp": ("Microsoft-Windows-VHDMP/Operational", "Microsoft-Windows-VHDMP-Operational"),
    "iis-configuration": ("Microsoft-IIS-Configuration/Operational",),
    "kernel-shimengine": (
        "Microsoft-Windows-Kernel-ShimEngine/Operational",
        "Microsoft-Windows-Kernel-ShimEngine/Diagnostic",
    ),
    "application-experience": (
        "Microsoft-Windows-Application-Experience/Program-Telemetry",
        "Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant",
    ),
    "ntfs": ("Microsoft-Windows-Ntfs/Operational",),
    "hyper-v-worker": ("Microsoft-Windows-Hyper-V-Worker-Admin", "Microsoft-Windows-Hyper-V-Worker/Admin"),
    "kernel-event-tracing": (
        "Microsoft-Windows-Kernel-EventTracing/Admin",
        "Microsoft-Windows-Kernel-EventTracing",
    ),
    "kernel-file": ("Microsoft-Windows-Kernel-File/Analytic",),
    "sense": ("Microsoft-Windows-SENSE/Operational",),
    "rpc-firewall": ("RPCFW",),
}

CHANNELS: dict[str, str] = {
    channel.lower(): service for service, channels in _CHANNELS.items() for channel in channels
}
"""Channel, lower case → service."""

PROVIDERS: dict[str, str] = {
    "microsoft-windows-security-auditing": "security",
    "microsoft-windows-sysmon": "sysmon",
    "microsoft-windows-powershell": "powershell",
    "powershellcore": "powershell",
    "powershell": "powershell-classic",
    "microsoft-windows-windows defender": "windefend",
    "microsoft-windows-taskscheduler": "taskscheduler",
    "microsoft-windows-wmi-activity": "wmi",
    "microsoft-windows-dns-client": "dns-client",
    "microsoft-windows-windows firewall with advanced security": "firewall-as",
    "microsoft-windows-applocker": "applocker",
    "microsoft-windows-bits-client": "bits-client",
    "microsoft-windows-ntlm": "ntlm",
    "microsoft-windows-terminalservices-localsessionmanager": "terminalservices-localsessionmanager",
    "microsoft-windows-codeintegrity": "codeintegrity-operational",
    "microsoft-windows-kernel-file": "kernel-file",
    "microsoft-windows-eventlog": "system",
    "service control manager": "system",
    "openssh": "openssh",
}
"""Provider, lower case → service, for events that name no channel."""

CHANNEL_OF: dict[str, str] = {
    "Microsoft-Windows-Security-Auditing": "Security",
    "Microsoft-Windows-Eventlog": "Security",
    "Microsoft-Windows-Sysmon": "Microsoft-Windows-Sysmon/Operational",
    "Service Control Manager": "System",
}
"""Provider → the channel of its events, for messages that come alone."""

_ALWAYS: dict[str, str] = {
    "security": "Microsoft-Windows-Security-Auditing",
    "sysmon": "Microsoft-Windows-Sysmon",
    "powershell": "Microsoft-Windows-PowerShell",
    "powershell-classic": "PowerShell",
    "windefend": "Microsoft-Windows-Windows Defender",
    "taskscheduler": "Microsoft-Windows-TaskScheduler",
    "wmi": "Microsoft-Windows-WMI-Activity",
    "bits-client": "Microsoft-Windows-Bits-Client",
}
_BY_CODE: dict[tuple[str, int], str] = {
    ("security", 1102): "Microsoft-Windows-Eventlog",
    ("security", 1100): "Microsoft-Windows-Eventlog",
    ("system", 104): "Microsoft-Windows-Eventlog",
    **{("system", code): "Service Control Manager" for code in (7030, 7034, 7035, 7036, 7040, 7045)},
}


def provider_of(service: str, code: int) -> str:
    """The provider of an event whose exporter left it out, "" where several may have written it.

    >>> provider_of("system", 7045), provider_of("system", 1)
    ('Service Control Manager', '')
    """
    return _BY_CODE.get((service, code)) or _ALWAYS.get(service, "")


SHORT_CHANNELS: dict[str, str] = {
    "Sec": "Security",
    "Sys": "System",
    "App": "Application",
    "Sysmon": "Microsoft-Windows-Sysmon/Operational",
    "PwSh": "Microsoft-Windows-PowerShell/Operational",
    "PwShClassic": "Windows PowerShell",
    "Defender": "Microsoft-Windows-Windows Defender/Operational",
    "Firewall": "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
    "TaskSch": "Microsoft-Windows-TaskScheduler/Operational",
    "WMI": "Microsoft-Windows-WMI-Activity/Operational",
    "BitsCli": "Microsoft-Windows-Bits-Client/Operational",
    "CodeInteg": "Microsoft-Windows-CodeIntegrity/Operational",
}
"""How Hayabusa abbreviates channels."""

_SYSMON: dict[int, tuple[str, ...]] = {
    1: ("process_creation",),
    2: ("file_change",),
    3: ("network_connection",),
    4: ("sysmon_status",),
    5: ("process_termination",),
    6: ("driver_load",),
    7: ("image_load",),
    8: ("create_remote_thread",),
    9: ("raw_access_thread",),
    10: ("process_access",),
    11: ("file_event",),
    12: ("registry_event", "registry_add", "registry_delete"),
    13: ("registry_event", "registry_set"),
    14: ("registry_event", "registry_rename"),
    15: ("create_stream_hash",),
    16: ("sysmon_status",),
    17: ("pipe_created",),
    18: ("pipe_created",),
    19: ("wmi_event",),
    20: ("wmi_event",),
    21: ("wmi_event",),
    22: ("dns_query",),
    23: ("file_delete",),
    24: ("clipboard_capture", "clipboard_change"),
    25: ("process_tampering",),
    26: ("file_delete", "file_delete_detected"),
    27: ("file_block_executable", "file_block"),
    28: ("file_block_shredding", "file_block"),
    29: ("file_executable_detected",),
    255: ("sysmon_error",),
}

_BY_ID: dict[tuple[str, int], tuple[str, ...]] = {
    **{("sysmon", code): categories for code, categories in _SYSMON.items()},
    ("security", 4688): ("process_creation",),
    ("security", 4689): ("process_termination",),
    ("powershell", 4103): ("ps_module",),
    ("powershell", 4104): ("ps_script",),
    ("powershell-classic", 400): ("ps_classic_start",),
    ("powershell-classic", 600): ("ps_classic_provider_start",),
    ("powershell-classic", 800): ("ps_classic_script",),
    ("kernel-file", 12): ("file_access",),
    ("kernel-file", 26): ("file_delete",),
    ("kernel-file", 27): ("file_rename",),
    ("kernel-file", 30): ("file_event",),
    **{
        ("windefend", code): ("antivirus",)
        for code in (*range(1006, 1013), 1015, 1017, 1018, 1019, *range(1115, 1120))
    },
}
"""(service, event id) → categories."""

_REGISTRY: dict[str, tuple[str, ...]] = {
    "createkey": ("registry_event", "registry_add"),
    "deletekey": ("registry_event", "registry_delete"),
    "deletevalue": ("registry_event", "registry_delete"),
}
"""Sysmon 12 stands for three things; its EventType says which."""

_Sources = tuple[LogSource, ...]


def _sources(service: str, categories: tuple[str, ...], product: str = "windows") -> _Sources:
    return tuple((product, category, service) for category in categories) or ((product, "", service),)


_BY_SERVICE: dict[str, _Sources] = {
    **{service: _sources(service, ()) for service in _CHANNELS},
    "rpc-firewall": (("rpc_firewall", "application", ""), ("windows", "", "")),
}
_BY_EVENT: dict[tuple[str, int], _Sources] = {
    key: _sources(key[0], categories) for key, categories in _BY_ID.items()
} | {("security", code): (("windows", "", "security"), AUTHENTICATION) for code in (4624, 4625)}
_BY_CHANGE: dict[str, _Sources] = {
    change: _sources("sysmon", categories) for change, categories in _REGISTRY.items()
}
_LINUX: dict[int, _Sources] = {
    code: _sources("sysmon", categories, "linux") for code, categories in _SYSMON.items()
}
_LINUX_OTHER: _Sources = (("linux", "", "sysmon"),)
_OTHER: _Sources = (("windows", "", ""),)

LINUX_SYSMON = "linux-sysmon"
"""The service of Sysmon for Linux: its events belong to the product linux."""

LOGSOURCES: dict[str, _Sources] = {
    "windows": _OTHER,
    **{f"windows.{service}": sources for service, sources in _BY_SERVICE.items()},
    "linux.sysmon": _LINUX_OTHER,
}
"""`event.dataset` → log sources, as far as the channel tells them."""

BY_ACTION: dict[tuple[str, str], _Sources] = {
    **{(f"windows.{service}", str(code)): sources for (service, code), sources in _BY_EVENT.items()},
    **{("windows.sysmon", change): sources for change, sources in _BY_CHANGE.items()},
    **{("linux.sysmon", str(code)): sources for code, sources in _LINUX.items()},
}
"""(`event.dataset`, event id or kind of registry change) → log sources: for the list of all there are."""


def service_of(channel: str, provider: str) -> str:
    """The Sigma service an event belongs to, "" for one that SigmaHQ has no name for.

    >>> service_of("Microsoft-Windows-Sysmon/Operational", ""), service_of("", "PowerShell")
    ('sysmon', 'powershell-classic')
    """
    low = channel.lower()
    if low.startswith("linux-sysmon") or (not low and provider == "Linux-Sysmon"):
        return LINUX_SYSMON
    return CHANNELS.get(low) or ("" if low else PROVIDERS.get(provider.lower(), ""))


def dataset_of(service: str) -> str:
    """The `event.dataset` of a service."""
    if service == LINUX_SYSMON:
        return "linux.sysmon"
    return f"windows.{service}" if service else "windows"


def sources_of(service: str, code: int, change: str = "") -> _Sources:
    """The log sources of an event; `change` is Sysmon's EventType. Always the same tuple object.

    >>> sources_of("sysmon", 12, "DeleteValue")
    (('windows', 'registry_event', 'sysmon'), ('windows', 'registry_delete', 'sysmon'))
    """
    if service == LINUX_SYSMON:
        return _LINUX.get(code, _LINUX_OTHER)
    if code == 12 and service == "sysmon":
        found = _BY_CHANGE.get(change.lower())
        if found is not None:
            return found
    return _BY_EVENT.get((service, code)) or _BY_SERVICE.get(service, _OTHER)
