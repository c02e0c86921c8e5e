"""What keeps the clock: chrony, systemd-timesyncd, ntpd, OpenNTPD. A clock that leaps spoils rules on time.

`clock.offset` is by how many seconds the clock was wrong or set.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "process.name", "message")
('clock_stepped', 'chronyd', 'System clock was stepped by -3.205564 seconds')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory

_STEPPED = mark("clock_stepped")
_LOST = mark("clock_lost")
_STEPS = (
    "System clock was stepped by",
    "System clock wrong by",
    "Forward time jump detected",
    "Backward time jump detected",
    "Initial clock synchronization to",
    "System clock time unset or jumped backwards",
    "System time advanced to",
    "time reset",
    "time stepped by",
    "step time server",
    "step-systime",
    "set local clock to",
    "Clock change detected",
    "clock_step",
)
_LOSSES = (
    "Can't synchronise",
    "Timed out waiting for reply",
    "kernel reports TIME_ERROR",
    "no servers reachable",
    "no reply; clock not set",
    "Detected falseticker",
    "Could not step system clock",
    "Failed to set the system time",
    "Failed to call clock_adjtime",
    "Server has too large root distance",
    "Kiss-o'-Death",
    "no peer for too long",
    "time correction of",
    "Too high clock frequency",
)
_OFFSET = re.compile(r"(?:by|offset|reset|correction of) ([+-]?\d{1,12}(?:\.\d{1,12})?) ?s(?:ec|\b)")
_SERVER = re.compile(
    r"(?:time server |source |reply from )\[?([\w.:-]{1,253}?)\]?(?::(\d{1,5}))?(?: |,|\.?$)"
)
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ")


def timesync(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for time daemons; chronyd in the foreground puts a stamp of its own in front."""
    stamp = _STAMP.match(msg)
    text = msg if stamp is None else msg[stamp.end() :]
    text = text[:400]
    offset = _OFFSET.search(text)
    if offset is not None:
        f["clock.offset"] = float(offset[1])
    server = _SERVER.search(text)
    if server is not None:
        put_end(f, "server", server[1], server[2] or "")
    if text.startswith(_STEPS):
        f |= _STEPPED
    elif text.startswith(_LOSSES):
        f |= _LOST
    return mem.times


_PROGRAM = Program(timesync, "timesync")
FORMATS = (
    Format(
        name="timesync",
        title="chrony, systemd-timesyncd, ntpd",
        example="Nov 20 10:00:00 clock1 chronyd[840]: System clock was stepped by -3.205564 seconds",
        programs=dict.fromkeys(
            (
                "chronyd",
                "chrony",
                "systemd-timesyncd",
                "ntpd",
                "ntpdate",
                "sntp",
                "ntpsec",
                "openntpd",
                "ntp",
            ),
            _PROGRAM,
        ),
    ),
)
