"""What Windows records, as two shippers hand it on in JSON: Winlogbeat (nested) and NXLog (flat)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from socterm.demo.model import Log
from socterm.demo.sheet import STAMP, Sheet


def _ms(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


WINLOGBEAT = Log("winlogbeat.ndjson", _ms)
NXLOG = Log("nxlog.ndjson", _iso)
DOMAIN, REALM = "CORP", "corp.example"
_SID = "S-1-5-21-1004336348-1177238915-682003330-"
SYSTEM = "S-1-5-18"
_RECORD = "@record@"


class Source(NamedTuple):
    """Who logs, and under what: channel, provider."""

    channel: str
    provider: str


SECURITY = Source("Security", "Microsoft-Windows-Security-Auditing")
CLEARED = Source("Security", "Microsoft-Windows-Eventlog")
SERVICES = Source("System", "Service Control Manager")
SYSMON = Source("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon")
DEFENDER = Source("Microsoft-Windows-Windows Defender/Operational", "Microsoft-Windows-Windows Defender")

_GROUPS, _KERBEROS = "Security Group Management", "Kerberos Authentication Service"
# Event id → task and first line of the message, as Windows names them.
SAYS: dict[tuple[str, int], tuple[str, str]] = {
    ("Security", 1102): ("Log clear", "The audit log was cleared."),
    ("Security", 4624): ("Logon", "An account was successfully logged on."),
    ("Security", 4625): ("Logon", "An account failed to log on."),
    ("Security", 4634): ("Logoff", "An account was logged off."),
    ("Security", 4648): ("Logon", "A logon was attempted using explicit credentials."),
    ("Security", 4662): ("Directory Service Access", "An operation was performed on an object."),
    ("Security", 4672): ("Special Logon", "Special privileges assigned to new logon."),
    ("Security", 4688): ("Process Creation", "A new process has been created."),
    ("Security", 4698): ("Other Object Access Events", "A scheduled task was created."),
    ("Security", 4719): ("Audit Policy Change", "System audit policy was changed."),
    ("Security", 4720): ("User Account Management", "A user account was created."),
    ("Security", 4722): ("User Account Management", "A user account was enabled."),
    ("Security", 4724): ("User Account Management", "An attempt was made to reset an account's password."),
    ("Security", 4728): (_GROUPS, "A member was added to a security-enabled global group."),
    ("Security", 4732): (_GROUPS, "A member was added to a security-enabled local group."),
    ("Security", 4767): ("User Account Management", "A user account was unlocked."),
    ("Security", 4768): (_KERBEROS, "A Kerberos authentication ticket (TGT) was requested."),
    ("Security", 4769): ("Kerberos Service Ticket Operations", "A Kerberos service ticket was requested."),
    ("Security", 4771): (_KERBEROS, "Kerberos pre-authentication failed."),
    ("System", 7045): ("None", "A service was installed in the system."),
    ("System", 7036): ("None", "A service entered another state."),
    (SYSMON.channel, 1): ("Process Create (rule: ProcessCreate)", "Process Create:"),
    (SYSMON.channel, 11): ("File created (rule: FileCreate)", "File created:"),
    (SYSMON.channel, 23): ("File Delete archived (rule: FileDelete)", "File Delete archived:"),
    (DEFENDER.channel, 5001): ("None", "Real-time protection is disabled."),
    (DEFENDER.channel, 5007): ("None", "Antivirus configuration has changed."),
}  # fmt: skip


class Recorded(NamedTuple):
    """One event as Windows has it: on which host, `data` with its own names, what it calls the task, what it
    says, and whether an audited attempt failed."""

    host: str
    source: Source
    code: int
    data: dict[str, Any]
    task: str
    says: str
    failed: bool


def _beat(made: Recorded) -> dict[str, Any]:
    data = {key: str(value) for key, value in made.data.items()}
    winlog = {
        "channel": made.source.channel, "computer_name": made.host, "event_id": str(made.code),
        "provider_name": made.source.provider, "record_id": _RECORD, "task": made.task,
        ("user_data" if made.code == 1102 else "event_data"): data,
    }  # fmt: skip
    event = {
        "code": str(made.code), "kind": "event", "provider": made.source.provider, "action": made.task,
    }  # fmt: skip
    if made.source.channel == "Security":
        winlog["keywords"] = ["Audit Failure" if made.failed else "Audit Success"]
        event["outcome"] = "failure" if made.failed else "success"
    return {
        "@timestamp": STAMP, "ecs": {"version": "8.0.0"},
        "agent": {"type": "winlogbeat", "version": "8.15.3"}, "event": event,
        "host": {"name": made.host.lower()}, "log": {"level": "information"}, "message": made.says,
        "winlog": winlog,
    }  # fmt: skip


def _nxlog(made: Recorded) -> dict[str, Any]:
    kind = "INFO"
    if made.source.channel == "Security":
        kind = "AUDIT_FAILURE" if made.failed else "AUDIT_SUCCESS"
    return {
        "EventTime": STAMP, "Hostname": made.host, "EventType": kind, "SeverityValue": 2, "Severity": "INFO",
        "EventID": made.code, "SourceName": made.source.provider, "RecordNumber": _RECORD,
        "Channel": made.source.channel, "Message": made.says, "Category": made.task, **made.data,
        "SourceModuleName": "eventlog", "SourceModuleType": "im_msvistalog",
    }  # fmt: skip


class WindowsPen:
    """Writes the events of Windows machines into the log of one shipper."""

    def __init__(self, sheet: Sheet, log: Log = WINLOGBEAT) -> None:
        self._sheet = sheet
        self._rng = sheet.rng
        self._log = log

    def event(
        self, at: float, host: str, source: Source, code: int, data: dict[str, Any], *, failed: bool = False
    ) -> float:
        """Any event: `data` are its fields as Windows names them."""
        self._sheet.begin(host, "r", 310_000 + 977 * len(host) + sum(host.encode()))
        made = Recorded(f"{host}.{REALM}", source, code, data, *SAYS[source.channel, code], failed)
        fields = _beat(made) if self._log is WINLOGBEAT else _nxlog(made)
        line = json.dumps(fields, separators=(",", ":"))
        line = line.replace(f'"{_RECORD}"', self._sheet.token("r"))
        return self._sheet.put(at, self._log, line, host=host)

    def logon(
        self,
        at: float,
        host: str,
        user: str,
        kind: int,
        address: str = "-",
        *,
        station: str = "-",
        elevated: bool = False,
    ) -> tuple[float, str]:
        """4624; returns the time after it and the logon id. `elevated`: with an administrator's rights."""
        logon = self.logon_id()
        process, package = _PACKAGE.get(kind, ("Kerberos", "Kerberos"))
        data = {
            **_SUBJECT_SYSTEM, "TargetUserSid": sid(user), "TargetUserName": user,
            "TargetDomainName": _domain(user), "TargetLogonId": logon, "LogonType": kind,
            "LogonProcessName": process, "AuthenticationPackageName": package, "WorkstationName": station,
            "ProcessName": _PROCESS.get(kind, "-"), "IpAddress": address, "IpPort": self._port(address),
            "ElevatedToken": "%%1842" if user == "SYSTEM" or elevated else "%%1843",
        }  # fmt: skip
        return self.event(at, host, SECURITY, 4624, data), logon

    def logoff(self, at: float, host: str, user: str, kind: int, logon: str) -> float:
        """4634."""
        data = {
            "TargetUserSid": sid(user), "TargetUserName": user, "TargetDomainName": _domain(user),
            "TargetLogonId": logon, "LogonType": kind,
        }  # fmt: skip
        return self.event(at, host, SECURITY, 4634, data)

    def special(self, at: float, host: str, user: str, logon: str) -> float:
        """4672: the session that just began has administrator rights."""
        data = {**subject(user, logon), "PrivilegeList": "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege"}
        return self.event(at, host, SECURITY, 4672, data)

    def refused(
        self, at: float, host: str, user: str, kind: int, address: str = "-", *, unknown: bool = False,
        station: str = "-",
    ) -> float:  # fmt: skip
        """4625: a wrong password, or a name nobody has."""
        process, package = _PACKAGE.get(kind, ("NtLmSsp", "NTLM")) if kind == 5 else ("NtLmSsp ", "NTLM")
        data = {
            "SubjectUserSid": "S-1-0-0", "SubjectUserName": "-", "SubjectDomainName": "-",
            "SubjectLogonId": "0x0", "TargetUserSid": "S-1-0-0", "TargetUserName": user,
            "TargetDomainName": DOMAIN, "Status": "0xc000006d", "FailureReason": "%%2313",
            "SubStatus": "0xc0000064" if unknown else "0xc000006a", "LogonType": kind,
            "LogonProcessName": process, "AuthenticationPackageName": package, "WorkstationName": station,
            "ProcessName": _PROCESS.get(kind, "-") if kind == 5 else "-", "IpAddress": address,
            "IpPort": self._port(address),
        }  # fmt: skip
        return self.event(at, host, SECURITY, 4625, data, failed=True)

    def process(
        self,
        at: float,
        host: str,
        user: str,
        image: str,
        command: str,
        parent: str = r"C:\Windows\explorer.exe",
    ) -> float:
        """4688, with the command line as the policy for it records it."""
        data = {
            **subject(user, "0x3e7" if user.endswith("$") else self.logon_id()),
            "NewProcessId": self._pid(), "NewProcessName": image, "TokenElevationType": "%%1936",
            "ProcessId": self._pid(), "CommandLine": command, "TargetUserSid": "S-1-0-0",
            "TargetUserName": "-", "ParentProcessName": parent, "MandatoryLabel": "S-1-16-12288",
        }  # fmt: skip
        return self.event(at, host, SECURITY, 4688, data)

    def sysmon(self, at: float, host: str, code: int, user: str, image: str, **data: Any) -> float:
        """A Sysmon event of a process: what else it says is given by name."""
        fields = {
            "RuleName": "-",
            "ProcessGuid": f"{{5d8f2c10-{self._rng.getrandbits(16):04x}-69b9-1c02-000000001900}}",
            "ProcessId": str(2000 + 4 * int(self._rng.random() * 2000)), "Image": image, **data,
            "User": user if "\\" in user else f"{DOMAIN}\\{user}",
        }  # fmt: skip
        return self.event(at, host, SYSMON, code, fields)

    def logon_id(self) -> str:
        """A logon session's number, as Windows writes them."""
        return f"0x{0x100000 + int(self._rng.random() * 0xEFFFFFF):x}"

    def _pid(self) -> str:
        return f"0x{0x200 + 4 * int(self._rng.random() * 3000):x}"

    def _port(self, address: str) -> str:
        return "-" if address == "-" else str(49152 + int(self._rng.random() * 16000))


_PACKAGE = {5: ("Advapi  ", "Negotiate"), 10: ("User32 ", "Negotiate"), 2: ("User32 ", "Negotiate")}
_PROCESS = {5: r"C:\Windows\System32\services.exe", 10: r"C:\Windows\System32\svchost.exe"}
_SUBJECT_SYSTEM = {"SubjectUserSid": "S-1-0-0", "SubjectUserName": "-", "SubjectDomainName": "-"}


def sid(user: str) -> str:
    """The security identifier of an account: the same for a name each time."""
    return SYSTEM if user in ("SYSTEM", "S-1-5-18") else f"{_SID}{1100 + sum(user.encode()) % 4000}"


def subject(user: str, logon: str = "0x3e7") -> dict[str, str]:
    """Who does it, in the fields most events have for that."""
    return {
        "SubjectUserSid": SYSTEM if user.endswith("$") else sid(user), "SubjectUserName": user,
        "SubjectDomainName": DOMAIN, "SubjectLogonId": logon,
    }  # fmt: skip


def _domain(user: str) -> str:
    return "NT AUTHORITY" if user == "SYSTEM" else DOMAIN
