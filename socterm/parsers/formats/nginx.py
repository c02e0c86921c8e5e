"""nginx's error log: `DATE TIME [LEVEL] PID#TID: *CONNECTION MESSAGE, client: …, server: …, request: "…", …`.

What follows the message is nginx's own, but message and request hold what clients sent, and a client may send
the very words. Where `, client: ` occurs more than once, the kind of message says which one nginx wrote.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_login', 'failure', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.addresses import peer_of
from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.apache_message import happened
from socterm.parsers.formats.web_access import access
from socterm.parsers.formats.web_request import host_port, put_host, put_number, put_text, request_fields
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import LOGSOURCES

_HEAD = re.compile(
    r"\[(?P<level>emerg|alert|crit|error|warn|notice|info|debug)\] (?P<pid>\d{1,10})#(?P<tid>\d{1,10}): "
    r"(?:\*(?P<connection>\d{1,20}) )?"
)
_STAMP = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", re.ASCII)
_RELAYED = re.compile(r"(?:\S{1,255} )?nginx(?:\[\d{1,10}\])?: ")
"""Header of a syslog line within the message of another."""
_CLIENT = ", client: "
_MOST = 16
_FAILED = mark("web_login", "failure")
_DENIED = mark("web_denied", "failure")
_LIMITED = mark("web_limited", "failure")
_ERROR = mark("web_error")
_NOTICE = mark("web_notice")
_LOUD = frozenset({"emerg", "alert", "crit", "error"})

_USER = re.compile(
    r"user \"(?P<user>.{0,4096})\"(?:: password mismatch|:? was not found in \"[^\"]*\")$", re.DOTALL
)
_PAM = re.compile(r"PAM: user '(?P<user>.{0,4096})' - not authenticated: ", re.DOTALL)
_REFUSALS = (
    "access forbidden by rule",
    "directory index of ",
    "client sent ",
    "no user/password was provided",
)
_HOLD_USER = ('user "', "PAM: user '")
_HOLD_PATH = ('open() "', '"', 'directory index of "', 'openat() "', 'stat() "')
"""Beginnings of messages that hold a user's name, or a path made from the URL."""
_STDERR = "FastCGI sent in stderr: "
_STDERR_END = re.compile(r'" while reading (?:response header from )?upstream$')
"""What nginx writes behind an application's own words, which may say anything before it."""
_WHOLE = re.compile(
    r'[^\s",]+(?:, server: [^",]*)?(?:, request: "[^"]*")?(?:, subrequest: "[^"]*")?'
    r'(?:, upstream: "[^"]*")?(?:, host: "[^"]*")?(?:, referrer: "[^"]*")?$'
)
_NAMES = ("server", "request", "subrequest", "upstream", "host", "referrer")


def error(msg: str, f: Fields) -> bool:
    """Reads an error log's line behind its stamp; False, with the fields untouched, if it is none."""
    head = _HEAD.match(msg)
    if head is None:
        return False
    f["event.dataset"] = "nginx.error"
    f["log.level"] = level = head["level"]
    f["process.pid"] = int(head["pid"])
    f["process.thread.id"] = int(head["tid"])
    if head["connection"]:
        put_number(f, "nginx.error.connection_id", head["connection"])
    text = msg[head.end() :]
    f["message"] = text
    said, tail = _parted(text)
    _happened(said, level, f)
    if tail:
        _context(tail, f)
    return True


def _parted(text: str) -> tuple[str, str]:
    """(message, what follows `, client: `): parted where nginx itself wrote it."""
    pieces = text.split(_CLIENT, _MOST)
    count = len(pieces) - 1
    at = 1
    if count > 1 and text.startswith(_STDERR):
        at = next((i for i in range(1, count + 1) if _STDERR_END.search(pieces[i - 1])), count)
    elif count > 1 and text.startswith(_HOLD_USER):
        at = next((i for i in range(1, count + 1) if _ends_message(_CLIENT.join(pieces[i:]))), count)
    elif count > 1 and text.startswith(_HOLD_PATH):
        middle = (count + 1) // 2
        if count % 2 and _address(pieces[1]) == _address(pieces[-middle + 1] if middle > 1 else ""):
            at = middle  # quotes went unencoded: as often in the path before as in the request behind
        else:
            at = next((i for i in range(1, count + 1) if _WHOLE.match(_CLIENT.join(pieces[i:]))), count)
    return _CLIENT.join(pieces[:at]), _CLIENT.join(pieces[at:])


