"""The part of a syslog line between its stamp and its message: host, tag, pid, and what forwarders add there.

Every line is decided by itself; one file can hold all forms. This is the careful way for the shapes that the
decoder's short way does not take.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from socterm.parsers.registry import PROGRAMS

FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "security", "console", "solaris-cron", *(f"local{n}" for n in range(8)),
)  # fmt: skip
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_SEVERITY_NAMES = {name: code for code, name in enumerate(SEVERITIES)} | {"error": 3, "warn": 4, "panic": 0}
_FACILITY_NAMES = {name: code for code, name in enumerate(FACILITIES)}

_PRI = re.compile(r"\s*<(\d{1,3})>", re.ASCII)
_LEVEL = re.compile(r"([a-z]+\d?)\.([a-z]+) ")
_VERBOSE = re.compile(r"<([a-z]+\d?|\d{1,2})\.([a-z]+|\d)> ")
"""`<auth.info>` or `<4.6>` before the host, as FreeBSD's `syslogd -v` writes it."""
_TAG = re.compile(
    r"\[?(?P<name>\([^\s\[\]():]{1,126}\)|[^\s\[\](:]{1,128}(?: [^\s\[\](:]{1,128}){0,3}?)\]?"
    r"(?P<module>\([^()\s]*\))?(?:\[(?P<pid>\d{1,10})\])?"
    r"(?: \([^()]{1,200}\))?:(?: (?P<msg>.*)|(?P<end>$))",
    re.DOTALL,
)
_LOOSE = re.compile(
    r"\[?(?P<name>[^\s\[\](:]{1,128})\]?(?P<module>\([^()\s]*\))?(?:\[(?P<pid>\d{1,10})\])? (?P<msg>.*)",
    re.DOTALL,
)
_AGAIN = re.compile(r"\[\d{9,10}\.\d{3,6}\] (?=[a-z]+\d?\.[a-z]+ )")
"""The stamp in seconds that OpenWrt's `logread -t` puts behind the other one."""
_LAST_REPEATED = re.compile(r"(?:-+ )?last message repeated \d+ times?")
_FORWARDED = re.compile(r"Message forwarded from (\S+?): ")
HOST = re.compile(r"[^\s\[\]]*[^\s\[\]:]$")
PLAIN_NAME = re.compile(r"(?:[\w./@+-]+|\([\w./@+-]+\))$")
"""In parentheses it is a child of systemd that has yet to become the program it is named after."""


class Head(NamedTuple):
    """What stands before the message. `module` is the `(pam_unix)` of an old tag."""

    host: str = ""
    name: str = ""
    pid: int | None = None
    msg: str = ""
    module: str = ""
    level: tuple[int, int] | None = None


def priority(text: str) -> tuple[int, int]:
    """(PRI, offset behind it) of a line that begins with `<PRI>`; (-1, 0) where it does not, or wrongly.

    >>> priority("<34>Oct 11"), priority("<3444>Oct 11"), priority("<999>x")
    ((34, 4), (-1, 0), (-1, 0))
    """
    found = _PRI.match(text)
    if found is None or int(found[1]) > 191:
        return -1, 0
    return int(found[1]), found.end()


def priority_fields(value: int) -> dict[str, Any]:
    """A PRI under ECS names (RFC 5424, 6.2.1)."""
    return {
        "log.syslog.priority": value,
        "log.syslog.facility.code": value >> 3,
        "log.syslog.severity.code": value & 7,
    }


def _level(facility: str, severity: str) -> tuple[int, int] | None:
    if facility.isdecimal() and severity.isdecimal():
        return (int(facility), int(severity)) if int(facility) < 24 and int(severity) < 8 else None
    left, right = _FACILITY_NAMES.get(facility), _SEVERITY_NAMES.get(severity)
    return None if left is None or right is None else (left, right)


def after_stamp(rest: str) -> Head:
    """Host, tag and message of what follows a stamp and its blank.

    >>> after_stamp("web1 sshd[7]: hello")[:4]
    ('web1', 'sshd', 7, 'hello')
    """
    if rest.startswith(" "):
        return tagged("", rest.lstrip())
    verbose = _VERBOSE.match(rest) if rest[:1] == "<" else None
    if verbose is not None:
        level = _level(verbose[1], verbose[2])
        if level is not None:
            return _after(rest[verbose.end() :])._replace(level=level)
    return _after(rest)


def _after(rest: str) -> Head:
    again = _AGAIN.match(rest) if rest[:1] == "[" else None
    if again is not None:
        rest = rest[again.end() :]
    forwarded = _FORWARDED.match(rest)
    if forwarded is not None:
        return tagged(forwarded[1], rest[forwarded.end() :])
    if _LAST_REPEATED.match(rest):
        return Head(msg=rest)
    first, _, behind = rest.partition(" ")
    if not HOST.match(first):
        return _without_host(rest, first, behind)
    found = _LEVEL.match(rest)
    if found is not None and _level(found[1], found[2]) is not None:
        return tagged("", rest)  # OpenWrt's logread names no host
    return tagged(first, behind)


def _without_host(rest: str, first: str, behind: str) -> Head:
    """The first word is a tag: the line names no host, or `HOST: last message repeated` names only that."""
    if first.endswith(":") and "[" not in first and _LAST_REPEATED.match(behind):
        return Head(host=first[:-1], msg=behind)
    return tagged("", rest)


def tagged(host: str, rest: str) -> Head:
    """The tag and the message, with the `auth.info` that Alpine's syslogd puts before the tag."""
    level = None
    found = _LEVEL.match(rest)
    if found is not None:
        level = _level(found[1], found[2])
        if level is not None:
            rest = rest[found.end() :]
    tag = _TAG.match(rest)
    if tag is None or (" " in tag["name"] and not tag["pid"]):
        loose = _LOOSE.match(rest)
        known = loose is not None and loose["name"].rpartition("/")[2].lower() in PROGRAMS
        tag = loose if known else tag if tag is not None and " " not in tag["name"] else None
    if tag is None:
        return Head(host, msg=rest, level=level)
    pid = int(tag["pid"]) if tag["pid"] else None
    return Head(host, tag["name"], pid, tag["msg"] or "", tag["module"] or "", level)


def without_stamp(text: str) -> Head | None:
    """`[HOST ]TAG[pid]: message` without a stamp, as journal viewers print it; None where no tag is.

    Only a tag with a pid counts here: any text may hold a colon.
    """
    first, _, behind = text.partition(" ")
    for host, rest in (("", text), (first, behind)):
        tag = _TAG.match(rest)
        if tag is not None and tag["pid"] and " " not in tag["name"] and (not host or HOST.match(host)):
            return Head(host, tag["name"], int(tag["pid"]), tag["msg"] or "", tag["module"] or "")
    return None
