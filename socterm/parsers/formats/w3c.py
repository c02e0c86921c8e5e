"""W3C extended logs: IIS's requests, Windows' HTTP errors, CloudFront.

A `#Fields:` line names the columns of those that follow, and is kept for them. Where none was seen (a file
read from its middle) the columns are told by their look; in JSON they name themselves. Times are UTC,
whatever the server's zone.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_request', 'failure', '203.0.113.9')
"""

from __future__ import annotations

import re
from typing import Any

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.w3c_columns import bare, columns_by_look, columns_fit
from socterm.parsers.formats.web_request import answer_fields, put_duration, put_forwarded, put_host, put_url
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.moments import moment, when
from socterm.taxonomy.logsources import LOGSOURCES

_NOTE = "w3c"
_DATE = re.compile(r"\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d[ \t]", re.ASCII)
_INSTANTS = ("timestamp(ms)", "timestamp", "@timestamp", "EventTime", "EventReceivedTime")
"""Where an object names one instant, not a date and a time."""
_CLOUDFRONT = frozenset({"x-edge-location", "x-edge-request-id", "x-edge-result-type", "x-host-header"})
_LONGEST = 32_768
_DIRECTIVES = ("#Software: Microsoft Internet Information", "#Software: Microsoft HTTP", "#Version: 1.0")
_DATED = "#Date: "
_NAMED = "#Fields: "
_MOST = 64
_ERROR = mark("web_error")

_TEXTS = {
    "cs-method": "http.request.method",
    "cs(cookie)": "http.request.headers.cookie",
    "s-sitename": "iis.site",
    "s-computername": "host.hostname",
    "hostname": "host.hostname",
    "s-reason": "event.reason",
    "s-queuename": "iis.queue",
    "s-siteid": "iis.site",
    "x-edge-location": "cloudfront.edge_location",
    "x-edge-result-type": "cloudfront.result",
    "x-edge-request-id": "cloudfront.request_id",
    "ssl-cipher": "tls.cipher",
    "sc-content-type": "http.response.mime_type",
}
_NUMBERS = {
    "sc-substatus": "iis.sub_status",
    "sc-win32-status": "iis.win32_status",
    "sc-bytes": "http.response.body.bytes",
    "cs-bytes": "http.request.bytes",
}
"""Columns that are taken as they are → ECS."""
_AGENTS = {"cs(user-agent)": "user_agent.original", "cs(referer)": "http.request.referrer"}
_PERCENT = {"%20": " ", "%2520": " ", "%22": '"', "%2522": '"'}


def _read(text: str, fields: Fields, reading: Reading) -> Found | None:
    if text[:1] == "#":
        return _directive(text, fields, reading)
    if not _DATE.match(text):
        return None
    tabbed = text[10] == "\t"
    values = text.rstrip().split("\t" if tabbed else " ", _MOST)
    note = reading.memory.recall(_NOTE)
    names: list[str] | None = None if note is None else note["fields"]
    if names is None or not columns_fit(names, values):
        names = columns_by_look(values, tabbed=tabbed)
        if names is None:
            return None
    ts = when(reading.clock, f"{values[0]} {values[1]}Z")
    if ts is None:
        return None
    dataset = dataset_of(names)
    fields["event.dataset"] = dataset
    _fill(fields, dict(zip(names, values, strict=False)), cloud=dataset == "aws.cloudfront")
    return ts, LOGSOURCES[dataset], 1


def _directive(text: str, fields: Fields, reading: Reading) -> Found | None:
    """A line about the lines that follow."""
    ts = None
    dataset = "iis.access"
    if text.startswith(_NAMED):
        names = text[len(_NAMED) :].lower().split()[:_MOST]
        if "date" not in names or "time" not in names or not {"cs-method", "cs-uri"} & set(names):
            return None
        reading.memory.keep(_NOTE, {"fields": names})
        dataset = dataset_of(names)
    elif text.startswith(_DATED):
        ts = when(reading.clock, f"{text[len(_DATED) :].strip()}Z")
        if ts is None:
            return None
    elif not text.startswith(_DIRECTIVES):
        return None
    fields["event.dataset"] = dataset
    fields["message"] = text
    fields |= mark("web_notice")
    return ts, LOGSOURCES[dataset], 1