def _ends_message(tail: str) -> bool:
    """Whether nginx wrote this behind a message about a user.

    Behind words that a user name holds comes the rest of the message, so nothing whole; a quote within the
    request makes nginx's own words look torn too, but then no `HTTP/1.1` stands before that quote.
    """
    if _WHOLE.match(tail):
        return True
    request = tail.partition(', request: "')[2].partition('"')[0]
    return " HTTP/" not in request[-10:]


def _address(piece: str) -> str:
    return piece.partition(",")[0]


def _happened(said: str, level: str, f: Fields) -> None:
    """What the message proper tells."""
    user = _USER.match(said) or _PAM.match(said)
    if user is not None:
        f |= _FAILED
        put_text(f, "user.name", user["user"])
    elif said.startswith(_REFUSALS):
        f |= _DENIED
    elif said.startswith(("limiting ", "delaying ")):
        f |= _LIMITED
    elif said.startswith("[client "):
        happened(said.partition("] ")[2], level, f, known=True)
    else:
        f |= _ERROR if level in _LOUD else _NOTICE


def _context(tail: str, f: Fields) -> None:
    """ADDRESS, server: NAME, request: "…", upstream: "…", host: "…", referrer: "…", each at most once."""
    client, _, rest = tail.partition(", ")
    host, port = host_port(client)
    put_end(f, "source", host, port)
    found: dict[str, str] = {}
    for name in _NAMES:
        start = f"{name}: "
        if rest.startswith(start):
            value, rest = _value(rest[len(start) :])
            found[name] = value
    f |= request_fields(found.get("request", ""))
    name = found.get("host") or found.get("server", "")
    if "host" in found or peer_of(host_port(name)[0])[0] == "source.domain":
        put_host(f, name if name != "_" else "")
    put_text(f, "http.request.referrer", found.get("referrer", ""))
    put_text(f, "nginx.error.upstream", found.get("upstream", ""))
    put_text(f, "nginx.error.server", found.get("server", ""))


def _value(text: str) -> tuple[str, str]:
    """A value and what follows it. A quoted one ends where the next name begins, or the line."""
    if text[:1] != '"':
        value, _, rest = text.partition(", ")
        return value, rest
    end = min(
        (at for name in _NAMES if (at := text.find(f'", {name}: ', 1)) > 0),
        default=len(text) - 1 if text.endswith('"') else len(text),
    )
    return text[1:end], text[end + 3 :]


def _line(text: str, fields: Fields, reading: Reading) -> Found | None:
    if not _STAMP.match(text):
        return None
    ts = when(reading.clock, text[:19])
    if ts is None or not error(text[20:], fields):
        return None
    return ts, LOGSOURCES["nginx.error"], 1


def nginx(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for nginx: error or access log sent to syslog, a container's output in the journal."""
    relayed = _RELAYED.match(msg)
    if relayed is not None:
        msg = msg[relayed.end() :]
    if _STAMP.match(msg):
        msg = msg[20:]
    if not error(msg, f) and mem.clock is not None:
        access(msg, f, Reading(mem.clock, mem))
    return mem.times


FORMATS = (
    Format(
        name="nginx",
        title="nginx error log",
        example=(
            '2026/11/20 10:00:00 [error] 2210#2210: *17 user "ann": password mismatch, client: 203.0.113.9, '
            'server: shop.example, request: "GET /admin HTTP/1.1", host: "shop.example"'
        ),
        programs={"nginx": Program(nginx, "nginx.error", varies=True)},
        line=_line,
        begins="0123456789",
    ),
)
