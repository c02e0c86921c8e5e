"""Which body parser reads which program's messages. To add one: a file here, a row below."""

from __future__ import annotations

from typing import NamedTuple

from socterm.event import LogSource
from socterm.parsers.accounts import accounts
from socterm.parsers.cron import cron
from socterm.parsers.marks import Fields, Handler
from socterm.parsers.memory import Memory
from socterm.parsers.pam import chkpwd, pam
from socterm.parsers.sshd import sshd
from socterm.parsers.su import login, su
from socterm.parsers.sudo import sudo
from socterm.parsers.systemd import logind, systemd
from socterm.taxonomy.logsources import CRON_COMMAND, LOGSOURCES, SUDO_COMMAND


class Program(NamedTuple):
    """How a program's messages are read: its parser, its log sources, and those of a command it ran.

    `family` is sshd, sudo or su where PAM's lines share the program's counters. `wraps` says that the
    program's old tag form `name(pam_unix)` stands for a PAM line.
    """

    parse: Handler
    logsources: tuple[LogSource, ...]
    family: str = ""
    commands: tuple[LogSource, ...] | None = None
    wraps: bool = True


def plain(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for every other program: only what PAM writes through it is understood."""
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    return mem.times


def _program(service: str, parse: Handler, family: str = "") -> Program:
    return Program(parse, LOGSOURCES[service], family)


_SSHD = _program("sshd", sshd, "sshd")
_SUDO = Program(sudo, LOGSOURCES["sudo"], "sudo", SUDO_COMMAND)
_SU = _program("su", su, "su")
_CRON = Program(cron, LOGSOURCES["cron"], "", CRON_COMMAND)
_LOGIND = _program("logind", logind)
_LOGIN = _program("pam", login)
_PAM = _program("pam", plain)

PROGRAMS: dict[str, Program] = {
    "sshd": _SSHD,
    "sshd-session": _SSHD,
    "sshd-auth": _SSHD,
    "sudo": _SUDO,
    "su": _SU,
    "su-l": _SU,
    "runuser": _program("pam", plain, "su"),
    "login": _LOGIN,
    **{
        name: _program(name, accounts)
        for name in (
            "useradd",
            "usermod",
            "userdel",
            "groupadd",
            "groupmod",
            "groupdel",
            "gpasswd",
            "passwd",
            "chage",
            "chfn",
            "chsh",
        )
    },
    "chpasswd": _program("passwd", accounts),
    "newusers": _program("useradd", accounts),
    "adduser": _program("useradd", accounts),
    "deluser": _program("userdel", accounts),
    "cron": _CRON,
    "crond": _CRON,
    "crontab": _CRON,
    "anacron": _CRON,
    "systemd": _program("systemd", systemd),
    "systemd-logind": _LOGIND,
    "elogind": _LOGIND,
    "elogind-daemon": _LOGIND,
    "unix_chkpwd": _program("pam", chkpwd),
    "gdm-password": _PAM,
    "gdm": _PAM,
    "ftpd": _PAM,
    "vsftpd": _PAM,
    "proftpd": _PAM,
    "pure-ftpd": _PAM,
    "dovecot": _PAM,
    "polkitd": _PAM,
}
"""Lower-case program name, without a path → how it is read."""

UNKNOWN = Program(plain, LOGSOURCES["syslog"], wraps=False)


def program_of(name: str) -> Program:
    """The row for a program name as logged: case, a leading path and systemd's parentheses do not matter.

    >>> program_of("/usr/sbin/CRON") is PROGRAMS["cron"]
    True
    """
    found = PROGRAMS.get(name)
    return found if found is not None else PROGRAMS.get(name.strip("()").rpartition("/")[2].lower(), UNKNOWN)
