"""MySQL and MariaDB: the error log in the stamps of all generations, and the general log of statements.

    261120 10:00:00 [Warning] …                              up to 5.5
    2026-11-20 10:00:00 1234 [Warning] …                     5.6, MariaDB; the hour may be padded with a blank
    2026-11-20T10:00:00.123456Z 12 [Note] [MY-010926] [Server] …    5.7, 8 and later
    2026-11-20T10:00:00.123456Z    12 Connect    root@host on … using TCP/IP      general log

A user's name is typed by the peer: in `'USER'@'HOST'` the last `'@'` is the server's.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('database_login', 'failure', '192.0.2.71')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.mysql_slow import slow_line
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_FAILED = mark("database_login", "failure")
_LOGGED_IN = mark("database_login", "success")
_DENIED = mark("database_denied")
_LEFT = mark("database_disconnect")
_QUERY = mark("database_query")
_REFUSED = mark("service_denied")

_STAMP = re.compile(
    r"(\d{6} {1,2}\d{1,2}:\d\d:\d\d|\d{4}-\d\d-\d\d {1,2}\d{1,2}:\d\d:\d\d"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?)[ \t]"
)
_LEVEL = re.compile(r"(?:(?:0x)?[0-9a-f]{1,18} )?\[(Note|Warning|ERROR|Error|System|Info)\] ?")
_BARE = re.compile(
    r" {0,2}(?:[0-9a-f]{1,18} )?(?=InnoDB: |mysqld_safe |mysqld: |mariadbd: |/\S{1,200}(?:mysqld|mariadbd): )"
)
_CODE = re.compile(r"\[(MY-\d{6})\] \[(\w+)\] ")
_GENERAL = re.compile(
    r"[ \t]{0,12}(\d{1,18}) (Connect|Query|Quit|Init DB|Prepare|Execute|Field List|Close stmt|Statistics|Ping"
    r"|Change user|Reset stmt|Fetch|Shutdown|Refresh|Processlist|Kill|Reset Connection)(?:\t|[ \t]*$)"
)
_ACCOUNT = re.compile(r"(.*)'@'([^']{0,255})'(?: \(using password: (YES|NO)\))?$", re.DOTALL)
_TO_DATABASE = re.compile(r"(.{0,400})'@'([^']{0,255})' to database '(.{0,200})'$", re.DOTALL)
_ABORTED = re.compile(
    r"Aborted connection (\d{1,18}) to db: '(.{0,200})' user: '(.{0,400})' host: '"
    r"([^']{0,255})' \((.{0,400})\)$",
    re.DOTALL,
)
_CONNECTED = re.compile(r"(\S{0,255})@(\S{0,255}) (?:on|as)\b")
_BLOCKED = re.compile(r"Host '([^']{1,255})' (?:is blocked because of|is not allowed to connect)")


def _account(text: str, f: Fields) -> bool:
    """USER'@'HOST' (using password: YES) at the end of a message."""
    found = _ACCOUNT.match(text)
    if found is None:
        return False
    if found[1]:
        f["user.name"] = found[1]
    put_peer(f, found[2])
    if found[3]:
        f["mysql.using_password"] = found[3] == "YES"
    return True


def told(text: str, f: Fields) -> None:
    """What a message of the error log says about logins and connections."""
    if text.startswith("Access denied for user '"):
        rest = text[24:]
        if _account(rest, f):
            f |= _FAILED
            return
        database = _TO_DATABASE.match(rest)
        if database is not None:
            if database[1]:
                f["user.name"] = database[1]
            put_peer(f, database[2])
            f["mysql.database"] = database[3]
            f |= _DENIED
        return
    if text.startswith("Aborted connection "):
        aborted = _ABORTED.match(text)
        if aborted is not None:
            if aborted[3] not in ("", "unconnected", "unauthenticated"):
                f["user.name"] = aborted[3]
            put_peer(f, "" if aborted[4] == "connecting host" else aborted[4])
            f["event.reason"] = aborted[5]
            f |= _LEFT
        return
    blocked = _BLOCKED.match(text)
    if blocked is not None:
        put_peer(f, blocked[1])
        f["event.reason"] = text.partition("' ")[2]
        f |= _REFUSED


def _message(text: str, f: Fields) -> None:
    f["message"] = text
    code = _CODE.match(text)
    if code is not None:
        f["event.code"], f["mysql.subsystem"] = code[1], code[2]
        text = text[code.end() :]
    told(text, f)


def _general(found: re.Match[str], rest: str, f: Fields) -> None:
    """ID COMMAND<tab>ARGUMENT of the general log."""
    command = found[2]
    argument = rest[found.end() :]
    f["mysql.thread_id"], f["mysql.command"] = int(found[1]), command
    f["message"] = argument or command
    if command == "Connect":
        if argument.startswith("Access denied for user '"):
            told(argument, f)
            return
        who = _CONNECTED.match(argument)
        if who is not None:
            if who[1]:
                f["user.name"] = who[1]
            put_peer(f, who[2])
            f |= _LOGGED_IN
    elif command == "Quit":
        f |= _LEFT
    elif command in ("Query", "Prepare", "Execute"):
        f |= _QUERY


def _read(text: str, f: Fields) -> str:
    """The stamp of an error or general log line whose fields are then written, "" for another line."""
    stamp = _STAMP.match(text)
    if stamp is None:
        return ""
    rest = text[stamp.end() :]
    level = _LEVEL.match(rest.lstrip(" ")[:64]) if "[" in rest[:40] else None
    if level is not None:
        thread = level[0].partition(" [")[0]
        if thread and thread[0] != "[" and thread.isdecimal():
            f["mysql.thread_id"] = int(thread)
        f["log.level"] = level[1].lower()
        _message(rest.lstrip(" ")[level.end() :], f)
        return stamp[1]
    bare = _BARE.match(rest[:260])
    if bare is not None:
        _message(rest[bare.end() :], f)
        return stamp[1]
    command = _GENERAL.match(rest)
    if command is None:
        return ""
    _general(command, rest, f)
    return stamp[1]


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of the error log, the general log and the slow log's heads."""
    if text[:1] == "#":
        return slow_line(text, f, reading)
    if text[6:7] != " " and text[4:5] != "-":
        return None
    found: Fields = {"event.dataset": "mysql"}
    stamp = _read(text, found)
    if not stamp:
        return None
    ts = when(reading.clock, stamp.replace("  ", " ") if stamp[4:5] != "-" else stamp)
    if ts is None:
        return None
    f |= found
    return ts, logsources_of("mysql", f.get("event.action", "")), 1


def mysqld(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for mysqld and mariadbd: the journal's lines have their own stamp, or not."""
    if msg.startswith(("pam_", "PAM ")):
        return pam(msg, f, mem)
    found: Fields = {}
    if _read(msg, found):
        found.pop("message", None)
        f |= found
        return mem.times
    level = _LEVEL.match(msg[:64])
    if level is not None:
        f["log.level"] = level[1].lower()
        msg = msg[level.end() :]
    told(msg, f)
    return mem.times


_MYSQLD = Program(mysqld, "mysql", wraps=False, varies=True)
FORMATS = (
    Format(
        name="mysql",
        title="MySQL and MariaDB: error log, general log, slow log",
        example="2026-11-20T10:00:00.123456Z 12 [Note] [MY-010926] [Server] "
        "Access denied for user 'root'@'192.0.2.71' (using password: YES)",
        programs=dict.fromkeys(("mysqld", "mariadbd", "mysqld_safe", "mariadb", "mysql"), _MYSQLD),
        line=line,
        begins="0123456789#",
    ),
)
