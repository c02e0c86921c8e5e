"""Self-hosted services' logins: Gitea and Forgejo, Keycloak, Authelia, Home Assistant, Jellyfin.

Names are typed by whoever knocks: a row takes the peer where the producer's grammar leaves one place for it,
and no line at all where a name makes that doubtful.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_login', 'failure', '192.0.2.111')
"""

# ruff: noqa: E501 - a row of a table stands on one line

from __future__ import annotations

from typing import Any

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.logins import Row, Shape, Table, beginnings, lines, programs, read_rows
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_V = r"[\da-fA-F:.]{2,45}"
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d:\d\d"
_GO = rf"\d{{4}}/\d\d/\d\d {_TIME}(?:\.\d{{1,6}})?"
_WHERE = r"(?:\.{0,3}[\w/-]{1,80}\.go:\d{1,6}:[\w.()*]{1,80} )?\[(?P<level>[A-Z])\] (?:\[[\w-]{1,40}\] )?"
_OWN = rf"(?:{_GO} )?(?:{_WHERE})?"

GITEA = Table(
    "gitea",
    ("gitea", "forgejo"),
    (
        Row("Failed authentication attempt for ", rf"{_OWN}Failed authentication attempt for (?P<user>.{{1,300}}?) from (?P<peer>[\da-fA-F:.\[\]]{{2,60}}?)(?:: (?P<reason>(?:(?! from )[^\[\]]){{1,200}}?)(?: \[uid: \d{{1,12}}, name: (?P=user)(?:, keyid: \d{{1,12}})?\])?)?$", "web_login", "failure"),
        Row("Failed authentication attempt from ", rf"{_OWN}Failed authentication attempt from (?P<peer>[\da-fA-F:.\[\]]{{2,60}})$", "web_login", "failure"),
    ),
    (Shape("2", "Failed authentication attempt", rf"(?P<stamp>{_GO}) {_WHERE}"),),
)  # fmt: skip
_EVENT = r"type=\"?{}\"?, (?:realm(?:Id|Name)=(?:\"[^\"]*\"|[^,]*), ){{1,2}}clientId=(?:\"[^\"]*\"|[^,\"]*), userId=(?:\"[^\"]*\"|[^,\"]*), (?:sessionId=(?:\"[^\"]*\"|[^,\"]*), )?ipAddress=\"?(?P<ip>{})\"?"
_WRONG = (
    "invalid_user_credentials|user_not_found|user_disabled|user_temporarily_disabled|user_temporarily_locked"
)
KEYCLOAK = Table(
    "keycloak",
    ("keycloak",),
    (
        Row("LOGIN_ERROR", _EVENT.format("LOGIN_ERROR", _V) + rf", error=\"?(?P<reason>{_WRONG})\"?(?:, (?!username=)\w{{1,40}}=(?:\"[^\"]*\"|[^,\"]*)){{0,20}}(?:, username=\"?(?P<user>[^\",]{{0,255}})\"?)?", "web_login", "failure"),
        Row("_ERROR", _EVENT.format(r"\w{1,60}_ERROR", _V) + r", error=\"?(?P<reason>\w{1,80})", ""),
        Row("LOGIN", _EVENT.format("LOGIN", _V) + r"(?:, (?!username=)\w{1,40}=(?:\"[^\"]*\"|[^,\"]*)){0,20}(?:, username=\"?(?P<user>[^\",]{0,255})\"?)?", "web_login", "success"),
    ),
    (Shape("2", "[org.keycloak.events] ", rf"(?P<stamp>{_DATE} {_TIME},\d{{3}}) (?P<level>[A-Z]{{4,5}}) {{1,2}}\[org\.keycloak\.events\] \([^()]{{1,80}}\) ", all=True),),
)  # fmt: skip
AUTHELIA = Table(
    "authelia",
    ("authelia",),
    (
        Row("nsuccessful ", rf"(?P<reason>Unsuccessful \w{{1,20}} authentication attempt) by user '(?P<user>.*)'(?: and they are banned until [^\"]{{1,40}}|: [^\"]{{1,200}})?\" (?:\w{{1,30}}=(?:\"[^\"]*\"|\S{{0,400}}) ){{0,8}}remote_ip=\"?(?P<ip>{_V})\"?(?: |$)", "web_login", "failure"),
        Row("Successful ", rf"Successful \w{{1,20}} authentication attempt made by user '(?P<user>.*)'\" (?:\w{{1,30}}=(?:\"[^\"]*\"|\S{{0,400}}) ){{0,8}}remote_ip=\"?(?P<ip>{_V})\"?(?: |$)", "web_login", "success"),
    ),
    (Shape("t", " authentication attempt ", r"time=\"(?P<stamp>[\dT:.Z+-]{19,40})\" level=(?P<level>\w{1,10}) (?:error=\"(?:[^\"\\]|\\.){0,400}\" )?(?:method=\w{1,10} )?msg=\""),),
)  # fmt: skip
HOME_ASSISTANT = Table(
    "homeassistant",
    ("home-assistant", "homeassistant", "hass"),
    (
        Row("invalid authentication from ", rf"(?P<reason>Login attempt or request with invalid authentication) from (?P<host>[\w.-]{{1,255}}) \((?P<ip>{_V})\)\. ", "web_login", "failure"),
        Row("Banned IP ", rf"(?P<reason>Banned IP) (?P<ip>{_V}) for too many login attempts$", ""),
    ),
    (Shape("2", "[homeassistant.components.http.ban] ", rf"(?:\x1b\[\d{{1,3}}m)?(?P<stamp>{_DATE} {_TIME}(?:\.\d{{3}})?) (?P<level>[A-Z]{{4,8}}) \([^()]{{1,60}}\) \[homeassistant\.components\.http\.ban\] "),),
)  # fmt: skip
_NET = rf"\[(?P<stamp>{_DATE} {_TIME}\.\d{{3}} [+-]\d\d:\d\d)\] \[(?P<level>[A-Z]{{3}})\] (?:\[\d{{1,6}}\] )?\S{{1,120}}UserManager: "
JELLYFIN = Table(
    "jellyfin",
    ("jellyfin",),
    (
        Row("Authentication request for ", rf"(?:\[[A-Z]{{3}}\] \[\d{{1,6}}\] \S{{1,120}}UserManager: )?Authentication request for \"?(?P<user>.*?)\"? has been denied \(IP: \"?(?P<ip>{_V})\"?\)\.?$", "web_login", "failure"),
        Row("Authentication request for ", r"(?:\[[A-Z]{3}\] \[\d{1,6}\] \S{1,120}UserManager: )?Authentication request for \"?(?P<user>.*?)\"? has succeeded\.?$", "web_login", "success"),
    ),
    (Shape("[", "UserManager: Authentication request for ", _NET),),
)  # fmt: skip

