"""Vaultwarden: logins to the vault and to its administration, second factors, requests.

`[2026-11-20 10:00:00.123][vaultwarden::api::identity][ERROR] …`. User names are typed by the peer: the first
` IP: ` of a sentence is the server's.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('app_login', 'failure', '192.0.2.7')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("vaultwarden")
_LINE = re.compile(
    r"\[(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[+-]\d\d:?\d\d)?)\]"
    r"\[(?P<module>[\w:.-]{1,120})\]\[(?P<level>ERROR|WARN|INFO|DEBUG|TRACE|OFF)\] (?P<msg>.*)",
    re.ASCII | re.DOTALL,
)
_REFUSED = mark("app_login", "failure")
_LOGGED_IN = mark("app_login", "success")
_NO_ADMIN = mark("app_admin_login", "failure")
_REQUEST = mark("web_request")
_ERROR = mark("app_error")
_REFUSALS = (
    "Username or password is incorrect",
    "Invalid TOTP code",
    "Invalid Yubikey",
    "Invalid duo",
    "Error validating duo",
    "Incorrect two-step",
    "Invalid code",
    "Token is incorrect",
    "Auth request device",
    "This user has been disabled",
    "Please verify your email",
)
_MODULES = ("vaultwarden", "bitwarden", "request", "response", "start", "rocket", "panic", "auth", "error")
_ASKED = re.compile(r"(?P<method>[A-Z]{3,8}) (?P<url>\S{1,4096})(?: => (?P<status>\d{3}))?")
_SUCCESS = re.compile(r"User (?P<user>.{1,256}) logged in successfully\. IP: (?P<ip>\S{1,64}?)\.?$")


def read(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines."""
    found = _LINE.match(text)
    if found is None or not found["module"].startswith(_MODULES):
        return None
    ts = when(reading.clock, found["stamp"])
    if ts is None:
        return None
    msg = found["msg"]
    f["event.dataset"] = "vaultwarden"
    f["message"] = msg
    f["log.level"] = found["level"].lower()
    f["log.logger"] = found["module"]
    _said(msg, found["module"], found["level"], f)
    return ts, _SOURCES, 1


def _said(msg: str, module: str, level: str, f: Fields) -> None:
    if module in ("request", "response"):
        asked = _ASKED.search(msg.partition(") ")[2] or msg)
        if asked is not None:
            f["http.request.method"], f["url.original"] = asked["method"], asked["url"]
            if asked["status"]:
                f["http.response.status_code"] = int(asked["status"])
        f |= _REQUEST
        return
    success = _SUCCESS.match(msg)
    if success is not None:
        f["user.name"] = success["user"]
        put_peer(f, success["ip"])
        f |= _LOGGED_IN
        return
    sentence, behind, rest = msg.partition(" IP: ")
    if behind:
        address, _, rest = rest.partition(" ")
        put_peer(f, address.rstrip("."))
    name, user = rest[:10], rest[10:].rstrip(".")
    if name == "Username: " and user:
        f["user.name"] = user
    if level not in ("ERROR", "WARN"):
        return
    if sentence.startswith("Invalid admin token"):
        f |= _NO_ADMIN
    elif behind and (
        sentence.startswith(_REFUSALS) or module.startswith("vaultwarden::api::core::two_factor")
    ):
        f |= _REFUSED
    else:
        f |= _ERROR


FORMATS = (
    Format(
        name="vaultwarden",
        title="Vaultwarden",
        example="[2026-11-20 10:00:00.129][vaultwarden::api::identity][ERROR] Username or password is "
        "incorrect. Try again. IP: 192.0.2.7. Username: ann@example.com.",
        line=read,
        begins="[",
    ),
)
