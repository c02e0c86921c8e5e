"""Audit records that say all by themselves: who logged in, what a policy refused, what was configured.

The part behind `msg='` is what a program says; what stands before it the kernel vouches for.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from socterm.parsers.addresses import peer_of
from socterm.parsers.formats.auditd_fields import Kind, keys_apart, take
from socterm.parsers.formats.auditd_joined import name_call
from socterm.parsers.marks import Fields
from socterm.parsers.memory import Memory
from socterm.taxonomy.actions import ACTIONS

_ATTEMPTS = frozenset({"USER_AUTH", "USER_ACCT", "USER_ERR", "GRP_AUTH"})
_GRANTS = frozenset({"USER_AUTH", "USER_LOGIN", "GRP_AUTH"})
_NOBODY = frozenset({"(unknown user)", "(invalid user)"})
"""What sshd says for a name that the machine does not know."""
_APPARMOR = ("operation", "profile", "requested_mask", "denied_mask")
_IAM = ("iam",)
_POLICY = ACTIONS["apparmor_status"]
_CHANGED_TO = re.compile(r"\b(old|new) (?=auid=|ses=)")


def single(kind: Kind, body: str, fields: Fields, mem: Memory, ident: str, ts: int) -> int:
    """A record that says all by itself; the answer is how many occurrences it stands for."""
    name = kind.name
    head, quote, said = body.removeprefix("user ").partition("msg='")
    if quote:
        said, _, behind = said.rpartition("'")
        if said[:5] == "PAM: ":
            said = f"op=PAM:{said[5:]}"
        said = _decision(said.strip(" "), fields)
        body = f"{head}{said} {behind}" if behind else f"{head}{said}"
    elif name == "LOGIN":
        body = _CHANGED_TO.sub(_changed, head.removeprefix("login "))
    else:
        body = _decision(head, fields)
    if "\x1d" in body:
        body = body.replace(" \x1d", " ").replace("\x1d", " ")
    take(kind, body.replace("  ", " ") if "  " in body else body, fields, sender=bool(quote))
    if "audit.key" in fields:
        keys_apart(fields)
    finish = _FINISHES.get(name)
    if finish is not None:
        finish(fields)
    if not quote:
        return 1
    _peer(fields)
    if fields.get("user.name") in _NOBODY:
        del fields["user.name"]
        fields["ssh.invalid_user"] = True
    if fields.get("event.category") == _IAM and "user.name" in fields:
        fields["user.target.name"] = fields["user.name"]
    return _counted(name, fields, mem, ident, ts)


def _changed(found: re.Match[str]) -> str:
    """`old auid=7 new auid=8` of older kernels, as newer ones write it."""
    return "old-" if found[1] == "old" else ""


def _counted(name: str, fields: Fields, mem: Memory, ident: str, ts: int) -> int:
    """A failed attempt is told by PAM and by the program: it counts once, by the process both speak for."""
    outcome = fields.get("event.outcome")
    failed = outcome == "failure" and name in _ATTEMPTS
    if "process.pid" not in fields or not (failed or (outcome == "success" and name in _GRANTS)):
        return 1
    mem.ts = ts
    mem.key = f"audit {ident.rpartition(' ')[0]} {fields['process.pid']}"
    seen = mem.process()
    mem.key = ""
    if not failed:
        seen.renew()
        return 1
    return seen.count(fields.get("audit.op", name), 1)


def _decision(text: str, fields: Fields) -> str:
    """What follows `avc:  denied  { read } for  `, with the decision under names of its own."""
    if text[:4] != "avc:":
        return text
    verdict, _, rest = text[4:].partition(" for ")
    word, brace, rights = verdict.partition("{")
    granted = word.strip() == "granted"
    fields["audit.decision"] = "granted" if granted else "denied"
    if brace:
        fields["audit.permissions"] = rights.strip(" }")
    fields["event.outcome"] = "success" if granted or " permissive=1" in rest else "failure"
    fields["event.type"] = ("allowed",) if fields["event.outcome"] == "success" else ("denied",)
    return rest.strip(" ")


def _access(fields: Fields) -> None:
    """AVC: AppArmor's verdict, the file and the peers of either policy."""
    verdict = fields.get("audit.apparmor")
    if verdict == "STATUS":
        fields["event.category"], fields["event.type"] = _POLICY.category, _POLICY.type
    elif verdict is not None:
        for name in _APPARMOR:
            if f"audit.{name}" in fields:
                fields[f"apparmor.{name}"] = fields.pop(f"audit.{name}")
        denied = verdict in ("DENIED", "KILLED")
        fields["event.outcome"] = "failure" if denied else "success"
        fields["event.type"] = ("denied",) if denied else ("allowed",)
    name = fields.pop("audit.name", "")
    if name:
        fields["file.path" if name[0] == "/" and "file.path" not in fields else "file.name"] = name
    for port, side in (("audit.src", "source"), ("audit.dest", "destination"), ("audit.lport", "source")):
        value = fields.get(port, "")
        if value.isdecimal() and len(value) < 6:
            fields[f"{side}.port"] = int(fields.pop(port))
    _addresses(fields)


