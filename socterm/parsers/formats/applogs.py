"""Logs of applications that nobody here knows by name: `[stamp] LEVEL message` and its common variations.

Only the stamp, the level and the message are taken. It is asked after all others.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "log.level", "message")
('warning', 'disk /var is nearly full')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_STAMP = re.compile(
    r"\[?(\d{4}[-/.]\d\d[-/.]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
    r"|\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d{1,6})?)(\]?)"
)
_LEVEL = (
    r"(?P<level>TRACE|DEBUG|INFO|INFORMATION|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|CRITICAL"
    r"|CRIT|FATAL|ALERT|EMERG"
    r"|FINE|FINER|FINEST|CONFIG|trace|debug|info|information|notice|warn|warning|error|severe|critical|fatal"
    r"|Trace|Debug|Info|Information|Notice|Warning|Error|Critical|Fatal)"
)
_LOGGER = r"(?:(?P<logger>[\w.$]{3,150}) {0,3}(?:-|:) )?"
_THREAD = r"\[(?P<thread>[^\[\]]{1,100})\]"
_SPRING = rf"(?:\[[^\[\]]{{0,60}}\] )?{_THREAD} (?P<logger>[\w.$]{{1,150}}) {{0,40}}: "


def _compiled(*forms: tuple[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((dataset, re.compile(form)) for dataset, form in forms)


_BRACKETED = _compiled(
    ("application", rf" ?\[? ?{_LEVEL} ?\]?(?::| -|(?= )) ?"),
    ("application", rf" (?P<logger>[\w.-]{{1,60}})\.{_LEVEL}: "),
)
"""What follows a stamp in brackets: (dataset, form)."""
_FORMS = {
    "[": _compiled(
        ("application", rf" {{1,2}}\[ ?{_LEVEL} {{0,4}}\](?::| -|(?= )) ?"),
        ("application.jvm", rf" {{1,2}}{_THREAD} {_LEVEL} {{1,4}}{_LOGGER}"),
    ),
    "-": _compiled(("application.python", rf" - (?P<logger>[\w.]{{1,100}}) - {_LEVEL} - ")),
    "": _compiled(
        ("application.jvm", rf" {{1,2}}{_LEVEL} {{1,2}}(?P<pid>\d{{1,10}}) --- {_SPRING}"),
        ("application", rf" {{1,2}}{_LEVEL}(?::| -|(?= )) {{1,4}}(?!\S{{1,60}}\[\d{{1,10}}\]: )"),
    ),
}
"""First character behind a bare stamp → what may follow; among it Spring Boot, log4j, Python's logging."""
_LONG = {"warn": "warning", "err": "error", "information": "info", "crit": "critical", "emerg": "emergency"}


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of application logs."""
    stamp = _STAMP.match(text)
    if stamp is None or (text[0] == "[") != bool(stamp[2]):
        return None
    end = stamp.end()
    if stamp[2]:
        forms = _BRACKETED
    elif text[end : end + 1] == " ":
        forms = _FORMS.get(text[end : end + 3].lstrip()[:1]) or _FORMS[""]
    else:
        return None
    rest = text[end : end + 400]
    for dataset, form in forms:
        match = form.match(rest)
        if match is None:
            continue
        ts = when(reading.clock, stamp[1])
        if ts is None:
            return None
        parts = match.groupdict()
        level = match["level"].lower()
        f["event.dataset"] = dataset
        f["log.level"] = _LONG.get(level, level)
        if parts.get("logger"):
            f["log.logger"] = parts["logger"]
        if parts.get("thread"):
            f["process.thread.name"] = parts["thread"].strip()
        if parts.get("pid"):
            f["process.pid"] = int(parts["pid"])
        f["message"] = text[end + match.end() :]
        return ts, logsources_of(dataset), 1
    return None


FORMATS = (
    Format(
        name="application",
        title="Application logs with a stamp and a level",
        example="[2026-11-20 10:00:00,474] WARN disk /var is nearly full",
        line=line,
        begins="[0123456789",
        order=90,
    ),
)
