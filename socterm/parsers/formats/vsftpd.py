"""vsftpd's own log and its syslog lines, and the xferlog of transfers that it, ProFTPD and wu-ftpd share.

Fri Nov 20 10:00:00 2026 [pid 7] [ann] FAIL LOGIN: Client "192.0.2.81"
Fri Nov 20 10:00:00 2026 1 192.0.2.81 1234 /pub/x b _ o r ann ftp 0 * c

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('ftp_login', 'failure', '192.0.2.81')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.peers import put_end_of
from socterm.parsers.formats.tally import pam_told, server_told
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_LOGGED_IN = mark("ftp_login", "success")
_FAILED = mark("ftp_login", "failure")
_CONNECT = mark("ftp_connect")
_COMMAND = mark("ftp_command")
_DENIED = mark("service_denied")
_DOINGS = {"UPLOAD": "ftp_upload", "DOWNLOAD": "ftp_download"}
_MARKS = {
    (did, went): mark(_DOINGS.get(did, "ftp_change"), outcome)
    for did in ("UPLOAD", "DOWNLOAD", "MKDIR", "RMDIR", "DELETE", "RENAME", "CHMOD", "APPEND")
    for went, outcome in (("OK", "success"), ("FAIL", "failure"))
}

_STAMP = re.compile(r"([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}) ")
_PID = re.compile(r"\[pid (\d{1,10})\] ")
_LOGIN = re.compile(
    r"(?:\[(.{0,300})\] )?(OK|FAIL) LOGIN: Client \"([^\"]{1,255})\"(?:, \"([^\"]*)\")?$", re.DOTALL
)
_ANONYMOUS = re.compile(r"\[(ftp|anonymous)\] (OK|FAIL) LOGIN: Client \"([^\"]{1,255})\", anon password \"")
_SAID = re.compile(
    r"(?:\[([^\]]{0,300})\] )?(OK|FAIL) (UPLOAD|DOWNLOAD|MKDIR|RMDIR|DELETE|RENAME|CHMOD|APPEND): "
    r"Client \"([^\"]{1,255})\"(.*)",
    re.DOTALL,
)
_OTHER = re.compile(
    r"(?:\[(.{0,300}?)\] )?(CONNECT|FTP command|FTP response|DEBUG|WARNING): Client \"([^\"]{1,255})\"(.*)",
    re.DOTALL,
)
_QUOTED = re.compile(r", \"([^\"]*)\"")
_BYTES = re.compile(r", (\d{1,15}) bytes, ")
_TRANSFER = re.compile(
    r"(\d{1,9}) (\S{1,255}) (\d{1,15}) (.+) ([ab]) (\S{1,4}) ([iod]) ([agr]) (.{1,120}) (\S{1,20}) "
    r"([01]) (\S+)(?: ([ci]))?$"
)
_WAYS = {"i": "ftp_upload", "o": "ftp_download", "d": "ftp_change"}


def _told(text: str, f: Fields) -> bool:
    """What the server says behind stamp and pid.

    Who logs in may call himself anything: the last place that reads like the server's word is.
    """
    login = _LOGIN.match(text) or _ANONYMOUS.match(text)
    if login is not None:
        user, went, peer = login[1], login[2], login[3]
        if user:
            f["user.name"] = user
        put_end_of(f, peer)
        if went == "FAIL" and login.lastindex == 4:
            f["event.reason"] = login[4]
        f |= _LOGGED_IN if went == "OK" else _FAILED
        return True
    found = _SAID.match(text)
    if found is None:
        other = _OTHER.match(text)
        if other is None:
            return False
        user, what, peer, rest = other.groups()
        put_end_of(f, peer)
        if user:
            f["user.name"] = user
        if what == "CONNECT":
            f |= _DENIED if "denial" in rest or "too many" in rest else _CONNECT
        else:
            said = _QUOTED.match(rest)
            if said is not None:
                secret = said[1].upper().startswith("PASS ")
                f["vsftpd.command" if what == "FTP command" else "vsftpd.response"] = (
                    "PASS" if secret else said[1]
                )
            f |= _COMMAND
        return True
    user, went, did, peer, rest = found.groups()
    if user:
        f["user.name"] = user
    put_end_of(f, peer)
    path = _QUOTED.match(rest)
    if path is not None:
        f["file.path"] = path[1]
        size = _BYTES.match(rest, path.end())
        if size is not None:
            f["file.size"] = int(size[1])
    f |= _MARKS[did, went]
    return True


def vsftpd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for vsftpd behind a syslog header."""
    if not _told(msg, f):
        return pam_told(msg, f, mem, f"vsftpd {mem.host}", _FAILED)
    if f.get("event.action") == "ftp_login" and f["event.outcome"] == "failure":
        return server_told(f, mem, f"vsftpd {mem.host}")
    return mem.times


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of vsftpd.log and xferlog."""
    stamp = _STAMP.match(text)
    if stamp is None or len(text) > 8192:
        return None
    rest = text[stamp.end() :]
    pid = _PID.match(rest)
    found: Fields = {}
    if pid is not None:
        found["event.dataset"] = dataset = "vsftpd"
        found["process.pid"] = int(pid[1])
        found["message"] = said = rest[pid.end() :]
        if not _told(said, found):
            return None
    else:
        transfer = _TRANSFER.match(rest) if rest[:1].isdecimal() else None
        if transfer is None:
            return None
        found["event.dataset"] = dataset = "xferlog"
        _transferred(transfer, found)
    ts = when(reading.clock, stamp[1].replace("  ", " "))
    if ts is None:
        return None
    f |= found
    return ts, logsources_of(dataset, f["event.action"]), 1


def _transferred(found: re.Match[str], f: Fields) -> None:
    """SECONDS PEER BYTES PATH TYPE FLAG WAY ACCESS USER SERVICE METHOD ID DONE (xferlog(5))."""
    f["event.duration"] = int(found[1]) * 1_000_000_000
    put_peer(f, found[2])
    f["file.size"], f["file.path"] = int(found[3]), found[4]
    f["user.name"], f["network.protocol"] = found[9], found[10]
    f |= mark(_WAYS[found[7]], "failure" if found[13] == "i" else "success")


FORMATS = (
    Format(
        name="vsftpd",
        title="vsftpd, and the xferlog of FTP transfers",
        example='Fri Nov 20 10:00:00 2026 [pid 4107] [ann] FAIL LOGIN: Client "192.0.2.81"',
        programs={"vsftpd": Program(vsftpd, "vsftpd", varies=True)},
        line=line,
        begins="MTWFS",
    ),
)
