"""Flow logs of Amazon's VPCs as files hold them: version 2, the default fields, maybe more behind.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "destination.port")
('connection_denied', '198.51.100.7', 3389)
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields
from socterm.parsers.moments import when
from socterm.parsers.traffic import ALLOWED, DENIED, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_ADDRESS = r"[0-9a-fA-F.:]{3,45}"
_LINE = re.compile(
    rf"(?P<version>\d{{1,2}}) (?P<account>\d{{12}}|unknown) (?P<interface>eni-[0-9a-f]{{8,17}}) "
    rf"(?:(?P<source>{_ADDRESS}) (?P<destination>{_ADDRESS}) (?P<sport>\d{{1,5}}) (?P<dport>\d{{1,5}}) "
    r"(?P<protocol>\d{1,3}) (?P<packets>\d{1,18}) (?P<bytes>\d{1,18})|- - - - - - -) "
    r"(?P<start>\d{10}) (?P<end>\d{10}) (?P<action>ACCEPT|REJECT|-) (?P<status>OK|NODATA|SKIPDATA)(?: |$)",
    re.ASCII,
)
_VERDICTS = {"ACCEPT": ALLOWED, "REJECT": DENIED}


def vpcflow(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of VPC flow logs."""
    found = _LINE.match(text)
    if found is None:
        return None
    f["event.dataset"] = "aws.vpcflow"
    f["cloud.provider"] = "aws"
    f["cloud.account.id"] = found["account"]
    f["observer.ingress.interface.name"] = found["interface"]
    f["aws.vpcflow.log_status"] = found["status"]
    if found["source"] is not None:
        f["source.ip"], f["destination.ip"] = found["source"], found["destination"]
        f["source.port"], f["destination.port"] = int(found["sport"]), int(found["dport"])
        put_transport(f, found["protocol"])
        f["network.packets"], f["network.bytes"] = int(found["packets"]), int(found["bytes"])
        f.update(_VERDICTS.get(found["action"], {}))
    return when(reading.clock, found["start"]), LOGSOURCES["aws.vpcflow"], 1


FORMATS = (
    Format(
        name="aws-vpcflow",
        title="Amazon VPC flow logs",
        example="2 111122223333 eni-0a1b2c3d4e5f60718 198.51.100.7 10.20.1.80 49761 3389 6 20 4249 "
        "1795168800 1795168860 REJECT OK",
        line=vpcflow,
        begins="2345678",
        order=45,
    ),
)
