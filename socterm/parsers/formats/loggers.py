"""The loggers on themselves: logging starts and stops, messages are lost. Gaps hide what happened in them.

`log.lost` is how many messages were lost, and `log.lost_from` whose they were, where that is told.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "process.name", "message")
('log_lost', 'rsyslogd', 'imuxsock lost 12 messages from pid 456 due to rate-limiting')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.auditd import spoken
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory

_STARTED = mark("log_started")
_STOPPED = mark("log_stopped")
_LOST = mark("log_lost")
_ROTATED = mark("log_rotated")

_ORIGIN = re.compile(r"(?:rsyslogd: )?\[origin software=\"rsyslogd\"[^\]]{0,400}\] ")
_LOST_WORDS = re.compile(
    r"[Ss]uppressed \d|[Mm]issed \d|\blost\b|\bdrop|discard|[Rr]ate.?limit|no space|[Dd]isk (?:is )?full|"
    r"disk error|suspend|corrupted|\bbacklog\b|queue (?:is )?full|[Cc]annot (?:open|write)|"
    r"[Ff]ailed to write|out of memory"
)
_COUNT = re.compile(
    r"(?:[Ss]uppressed|[Mm]issed|lost|discarded) (\d{1,10})|(\d{1,10}) messages? (?:lost|suppressed)"
)
_FROM = re.compile(r"messages from (?:pid |processid )?'?([\w@.:/-]{1,128})")
_STARTS = (
    "start", "Journal started", "syslog-ng starting up", "Started", "Init complete", "syslogd started",
    "klogd started", "imklog", "syslogd startup",
)  # fmt: skip
_STOPS = (
    "exiting", "Journal stopped", "syslog-ng shutting down", "Received SIGTERM", "Exiting", "stopping",
    "The audit daemon is exiting", "syslogd exiting", "Termination requested",
)  # fmt: skip
_ROTATES = (
    "rsyslogd was HUPed", "Vacuuming done", "Deleted archived journal", "Audit daemon rotating log files",
    "Rotating", "rotating", "Time jumped backwards, rotating", "Configuration reload request received",
    "Received client request to rotate", "Received client request to flush", "restart",
)  # fmt: skip


def logger(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for rsyslogd, journald, syslog-ng, auditd, busybox's syslogd."""
    origin = _ORIGIN.match(msg)
    text = msg[:1000] if origin is None else msg[origin.end() : origin.end() + 1000]
    if msg.startswith(("type=", "node=")):
        return spoken(msg, f, mem)
    if _LOST_WORDS.search(text) is not None:
        count = _COUNT.search(text)
        if count is not None:
            f["log.lost"] = int(count[1] or count[2])
        whose = _FROM.search(text)
        if whose is not None:
            f["log.lost_from"] = whose[1].rstrip(".:")
        f |= _LOST
    elif text.startswith(_ROTATES):
        f |= _ROTATED
    elif text.startswith(_STOPS):
        f |= _STOPPED
    elif text.startswith(_STARTS):
        f |= _STARTED
    return mem.times


_RSYSLOG = Program(logger, "rsyslog")
_JOURNALD = Program(logger, "journald")
_AUDITD = Program(logger, "auditd", varies=True)
FORMATS = (
    Format(
        name="loggers",
        title="rsyslogd, journald, syslog-ng, auditd on themselves",
        example="Nov 20 10:00:00 logs1 rsyslogd: imuxsock lost 12 messages from pid 456 due to rate-limiting",
        programs={
            **dict.fromkeys(
                ("rsyslogd", "rsyslogd-2007", "rsyslog", "syslogd", "syslog-ng", "klogd", "sysklogd"),
                _RSYSLOG,
            ),
            **dict.fromkeys(("systemd-journald", "systemd-journal", "journal"), _JOURNALD),
            "auditd": _AUDITD,
        },
    ),
)