TABLES = (GITEA, KEYCLOAK, AUTHELIA, HOME_ASSISTANT, JELLYFIN)

_FAILED = mark("web_login", "failure")
_LOGGED_IN = mark("web_login", "success")
_keycloak = read_rows(KEYCLOAK)


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def selfhosted_object(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """Reader of Keycloak's and Authelia's JSON lines."""
    if _text(entry, "loggerName") == "org.keycloak.events":
        ts = when(reading.clock, _text(entry, "timestamp"))
        if ts is None:
            return None
        message = _text(entry, "message")
        f["event.dataset"], f["message"] = "keycloak", message
        f["log.level"] = _text(entry, "level").lower()
        if _text(entry, "hostName"):
            f["host.hostname"] = _text(entry, "hostName")
        _keycloak(message[:8192], f)
        return ts, logsources_of("keycloak", f.get("event.action", "")), 1
    return _authelia(entry, f, reading)


def _authelia(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """{"level":"error","method":"POST","msg":"Unsuccessful 1FA …","remote_ip":…,"time":…}"""
    message = _text(entry, "msg")
    before, told, behind = message.partition(" authentication attempt ")
    ts = when(reading.clock, _text(entry, "time")) if told and "remote_ip" in entry else None
    if ts is None or not before.startswith(("Unsuccessful ", "Successful ")):
        return None
    f["event.dataset"], f["message"], f["log.level"] = "authelia", message, _text(entry, "level")
    user = behind.partition("by user '")[2].rpartition("'")[0]
    if user:
        f["user.name"] = user
    put_peer(f, _text(entry, "remote_ip"))
    f |= _LOGGED_IN if before[0] == "S" else _FAILED
    return ts, logsources_of("authelia", "web_login"), 1


FORMATS = (
    Format(
        name="selfhosted-logins",
        title="Logins of Gitea, Forgejo, Keycloak, Authelia, Home Assistant, Jellyfin",
        example="2026/11/20 10:00:00 ...ers/web/auth/auth.go:201:SignInPost() [W] Failed authentication attempt for "
        "ann from 192.0.2.111:0: user's password is invalid [uid: 7, name: ann]",
        programs=programs(TABLES),
        line=lines(TABLES),
        begins=beginnings(TABLES),
        object=selfhosted_object,
        keys=(frozenset({"loggerName", "remote_ip"}), frozenset({"timestamp", "time"})),
    ),
)
