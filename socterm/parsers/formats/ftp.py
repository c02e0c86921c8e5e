"""FTP servers that log through syslog: ProFTPD, Pure-FTPd, wu-ftpd and the BSD and Kerberos ftpd.

ProFTPD begins each message with `SERVER (PEER[ADDRESS])`: what follows may hold a user name that looks the
same.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('ftp_login', 'failure', '192.0.2.82')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.tally import pam_told, server_told
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import Memory

_LOGGED_IN = mark("ftp_login", "success")
_FAILED = mark("ftp_login", "failure")
_TRIED = mark("ftp_login")
_CONNECT = mark("ftp_connect")
_LEFT = mark("ftp_disconnect")
_COMMAND = mark("ftp_command")
_UPLOAD = mark("ftp_upload", "success")
_DOWNLOAD = mark("ftp_download", "success")
_DENIED = mark("service_denied")

_PEER = re.compile(r"(?:[\w.:-]{1,255} )?\(([^\s()\[\]]{1,255})\[([\da-fA-F:.]{2,45})\]\)(?::| -) ?")
_USER = re.compile(
    r"USER (.*?)(?:: | \()(no such user|Login successful|Login failed|Limit)(?:\)?:? ?)(.*)", re.DOTALL
)
_USER_OF = re.compile(r"(?:ANON|ANONYMOUS) (\S{1,255}): Login successful")
_VIOLATION = re.compile(r"SECURITY VIOLATION: (\S{1,64}) login attempted", re.IGNORECASE)
_PURE = re.compile(r"\((.{1,255})@([^()\s@]{1,255})\) \[(\w{1,10})\] (.*)", re.DOTALL)
_PURE_FAILED = re.compile(
    r"(?:Authentication failed for user|Login failed for user|Authentification échouée pour"
    r" l'utilisateur) \[?(.*?)\]?$"
)
_PURE_MOVED = re.compile(r"(.{1,4096}) (uploaded|downloaded) {1,2}\((\d{1,15}) bytes")
_WU = re.compile(r"(?:failed|repeated) login(?: failures?)? from (\S{1,255}) [\[(]([^\[\]()\s]{1,255})[\])]")
_FTPD_FAILED = re.compile(
    r"(?:repeated )?(?:LOGIN FAILURES?|login failures?|FTP LOGIN FAILED) (?:FROM|from) "
    r"(\S{1,255})(?:,? (.*))?"
)
_FTPD_LOGIN = re.compile(
    r"(?:ANONYMOUS )?FTP LOGIN FROM (\S{1,255})(?: \[([\da-fA-F:.]{2,45})\])?(?:,| as) (\S.*)"
)
_FTPD_CONNECT = re.compile(r"connection from (\S{1,255})(?: \(([\da-fA-F:.]{2,45})\))?")


def proftpd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for proftpd."""
    peer = _PEER.match(msg)
    if peer is None:
        return pam_told(msg, f, mem, f"proftpd {mem.host}", _FAILED)
    put_peer(f, peer[2])
    if f.get("source.ip") != peer[1] and not peer[1].endswith(str(f.get("source.ip", "?"))):
        f["source.domain"] = peer[1]
    rest = msg[peer.end() :]
    if rest.startswith("USER "):
        return _user(rest, f, mem)
    violation = _VIOLATION.match(rest)
    if violation is not None:
        f["user.name"] = violation[1].lower()
        f["event.reason"] = "SECURITY VIOLATION"
        f |= _FAILED
    elif rest.startswith("Maximum login attempts"):
        f["event.reason"] = "Maximum login attempts exceeded"
        f |= _TRIED
    elif rest.startswith("FTP session opened"):
        f |= _CONNECT
    elif rest.startswith(
        ("FTP session closed", "FTP session idle", "FTP login timed out", "FTP no transfer timeout")
    ):
        f |= _LEFT
    elif rest.startswith(("Refused connect", "refused", "Connection refused", "mod_wrap")):
        f |= _DENIED
    else:
        anonymous = _USER_OF.match(rest)
        if anonymous is not None:
            f["user.name"] = anonymous[1]
            f |= _LOGGED_IN
    return mem.times


