"""Windows' DNS server, its debug log (dns.log): each packet, and what the server says of itself.

`11/20/2026 10:00:00 AM 0E0C PACKET  000001D1E5B6F6C0 UDP Rcv 192.0.2.5  a1b2   Q [0001   D   NOERROR] A
(3)www(7)example(3)com(0)`. The date is in the order of the machine's region: a day above 12 tells which, for
the lines behind it too; until then a clock of twelve hours stands for the month first. Who asked is the
source, of the question as of its answer; a server that was asked in turn is the destination.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "dns.question.name")
('dns_query', '192.0.2.5', 'www.example.com')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.moments import when
from socterm.parsers.stamps import DAY
from socterm.taxonomy.logsources import LOGSOURCES

_DATASET = "windows.dnsserver"
_HEAD = re.compile(
    r"(?:(?P<a>\d{1,4})[./-] ?(?P<b>\d{1,2})[./-] ?(?P<c>\d{1,4})\.?|(?P<tight>\d{8})) "
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)[:.](?P<second>\d\d)(?: (?P<half>[AaPp])\.? ?[Mm]\.?)? "
    r"(?P<thread>[0-9A-Fa-f]{2,8}) (?P<kind>PACKET|EVENT) +"
)
_PACKET = re.compile(
    r"(?:[0-9A-Fa-f]{8,16} +)?(?P<proto>UDP|TCP) (?P<way>Rcv|Snd) (?P<ip>[0-9a-fA-F.:%]{2,60}) +"
    r"(?P<id>[0-9a-fA-F]{4}) (?P<answer>[R ]) (?P<opcode>[A-Z?]) "
    r"\[(?P<flags>[0-9a-fA-F]{4}) (?P<letters>[A-Z ]{0,8}?) *(?P<rcode>[A-Z0-9]{2,12})\] (?P<type>\S{1,20}) +"
    r"(?P<name>\(\d{1,3}\).*)$"
)
_LABEL = re.compile(r"\((\d{1,3})\)")
_ORDER = "windows-dns order"
_LONGEST_HEAD = 60
"""Characters that a head has room for, with the kind behind it."""
_MONTHS, _NOON = 12, 12
_QUERY, _ANSWER, _FORWARD = mark("dns_query"), mark("dns_response"), mark("dns_forward")
_DENIED, _MOVED, _SERVER = mark("dns_denied"), mark("dns_transfer"), mark("network_device")
_FLAGS = {"A": "AA", "T": "TC", "D": "RD", "R": "RA"}
_TRANSFERS = frozenset({"AXFR", "IXFR"})


def name_of(text: str) -> str:
    """A name whose labels stand behind their lengths.

    >>> name_of("(3)www(7)example(3)com(0)"), name_of("(4)a(1)(3)com(0)"), name_of("(0)"), name_of("(9)cut")
    ('www.example.com', 'a(1).com', '.', 'cut')
    """
    labels: list[str] = []
    at = 0
    while (label := _LABEL.match(text, at)) is not None:
        size = int(label[1])
        if not size:
            break
        labels.append(text[label.end() : label.end() + size])
        at = label.end() + size
    return ".".join(labels) or "."


def _date(head: re.Match[str], reading: Reading) -> tuple[str, str]:
    """(date, another one that the same text may mean) as `YYYY-MM-DD`; "" for what is none."""
    if head["tight"]:
        return f"{head['tight'][:4]}-{head['tight'][4:6]}-{head['tight'][6:]}", ""
    a, b, c = int(head["a"]), int(head["b"]), int(head["c"])
    if len(head["a"]) == 4:
        return f"{a:04}-{b:02}-{c:02}", ""
    year = c if c >= 100 else 2000 + c
    day_first, month_first = f"{year:04}-{b:02}-{a:02}", f"{year:04}-{a:02}-{b:02}"
    if a > _MONTHS or b > _MONTHS:
        order = "day" if a > _MONTHS else "month"
        known = reading.memory.recall(_ORDER)
        if known is None or known["first"] != order:
            reading.memory.keep(_ORDER, {"first": order})
        return (day_first, "") if order == "day" else (month_first, "")
    known = reading.memory.recall(_ORDER)
    months = known["first"] == "month" if known else head["half"] is not None
    return (month_first, day_first) if months else (day_first, month_first)


def _moment(head: re.Match[str], reading: Reading) -> int | None:
    hour = int(head["hour"])
    if head["half"] is not None:
        hour = hour % _NOON + (_NOON if head["half"] in "Pp" else 0)
    clock = f"{hour:02}:{head['minute']}:{head['second']}"
    meant, other = _date(head, reading)
    ts = when(reading.clock, f"{meant} {clock}")
    if other and (ts is None or ts > reading.clock.now + DAY):
        return when(reading.clock, f"{other} {clock}") or ts
    return ts


def _packet(found: re.Match[str], f: Fields) -> None:
    received, answer = found["way"] == "Rcv", found["answer"] == "R"
    put_end(f, "source" if received != answer else "destination", found["ip"])
    f["network.transport"] = found["proto"].lower()
    f["dns.id"] = str(int(found["id"], 16))
    f["dns.question.name"] = name_of(found["name"].rstrip())
    f["dns.question.type"] = found["type"]
    flags = tuple(_FLAGS[letter] for letter in found["letters"] if letter in _FLAGS)
    if flags:
        f["dns.header_flags"] = flags
    if not answer:
        f |= _QUERY if received else _FORWARD
        return
    code = f["dns.response_code"] = found["rcode"]
    if code == "REFUSED" and not received:
        f |= _DENIED
    elif found["type"] in _TRANSFERS and code == "NOERROR" and not received:
        f |= _MOVED
    else:
        f |= _ANSWER


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    start = text[:_LONGEST_HEAD]
    head = _HEAD.match(text) if " PACKET " in start or " EVENT " in start else None
    if head is None:
        return None
    rest = text[head.end() :]
    packet = _PACKET.match(rest) if head["kind"] == "PACKET" else None
    if packet is None and head["kind"] == "PACKET":
        return None
    ts = _moment(head, reading)
    if ts is None:
        return None
    f["event.dataset"] = _DATASET
    f["message"] = rest.rstrip()
    if packet is None:
        f |= _SERVER
    else:
        _packet(packet, f)
    return ts, LOGSOURCES[_DATASET], 1


FORMATS = (
    Format(
        name="windows-dns",
        title="Windows DNS server's debug log",
        example=(
            "11/20/2026 10:00:00 AM 0E0C PACKET  000001D1E5B6F6C0 UDP Rcv 192.0.2.5       a1b2   Q "
            "[0001   D   NOERROR] A      (3)www(7)example(3)com(0)"
        ),
        line=_line,
        begins="0123456789",
    ),
)
