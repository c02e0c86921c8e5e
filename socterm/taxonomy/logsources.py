"""Which Sigma log sources an event belongs to: tables from the dataset its parser names.

An sshd line is linux/sshd, linux/auth and linux/syslog at once; rules for any of the three see it.
A sudo command is offered as linux/process_creation too (SigmaHQ's rules of that category then apply).
Windows events are told apart further, by channel and event id: see `taxonomy.windows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socterm.event import LogSource
from socterm.taxonomy import audit, cloud, cloud_sensors, host, network, services, windows
from socterm.taxonomy.authentication import AUTHENTICATION, DATASETS
from socterm.taxonomy.json_names import ECS_CATEGORIES, JSON_LOGSOURCES
from socterm.taxonomy.web import WEB_LOGSOURCES

SYSLOG: LogSource = ("linux", "", "syslog")
AUTH: LogSource = ("linux", "", "auth")
PROCESS_CREATION: LogSource = ("linux", "process_creation", "")
ALERTS: LogSource = ("socterm", "", "alert")
"""Our own alerts, which no line tells of: `socterm.sigma.alertsource` does."""


def _auth(service: str) -> tuple[LogSource, ...]:
    return (("linux", "", service), AUTH, SYSLOG)


def _with_logins(dataset: str, sources: tuple[LogSource, ...]) -> tuple[LogSource, ...]:
    return (*sources, AUTHENTICATION) if dataset in DATASETS else sources


_LOGSOURCES: dict[str, tuple[LogSource, ...]] = {
    "sshd": _auth("sshd"),
    "sudo": _auth("sudo"),
    "su": _auth("su"),
    "pam": _auth("pam"),
    "useradd": _auth("useradd"),
    "usermod": _auth("usermod"),
    "userdel": _auth("userdel"),
    "groupadd": _auth("groupadd"),
    "groupmod": _auth("groupmod"),
    "groupdel": _auth("groupdel"),
    "gpasswd": _auth("gpasswd"),
    "passwd": _auth("passwd"),
    "chage": _auth("chage"),
    "chfn": _auth("chfn"),
    "chsh": _auth("chsh"),
    "logind": _auth("logind"),
    "cron": (("linux", "", "cron"), AUTH, SYSLOG),
    "systemd": (("linux", "", "systemd"), SYSLOG),
    "syslog": (SYSLOG,),
    **network.LOGSOURCES,
    **services.LOGSOURCES,
    **audit.LOGSOURCES,
    **host.LOGSOURCES,
    **WEB_LOGSOURCES,
    "cef": (("", "firewall", ""), ("cef", "", "")),
    "leef": (("", "firewall", ""), ("leef", "", "")),
    "keyvalue": (("keyvalue", "", ""), ("", "application", "")),
    "fortigate": (("fortigate", "", "event"), ("", "firewall", "")),
    "sonicwall": (("sonicwall", "", "firewall"), ("", "firewall", "")),
    "socterm.alert": (ALERTS,),
    **windows.LOGSOURCES,
    **JSON_LOGSOURCES,
    **cloud.LOGSOURCES,
    **cloud_sensors.LOGSOURCES,
}
LOGSOURCES = {dataset: _with_logins(dataset, sources) for dataset, sources in _LOGSOURCES.items()}
"""`event.dataset` → log sources. `cron` is in linux/auth because Debian's PAM writes it there."""

_BY_ACTION: dict[tuple[str, str], tuple[LogSource, ...]] = {
    ("sudo", "sudo_command"): (*LOGSOURCES["sudo"], PROCESS_CREATION),
    ("cron", "cron_command"): (*LOGSOURCES["cron"], PROCESS_CREATION),
    ("syslog", "pam_login"): (SYSLOG, AUTH, AUTHENTICATION),
    **services.BY_ACTION,
    **audit.BY_ACTION,
    **host.BY_ACTION,
    **windows.BY_ACTION,
}
BY_ACTION = {key: _with_logins(key[0], sources) for key, sources in _BY_ACTION.items()}
"""(`event.dataset`, `event.action`) → log sources, where an action belongs to more than its dataset."""


def logsources_of(dataset: str, action: str = "") -> tuple[LogSource, ...]:
    """The log sources of an event; plain syslog for a dataset without a row. Always the same tuple object.

    >>> logsources_of("sshd")[0]
    ('linux', '', 'sshd')
    """
    return BY_ACTION.get((dataset, action)) or LOGSOURCES.get(dataset, LOGSOURCES["syslog"])


def logsources_told(fields: Mapping[str, Any]) -> tuple[LogSource, ...]:
    """The log sources of an event as far as its fields tell; what a parser knew beyond them is not in it.

    >>> logsources_told({"event.dataset": "sudo", "event.action": "sudo_command"})[-1]
    ('linux', 'process_creation', '')
    """
    dataset = str(fields.get("event.dataset", "syslog"))
    words = (str(fields.get(name, "")) for name in ("event.action", "event.code"))
    told = next((BY_ACTION[dataset, word] for word in words if (dataset, word) in BY_ACTION), None)
    if told is not None:
        return told
    if dataset in LOGSOURCES:
        return LOGSOURCES[dataset]
    found: dict[LogSource, None] = {}
    for category in _several(fields.get("event.category")):
        for kind in _several(fields.get("event.type")):
            key = (str(fields.get("host.os.type", "")), category, kind)
            found |= dict.fromkeys(ECS_CATEGORIES.get(key, ()))
    return tuple(found)


def _several(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple | list) else (str(value),)


def known_logsources() -> frozenset[LogSource]:
    """Every log source that some parser here writes."""
    return frozenset[LogSource]().union(*LOGSOURCES.values(), *BY_ACTION.values())


def serves(wanted: LogSource, event: LogSource) -> bool:
    """Whether a rule's log source covers one of an event's: each part it gives is the same.

    >>> serves(("linux", "", ""), ("linux", "", "sshd")), serves(("linux", "", "auth"), ("linux", "", "sshd"))
    (True, False)
    """
    return all(not part or part == have for part, have in zip(wanted, event, strict=True))
