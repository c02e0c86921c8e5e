"""Flow logs of Amazon's VPCs and transit gateways as files hold them.

The default fields (version 2) are known by their look, maybe with more behind. Files in S3 begin with a line
that names their columns, whichever their owner chose: it is kept for the lines that follow.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "destination.port")
('connection_denied', '198.51.100.7', 3389)
"""

from __future__ import annotations

import re

from socterm.parsers.addresses import peer_of
from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields, number
from socterm.parsers.moments import when
from socterm.parsers.traffic import ALLOWED, DENIED, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_NOTE = "vpcflow"
_DEFAULT = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol",
    "packets", "bytes", "start", "end", "action", "log-status",
)  # fmt: skip
_ADDRESS = r"[0-9a-fA-F.:]{3,45}"
_LINE = re.compile(
    rf"\d{{1,2}} (?:\d{{12}}|unknown) eni-[0-9a-f]{{8,17}} "
    rf"(?:{_ADDRESS} {_ADDRESS} \d{{1,5}} \d{{1,5}} \d{{1,3}} \d{{1,18}} \d{{1,18}}|- - - - - - -) "
    r"\d{10} \d{10} (?:ACCEPT|REJECT|-) (?:OK|NODATA|SKIPDATA)(?: |$)",
    re.ASCII,
)
_EPOCH = re.compile(r"(?:^| )[12]\d{9}(?: |$)", re.ASCII)
"""What every line with columns has: without one nothing is asked of the lines before."""
_COLUMN = re.compile(r"[a-z][a-z0-9-]{1,40}")
_SURE = frozenset({"srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"})
"""Columns of which a line of names has one; with `_TIMES` no other log has them."""
_TIMES = frozenset({"start", "end"})
_FEWEST, _MOST = 4, 80
_NUMBERS = {
    "srcport": ("source.port", 5),
    "dstport": ("destination.port", 5),
    "packets": ("network.packets", 18),
    "bytes": ("network.bytes", 18),
    "tcp-flags": ("aws.vpcflow.tcp_flags", 5),
}
"""Column → (ECS, digits)."""
_SIDES = {"srcaddr": "source.ip", "dstaddr": "destination.ip"}
_ORIGINAL = {"pkt-srcaddr": "source.ip", "pkt-dstaddr": "destination.ip"}
"""Where only these were chosen. Beside the others they say who it was behind a gateway."""
_TEXTS = {
    "account-id": "cloud.account.id",
    "interface-id": "observer.ingress.interface.name",
    "instance-id": "cloud.instance.id",
    "region": "cloud.region",
    "az-id": "cloud.availability_zone",
    "reject-reason": "event.reason",
}
_VERDICTS = {"ACCEPT": ALLOWED, "REJECT": DENIED}
_ASKED = frozenset({"version", "protocol", "start", "end", "action", *_NUMBERS, *_SIDES})
_TRAFFIC: Fields = {"event.category": ("network",), "event.type": ("connection",)}


def vpcflow(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of VPC flow logs."""
    if "addr" in text and text[:1].islower():
        return _names(text, f, reading)
    if not _EPOCH.search(text):
        return None
    note = reading.memory.recall(_NOTE)
    if note is not None:
        names = note["fields"]
        values = text.split(" ", _MOST)
        if len(values) == len(names) and _fits(row := dict(zip(names, values, strict=True))):
            return _fill(row, f, reading)
    if _LINE.match(text):
        return _fill(dict(zip(_DEFAULT, text.split(" "), strict=False)), f, reading)
    return None


def _names(text: str, f: Fields, reading: Reading) -> Found | None:
    """The line that says which columns follow."""
    names = text.split(None, _MOST)
    seen = frozenset(names)
    if not _FEWEST <= len(names) <= _MOST or len(seen) < len(names):
        return None
    if seen.isdisjoint(_SURE) or seen.isdisjoint(_TIMES) or not all(map(_COLUMN.fullmatch, names)):
        return None
    reading.memory.keep(_NOTE, {"fields": names})
    f["event.dataset"], f["cloud.provider"], f["message"] = "aws.vpcflow", "aws", text
    return None, LOGSOURCES["aws.vpcflow"], 1


def _fits(row: dict[str, str]) -> bool:
    """Whether a line has what its columns promise: a hostile log, or a file of another kind, has not."""
    for name, value in row.items():
        if value == "-":
            continue
        if (name in _NUMBERS or name in _TIMES) and number(value, 18) is None:
            return False
        if (name in _SIDES or name in _ORIGINAL) and peer_of(value)[0] != "source.ip":
            return False
        if name == "action" and value not in _VERDICTS:
            return False
    return True


def _fill(row: dict[str, str], f: Fields, reading: Reading) -> Found:
    """Columns by name → fields; `-` is nothing."""
    row = {name: value for name, value in row.items() if value not in ("-", "")}
    f["event.dataset"], f["cloud.provider"] = "aws.vpcflow", "aws"
    for sides in (_SIDES, _ORIGINAL):
        for name, ours in sides.items():
            if name in row and ours not in f:
                f[ours] = peer_of(row[name])[1] or row[name]
    for name, (ours, digits) in _NUMBERS.items():
        count = number(row.get(name, ""), digits)
        if count is not None:
            f[ours] = count
    if "protocol" in row:
        put_transport(f, row["protocol"])
    for name, value in row.items():
        if name not in _ASKED:
            f[_TEXTS.get(name) or f"aws.vpcflow.{name.replace('-', '_')}"] = value
    if "srcaddr" in row or "pkt-srcaddr" in row:
        f.update(_VERDICTS.get(row.get("action", ""), _TRAFFIC))
    return when(reading.clock, row.get("start") or row.get("end", "")), LOGSOURCES["aws.vpcflow"], 1


FORMATS = (
    Format(
        name="aws-vpcflow",
        title="Amazon VPC and transit gateway flow logs",
        example="2 111122223333 eni-0a1b2c3d4e5f60718 198.51.100.7 10.20.1.80 49761 3389 6 20 4249 "
        "1795168800 1795168860 REJECT OK",
        line=vpcflow,
        begins="0123456789-abcdefilmprstuvAIR",
        order=45,
    ),
)
