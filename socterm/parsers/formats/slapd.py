"""OpenLDAP's slapd: who connected, who bound as whom, and who could not.

A connection's address stands on its ACCEPT line, the name on BIND, the verdict on RESULT; `conn=` joins them.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "process.name")
('ldap_connect', '192.0.2.145', 'slapd')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.formats.peers import put_end_of
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import HOUR, Memory

_CONNECT = mark("ldap_connect")
_LEFT = mark("ldap_disconnect")
_LOGGED_IN = mark("ldap_login", "success")
_FAILED = mark("ldap_login", "failure")
_TRIED = mark("ldap_login")
_SEARCH = mark("ldap_search")

_HEAD = re.compile(r"conn=(\d{1,18}) (?:fd|op)=(\d{1,18}) ")
_ACCEPT = re.compile(r"ACCEPT from IP=(\S{3,80}) \(IP=")
_BIND = re.compile(r"BIND dn=\"(.*?)\" (?:method=(\d{1,3})|mech=(\S{1,30}))", re.DOTALL)
_RESULT = re.compile(r"RESULT tag=(\d{1,4}) err=(\d{1,6}) (?:.{0,120}?)text=(.*)", re.DOTALL)
_SEARCHED = re.compile(r"SRCH base=\"(.{0,1000}?)\" scope=\d deref=\d filter=\"(.*)\"$", re.DOTALL)
_NAME = re.compile(r"(?:uid|cn|sAMAccountName|mail)=([^,]{1,255})", re.IGNORECASE)
_BIND_RESPONSE = "97"
_WRONG = frozenset({"49", "48", "53", "32", "50"})
"""Invalid credentials, inappropriate authentication, unwilling to perform, no such object, no right."""
_DAY = 24 * HOUR


def slapd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for slapd."""
    head = _HEAD.match(msg)
    if head is None:
        return pam(msg, f, mem)
    connection, rest = int(head[1]), msg[head.end() :]
    f["slapd.connection"] = connection
    key = f"slapd {mem.host} {mem.pid} {connection}"
    accept = _ACCEPT.match(rest)
    if accept is not None:
        put_end_of(f, accept[1])
        mem.keep(key, {"peer": accept[1], "dn": "", "ts": mem.ts})
        f |= _CONNECT
        return mem.times
    known = mem.recall(key) or {"peer": "", "dn": "", "ts": mem.ts}
    if not -_DAY < mem.ts - known["ts"] < _DAY:
        known = {"peer": "", "dn": "", "ts": mem.ts}
    if known["peer"]:
        put_end_of(f, known["peer"])
    _operation(rest, key, known, f, mem)
    return mem.times


def _operation(rest: str, key: str, known: dict[str, str], f: Fields, mem: Memory) -> None:
    bind = _BIND.match(rest)
    if bind is not None:
        f["slapd.dn"] = bind[1]
        _user(bind[1], f)
        mem.keep(key, {**known, "dn": bind[1], "ts": mem.ts})
        f |= _TRIED
        return
    result = _RESULT.match(rest)
    if result is not None:
        f["slapd.result_code"] = int(result[2])
        if result[3]:
            f["event.reason"] = result[3]
        if result[1] == _BIND_RESPONSE and known["dn"]:
            f["slapd.dn"] = known["dn"]
            _user(known["dn"], f)
        if result[1] == _BIND_RESPONSE:
            f |= (
                _FAILED if result[2] in _WRONG else _LOGGED_IN if result[2] == "0" and known["dn"] else _TRIED
            )
        return
    if rest.startswith("closed"):
        if mem.recall(key) is not None:
            mem.keep(key, {})
        f |= _LEFT
        return
    search = _SEARCHED.match(rest[:4096])
    if search is not None:
        f["slapd.base"], f["slapd.filter"] = search[1], search[2]
        f |= _SEARCH


def _user(dn: str, f: Fields) -> None:
    name = _NAME.match(dn)
    if name is not None:
        f["user.name"] = name[1]


FORMATS = (
    Format(
        name="slapd",
        title="OpenLDAP: slapd",
        example="Nov 20 10:00:00 ldap1 slapd[4110]: conn=1022 fd=21 ACCEPT from IP=192.0.2.145:45011 "
        "(IP=0.0.0.0:636)",
        programs={"slapd": Program(slapd, "slapd", wraps=False, varies=True)},
    ),
)
