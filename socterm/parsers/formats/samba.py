r"""Samba: logins (auth_audit, as text and as JSON), and what was done to shared files (vfs_full_audit).

      Auth: [SMB2,(null)] user [CORP]\[ann] at [Fri, 20 Nov 2026 10:00:00.123456 UTC] with [NTLMv2] status
    [NT_STATUS_WRONG_PASSWORD] workstation [PC] remote host [ipv4:192.0.2.151:50000] …
    smbd_audit: ann|192.0.2.151|docs|renameat|ok|a.odt|a.odt.locked

The prefix of vfs_full_audit is a setting; of its parts an address and what stands first, the user, are taken.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('service_login', 'failure', '192.0.2.151')
"""

from __future__ import annotations

import re
from typing import Any

from socterm.parsers.addresses import peer_of
from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_OUTCOMES = {True: mark("service_login", "success"), False: mark("service_login", "failure")}
_AUTH = re.compile(
    r" {0,8}Auth: \[[^\[\]]{0,120}\] user \[(?P<domain>[^\[\]]{0,255})\]\\\[(?P<user>[^\[\]]{0,255})\] at "
    r"\[(?P<stamp>[\w,:. +-]{10,64})\] with \[(?P<method>[^\[\]]{0,60})\] status \[(?P<status>\w{1,60})\] "
    r"workstation \[[^\[\]]{0,255}\] remote host \[(?P<peer>[^\[\]]{0,120})\]"
)
_OPERATION = re.compile(r"[a-z][a-z_0-9]{1,40}$")
_RENAMES = frozenset({"rename", "renameat"})
_DELETES = frozenset({"unlink", "unlinkat", "rmdir"})
_CREATES = frozenset({"mkdir", "mkdirat"})
_FILES = {
    **dict.fromkeys(_RENAMES, "share_renamed"),
    **dict.fromkeys(_DELETES, "share_deleted"),
    **dict.fromkeys(_CREATES, "share_created"),
}
_MARKS = {
    (action, went): mark(action, outcome)
    for action in {*_FILES.values(), "share_access"}
    for went, outcome in (("ok", "success"), ("fail", "failure"))
}
_PARTS = 16


def _peer(text: str, f: Fields) -> None:
    """ipv4:192.0.2.1:50000, ipv6:2001:db8::1:50000."""
    family, _, end = text.partition(":")
    if family in ("ipv4", "ipv6"):
        where, _, port = end.rpartition(":")
        put_peer(f, where, port)


def _login(user: str, domain: str, status: str, f: Fields) -> None:
    if user:
        f["user.name"] = user
    if domain:
        f["user.domain"] = domain
    f["event.reason"] = status
    f |= _OUTCOMES[status == "NT_STATUS_OK"]


def _told(text: str, f: Fields) -> str:
    """The stamp of an `Auth:` line whose fields are then written, "" for another line."""
    found = _AUTH.match(text)
    if found is None:
        return ""
    _peer(found["peer"], f)
    _login(found["user"], found["domain"], found["status"], f)
    return found["stamp"]


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of `Auth:` lines in log.smbd, whose head stands on a line before."""
    if "Auth: [" not in text[:16]:
        return None
    found: Fields = {"event.dataset": "samba", "message": text.lstrip()}
    stamp = _told(text, found)
    ts = when(reading.clock, stamp) if stamp else None
    if ts is None:
        return None
    f |= found
    return ts, logsources_of("samba", "service_login"), 1


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def samba_object(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """{"timestamp":…,"type":"Authentication","Authentication":{"status":…,"remoteAddress":…,…}}"""
    told = entry.get("Authentication")
    ts = when(reading.clock, _text(entry, "timestamp")) if isinstance(told, dict) else None
    if ts is None or not isinstance(told, dict) or not _text(told, "status").startswith("NT_STATUS_"):
        return None
    f["event.dataset"] = "samba"
    user, domain = _text(told, "clientAccount"), _text(told, "clientDomain")
    f["message"] = f"{_text(told, 'serviceDescription')} {domain}\\{user}: {_text(told, 'status')}"
    _peer(_text(told, "remoteAddress"), f)
    _login(user, domain, _text(told, "status"), f)
    return ts, logsources_of("samba", "service_login"), 1


def smbd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for smbd in syslog."""
    if not _told(msg, f):
        return pam(msg, f, mem)
    return mem.times


def full_audit(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for smbd_audit: PREFIX|OPERATION|ok or fail (…)|FILE[|FILE]; the prefix has any parts."""
    parts = msg.split("|", _PARTS)
    for at in range(1, len(parts) - 1):
        went = parts[at + 1].partition(" ")[0]
        if went in ("ok", "fail") and _OPERATION.match(parts[at]):
            _operation(parts[:at], parts[at], went, parts[at + 2 :], f)
            break
    return mem.times


def _operation(prefix: list[str], name: str, went: str, files: list[str], f: Fields) -> None:
    domain, slash, user = prefix[0].rpartition("\\")
    if user:
        f["user.name"] = user
    if slash:
        f["user.domain"] = domain
    peer = next((part for part in prefix[1:] if peer_of(part)[0] == "source.ip"), "")
    put_peer(f, peer)
    f["samba.operation"] = name
    if files:
        f["file.path"] = files[-1]
    if name in _RENAMES and len(files) > 1:
        f["file.Ext.original.path"] = files[0]
    f |= _MARKS[_FILES.get(name, "share_access"), went]


_SMBD = Program(smbd, "samba", wraps=False, varies=True)
FORMATS = (
    Format(
        name="samba",
        title="Samba: logins and audited file operations",
        example="  Auth: [SMB2,(null)] user [CORP]\\[ann] at [Fri, 20 Nov 2026 10:00:00.123456 UTC] "
        "with [NTLMv2] status [NT_STATUS_WRONG_PASSWORD] workstation [PC7] "
        "remote host [ipv4:192.0.2.151:50000] mapped to [CORP]\\[ann]. local host [ipv4:192.0.2.1:445]",
        programs={
            "smbd": _SMBD,
            "samba": _SMBD,
            "smbd_audit": Program(full_audit, "samba", wraps=False, varies=True),
        },
        line=line,
        begins=" A",
        object=samba_object,
        keys=(frozenset({"Authentication"}), frozenset({"timestamp"})),
    ),
)
