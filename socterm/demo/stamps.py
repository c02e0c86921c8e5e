"""How a moment is written in each kind of log, and the three headers syslog lines come with."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

_TAG = re.compile(r"([^\s:\[]+)(?:\[(\d+)\])?: (.*)", re.DOTALL)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Program → syslog facility (RFC 5424 6.2.1): 0 kernel, 3 daemon, 9 cron, 10 authpriv; everything else 1 user.
_FACILITY = {
    "kernel": 0, "systemd": 3, "systemd-logind": 4, "CRON": 9, "crontab": 9, "sshd": 10, "sshd-session": 10,
    "sudo": 10, "su": 10, "useradd": 10, "usermod": 10, "userdel": 10, "passwd": 10, "chpasswd": 10,
    "groupadd": 10, "(systemd)": 10, "named": 3, "dnsmasq": 3,
}  # fmt: skip


def clf(moment: datetime) -> str:
    """`17/Mar/2026:09:12:00 +0000`, as web servers' access logs have it."""
    return f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S %z}"


def bsd(moment: datetime) -> str:
    """`Mar 17 09:12:00`: RFC 3164, the day padded with a blank."""
    return f"{_MONTHS[moment.month - 1]} {moment.day:2d} {moment:%H:%M:%S}"


def iso_z(moment: datetime) -> str:
    """`2026-03-17T09:12:00.000000Z`; the moment's own zone where it is not UTC."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def epoch_ms(moment: datetime) -> str:
    """`1773738720.000`: seconds since 1970 as auditd writes them."""
    ms = round(moment.timestamp() * 1000)
    return f"{ms // 1000}.{ms % 1000:03d}"


def rfc3164(moment: datetime, host: str, text: str) -> str:
    """A line as the traditional file format has it: no year, no zone."""
    return f"{bsd(moment)} {host} {text}"


def iso(moment: datetime, host: str, text: str) -> str:
    """A line as rsyslog writes files today: ISO 8601 with µs and zone."""
    return f"{moment.isoformat(timespec='microseconds')} {host} {text}"


def rfc5424(moment: datetime, host: str, text: str) -> str:
    """A line with priority and version, as sent over the network (RFC 5424 6)."""
    match = _TAG.match(text)
    program, pid, said = match.groups() if match else ("-", None, text)
    return f"<{priority(text)}>1 {iso_z(moment)} {host} {program} {pid or '-'} - - {said}"


def priority(text: str) -> int:
    """The PRI of a syslog line by its program: facility * 8 + severity 6 (informational)."""
    match = _TAG.match(text)
    return _FACILITY.get(match[1] if match else "", 1) * 8 + 6


Header = Callable[[datetime, str, str], str]
HEADERS: dict[str, Header] = {"iso": iso, "rfc3164": rfc3164, "rfc5424": rfc5424}
