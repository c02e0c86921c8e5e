"""What Windows events say has happened: (service, event id) → action, outcome, and whose account it is about.

The words are those of Elastic's shippers where these have one, so that an event means the same whether it
came through Winlogbeat or out of an .evtx file. Source: Microsoft's "Appendix L: Events to Monitor" and the
manuals of Sysmon, Defender and PowerShell.
"""

from __future__ import annotations

from typing import NamedTuple

_AUTH = ("authentication",)
_SESSION = ("session",)
_PROCESS = ("process",)
_IAM = ("iam",)
_CONF = ("configuration",)
_FILE = ("file",)
_NET = ("network",)
_REGISTRY = ("registry",)
_HOST = ("host",)
_MALWARE = ("malware",)

_USER_CHANGE = (_IAM, ("user", "change"))
_GROUP_CHANGE = (_IAM, ("group", "change"))
_TASK = (_CONF, ("change",))

ACTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "logged-in": (_AUTH, ("start",), "an account logged on to Windows"),
    "logon-failed": (_AUTH, ("start",), "a logon to Windows was refused"),
    "logged-out": (_AUTH, ("end",), "a logon session ended"),
    "logged-in-explicit": (_AUTH, ("start",), "a logon with another account's password, as runas does"),
    "logged-in-special": (_IAM, ("admin",), "a new logon session holds administrator rights"),
    "credential-validated": (_AUTH, ("start",), "a domain controller or host checked a password (NTLM)"),
    "kerberos-authentication-ticket-requested": (_AUTH, ("start",), "a Kerberos logon"),
    "kerberos-service-ticket-requested": (_AUTH, ("start",), "a Kerberos ticket for a service was asked for"),
    "kerberos-service-ticket-renewed": (_AUTH, ("start",), "a Kerberos ticket was renewed"),
    "kerberos-preauth-failed": (_AUTH, ("start",), "a wrong password given to Kerberos"),
    "session-reconnected": (_SESSION, ("start",), "a desktop session was taken up again"),
    "session-disconnected": (_SESSION, ("end",), "a desktop session was left"),
    "session-logged-in": (_SESSION, ("start",), "a desktop session began, with its peer's address"),
    "session-logged-out": (_SESSION, ("end",), "a desktop session ended"),
    "workstation-locked": (_SESSION, ("end",), "a desktop was locked"),
    "workstation-unlocked": (_SESSION, ("start",), "a desktop was unlocked"),
    "created-process": (_PROCESS, ("start",), "a process was started"),
    "exited-process": (_PROCESS, ("end",), "a process ended"),
    "accessed-process": (_PROCESS, ("access",), "a process opened another one"),
    "created-remote-thread": (_PROCESS, ("change",), "a process started a thread in another one"),
    "tampered-process": (_PROCESS, ("change",), "a process's image was replaced: hollowing, herpaderping"),
    "loaded-image": (_PROCESS, ("info",), "a process loaded a library"),
    "loaded-driver": (("driver",), ("start",), "a driver was loaded"),
    "raw-disk-access": (_PROCESS, ("access",), "a process read a disk past the file system"),
    "network-connection": (_NET, ("connection", "start"), "a process made or took a network connection"),
    "connection-permitted": (_NET, ("connection", "allowed"), "Windows' firewall let a connection through"),
    "connection-blocked": (_NET, ("connection", "denied"), "Windows' firewall stopped a connection"),
    "dns-query": (_NET, ("protocol", "info"), "a process asked for a name"),
    "created-file": (_FILE, ("creation",), "a file was created or overwritten"),
    "deleted-file": (_FILE, ("deletion",), "a file was deleted"),
    "changed-file-time": (_FILE, ("change",), "a file's creation time was changed"),
    "created-stream": (_FILE, ("creation",), "a named file stream was created"),
    "blocked-file": (_FILE, ("denied",), "Sysmon stopped a file from being made or shredded"),
    "detected-executable": (_FILE, ("creation",), "a new executable file was seen"),
    "accessed-object": (_FILE, ("access",), "a file, key or other object was opened or touched"),
    "accessed-share": (("network", "file"), ("access",), "a network share was reached"),
    "changed-registry": (_REGISTRY, ("change",), "a registry key or value was made, set or renamed"),
    "deleted-registry": (_REGISTRY, ("deletion",), "a registry key or value was deleted"),
    "created-pipe": (_FILE, ("creation",), "a named pipe was created"),
    "connected-pipe": (_FILE, ("access",), "a named pipe was connected to"),
    "registered-wmi-event": (_CONF, ("creation",), "a WMI filter, consumer or binding was registered"),
    "changed-clipboard": (_PROCESS, ("info",), "the clipboard's content changed"),
    "ran-script": (_PROCESS, ("info",), "PowerShell ran a block of script"),
    "ran-pipeline": (_PROCESS, ("info",), "PowerShell ran a command"),
    "started-engine": (_PROCESS, ("start",), "a PowerShell engine or provider started"),
    "added-user-account": (_IAM, ("user", "creation"), "an account was created"),
    "enabled-user-account": (*_USER_CHANGE, "an account was enabled"),
    "disabled-user-account": (*_USER_CHANGE, "an account was disabled"),
    "deleted-user-account": (_IAM, ("user", "deletion"), "an account was deleted"),
    "modified-user-account": (*_USER_CHANGE, "an account was changed"),
    "renamed-user-account": (*_USER_CHANGE, "an account was renamed"),
    "locked-out-user-account": (*_USER_CHANGE, "an account was locked after wrong passwords"),
    "unlocked-user-account": (*_USER_CHANGE, "an account was unlocked"),
    "changed-password": (*_USER_CHANGE, "somebody changed their own password, or tried to"),
    "reset-password": (*_USER_CHANGE, "somebody set another account's password"),
    "added-computer-account": (_IAM, ("creation",), "a computer account was created"),
    "changed-computer-account": (_IAM, ("change",), "a computer account was changed"),
    "deleted-computer-account": (_IAM, ("deletion",), "a computer account was deleted"),
    "added-group-account": (_IAM, ("group", "creation"), "a group was created"),
    "modified-group-account": (*_GROUP_CHANGE, "a group was changed"),
    "deleted-group-account": (_IAM, ("group", "deletion"), "a group was deleted"),
    "added-member-to-group": (*_GROUP_CHANGE, "a member was added to a group"),
    "removed-member-from-group": (*_GROUP_CHANGE, "a member was removed from a group"),
    "user-member-enumerated": (_IAM, ("user", "info"), "somebody listed an account's groups"),
    "group-membership-enumerated": (_IAM, ("group", "info"), "somebody listed a group's members"),
    "changed-directory-object": (_IAM, ("change",), "an object of Active Directory was changed or read"),
    "service-installed": (_CONF, ("creation",), "a service was installed"),
    "service-state-changed": (_PROCESS, ("change",), "a service started, stopped, failed or was changed"),
    "scheduled-task-created": (_CONF, ("creation",), "a scheduled task was created"),
    "scheduled-task-deleted": (_CONF, ("deletion",), "a scheduled task was deleted"),
    "scheduled-task-enabled": (*_TASK, "a scheduled task was enabled"),
    "scheduled-task-disabled": (*_TASK, "a scheduled task was disabled"),
    "scheduled-task-updated": (*_TASK, "a scheduled task was changed"),
    "scheduled-task-run": (_PROCESS, ("start",), "a scheduled task ran"),
    "changed-audit-config": (_CONF, ("change",), "what Windows audits was changed"),
    "changed-firewall-rule": (_CONF, ("change",), "a rule or setting of Windows' firewall was changed"),
    "changed-system-time": (_HOST, ("change",), "the clock was set"),
    "audit-log-cleared": (_IAM, ("admin", "change"), "the security log was emptied"),
    "event-log-cleared": (_CONF, ("deletion",), "an event log was emptied"),
    "logging-service-shutdown": (_PROCESS, ("end",), "the event log service stopped"),
    "host-started": (_HOST, ("start",), "the machine or its event log started"),
    "host-stopped": (_HOST, ("end",), "the machine or its event log stopped"),
    "plugged-in-device": (_HOST, ("start",), "a device was recognised"),
    "detected-malware": (_MALWARE, ("info",), "Defender found malware or suspicious behaviour"),
    "acted-on-malware": (_MALWARE, ("change",), "Defender dealt with malware, or failed to"),
    "changed-protection": (_CONF, ("change",), "Defender's protection was switched off, on or changed"),
    "blocked-program": (_PROCESS, ("denied",), "AppLocker or code integrity refused a program"),
    "audited-program": (_PROCESS, ("info",), "AppLocker or code integrity would have refused a program"),
    "transferred-by-bits": (_NET, ("connection", "info"), "a background transfer was made, begun or done"),
    "changed-sensor": (_CONF, ("change",), "Sysmon started, stopped, failed or got another configuration"),
}
"""Action → ECS category, ECS type, meaning; merged into `actions.ACTIONS`."""


