"""What a message in Apache's error log tells: a wrong password, a refusal, what mod_security or PHP found."""

from __future__ import annotations

import re

from socterm.parsers.formats.web_request import put_text, put_url, request_fields
from socterm.parsers.marks import Fields, mark, put_end

_FAILED = mark("web_login", "failure")
_DENIED = mark("web_denied", "failure")
_ATTACK = mark("web_attack")
"""mod_security that only watches."""
_ATTACK_STOPPED = mark("web_attack", "failure")
_ERROR = mark("web_error")
_NOTICE = mark("web_notice")
_LOUD = frozenset({"emerg", "alert", "crit", "error"})

_LOGINS = tuple(
    re.compile(shape, re.DOTALL)
    for shape in (
        # mod_auth_basic (a name ends at its first colon, RFC 7617), mod_auth_digest ("Digest: " in 2.2)
        r"user (?P<user>[^:]{0,1024}): authentication failure for \"(?P<url>.*)\": ",
        r"user (?P<user>.{0,1024}?): password mismatch: (?P<url>.*)",
        r"user `(?P<user>.{0,1024}?)' in realm `[^']{0,1024}' not found: (?P<url>.*)",
        r"user (?P<user>[^:]{0,1024}?) not found(?:: (?P<url>.*))?$",
        # mod_authnz_ldap
        r"auth_ldap authenticate: user (?P<user>.{0,1024}?) authentication failed; URI (?P<url>\S*)",
        r"(?P<user>)client used wrong authentication scheme: (?P<url>.*)",
        # ZoneMinder
        r"(?:WAR|ERR) \[Login denied for user \"(?P<user>.{0,1024}?)\"\](?P<url>)",
    )
)
_WORDS = ("user ", "auth_ldap ", "client used ", "WAR [", "ERR [")
_AUTHORISED = re.compile(
    r"Authorization of user (?P<a>.{0,1024}?) to access |user (?P<b>[^:]{0,1024}): authorization failure for "
    r"|access to .* failed, reason: user '?(?P<c>[^' ]{0,1024})",
    re.DOTALL,
)
_RIGHTS = ("Authorization of user ", "user ", "access to ")
_REFUSALS = (
    "client denied by server configuration",
    "Invalid URI in request",
    "invalid URI path",
    "Invalid method in request",
    "request failed: ",
    "Hostname ",
    "No hostname was provided via SNI",
    "invalid nonce",
    "invalid qop",
    "realm mismatch",
    "unknown algorithm",
)
_REQUEST = "Invalid URI in request "
"""Behind it stands the request line, as a rule one that climbs out of the document root."""
_TAG = re.compile(r'\[(id|msg|severity|uri|hostname|unique_id|tag|file) "((?:[^"\\]|\\.){0,2000})"\]')
_TAGS = {
    "id": "rule.id",
    "msg": "rule.name",
    "severity": "modsecurity.severity",
    "hostname": "url.domain",
    "unique_id": "http.request.id",
}
_SUHOSIN = re.compile(
    r"ALERT(?:-SIMULATION)? - (?P<what>.*) \(attacker '(?P<ip>[^']{1,64})', file '(?P<file>[^']*)'", re.DOTALL
)
_LONGEST = 4096


def happened(said: str, level: str, f: Fields, *, known: bool) -> None:
    """Writes what a message proper means; `known` says that the line names a client."""
    said = said.removeprefix("Digest: ")[:_LONGEST]
    if said.startswith("ModSecurity: "):
        firewall_tags(said, f)
        f |= _ATTACK_STOPPED if "Access denied" in said else _ATTACK
    elif known and said.startswith(_WORDS) and _login(said, f):
        f |= _FAILED
    elif said.startswith(_REFUSALS) or (said.startswith(_RIGHTS) and _authorised(said, f)):
        f |= _DENIED
        if said.startswith(_REQUEST):
            f |= request_fields(said[len(_REQUEST) :])
    elif suhosin(said, f):
        pass
    else:
        f |= _ERROR if level in _LOUD else _NOTICE


def _login(said: str, f: Fields) -> bool:
    for shape in _LOGINS:
        found = shape.match(said)
        if found is not None:
            put_text(f, "user.name", found["user"])
            if found["url"]:
                put_url(f, found["url"])
            return True
    return False


def _authorised(said: str, f: Fields) -> bool:
    found = _AUTHORISED.match(said)
    if found is None:
        return False
    put_text(f, "user.name", found["a"] or found["b"] or found["c"] or "")
    return True


def firewall_tags(said: str, f: Fields) -> None:
    """ModSecurity's [id "…"] [msg "…"] and so on; the first of each name, for what a client sent stands in
    later ones."""
    tags = []
    for found in _TAG.finditer(said):
        name, value = found[1], found[2]
        if name == "tag":
            tags.append(value)
        elif name == "uri" and "url.original" not in f:
            put_url(f, value)
        elif name in _TAGS and _TAGS[name] not in f:
            f[_TAGS[name]] = value
    if tags:
        f["tags"] = tuple(tags)


def suhosin(said: str, f: Fields) -> bool:
    """ALERT - what it found (attacker 'ADDRESS', file '…', line N): PHP's hardening patch."""
    start = said.find("ALERT")
    found = _SUHOSIN.match(said, start) if 0 <= start <= 200 else None
    if found is None:
        return False
    f |= _ATTACK_STOPPED
    put_end(f, "source", found["ip"])
    f["event.reason"] = found["what"]
    put_text(f, "file.path", found["file"])
    return True