def _object(entry: dict[str, Any], fields: Fields, reading: Reading) -> Found | None:
    """The same columns as names of a JSON object: CloudFront's own JSON, IIS's lines from a shipper."""
    row = {name.lower(): text for name, value in entry.items() if (text := _text(value))}
    if not columns_of(row):
        return None
    day, clock = row.get("date", ""), row.get("time", "")
    ts = when(reading.clock, f"{day} {clock}Z") if day and clock else None
    if ts is None:
        ts = next(
            (ts for name in _INSTANTS if (ts := moment(reading.clock, entry.get(name))) is not None), None
        )
    made: Fields = {"event.dataset": dataset_of(list(row))}
    _fill(made, row, cloud=made["event.dataset"] == "aws.cloudfront")
    if "url.path" not in made and "http.response.status_code" not in made:
        return None
    fields |= made
    return ts, LOGSOURCES[made["event.dataset"]], 1


def columns_of(row: dict[str, str]) -> bool:
    """Whether an object has a request's columns: nobody else calls a client's address so."""
    return "c-ip" in row and not row.keys().isdisjoint(("cs-uri-stem", "cs-uri", "sc-status"))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value[:_LONGEST]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def dataset_of(names: list[str]) -> str:
    """Whose columns these are."""
    if "s-reason" in names:
        return "iis.error"
    return "iis.access" if _CLOUDFRONT.isdisjoint(names) else "aws.cloudfront"


def _fill(fields: Fields, row: dict[str, str], *, cloud: bool) -> None:
    """Columns by name → fields; `-` is nothing."""
    row = {name: value for name, value in row.items() if value not in ("-", "")}
    status = row.get("sc-status", "")
    fields |= answer_fields(status)
    if "s-reason" in row:
        fields |= _ERROR
    for name, ours in _TEXTS.items():
        if name in row:
            fields[ours] = row[name]
    for name, ours in _NUMBERS.items():
        value = number(row.get(name, ""), 18)
        if value is not None:
            fields[ours] = value
    for name, ours in _AGENTS.items():
        if name in row:
            fields[ours] = _blanks(row[name], cloud=cloud)
    put_end(fields, "source", bare(row.get("c-ip", "")), row.get("c-port"))
    put_end(fields, "destination", bare(row.get("s-ip", "")), row.get("s-port"))
    _target(fields, row)
    version = row.get("cs-version") or row.get("cs-protocol-version", "")
    if version.startswith("HTTP/"):
        fields["http.version"] = version[5:]
    if "time-taken" in row:
        put_duration(fields, row["time-taken"], 1_000_000_000 if cloud else 1_000_000)
    domain, backslash, user = row.get("cs-username", "").partition("\\")
    if domain:
        fields["user.name"] = user if backslash else domain
    if backslash:
        fields["user.domain"] = domain
    put_forwarded(fields, row.get("x-forwarded-for", ""))


def _target(fields: Fields, row: dict[str, str]) -> None:
    """The URL, put together from stem and query, and the host asked for."""
    url = row.get("cs-uri") or row.get("cs-uri-stem", "")
    if url:
        query = row.get("cs-uri-query")
        put_url(fields, f"{url}?{query}" if query and "cs-uri" not in row else url)
    host = row.get("x-host-header") or row.get("cs-host") or row.get("cs(host)", "")
    if host:
        put_host(fields, host)
    if "cs-protocol" in row:
        fields["url.scheme"] = row["cs-protocol"].lower()


def _blanks(text: str, *, cloud: bool) -> str:
    """IIS writes `+` for a blank, CloudFront `%20`."""
    if not cloud:
        return text.replace("+", " ")
    for coded, meant in _PERCENT.items():
        text = text.replace(coded, meant)
    return text


FORMATS = (
    Format(
        name="w3c",
        title="IIS, Windows HTTP errors, CloudFront: W3C extended logs",
        example=(
            "2026-11-20 10:00:00 192.0.2.44 GET /a.aspx id=1 443 CORP\\ann 203.0.113.9 "
            "Mozilla/5.0+(X11) - 401 2 5 31"
        ),
        line=_read,
        begins="#0123456789",
        object=_object,
        keys=(frozenset({"c-ip", "C-IP"}),),
    ),
)