class Told(NamedTuple):
    """What an event id says: its action, and how it ended where the id alone tells."""

    action: str
    outcome: str = ""


_ROWS: tuple[tuple[str, str, str, tuple[int, ...]], ...] = (
    # service, action, outcome, event ids
    ("security", "logged-in", "success", (4624,)),
    ("security", "logon-failed", "failure", (4625,)),
    ("security", "logged-out", "success", (4634, 4647)),
    ("security", "logged-in-explicit", "", (4648,)),
    ("security", "logged-in-special", "", (4672, 4964)),
    ("security", "credential-validated", "", (4776,)),
    ("security", "kerberos-authentication-ticket-requested", "", (4768, 4772)),
    ("security", "kerberos-service-ticket-requested", "", (4769, 4773)),
    ("security", "kerberos-service-ticket-renewed", "", (4770,)),
    ("security", "kerberos-preauth-failed", "failure", (4771,)),
    ("security", "session-reconnected", "success", (4778,)),
    ("security", "session-disconnected", "success", (4779,)),
    ("security", "workstation-locked", "success", (4800, 4802)),
    ("security", "workstation-unlocked", "success", (4801, 4803)),
    ("security", "created-process", "", (4688,)),
    ("security", "exited-process", "", (4689,)),
    ("security", "accessed-object", "", (4656, 4658, 4660, 4663, 4670)),
    ("security", "changed-registry", "", (4657,)),
    ("security", "accessed-share", "", (5140, 5145)),
    ("security", "connection-permitted", "success", (5154, 5156, 5158)),
    ("security", "connection-blocked", "failure", (5031, 5152, 5153, 5155, 5157, 5159)),
    ("security", "service-installed", "", (4697,)),
    ("security", "scheduled-task-created", "", (4698,)),
    ("security", "scheduled-task-deleted", "", (4699,)),
    ("security", "scheduled-task-enabled", "", (4700,)),
    ("security", "scheduled-task-disabled", "", (4701,)),
    ("security", "scheduled-task-updated", "", (4702,)),
    ("security", "changed-audit-config", "", (4719, 4902, 4904, 4905, 4906, 4907, 4912)),
    ("security", "changed-firewall-rule", "", (4946, 4947, 4948, 4950, 4954)),
    ("security", "changed-system-time", "", (4616,)),
    ("security", "added-user-account", "", (4720,)),
    ("security", "enabled-user-account", "", (4722,)),
    ("security", "changed-password", "", (4723,)),
    ("security", "reset-password", "", (4724,)),
    ("security", "disabled-user-account", "", (4725,)),
    ("security", "deleted-user-account", "", (4726,)),
    ("security", "modified-user-account", "", (4738,)),
    ("security", "locked-out-user-account", "", (4740,)),
    ("security", "unlocked-user-account", "", (4767,)),
    ("security", "renamed-user-account", "", (4781,)),
    ("security", "added-computer-account", "", (4741,)),
    ("security", "changed-computer-account", "", (4742,)),
    ("security", "deleted-computer-account", "", (4743,)),
    ("security", "added-group-account", "", (4727, 4731, 4744, 4749, 4754, 4759)),
    ("security", "modified-group-account", "", (4735, 4737, 4745, 4750, 4755, 4760, 4764)),
    ("security", "deleted-group-account", "", (4730, 4734, 4748, 4753, 4758, 4763)),
    ("security", "added-member-to-group", "", (4728, 4732, 4746, 4751, 4756, 4761)),
    ("security", "removed-member-from-group", "", (4729, 4733, 4747, 4752, 4757, 4762)),
    ("security", "user-member-enumerated", "", (4798,)),
    ("security", "group-membership-enumerated", "", (4799,)),
    ("security", "changed-directory-object", "", (4662, 5136, 5137, 5138, 5139, 5141)),
    ("security", "audit-log-cleared", "success", (1102, 517)),
    ("security", "logging-service-shutdown", "success", (1100,)),
    ("security", "host-started", "success", (4608,)),
    ("security", "host-stopped", "success", (4609,)),
    ("security", "plugged-in-device", "", (6416,)),
    ("system", "event-log-cleared", "success", (104,)),
    ("system", "host-started", "", (6005, 12)),
    ("system", "host-stopped", "", (6006, 6008, 1074, 13)),
    ("system", "service-installed", "", (7045,)),
    ("system", "service-state-changed", "", (7034, 7035, 7036, 7040)),
    ("sysmon", "created-process", "", (1,)),
    ("sysmon", "changed-file-time", "", (2,)),
    ("sysmon", "network-connection", "", (3,)),
    ("sysmon", "exited-process", "", (5,)),
    ("sysmon", "loaded-driver", "", (6,)),
    ("sysmon", "loaded-image", "", (7,)),
    ("sysmon", "created-remote-thread", "", (8,)),
    ("sysmon", "raw-disk-access", "", (9,)),
    ("sysmon", "accessed-process", "", (10,)),
    ("sysmon", "created-file", "", (11,)),
    ("sysmon", "changed-registry", "", (12, 13, 14)),
    ("sysmon", "created-stream", "", (15,)),
    ("sysmon", "created-pipe", "", (17,)),
    ("sysmon", "connected-pipe", "", (18,)),
    ("sysmon", "registered-wmi-event", "", (19, 20, 21)),
    ("sysmon", "dns-query", "", (22,)),
    ("sysmon", "deleted-file", "", (23, 26)),
    ("sysmon", "changed-clipboard", "", (24,)),
    ("sysmon", "tampered-process", "", (25,)),
    ("sysmon", "blocked-file", "", (27, 28)),
    ("sysmon", "detected-executable", "", (29,)),
    ("sysmon", "changed-sensor", "", (4, 16, 255)),
    ("powershell", "ran-script", "", (4104,)),
    ("powershell", "ran-pipeline", "", (4103,)),
    ("powershell-classic", "started-engine", "", (400, 600)),
    ("powershell-classic", "ran-pipeline", "", (800,)),
    ("windefend", "detected-malware", "", (1006, 1015, 1116)),
    ("windefend", "acted-on-malware", "success", (1007, 1009, 1117)),
    ("windefend", "acted-on-malware", "failure", (1008, 1118, 1119)),
    ("windefend", "changed-protection", "", (5000, 5001, 5004, 5007, 5010, 5012, 5013)),
    ("taskscheduler", "scheduled-task-created", "", (106,)),
    ("taskscheduler", "scheduled-task-updated", "", (140,)),
    ("taskscheduler", "scheduled-task-deleted", "", (141,)),
    ("taskscheduler", "scheduled-task-disabled", "", (142,)),
    ("taskscheduler", "scheduled-task-run", "", (100, 129, 200)),
    ("firewall-as", "changed-firewall-rule", "", (2003, 2004, 2005, 2006, 2033, 2052, 2071, 2073, 2097)),
    ("applocker", "blocked-program", "", (8004, 8007, 8022, 8025)),
    ("applocker", "audited-program", "", (8003, 8006, 8021, 8024)),
    ("codeintegrity-operational", "blocked-program", "", (3033, 3077)),
    ("codeintegrity-operational", "audited-program", "", (3034, 3076)),
    ("bits-client", "transferred-by-bits", "", (3, 4, 59, 60, 61)),
    ("dns-client", "dns-query", "", (3006, 3008, 3010, 3018, 3020)),
    ("terminalservices-localsessionmanager", "session-logged-in", "success", (21,)),
    ("terminalservices-localsessionmanager", "session-logged-out", "success", (23,)),
    ("terminalservices-localsessionmanager", "session-disconnected", "success", (24,)),
    ("terminalservices-localsessionmanager", "session-reconnected", "success", (25,)),
    ("wmi", "registered-wmi-event", "", (5859, 5860, 5861)),
)

TOLD: dict[tuple[str, int], Told] = {
    (service, code): Told(action, outcome) for service, action, outcome, codes in _ROWS for code in codes
}
"""(service, event id) → what it says."""

TARGET_LOGS_IN = frozenset({4624, 4625, 4634, 4647, 4768, 4769, 4770, 4771, 4772, 4773, 4776})
"""Security events whose user is the account in Target…: the one that logs in."""

ACTS_ON_USER = frozenset({4720, 4722, 4723, 4724, 4725, 4726, 4738, 4740, 4741, 4742, 4743, 4767, 4781, 4798})
"""Security events in which Subject… does something to the account in Target…."""

ACTS_ON_GROUP = frozenset(
    {code for (service, code), told in TOLD.items() if service == "security" and "group" in told.action}
    - {4798}
)
"""Security events in which Subject… does something to the group in Target…, mostly to Member… in it."""
