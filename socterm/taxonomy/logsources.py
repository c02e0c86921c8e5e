"""Which Sigma log sources an event belongs to: one table from the program that wrote it.

An sshd line is linux/sshd, linux/auth and linux/syslog at once; rules for any of the three see it.
A sudo command is offered as linux/process_creation too (SigmaHQ's rules of that category then apply).
"""

from __future__ import annotations

from socterm.event import LogSource

SYSLOG: LogSource = ("linux", "", "syslog")
AUTH: LogSource = ("linux", "", "auth")
PROCESS_CREATION: LogSource = ("linux", "process_creation", "")


def _auth(service: str) -> tuple[LogSource, ...]:
    return (("linux", "", service), AUTH, SYSLOG)


LOGSOURCES: dict[str, tuple[LogSource, ...]] = {
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
}
"""Parser name → log sources. `cron` is in linux/auth because Debian's PAM writes it there."""

SUDO_COMMAND: tuple[LogSource, ...] = (*LOGSOURCES["sudo"], PROCESS_CREATION)
CRON_COMMAND: tuple[LogSource, ...] = (*LOGSOURCES["cron"], PROCESS_CREATION)


def logsources_of(parser: str) -> tuple[LogSource, ...]:
    """The log sources of a parser's events; plain syslog for a program without a parser.

    >>> logsources_of("sshd")[0]
    ('linux', '', 'sshd')
    """
    return LOGSOURCES.get(parser, LOGSOURCES["syslog"])
