"""Logins that applications log as JSON: Nextcloud and ownCloud, Grafana, GitLab, and the honeypot Cowrie."""

from __future__ import annotations

from typing import Any

from socterm.parsers.format import Found, Reading
from socterm.parsers.formats.logins_gitlab import gitlab
from socterm.parsers.marks import Fields, mark, number, put_end, put_peer
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_LOGGED_IN = mark("web_login", "success")
_FAILED = mark("web_login", "failure")

_CLOUD = "Login failed: "
_CLOUD_PEER = " (Remote IP: "
"""Its last occurrence counts: a user name may hold the same words."""
_CLOUD_LEVELS = ("debug", "info", "warning", "error", "fatal")


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _nextcloud(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """{"reqId":…,"level":2,"time":…,"remoteAddr":…,"user":"--","app":"core","message":"Login failed: …"}"""
    message = _text(entry, "message")
    ts = when(reading.clock, _text(entry, "time"))
    if ts is None or "reqId" not in entry or "app" not in entry:
        return None
    f["event.dataset"], f["message"] = "nextcloud", message
    level = entry.get("level")
    if isinstance(level, int) and 0 <= level < len(_CLOUD_LEVELS):
        f["log.level"] = _CLOUD_LEVELS[level]
    put_peer(f, _text(entry, "remoteAddr"))
    user = _text(entry, "user")
    if user and user != "--":
        f["user.name"] = user
    for key, name in (
        ("app", "nextcloud.app"),
        ("url", "url.original"),
        ("userAgent", "user_agent.original"),
    ):
        if _text(entry, key):
            f[name] = _text(entry, key)
    user, told, peer = message.rpartition(_CLOUD_PEER)
    if told and user.startswith(_CLOUD):
        f["user.name"] = user[len(_CLOUD) :].removeprefix("'").removesuffix("'")
        if "source.ip" not in f:
            put_peer(f, peer.partition(")")[0].partition(",")[0].strip("'"))
        f |= _FAILED
    return ts, logsources_of("nextcloud", f.get("event.action", "")), 1


def _grafana(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """{"error":…,"level":"error","logger":"context","msg":…,"remote_addr":…,"t":…}"""
    message = _text(entry, "msg")
    if "logger" not in entry or "remote_addr" not in entry or "orgId" not in entry:
        return None
    ts = when(reading.clock, _text(entry, "t"))
    if ts is None:
        return None
    f["event.dataset"], f["message"], f["log.level"] = (
        "grafana",
        message,
        _text(entry, "level") or _text(entry, "lvl"),
    )
    put_peer(f, _text(entry, "remote_addr"))
    if _text(entry, "uname"):
        f["user.name"] = _text(entry, "uname")
    if message.lower() == "invalid username or password":
        f["event.reason"] = _text(entry, "error") or message
        f |= _FAILED
    return ts, logsources_of("grafana", f.get("event.action", "")), 1


def web_object(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """Reader of web applications' JSON lines."""
    for read in (_nextcloud, _grafana, gitlab):
        found = read(entry, f, reading)
        if found is not None:
            return found
    return None


_COWRIE = {
    "cowrie.session.connect": mark("honeypot_connect"),
    "cowrie.login.success": mark("honeypot_login", "success"),
    "cowrie.login.failed": mark("honeypot_login", "failure"),
    "cowrie.command.input": mark("honeypot_command"),
    "cowrie.command.failed": mark("honeypot_command"),
    "cowrie.session.file_download": mark("honeypot_download"),
    "cowrie.session.file_upload": mark("honeypot_download"),
}
_COWRIE_FIELDS = {
    "username": "user.name", "input": "process.command_line", "url": "url.original",
    "shasum": "file.hash.sha256",
    "hassh": "cowrie.hassh", "session": "cowrie.session", "protocol": "network.protocol",
    "version": "cowrie.version",
    "sensor": "observer.name", "message": "message", "eventid": "event.code", "outfile": "file.path",
}  # fmt: skip


def cowrie(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """{"eventid":"cowrie.login.failed","src_ip":…,"username":…,"timestamp":…}: the honeypot's JSON log."""
    event = _text(entry, "eventid")
    ts = when(reading.clock, _text(entry, "timestamp")) if event.startswith("cowrie.") else None
    if ts is None:
        return None
    f["event.dataset"] = "cowrie"
    for key, name in _COWRIE_FIELDS.items():
        if _text(entry, key):
            f[name] = _text(entry, key)
    for side, address, port in (("source", "src_ip", "src_port"), ("destination", "dst_ip", "dst_port")):
        where = entry.get(port)
        put_end(
            f, side, _text(entry, address), where if isinstance(where, int) else number(_text(entry, port))
        )
    f |= _COWRIE.get(event, {})
    return ts, logsources_of("cowrie", f.get("event.action", "")), 1