def _user(rest: str, f: Fields, mem: Memory) -> int:
    """USER x: no such user found …; USER x (Login failed): WHY; USER x: Login successful."""
    found = _USER.match(rest)
    if found is None:
        return mem.times
    f["user.name"] = found[1]
    if found[2] == "Login successful":
        f |= _LOGGED_IN
        return mem.times
    f["event.reason"] = found[2] if found[2] != "Login failed" else found[3].strip() or found[2]
    f |= _FAILED
    return server_told(f, mem, f"proftpd {mem.host}")


def pure(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for pure-ftpd: (USER@PEER) [LEVEL] MESSAGE."""
    found = _PURE.match(msg)
    if found is None:
        return pam_told(msg, f, mem, f"pure-ftpd {mem.host}", _FAILED)
    user, peer, level, rest = found.groups()
    put_peer(f, peer)
    if user != "?":
        f["user.name"] = user
    f["log.level"] = level.lower()
    failed = _PURE_FAILED.match(rest)
    if failed is not None:
        f["user.name"] = failed[1]
        f |= _FAILED
        return server_told(f, mem, f"pure-ftpd {mem.host}")
    if rest.endswith(" is now logged in"):
        f["user.name"] = rest[: -len(" is now logged in")]
        f |= _LOGGED_IN
    elif rest.startswith("New connection from"):
        f |= _CONNECT
    elif rest.startswith(("Logout", "Timeout", "Disconnect")):
        f |= _LEFT
    elif rest.startswith("Command ["):
        f |= _COMMAND
    else:
        moved = _PURE_MOVED.match(rest)
        if moved is not None:
            f["file.path"], f["file.size"] = moved[1], int(moved[3])
            f |= _UPLOAD if moved[2] == "uploaded" else _DOWNLOAD
    return mem.times


def ftpd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for wu-ftpd and the other ftpds."""
    wu = _WU.match(msg)
    if wu is not None:
        for token in wu.groups():
            put_peer(f, token)
        f |= _FAILED
        return server_told(f, mem, f"ftpd {mem.host}")
    failed = _FTPD_FAILED.match(msg)
    if failed is not None:
        put_peer(f, failed[1].rstrip(","))
        f |= _FAILED
        return mem.times
    login = _FTPD_LOGIN.match(msg)
    if login is not None:
        put_peer(f, login[2] or login[1])
        f["user.name"] = login[3].partition(" ")[0]
        f |= _LOGGED_IN
        return mem.times
    connect = _FTPD_CONNECT.match(msg)
    if connect is not None:
        put_peer(f, connect[2] or connect[1])
        f |= _CONNECT
        return mem.times
    return pam_told(msg, f, mem, f"ftpd {mem.host}", _FAILED)


FORMATS = (
    Format(
        name="ftp",
        title="ProFTPD, Pure-FTPd, wu-ftpd and other FTP servers in syslog",
        example="Nov 20 10:00:00 ftp1 proftpd[4108]: ftp1.example.net (192.0.2.82[192.0.2.82]): "
        "USER ann (Login failed): Incorrect password.",
        programs={
            "proftpd": Program(proftpd, "proftpd", varies=True),
            "pure-ftpd": Program(pure, "pure-ftpd", varies=True),
            "wu-ftpd": Program(ftpd, "wu-ftpd", varies=True),
            "wuftpd": Program(ftpd, "wu-ftpd", varies=True),
            "ftpd": Program(ftpd, "ftpd", varies=True),
            "gssftpd": Program(ftpd, "ftpd", varies=True),
            "in.ftpd": Program(ftpd, "ftpd", varies=True),
        },
    ),
)