def _addresses(fields: Fields) -> None:
    """Addresses of a packet, a policy or a socket, whichever names they have."""
    for name, side in _SIDES.items():
        where, value = peer_of(fields.get(name, ""))
        if where == "source.ip":
            del fields[name]
            fields[side] = value
        elif name in fields and name == "audit.src":
            del fields[name]


_SIDES = {
    "audit.saddr": "source.ip",
    "audit.src": "source.ip",
    "audit.daddr": "destination.ip",
    "audit.dst": "destination.address",
    "audit.faddr": "destination.ip",
}


def _crypto(fields: Fields) -> None:
    """CRYPTO_KEY_USER, CRYPTO_SESSION: the ends of an encrypted connection."""
    for name, side in (("audit.rport", "source.port"), ("audit.lport", "destination.port")):
        value = fields.get(name, "")
        if value.isdecimal() and len(value) < 6:
            fields[side] = int(fields.pop(name))
    where, value = peer_of(fields.get("audit.laddr", ""))
    if where == "source.ip":
        fields["destination.ip"] = value
        del fields["audit.laddr"]


def _command(fields: Fields) -> None:
    """USER_CMD: what sudo ran."""
    if "process.command_line" in fields:
        fields["message"] = fields["process.command_line"]


def _typed(fields: Fields) -> None:
    """TTY, USER_TTY: what was typed."""
    if "audit.data" in fields:
        fields["message"] = fields["audit.data"] = fields["audit.data"].replace("\r", "\n")


def _stopped(fields: Fields) -> None:
    """SECCOMP: the call that was stopped."""
    name_call(fields)


def _group(fields: Fields) -> None:
    """The account of a group's record is the group."""
    if "group.name" not in fields and "user.name" in fields:
        fields["group.name"] = fields.pop("user.name")


def _peer(fields: Fields) -> None:
    """Who is at the other end: `addr=`, or `hostname=` where that is an address. A bare host name may be the
    machine's own, so it is a peer's only beside an address."""
    address, host = fields.pop("audit.addr", ""), fields.get("audit.hostname", "")
    where, value = peer_of(address or host)
    if where != "source.ip":
        return
    fields["source.ip"] = value
    if host:
        named, domain = peer_of(host)
        if named:
            del fields["audit.hostname"]
        if named == "source.domain":
            fields[named] = domain


_FINISHES: dict[str, Callable[[Fields], None]] = {
    **dict.fromkeys(("AVC", "USER_AVC", "APPARMOR_DENIED", "APPARMOR_ALLOWED", "APPARMOR_AUDIT"), _access),
    **dict.fromkeys(("MAC_IPSEC_EVENT", "NETFILTER_PKT"), _addresses),
    **dict.fromkeys(("CRYPTO_KEY_USER", "CRYPTO_SESSION", "CRYPTO_IKE_SA", "CRYPTO_IPSEC_SA"), _crypto),
    **dict.fromkeys(("TTY", "USER_TTY"), _typed),
    **dict.fromkeys(("ADD_GROUP", "DEL_GROUP", "GRP_MGMT", "CHGRP_ID", "GRP_CHAUTHTOK"), _group),
    "USER_CMD": _command,
    "SECCOMP": _stopped,
}
"""Types whose values mean something together."""
