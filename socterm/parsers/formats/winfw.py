"""Windows Defender Firewall's own log, pfirewall.log: dropped packets and connections, in local time.

`DATE TIME ACTION PROTOCOL SOURCE DESTINATION SPORT DPORT SIZE FLAGS … PATH [PID]`; the directives above
(`#Fields: date time action …`) say the same.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.moments import when
from socterm.parsers.traffic import ALLOWED, DENIED, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_LINE = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?P<verdict>ALLOW|DROP|OPEN|OPEN-INBOUND|CLOSE) "
    r"(?P<proto>[A-Za-z0-9-]{1,12}) (?P<src>[0-9a-fA-F:.]{2,45}) (?P<dst>[0-9a-fA-F:.]{2,45}) "
    r"(?P<sport>\d{1,5}|-) (?P<dport>\d{1,5}|-) (?P<size>\d{1,9}|-) (?P<more>[^\r\n]{1,200})"
)
_VERDICTS = {
    "ALLOW": ALLOWED, "OPEN": ALLOWED, "OPEN-INBOUND": ALLOWED, "DROP": DENIED,
    "CLOSE": mark("connection_ended"),
}  # fmt: skip
_PATHS = {"RECEIVE": "inbound", "SEND": "outbound"}
_DIRECTIVES = (
    "#Software: Microsoft Windows Firewall",
    "#Fields: date time action protocol src-ip dst-ip",
    "#Time Format: ",
)
_DATASET = "windows.pfirewall"
_DEVICE = mark("network_device")


def _read(text: str, fields: Fields, reading: Reading) -> Found | None:
    if text[:1] == "#":
        if not text.startswith(_DIRECTIVES):
            return None
        fields["event.dataset"] = _DATASET
        fields["message"] = text
        fields |= _DEVICE
        return None, LOGSOURCES[_DATASET], 1
    found = _LINE.match(text)
    ts = when(reading.clock, found["stamp"]) if found is not None else None
    if found is None or ts is None:
        return None
    fields["event.dataset"] = _DATASET
    fields |= _VERDICTS[found["verdict"]]
    put_transport(fields, found["proto"])
    put_end(fields, "source", found["src"], found["sport"].strip("-"))
    put_end(fields, "destination", found["dst"], found["dport"].strip("-"))
    size = number(found["size"])
    if size is not None:
        fields["network.bytes"] = size
    for word in found["more"].split():
        if word in _PATHS:
            fields["network.direction"] = _PATHS[word]
    return ts, LOGSOURCES[_DATASET], 1


FORMATS = (
    Format(
        name="pfirewall",
        title="Windows Defender Firewall: pfirewall.log",
        example="2026-11-20 10:00:00 DROP TCP 203.0.113.9 192.0.2.1 40000 3389 44 S 1 0 1024 - - - RECEIVE 4",
        line=_read,
        begins="#0123456789",
        order=40,
    ),
)
