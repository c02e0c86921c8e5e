"""Asterisk: registrations and calls that fail, in the words of chan_sip, PJSIP, IAX2, the manager, and its
security log.

    [2026-11-20 10:00:00] NOTICE[1638] chan_sip.c: Registration from '…' failed for '192.0.2.121:5060' -
    Wrong password

What stands in quotation marks before ` failed for '` is the caller's and may hold the same words: the last
counts.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('sip_login', 'failure', '192.0.2.121')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.peers import put_end_of
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_FAILED = mark("sip_login", "failure")
_LOGGED_IN = mark("sip_login", "success")
_TRIED = mark("sip_login")
_REJECTED = mark("sip_rejected")

_HEAD = re.compile(
    r"(?:\[(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)\] )?"
    r"(?P<level>NOTICE|WARNING|ERROR|SECURITY|VERBOSE|DEBUG|DTMF) ?\[(?P<pid>\d{1,10})\](?:\["
    r"(?P<call>C-[\da-f]{1,16})\])?:? "
    r"(?:(?P<file>[\w./]{1,60}\.c):(?:\d{1,6}(?: (?:in )?\w{1,60}:)?)? {1,2}| ?)"
)
_FOR = re.compile(r"([\w.:\[\]%-]{2,80})'(?: \(callid: .{0,300}\))? - (.*)", re.DOTALL)
_SIP_USER = re.compile(r"(?:\"(?:[^\"]{0,200})\" ?)?<?(?:sips?:)?([^@>]{1,200})@")
_HOST_FAILED = re.compile(
    r"Host (\S{2,80}) failed (?:to authenticate as|MD5 authentication for) '(.*)'(?:"
    r" \(\w{1,64} != \w{1,64}\))?$"
)
_NO_PEER = re.compile(r"No registration for peer '(.*)' \(from (\S{2,80})\)$")
_MANAGER = re.compile(
    r"(\S{2,80}) (?:failed to authenticate as|tried to authenticate with nonexistent user) '(.*)'$"
)
_CALL = re.compile(
    r"(?:Call from '(.{0,300})' |(\S{1,200}): Call )\((?:[A-Z]{2,4}:)?(\S{2,80})\) to extension '"
    r"(.{0,300})' rejected because ",
    re.DOTALL,
)
_UNKNOWN = re.compile(r".{0,200}?\"Rejecting unknown SIP connection from (\S{2,80})\"$")
_HACKING = re.compile(r"hacking attempt detected '(\S{2,80})'$")
_REMOTE = re.compile(r",RemoteAddress=\"IPV[46]/(?:UDP|TCP|TLS|WS|WSS|UNKNOWN)/([^/\"]{2,45})/(\d{1,5})\"")
_LOCAL = re.compile(r",LocalAddress=\"IPV[46]/\w{2,8}/([^/\"]{2,45})/(\d{1,5})\"")
_EVENT = re.compile(r"SecurityEvent=\"(\w{1,60})\",")
_ACCOUNT = re.compile(r",AccountID=\"([^\"]{0,300})\"")
_SERVICE = re.compile(r",Service=\"(\w{1,20})\"")
_WRONG = frozenset(
    {"InvalidAccountID", "InvalidPassword", "ChallengeResponseFailed", "InvalidTransport", "MemoryLimit"}
)
_REFUSED = frozenset(
    {
        "FailedACL",
        "SessionLimit",
        "LoadAverageLimit",
        "RequestNotAllowed",
        "RequestNotSupported",
        "UnexpectedAddress",
        "AuthMethodNotAllowed",
        "RequestBadFormat",
    }
)


def _security(text: str, f: Fields) -> bool:
    """SecurityEvent="…",…,AccountID="…",…: the last RemoteAddress is Asterisk's."""
    event = _EVENT.match(text)
    if event is None:
        return False
    remotes = list(_REMOTE.finditer(text))
    if remotes:
        remote = remotes[-1]
        put_end(f, "source", remote[1], remote[2])
        local = _LOCAL.search(text, max(0, remote.start() - 120))
        if local is not None:
            put_end(f, "destination", local[1], local[2])
    account, service = _ACCOUNT.search(text), _SERVICE.search(text)
    if account is not None and account[1] not in ("", "<unknown>"):
        f["user.name"] = account[1]
    if service is not None:
        f["asterisk.service"] = service[1]
    f["event.reason"] = event[1]
    if event[1] == "SuccessfulAuth":
        f |= _LOGGED_IN
    elif event[1] in _WRONG:
        f |= _FAILED
    elif event[1] in _REFUSED:
        f |= _REJECTED
    else:
        f |= _TRIED
    return True


