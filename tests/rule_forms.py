"""In which form a log line comes: header style or kind of JSON. Rules are tested in several."""

from __future__ import annotations

import json
import re

_CLF = r"\S+ \S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:"
_STYLES = (
    ("RFC 5424", re.compile(r"<\d+>1 ")),
    ("RFC 3164 with PRI", re.compile(r"<\d+>[A-Z]")),
    ("RFC 3164", re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ")),
    ("ISO stamp", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")),
    ("audit with node", re.compile(r"node=\S+ type=")),
    ("audit enriched", re.compile(r"type=.* AUID=")),
    ("audit", re.compile(r"type=")),
    ("access with virtual host", re.compile(rf"\S+:\d+ {_CLF}")),
    ("combined access", re.compile(rf'{_CLF}.*" "')),
    ("common access", re.compile(_CLF)),
)
_JSON = (
    ("journald", "__REALTIME_TIMESTAMP"),
    ("evtx record", "Event"),
    ("Winlogbeat", "winlog"),
    ("NXLog", "EventReceivedTime"),
    ("Zeek", "uid"),
    ("Suricata", "flow_id"),
)


def form_of(line: str) -> str:
    """A name for the form; of JSON nobody knows, the names of its first two members; else the first word.

    >>> form_of("Mar  9 10:00:00 web1 sshd[1]: Connection closed"), form_of('{"time": 1, "user": "eve"}')
    ('RFC 3164', 'JSON time user')
    """
    if line.startswith("{"):
        members = list(json.loads(line))
        known = next((name for name, member in _JSON if member in members), None)
        return known or f"JSON {' '.join(members[:2])}"
    known = next((name for name, style in _STYLES if style.match(line)), None)
    return known or re.split(r"[=:\s\d]", line.lstrip("["), maxsplit=1)[0]
