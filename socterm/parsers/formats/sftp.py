"""OpenSSH's SFTP server (sftp-server, internal-sftp): which files came and went, by whom, from where.

Who it is, is told once per process; the lines on files carry it on. How much of a file was read or written
stands where it is closed.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "file.path", "file.size")
('ftp_download', '/srv/customers.csv', 123456)
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import Memory

_OPENED = mark("session_opened")
_CLOSED = mark("session_closed")
_DOWNLOAD = mark("ftp_download", "success")
_UPLOAD = mark("ftp_upload", "success")
_CHANGE = mark("ftp_change", "success")

_SESSION = re.compile(r"session (opened|closed) for local user (.{1,255}) from \[(\S{1,255})\]$", re.DOTALL)
_CLOSE = re.compile(r"(?:forced )?close \"(.*)\" bytes read (\d{1,18}) written (\d{1,18})$", re.DOTALL)
_RENAME = re.compile(r"(?:posix-)?rename old \"(.*)\" new \"(.*)\"$", re.DOTALL)
_OTHER = re.compile(r"(?:remove name|rmdir name|mkdir name|set) \"(.*?)\"", re.DOTALL)


def sftp(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for sftp-server and internal-sftp."""
    session = _SESSION.match(msg)
    if session is not None:
        f["user.name"] = session[2]
        value = put_peer(f, session[3])
        if session[1] == "opened":
            seen = mem.process(value)
            seen.renew()
            seen.user = session[2]
            seen.meet(value if "source.ip" in f else "", "" if "source.ip" in f else value, 0)
        f |= _OPENED if session[1] == "opened" else _CLOSED
        return mem.times
    closed = _CLOSE.match(msg)
    if closed is not None:
        read, written = int(closed[2]), int(closed[3])
        if not read and not written:
            return mem.times
        f["file.path"], f["file.size"] = closed[1], max(read, written)
        f |= _UPLOAD if written else _DOWNLOAD
        return _by(f, mem)
    renamed = _RENAME.match(msg)
    if renamed is not None:
        f["file.path"], f["file.Ext.original.path"] = renamed[2], renamed[1]
    else:
        other = _OTHER.match(msg)
        if other is None:
            return mem.times
        f["file.path"] = other[1]
    f |= _CHANGE
    return _by(f, mem)


def _by(f: Fields, mem: Memory) -> int:
    """Whose process this is, as far as it was told."""
    seen = mem.known()
    if seen is not None:
        if seen.user:
            f["user.name"] = seen.user
        if seen.ip or seen.domain:
            f["source.ip" if seen.ip else "source.domain"] = seen.ip or seen.domain
    return mem.times


_SFTP = Program(sftp, "sftp", wraps=False, varies=True)
FORMATS = (
    Format(
        name="sftp",
        title="OpenSSH's SFTP server",
        example='Nov 20 10:00:00 files1 internal-sftp[7]: close "/srv/customers.csv" '
        "bytes read 123456 written 0",
        programs=dict.fromkeys(("sftp-server", "internal-sftp"), _SFTP),
    ),
)