def _failed_for(text: str, f: Fields) -> bool:
    """Registration|Request 'INVITE' from 'WHO' failed for 'PEER' (callid: …) - WHY."""
    before, sep, behind = text.rpartition("' failed for '")
    found = _FOR.match(behind) if sep else None
    if found is None:
        return False
    put_end_of(f, found[1])
    f["event.reason"] = found[2]
    who = before.partition(" from '")[2]
    user = _SIP_USER.match(who) if who else None
    if user is not None:
        f["user.name"] = user[1]
    f |= _FAILED
    return True


def _told(text: str, f: Fields) -> bool:
    """What a message says; false for one that says nothing of logins and calls."""
    first = text.partition(" ")[0]
    if first in ("Registration", "Request"):
        return _failed_for(text, f)
    if text.startswith("SecurityEvent="):
        return _security(text, f)
    for form, peer, user in ((_HOST_FAILED, 1, 2), (_NO_PEER, 2, 1), (_MANAGER, 1, 2)):
        found = form.match(text)
        if found is not None:
            put_end_of(f, found[peer])
            f["user.name"] = found[user]
            f |= _FAILED
            return True
    call = _CALL.match(text) if "rejected because" in text else None
    if call is not None:
        put_end_of(f, call[3])
        if call[1] or call[2]:
            f["user.name"] = call[1] or call[2]
        f["asterisk.extension"] = call[4]
        f["event.reason"] = "extension not found"
        f |= _REJECTED
        return True
    for form in (_UNKNOWN, _HACKING):
        found = form.match(text)
        if found is not None:
            put_end_of(f, found[1])
            f |= _REJECTED
            return True
    return False


def _head(found: re.Match[str], f: Fields) -> None:
    f["log.level"] = found["level"].lower()
    if found["call"]:
        f["asterisk.call_id"] = found["call"]
    if found["file"]:
        f["log.origin.file.name"] = found["file"]


def asterisk(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for asterisk behind a syslog header."""
    found = _HEAD.match(msg)
    if found is not None:
        _head(found, f)
        _told(msg[found.end() :], f)
    return mem.times


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of /var/log/asterisk/messages, full and security."""
    found = _HEAD.match(text)
    if found is None or len(text) > 8192 or not (found["file"] or text[found.end() :].startswith("Ext. ")):
        return None
    ts = when(reading.clock, found["stamp"]) if found["stamp"] else None
    if ts is None and found["stamp"]:
        return None
    f["event.dataset"] = "asterisk"
    f["message"] = text[found.end() :]
    _head(found, f)
    _told(text[found.end() :], f)
    return ts, logsources_of("asterisk", f.get("event.action", "")), 1


FORMATS = (
    Format(
        name="asterisk",
        title="Asterisk: messages and security log",
        example="[2026-11-20 10:00:00] NOTICE[1638] chan_sip.c: Registration from '<sip:301@192.0.2.1>' "
        "failed for '192.0.2.121:5061' - Wrong password",
        programs={"asterisk": Program(asterisk, "asterisk", wraps=False, varies=True)},
        line=line,
        begins="[NWESVD",
    ),
)
