"""Envoy's access log as text: its own default format, and the longer ones of Istio and other meshes.

`[STAMP] "METHOD PATH PROTOCOL" STATUS FLAGS … RECEIVED SENT TOOK UPSTREAM "XFF" "AGENT" "ID" "AUTHORITY"
"UPSTREAM" …`. Istio puts up to three reasons between flags and sizes; behind the upstream's address it names
its cluster, the ends of both connections, the server name and the route.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_request', 'failure', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.web_request import (
    answer_fields,
    host_port,
    is_private,
    put_duration,
    put_forwarded,
    put_host,
    put_number,
    put_text,
    put_url,
    tokens_of,
)
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import LOGSOURCES

_BEGIN = re.compile(
    r"\[(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)\] "
    r'"(?P<method>[A-Z]{2,20}|-) (?P<path>[^"]{1,16384}?) (?P<version>HTTP/[\d.]{1,3}|-)" '
    r"(?P<status>\d{1,3}) "
)
_MOST = 20_000
_SIZES = 4
"""Bytes received and sent, milliseconds in all and upstream: what the quoted fields stand behind."""
_BEHIND = {1: "user_agent.original", 2: "http.request.id"}
_TCP = mark("proxy_connection")


def _read(text: str, fields: Fields, reading: Reading) -> Found | None:
    begin = _BEGIN.match(text)
    if begin is None:
        return None
    tokens = tokens_of(text[begin.end() : _MOST])
    at = _first_quoted(tokens)
    if at < _SIZES + 1:
        return None
    received, sent, took, _ = (value for value, _ in tokens[at - _SIZES : at])
    if not (received.isdecimal() and sent.isdecimal()):
        return None
    quoted = [value for value, _ in tokens[at : at + 5]]
    ts = when(reading.clock, begin["stamp"])
    if ts is None or len(quoted) < 5:
        return None
    made: Fields = {"event.dataset": "envoy.access"}
    if begin["method"] == "-":
        made |= _TCP
    else:
        made |= answer_fields(begin["status"])
        made["http.request.method"] = begin["method"]
        put_url(made, begin["path"])
        if begin["version"] != "-":
            made["http.version"] = begin["version"][5:]
    put_text(made, "envoy.response_flags", tokens[0][0])
    put_number(made, "http.request.bytes", received)
    put_number(made, "http.response.body.bytes", sent)
    put_duration(made, took, 1_000_000)
    for place, name in _BEHIND.items():
        put_text(made, name, quoted[place])
    if quoted[3] != "-":
        put_host(made, quoted[3])
    _ends(made, quoted[0], quoted[4], [value for value, _ in tokens[at + 5 :]])
    fields |= made
    return ts, LOGSOURCES["envoy.access"], 1


def _first_quoted(tokens: list[tuple[str, bool]]) -> int:
    """Where X-Forwarded-For stands: the first quoted field behind two sizes; 0 where there is none.

    Istio's reason why the transport failed is quoted too, and stands before the sizes.
    """
    for at in range(_SIZES + 1, len(tokens)):
        if tokens[at][1] and not any(quoted for _, quoted in tokens[at - _SIZES : at]):
            return at
    return 0


def _ends(made: Fields, forwarded: str, upstream: str, more: list[str]) -> None:
    """Who asked: the peer where the format names it, else who X-Forwarded-For says handed the request on."""
    host, port = host_port(upstream)
    if upstream != "-":
        put_end(made, "destination", host, port)
    if more:
        put_text(made, "envoy.upstream_cluster", more[0])
    if len(more) > 3 and more[3] != "-":
        put_end(made, "source", *host_port(more[3]))
    given = [ip.strip() for ip in forwarded.split(",") if ip.strip("- ")]
    if given and "source.ip" not in made:
        outside = [ip for ip in given if not is_private(ip)]
        put_end(made, "source", (outside or given)[-1])
    put_forwarded(made, forwarded)


FORMATS = (
    Format(
        name="envoy",
        title="Envoy, Istio: access log as text",
        example=(
            '[2026-11-20T10:00:00.123Z] "POST /login?a=1 HTTP/1.1" 401 - 12 30 5 4 "203.0.113.9" '
            '"curl/8.5.0" "8a6b-2" "shop.example" "10.1.2.3:8080"'
        ),
        line=_read,
        begins="[",
    ),
)
