"""GitLab's JSON logs that tell of people: application_json.log, auth_json.log, audit_json.log.

Its production_json.log, api_json.log and Workhorse's are access logs, and read as such (`web_json`).
"""

from __future__ import annotations

import re
from typing import Any

from socterm.parsers.format import Found, Reading
from socterm.parsers.formats.web_request import put_url
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_LOGGED_IN = mark("web_login", "success")
_FAILED = mark("web_login", "failure")
_GUARD = {"blocklist": mark("web_denied", "failure"), "throttle": mark("web_limited", "failure")}
_LOGIN = re.compile(
    r"(Failed|Successful) Login: username=(.*) ip=([\da-fA-F:.]{2,45})(?: method=\S{1,40})?"
    r"(?: admin=(?:true|false))?$",
    re.DOTALL,
)
_LONGEST = 2048
_CHANGES: dict[str, str] = {
    "add": "creation",
    "remove": "deletion",
    "change": "change",
    "custom_message": "change",
}
"""Names of which an audit event has one → `event.type`. The value says what: `user_access`, `ssh_key`."""
_ABOUT = (
    "entity_type", "entity_path", "target_type", "target_details", "from", "to", "as", "custom_message",
    "author_class", "event_name",
)  # fmt: skip


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _login(entry: dict[str, Any], f: Fields) -> bool:
    """{"severity":"INFO","time":…,"message":"Failed Login: username=… ip=…"}"""
    found = _LOGIN.match(_text(entry, "message")[:_LONGEST])
    if found is None:
        return False
    if found[2]:
        f["user.name"] = found[2]
    put_peer(f, found[3])
    f |= _FAILED if found[1] == "Failed" else _LOGGED_IN
    return True


def _guard(entry: dict[str, Any], f: Fields) -> bool:
    """{"severity":"ERROR","time":…,"message":"Rack_Attack","env":"throttle","remote_ip":…,"path":…}"""
    if _text(entry, "message") != "Rack_Attack":
        return False
    f |= _GUARD.get(_text(entry, "env"), {})
    put_peer(f, _text(entry, "remote_ip"))
    if _text(entry, "path"):
        put_url(f, _text(entry, "path")[:_LONGEST])
    for ours, theirs in (
        ("http.request.method", "request_method"),
        ("user_agent.original", "user_agent"),
        ("event.reason", "matched"),
        ("gitlab.rack_attack", "env"),
    ):
        if _text(entry, theirs):
            f[ours] = _text(entry, theirs)
    user = _text(entry, "username") or _text(entry, "meta.user")
    if user:
        f["user.name"] = user
    return True


def _audit(entry: dict[str, Any], f: Fields) -> bool:
    """{"severity":"INFO","time":…,"author_name":…,"entity_type":…,"target_type":…,"add":"user_access"}"""
    if "author_name" not in entry or "target_type" not in entry:
        return False
    put_peer(f, _text(entry, "ip_address"))
    if _text(entry, "author_name"):
        f["user.name"] = _text(entry, "author_name")
    verb = next((name for name in _CHANGES if _text(entry, name)), "")
    if "failed_login" in entry:
        f |= _FAILED
        f["event.reason"] = _text(entry, "failed_login")
    elif "with" in entry and not verb:
        f |= _LOGGED_IN
    elif verb:
        f["event.category"], f["event.type"] = ("iam",), (_CHANGES[verb],)
        f["event.action"] = verb if verb == "custom_message" else f"{verb}_{_text(entry, verb)[:100]}"
    if _text(entry, "target_type") == "User" and verb and _text(entry, "target_details"):
        f["user.target.name"] = _text(entry, "target_details")
    for name in _ABOUT:
        if _text(entry, name):
            f[f"gitlab.audit.{name}"] = _text(entry, name)
    return True


def gitlab(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """Reader of GitLab's application, authentication and audit logs."""
    ts = when(reading.clock, _text(entry, "time")) if "severity" in entry else None
    if ts is None:
        return None
    made: Fields = {"event.dataset": "gitlab", "log.level": _text(entry, "severity").lower()}
    if _text(entry, "message"):
        made["message"] = _text(entry, "message")
    if not (_login(entry, made) or _guard(entry, made) or _audit(entry, made)):
        return None
    if _text(entry, "correlation_id"):
        made["trace.id"] = _text(entry, "correlation_id")
    f |= made
    return ts, logsources_of("gitlab", f.get("event.action", "")), 1
