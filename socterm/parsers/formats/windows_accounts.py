"""Whose event it is: the accounts of Windows events, and how an audited action ended."""

from __future__ import annotations

from typing import Any

from socterm.parsers.marks import Fields
from socterm.taxonomy import windows_actions

NOBODY = frozenset({"", "-"})
_AUDIT_SUCCESS, _AUDIT_FAILURE = 0x20000000000000, 0x10000000000000
_FILTERED = range(5152, 5160)
_KERBEROS = range(4768, 4774)


def number_of(value: Any) -> int | None:
    """A number as Windows writes it: decimal or 0x hex, in text or not.

    >>> number_of("0x1f4"), number_of("500"), number_of(500), number_of("-")
    (500, 500, 500, None)
    """
    if value.__class__ is int:
        return int(value)
    if value.__class__ is str and 0 < len(value) <= 18:
        if value.isdecimal():
            return int(value)
        if value[:2] in ("0x", "0X"):
            try:
                return int(value, 16)
            except ValueError:
                return None
    return None


def who(fields: Fields, name: str, prefix: str = "user") -> None:
    """`DOMAIN\\user` → user.domain and user.name; a name without a domain is only a name."""
    whole = fields.get(name)
    if not isinstance(whole, str) or whole in NOBODY:
        return
    domain, backslash, user = whole.rpartition("\\")
    if not user or user.startswith("S-1-"):
        if user:
            fields.setdefault(f"{prefix}.id", user)
        return
    fields.setdefault(f"{prefix}.name", user)
    if backslash and domain:
        fields.setdefault(f"{prefix}.domain", domain)


def account(fields: Fields, theirs: str, ours: str) -> None:
    """An account of the Security log (Subject…, Target…) under an ECS prefix."""
    name, domain, sid = (fields.get(f"{theirs}{part}") for part in ("UserName", "DomainName", "UserSid"))
    if isinstance(name, str) and name not in NOBODY:
        fields.setdefault(f"{ours}.name", name)
        if isinstance(domain, str) and domain not in NOBODY:
            fields.setdefault(f"{ours}.domain", domain)
    sid = sid or fields.get(f"{theirs}Sid")
    if isinstance(sid, str) and sid.startswith("S-1-") and sid != "S-1-0-0":
        fields.setdefault(f"{ours}.id", sid)


def whose(fields: Fields, code: int) -> None:
    """Whose event it is: who logs in, who acts, and upon whom."""
    if code in windows_actions.TARGET_LOGS_IN:
        account(fields, "Target", "user")
        account(fields, "Subject", "user")
        station = fields.get("WorkstationName") or fields.get("Workstation")
        if isinstance(station, str) and station.strip("\\") not in NOBODY:
            fields["source.domain"] = station.strip("\\")
        if code in _KERBEROS and "@" in fields.get("user.name", ""):
            fields["user.name"] = fields["user.name"].partition("@")[0]
        return
    account(fields, "Subject", "user")
    if code in windows_actions.ACTS_ON_USER:
        account(fields, "Target", "user.target")
        if code == 4781:
            fields["user.target.name"] = fields.get("OldTargetUserName", "")
            fields["user.changes.name"] = fields.get("NewTargetUserName", "")
    elif code in windows_actions.ACTS_ON_GROUP:
        account(fields, "Target", "group")
        member = fields.get("MemberName")
        if isinstance(member, str) and member not in NOBODY:
            fields["user.target.name"] = (
                member[3:].partition(",")[0] if member[:3] in ("CN=", "cn=") else member
            )
        if isinstance(fields.get("MemberSid"), str):
            fields["user.target.id"] = fields["MemberSid"]
    elif code == 4688:
        name, domain = fields.get("user.name"), fields.get("user.domain")
        if name:
            fields["User"] = f"{domain}\\{name}" if domain else name
        account(fields, "Target", "user.effective")
    elif code == 4648:
        account(fields, "Target", "user.effective")
    elif code in (4778, 4779):
        if isinstance(fields.get("AccountName"), str):
            fields["user.name"] = fields["AccountName"]
        if isinstance(fields.get("AccountDomain"), str):
            fields["user.domain"] = fields["AccountDomain"]
    elif code in _FILTERED and isinstance(fields.get("Application"), str):
        fields["process.executable"] = path = fields["Application"]
        fields["process.name"] = path[path.rfind("\\") + 1 :]
    elif "user.name" not in fields:
        account(fields, "Target", "user")


def audited(fields: Fields, keywords: Any) -> None:
    """Success or failure, as the audit keywords say where the event id alone does not."""
    if "event.outcome" in fields:
        return
    bits = number_of(keywords)
    if bits is None and isinstance(keywords, str):
        try:
            bits = int(keywords, 16) if keywords[:2] == "0x" else int(keywords)
        except ValueError:
            bits = None
    if bits is None:
        words = keywords if isinstance(keywords, list) else [keywords]
        text = " ".join(str(word) for word in words[:8]).lower()
        bits = _AUDIT_FAILURE if "fail" in text else _AUDIT_SUCCESS if "success" in text else 0
    if bits & _AUDIT_FAILURE:
        fields["event.outcome"] = "failure"
    elif bits & _AUDIT_SUCCESS:
        fields["event.outcome"] = "success"
