"""Access logs of web servers as text: common, combined, with virtual host, nginx's and Traefik's.

`CLIENT IDENT USER [STAMP] "REQUEST" STATUS BYTES ["REFERRER" "AGENT" [more]]`. This is the hot way, for lines
in which no quote is escaped and nothing is unusual; all else goes the careful way (`web_access_odd`).

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_request', 'failure', '203.0.113.9')
"""

from __future__ import annotations

from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.web_access_odd import odd_line, put_more, put_server
from socterm.parsers.formats.web_request import (
    answer_fields,
    request_fields,
)
from socterm.parsers.marks import Fields
from socterm.parsers.moments import when
from socterm.parsers.stamps import BLANKED, MINUTE, Clock
from socterm.taxonomy.logsources import LOGSOURCES

_SOURCES = LOGSOURCES["web.access"]
_HOURS = 512

_KEPT = 4096
_LONGEST = 400
"""Characters of a request worth keeping: scanners' long ones do not come twice."""
_usual: dict[str, Fields] = {}
"""Requests seen, with their fields: a pure memo."""
_hours: dict[str, tuple[str, int]] = {}
"""`20/Nov/2026:10:` → (zone with what follows it, instant): a pure memo of `when`."""


def _template(status: str) -> Fields:
    """All fields nearly every line has: a dict so large that a line's copy of it need not grow.

    The answer is what CPython copies in one go: at least 11 entries, none deleted.
    """
    return {
        "event.dataset": "web.access",
        **answer_fields(status),
        "http.request.method": "",
        "url.original": "",
        "url.path": "",
        "http.version": "",
        "http.response.body.bytes": 0,
    }


_TEMPLATES = {f" {code} ": _template(str(code)) for code in range(100, 1000)}


def access(text: str, fields: Fields, reading: Reading) -> Found | None:
    """Reads a line of an access log, None if it is none."""
    parts = text.split('"', 8)
    count = len(parts)
    more = ""
    if count == 7:
        head, request, result, referrer, gap, agent, rest = parts
        if rest or gap != " ":
            return odd_line(text, fields, reading)
    elif count == 3:
        head, request, result = parts
        referrer = agent = ""
        result += " "
    elif count == 9:
        head, request, result, referrer, gap, agent, gap_2, more, rest = parts
        if rest or gap != " " or gap_2 != " ":
            return odd_line(text, fields, reading)
    else:
        return odd_line(text, fields, reading) if count > 3 else None
    size = result[5:-1]
    template = _TEMPLATES.get(result[:5])
    if template is None or not (size.isdecimal() or size == "-") or len(size) > 18 or "\\" in text:
        return odd_line(text, fields, reading)
    client, plain_user, stamp = head.partition(" - - [")
    user = ""
    if not plain_user:
        client, _, stamp = head.partition(" - ")
        user, _, stamp = stamp.rpartition(" [")
    host = ""
    if " " in client:
        host, _, client = client.partition(" ")
    name, value = known_peers.get(client) or peer_of(client)
    known = _hours.get(stamp[:15])
    since = BLANKED.get(stamp[15:21])
    if known is None or since is None or known[0] != stamp[21:]:
        known, since = _hour(stamp, reading.clock)
    asked = _usual.get(request) or _asked(request)
    if known is None or not name or asked is None or "," in host:
        return odd_line(text, fields, reading)
    fields.update(template)
    fields |= asked
    if size == "-":
        del fields["http.response.body.bytes"]
    else:
        fields["http.response.body.bytes"] = int(size)
    fields[name] = value
    if referrer and referrer != "-":
        fields["http.request.referrer"] = referrer
    if agent and agent != "-":
        fields["user_agent.original"] = agent
    if user and user != "-":
        fields["user.name"] = user
    if host:
        put_server(fields, host)
    if more and more != "-":
        put_more(fields, [more])
    return known[1] + since, _SOURCES, 1


def _asked(request: str) -> Fields | None:
    """The request's fields if they are those that a template has; other ones go the careful way."""
    found = request_fields(request)
    if "url.path" not in found or "http.version" not in found:
        return None
    if len(request) <= _LONGEST:
        if len(_usual) >= _KEPT:
            _usual.clear()
        _usual[request] = found
    return found


def _hour(stamp: str, clock: Clock) -> tuple[tuple[str, int] | None, int]:
    """(zone and instant of the stamp's hour, µs into it) of a stamp `20/Nov/2026:10:00:00 +0100] `."""
    if stamp[26:] != "] " or stamp[11:12] != ":" or stamp[20:21] != " " or stamp[21:22] not in "+-":
        return None, 0
    since = MINUTE.get(stamp[15:20])
    ts = when(clock, stamp[:26])
    if since is None or ts is None:
        return None, 0
    if len(_hours) >= _HOURS:
        _hours.clear()
    known = _hours[stamp[:15]] = (stamp[21:], ts - since)
    return known, since


FORMATS = (
    Format(
        name="access",
        title="web access log: common, combined, with virtual host, nginx's and Traefik's extensions",
        example=(
            '203.0.113.9 - ann [20/Nov/2026:10:00:00 +0100] "GET /a.php?id=1 HTTP/1.1" 404 153 '
            '"https://shop.example/" "Mozilla/5.0"'
        ),
        line=access,
    ),
)
