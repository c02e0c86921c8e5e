"""Cisco ASA, Firepower (FTD), PIX and FWSM: `%ASA-SEVERITY-ID: text`, with whatever head the device writes.

The id decides what a message means (`cisco_asa_ids`); who and where is found by the words before it, as ASA
writes the same few shapes everywhere. A teardown names no direction: its first end is taken for the source.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.cisco_asa_ids import meaning
from socterm.parsers.formats.cisco_head import opened
from socterm.parsers.formats.cisco_words import ends, flow_details, people
from socterm.parsers.marks import Fields
from socterm.taxonomy.logsources import LOGSOURCES

_ID = re.compile(
    r"%(?P<product>ASA|FTD|PIX|FWSM)-(?:(?P<class>[a-z][\w-]{0,20})-)?(?P<severity>[0-7])-(?P<id>\d{6}):? "
)
_LONGEST_TEXT = 2000


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    start = opened(text, f, reading, _ID)
    if start is None:
        return None
    found, message, ts = start
    f["event.dataset"] = "cisco.asa"
    f["event.code"] = found["id"]
    f["observer.product"] = found["product"].lower()
    part = message[:_LONGEST_TEXT]
    ends(part, f)
    people(part, f)
    flow_details(part, f)
    f.update(meaning(found["id"], part))
    return ts, LOGSOURCES["cisco.asa"], 1


FORMATS = (
    Format(
        name="cisco-asa",
        title="Cisco ASA, FTD",
        example=(
            "Nov 20 2026 10:00:00 fw9 : %ASA-4-106023: Deny tcp src outside:203.0.113.9/40000 dst "
            'inside:192.0.2.1/22 by access-group "outside_in" [0x0, 0x0]'
        ),
        line=_line,
        order=35,
    ),
)
