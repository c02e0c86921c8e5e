"""MySQL's slow log: who asked, from where, how long it took. A statement's head is several lines, each an
event.

    # Time: 2026-11-20T10:00:00.123456Z
    # User@Host: ann[ann] @ app1 [192.0.2.72]  Id: 17
    # Query_time: 2.000652  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0
    SET timestamp=1795168800;
    select …

Where a forwarder has joined them into one, the one event has it all.
"""

from __future__ import annotations

import re

from socterm.parsers.format import Found, Reading
from socterm.parsers.marks import Fields, put_peer
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_WHO = re.compile(
    r"# User@Host: (.*)\[([^\[\]]*)\] @ ([\w.-]*) {0,2}\[([^\[\]\s]*)\](?: {1,2}Id: {1,10}(\d{1,18}))?\s*$"
)
_TIMES = re.compile(
    r"# Query_time: ([\d.]{1,20}) {1,2}Lock_time: ([\d.]{1,20}) {1,2}Rows_sent: "
    r"(\d{1,18}) {1,2}Rows_examined: (\d{1,18})"
)
_SET = re.compile(r"SET timestamp=(\d{9,11}(?:\.\d{1,6})?);\s*$")
_MOST = 64
"""Lines of one record that are looked at."""


def _head(text: str, f: Fields) -> bool:
    """One line of a head."""
    who = _WHO.match(text)
    if who is not None:
        f["user.name"] = who[2] or who[1]
        if who[3]:
            f["source.domain"] = who[3]
        put_peer(f, who[4])
        if who[5]:
            f["mysql.thread_id"] = int(who[5])
        return True
    times = _TIMES.match(text)
    if times is None:
        return False
    seconds, dot, fraction = times[1].partition(".")
    if seconds.isdecimal() and (not dot or fraction.isdecimal()):
        f["event.duration"] = int(seconds) * 1_000_000_000 + int((fraction + "000000000")[:9])
    f["mysql.slowlog.rows_sent"], f["mysql.slowlog.rows_examined"] = int(times[3]), int(times[4])
    return True


def slow_line(text: str, f: Fields, reading: Reading) -> Found | None:
    """A line of a head, or a whole record in one."""
    if not text.startswith(("# User@Host: ", "# Query_time: ", "# Time: ")):
        return None
    ts: int | None = None
    found: Fields = {"event.dataset": "mysql.slowlog"}
    known = False
    lines = text.split("\n", _MOST)
    for index, part in enumerate(lines):
        if part.startswith("# Time: "):
            if index == 0:
                ts = when(reading.clock, part[8:].strip().replace("  ", " "))
                known = ts is not None
        elif part.startswith("#"):
            known |= _head(part, found)
        else:
            stamp = _SET.match(part)
            if stamp is not None:
                ts = when(reading.clock, stamp[1])
                statement = "\n".join(lines[index + 1 :])
                if statement:
                    found["mysql.slowlog.query"] = statement
                break
    if not known:
        return None
    f |= found
    return ts, logsources_of("mysql.slowlog"), 1
