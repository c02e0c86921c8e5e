"""Palo Alto Networks' firewalls (PAN-OS): TRAFFIC and THREAT logs, comma-separated.

The columns stand in the order of "Syslog Field Descriptions"; later versions only add some at the end.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '203.0.113.9')
"""

from __future__ import annotations

import csv
import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.moments import when
from socterm.parsers.traffic import ALLOWED, DENIED, REJECTED, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_BEGIN = re.compile(
    r"\d{0,3},\d{4}/\d\d/\d\d \d\d:\d\d:\d\d,\w{0,20},(?P<kind>TRAFFIC|THREAT),(?P<sub>[\w-]{1,20}),"
)
_MOST = 16_384
_FEWEST = 34
_VERDICTS = {
    "allow": ALLOWED, "alert": ALLOWED, "deny": DENIED, "drop": DENIED, "drop-icmp": DENIED,
    "reset-both": REJECTED, "reset-client": REJECTED, "reset-server": REJECTED, "block": DENIED,
}  # fmt: skip
_TEXTS = {
    2: "observer.serial_number", 11: "rule.name", 12: "user.name", 14: "network.application",
    16: "observer.ingress.zone", 17: "observer.egress.zone", 18: "observer.ingress.interface.name",
    19: "observer.egress.interface.name",
}  # fmt: skip
_COUNTS = {31: "network.bytes", 32: "source.bytes", 33: "destination.bytes", 34: "network.packets"}
"""Columns of a TRAFFIC log that count."""
_SEVERITIES = {"critical": 1, "high": 1, "medium": 2, "low": 3, "informational": 4}
_SEEN, _STOPPED = mark("ids_alert"), mark("ids_blocked", "success")


def _read(text: str, fields: Fields, reading: Reading) -> Found | None:
    begin = _BEGIN.match(text)
    if begin is None or len(text) > _MOST:
        return None
    try:
        row = next(csv.reader((text,)))
    except csv.Error:
        return None
    if len(row) < _FEWEST:
        return None
    ts = when(reading.clock, row[6]) or when(reading.clock, row[1])
    if ts is None:
        return None
    made: Fields = {"event.dataset": f"panos.{begin['kind'].lower()}", "panos.subtype": begin["sub"]}
    put_transport(made, row[29])
    put_end(made, "source", row[7], row[24])
    put_end(made, "destination", row[8], row[25])
    for side, address, port in (("source", row[9], row[26]), ("destination", row[10], row[27])):
        if address not in ("", "0.0.0.0", "::"):  # noqa: S104 - PAN-OS' way to say that nothing was translated
            put_end(made, f"{side}.nat", address, port)
    for column, name in _TEXTS.items():
        if row[column]:
            made[name] = row[column]
    domain, backslash, user = row[12].partition("\\")
    if backslash:
        made["user.domain"], made["user.name"] = domain, user
    if begin["kind"] == "TRAFFIC":
        _traffic(made, row)
    else:
        _threat(made, row)
    fields |= made
    return ts, LOGSOURCES[made["event.dataset"]], 1


def _traffic(made: Fields, row: list[str]) -> None:
    made.update(_VERDICTS.get(row[30], {}))
    for column, name in _COUNTS.items():
        value = number(row[column], 18) if len(row) > column else None
        if value is not None:
            made[name] = value
    took = number(row[36]) if len(row) > 36 else None
    if took is not None:
        made["event.duration"] = took * 1_000_000_000


def _threat(made: Fields, row: list[str]) -> None:
    """What a signature, a URL filter or a file check noticed."""
    stopped = row[30] not in ("allow", "alert", "forward", "continue", "")
    made.update(_STOPPED if stopped else _SEEN)
    made["firewall.blocked"] = stopped
    if row[31]:
        made["url.original" if row[4] in ("url", "vulnerability", "spyware") else "file.name"] = row[31]
    made["rule.description"], made["rule.category"] = row[32], row[33]
    severity = row[34] if len(row) > 34 else ""
    if severity in _SEVERITIES:
        made["log.level"], made["event.severity"] = severity, _SEVERITIES[severity]


FORMATS = (
    Format(
        name="panos",
        title="Palo Alto Networks firewall (PAN-OS)",
        example=(
            "1,2026/11/20 10:00:00,012801096514,TRAFFIC,drop,2561,2026/11/20 10:00:00,"
            "203.0.113.9,192.0.2.1,0.0.0.0,0.0.0.0,deny-all,,,not-applicable,vsys1,untrust,trust,"
            "ethernet1/1,,default,2026/11/20 10:00:00,0,1,40000,3389,0,0,0x0,tcp,deny,60,60,0,1,"
            "2026/11/20 10:00:00,0,any,,7001"
        ),
        line=_read,
        begins="0123456789,",
        order=40,
    ),
)
