"""HAProxy: requests (httplog, httpslog), connections (tcplog), plain connects, failed handshakes, its doings.

`CLIENT:PORT [ACCEPTED] FRONTEND BACKEND/SERVER TIMES …`, through syslog or, in a container, alone on a line.
Only the request is in quotes: HAProxy writes a quote within a value, captured headers too, as `#22`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_request', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.web_request import answer_fields, plain, put_host, put_number, request_fields
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import LOGSOURCES

_PASSED = mark("proxy_connection")
_REFUSED = mark("proxy_connection", "failure")
_NOTICE = mark("web_notice")
_ERROR = mark("web_error")

_ACCEPTED = re.compile(r"\d{1,2}/[^/ ]{3,10}/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,6})?")
_STATE = re.compile(r"[A-Za-z*-]{2,4}")
_LONG = 300
"""Characters that a client's address, its frontend and its backend may have together."""


def haproxy(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for haproxy."""
    if _traffic(msg, f, mem, None) or _connect(msg, f):
        return mem.times
    if msg.startswith(("Server ", "Backup Server ", "backend ", "Proxy ", "Health check ")):
        f |= _ERROR if " is DOWN" in msg or "no server available" in msg else _NOTICE
        f["event.reason"] = msg.partition(", ")[2] or msg
    return mem.times


def _line(text: str, fields: Fields, reading: Reading) -> Found | None:
    """A line without a header, as HAProxy writes to a container's output."""
    stamps: list[int] = []
    made: Fields = {"event.dataset": "haproxy"}
    if not _traffic(text, made, reading, stamps) or not stamps:
        return None
    fields |= made
    return stamps[0], LOGSOURCES["haproxy"], 1


def _traffic(msg: str, f: Fields, at: Memory | Reading, stamps: list[int] | None) -> bool:
    """`CLIENT:PORT [ACCEPTED] …`; the instant of `ACCEPTED` is added to `stamps` where these are given."""
    client, _, rest = msg[:_LONG].partition(" [")
    accepted, bracket, _ = rest.partition("] ")
    address, colon, port = client.rpartition(":")
    if not bracket or not colon or " " in client or not _ACCEPTED.fullmatch(accepted):
        return False
    if port and number(port, 5) is None:
        return False
    if stamps is not None:
        clock = at.clock
        ts = None if clock is None else when(clock, accepted)
        if ts is None:
            return False
        stamps.append(ts)
    words = msg[len(client) + len(accepted) + 4 :].split(" ", 14)
    frontend = words[0]
    if frontend.endswith(":"):
        f |= _REFUSED
        f["haproxy.frontend"] = frontend[:-1]
        f["event.reason"] = " ".join(words[1:])
    elif len(words) < 6 or not _times(words[2], f):
        return False
    elif (number(words[3], 3) or words[3] == "-1") and len(words) > 9 and _STATE.fullmatch(words[7]):
        _request(words, msg, f)
    elif _STATE.fullmatch(words[4]):
        f |= _PASSED
        _backend(words[1], words[4], f)
        put_number(f, "destination.bytes", words[3].lstrip("+"))
    else:
        return False
    f.setdefault("haproxy.frontend", frontend.rstrip("~"))
    put_end(f, "source", address, port)
    return True


def _times(text: str, f: Fields) -> bool:
    """Tq/Tw/Tc/Tr/Tt or Tw/Tc/Tt in ms; the last is the whole (with `+` while it goes on)."""
    parts = text.split("/")
    if not 3 <= len(parts) <= 5 or not all(part.lstrip("+-").isdecimal() for part in parts):
        return False
    whole = number(parts[-1].lstrip("+"), 12)
    if whole is not None:
        f["event.duration"] = whole * 1_000_000
    return True


def _request(words: list[str], msg: str, f: Fields) -> None:
    """httplog: status, bytes, two cookies, state, connections, queues, captures, request."""
    f |= answer_fields(words[3])
    put_number(f, "http.response.body.bytes", words[4].lstrip("+"))
    _backend(words[1], words[7], f)
    quoted = msg.partition(' "')[2]
    request, _, tail = quoted.rpartition('"')
    f |= request_fields(plain(request or quoted))
    captured = msg.partition(' "')[0].partition(" {")[2]
    host = captured.partition("}")[0].partition("|")[0]
    if host and "." in host and " " not in host and "url.domain" not in f:
        put_host(f, host)
    if tail.strip():
        f["haproxy.tail"] = tail.strip()


def _backend(text: str, state: str, f: Fields) -> None:
    backend, _, server = text.partition("/")
    f["haproxy.backend"] = backend
    if server and server != "<NOSRV>":
        f["haproxy.server"] = server
    f["haproxy.termination_state"] = state


def _connect(msg: str, f: Fields) -> bool:
    """Connect from A:P to B:P (frontend/mode): what a frontend without a log format tells."""
    if not msg.startswith("Connect from "):
        return False
    words = msg.split(" ", 6)
    if len(words) < 5 or words[3] != "to":
        return False
    f |= _PASSED
    for side, word in (("source", words[2]), ("destination", words[4])):
        address, _, port = word.rpartition(":")
        put_end(f, side, address, port)
    if len(words) > 5:
        f["haproxy.frontend"] = words[5].strip("()").partition("/")[0]
    return True


FORMATS = (
    Format(
        name="haproxy",
        title="HAProxy: requests, connections, handshakes, server states",
        example=(
            "203.0.113.9:40001 [20/Nov/2026:10:00:00.123] web~ app/app1 "
            '0/0/1/12/13 200 5120 - - ---- 1/1/0/0/0 0/0 "GET /a HTTP/1.1"'
        ),
        programs={"haproxy": Program(haproxy, "haproxy")},
        line=_line,
        begins="0123456789abcdefABCDEF:[",
    ),
)
