"""Microsoft SQL Server's ERRORLOG: `STAMP SOURCE      MESSAGE`; logins with the client's address.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('database_login', 'failure', '192.0.2.75')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_LOGGED_IN = mark("database_login", "success")
_FAILED = mark("database_login", "failure")

_LINE = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d) "
    r"(Server|Logon|Backup|spid\d{1,6}[a-z]?|Database Mirroring|[Cc]lr|Service Broker) +(?=\S)"
)
_FAILURE = re.compile(
    r"Login failed for user '(.{0,300})'\. ?(?:Reason: (.{0,600}?) ?)?\[CLIENT: ([^\[\]]{1,60})\]\s*$",
    re.DOTALL,
)
_SUCCESS = re.compile(
    r"Login succeeded for user '(.{0,300})'\. ?(.{0,300}?) ?\[CLIENT: ([^\[\]]{1,60})\]\s*$", re.DOTALL
)
_OTHER = re.compile(r"[^\[]{0,1000}\[CLIENT: ([\da-fA-F:.%]{2,60})\]\s*$")
_ERROR = re.compile(r"Error: (\d{1,10}), Severity: (\d{1,3}), State: (\d{1,5})\.")


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of ERRORLOG."""
    found = _LINE.match(text)
    if found is None:
        return None
    ts = when(reading.clock, found[1])
    if ts is None:
        return None
    message = text[found.end() :]
    f["event.dataset"] = "mssql"
    f["mssql.origin"] = found[2]
    f["message"] = message.partition("\n")[0]
    if len(message) <= 8192:
        _told(message, f)
    return ts, logsources_of("mssql", f.get("event.action", "")), 1


def _told(message: str, f: Fields) -> None:
    """Logins, and the number of an error; a user's name may hold quotation marks and brackets."""
    for beginning, form, fields in (
        ("Login failed", _FAILURE, _FAILED),
        ("Login succeeded", _SUCCESS, _LOGGED_IN),
    ):
        if not message.startswith(beginning):
            continue
        login = form.match(message)
        if login is not None:
            if login[1]:
                f["user.name"] = login[1]
            if login[2]:
                f["event.reason"] = login[2]
            put_peer(f, "" if login[3].startswith("<") else login[3])
            f |= fields
        return
    error = _ERROR.match(message)
    if error is not None:
        f["event.code"] = error[1]
        f["mssql.severity"], f["mssql.state"] = int(error[2]), int(error[3])
        return
    other = _OTHER.match(message)
    if other is not None:
        put_peer(f, other[1])


FORMATS = (
    Format(
        name="mssql",
        title="Microsoft SQL Server: ERRORLOG",
        example="2026-11-20 10:00:00.12 Logon       Login failed for user 'sa'. "
        "Reason: Password did not match that for the login provided. [CLIENT: 192.0.2.75]",
        line=line,
        begins="0123456789",
    ),
)
