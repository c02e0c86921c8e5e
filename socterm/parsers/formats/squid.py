"""Squid's access.log in its native form: `TIME MS CLIENT RESULT/STATUS SIZE METHOD URL USER ROUTE/PEER TYPE`.

Squid in common or combined form is an access log like others (`web_access`), told by its last word.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_request', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.web_request import answer_fields, put_number, put_text, put_url
from socterm.parsers.marks import Fields, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import epoch
from socterm.taxonomy.logsources import LOGSOURCES

_RESULT = re.compile(r"[A-Z_]{3,60}/\d{3}")
_METHOD = re.compile(r"[A-Za-z_-]{1,32}")
_EPOCH = re.compile(r"\d{9,10}\.\d{3}")
_MIDDLE = 7
_END = 3


def read(text: str, fields: Fields) -> int | None:
    """The instant of a line, whose fields are then written; None for a line of another kind.

    The URL may hold blanks if `uri_whitespace` allows them: it is what stands between the method and the
    last three words.
    """
    words = text.split(None, _MIDDLE - 1)
    if len(words) < _MIDDLE or not _EPOCH.fullmatch(words[0]) or not _RESULT.fullmatch(words[3]):
        return None
    stamp, millis, client, answer, size, method, rest = words
    if not millis.isdecimal() or len(millis) > 12 or not _METHOD.fullmatch(method):
        return None
    ends = rest.partition(" [")[0].rsplit(None, _END)  # headers follow in brackets, with log_mime_hdrs
    if len(ends) <= _END or "/" not in ends[2]:
        return None
    url, user, route, mime = ends
    result, _, status = answer.partition("/")
    ts = epoch(stamp)
    if ts is None:
        return None
    fields |= answer_fields(status)
    fields["squid.result"] = result
    put_end(fields, "source", client)
    put_number(fields, "http.response.body.bytes", size)
    fields["event.duration"] = int(millis) * 1_000_000
    put_text(fields, "http.request.method", method)
    if url.startswith("error:"):
        fields["event.reason"] = url
        fields["url.original"] = url
    else:
        put_url(fields, url)
    put_text(fields, "user.name", user)
    hierarchy, _, peer = route.partition("/")
    put_text(fields, "squid.hierarchy", hierarchy)
    put_end(fields, "destination", peer)
    put_text(fields, "http.response.mime_type", mime)
    return ts


def _line(text: str, fields: Fields, _: Reading) -> Found | None:
    made: Fields = {"event.dataset": "squid"}
    ts = read(text, made)
    if ts is None:
        return None
    fields |= made
    return ts, LOGSOURCES["squid"], 1


def squid(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for squid, where its access log goes to syslog."""
    read(msg.lstrip(), f)
    return mem.times


_SQUID = Program(squid, "squid", varies=True)
FORMATS = (
    Format(
        name="squid",
        title="Squid access log, native form",
        example=(
            "1795168800.123     41 203.0.113.9 TCP_MISS/200 5120 GET http://www.example/a.exe ann "
            "HIER_DIRECT/198.51.100.7 text/html"
        ),
        programs={"squid": _SQUID, "(squid-1)": _SQUID},
        line=_line,
        begins="0123456789",
    ),
)
