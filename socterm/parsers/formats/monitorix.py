"""Monitorix's web server: `Fri Nov 20 10:00:00 2026 - AUTHERR - [192.0.2.7] Authentication error: /x/`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('app_login', 'failure', '192.0.2.7')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("monitorix")
_LINE = re.compile(
    r"(?P<stamp>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}) - "
    r"(?P<verdict>OK|NOTEXIST|NOTALLOWED|AUTHERR|ERROR) - \[(?P<ip>[\w.:%-]{1,64})\] (?P<msg>.*)",
    re.ASCII | re.DOTALL,
)
_DENIED = mark("app_denied", "failure")
_WHAT = {
    "OK": mark("web_request", "success"),
    "AUTHERR": mark("app_login", "failure"),
}


def read(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines."""
    found = _LINE.match(text)
    if found is None:
        return None
    ts = when(reading.clock, found["stamp"])
    if ts is None:
        return None
    f["event.dataset"] = "monitorix"
    f["message"] = msg = found["msg"]
    put_peer(f, found["ip"])
    if found["verdict"] == "OK":
        method, _, rest = msg.lstrip('"').partition(" ")
        url, _, agent = rest.rstrip('"').partition(" - ")
        f["http.request.method"], f["url.original"], f["user_agent.original"] = method, url, agent
    else:
        f["event.reason"], _, f["url.original"] = msg.partition(": ")
    f |= _WHAT.get(found["verdict"], _DENIED)
    return ts, _SOURCES, 1


FORMATS = (
    Format(
        name="monitorix",
        title="Monitorix",
        example="Fri Nov 20 10:00:00 2026 - AUTHERR - [192.0.2.7] Authentication error: /monitorix/",
        line=read,
        begins="MTWFS",
    ),
)
