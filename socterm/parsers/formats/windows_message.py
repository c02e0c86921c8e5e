"""Event data where a shipper kept no names: from values in their order, or from the text of the message.

Order comes first: what a value is follows from its place, and no value can pass for another. In a message a
label must stand at the beginning of a line, or, where a shipper made one line of it, behind a blank; the
first of a name counts.

>>> read_message("security", 4776, "Logon Account:\\tann\\nSource Workstation:\\tKIOSK")
{'TargetUserName': 'ann', 'Workstation': 'KIOSK'}
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from socterm.taxonomy.windows_inserts import INSERTS
from socterm.taxonomy.windows_labels import BY_CODE, HEADINGS, LABELS

_LONGEST = 1 << 16
KNOWN: frozenset[str] = frozenset(name for names in INSERTS.values() for name in names)
"""Names of event data: an object with one of them has its data by name."""
_SCRIPT = re.compile(
    r"\(\d+ \S+ \d+\):\s*(?P<text>.*?)\s*ScriptBlock ID:\s*(?P<id>[0-9a-fA-F-]{36})"
    r"(?:\s*Path:\s*(?P<path>.*))?",
    re.DOTALL,
)
"""PowerShell 4104: `Creating Scriptblock text (1 of 1): … ScriptBlock ID: … Path: …`."""


def read_values(service: str, code: int, values: Any) -> dict[str, Any]:
    """Values in the order of the event's template, by name; {} for an event whose template is not known.

    >>> read_values("security", 4776, ["MICROSOFT_AUTHENTICATION_PACKAGE_V1_0", "ann"])["TargetUserName"]
    'ann'
    """
    names = INSERTS.get((service, code))
    if names is None or not isinstance(values, list):
        return {}
    return {name: _bare(value) for name, value in zip(names, values, strict=False)}


def _bare(value: Any, depth: int = 0) -> Any:
    """PowerShell wraps a value in an object, and a SID in another."""
    wrapped = isinstance(value, dict) and "Value" in value and depth < 3
    return _bare(value["Value"], depth + 1) if wrapped else value


def read_message(service: str, code: int, message: str) -> dict[str, str]:
    """The event data that a rendered message tells of."""
    text = message[:_LONGEST]
    if service == "powershell" and code == 4104:
        return _script(text)
    labels = LABELS.get(service)
    if labels is None:
        return {}
    found: dict[str, str] = {}
    below: dict[str, str] = {}
    own = BY_CODE.get(code, {})
    headed = service == "security"
    many = "\n" in text or "\r" in text
    marks = list(_marks(service, many).finditer(text))
    for mark, following in zip(marks, [*marks, None][1:], strict=True):
        label = mark[1].lower()
        value = text[mark.end() : following.start() if following is not None else len(text)]
        value = value.strip() if label in _LISTS else value.strip().partition("\n")[0].rstrip()
        name = below.get(label) or own.get(label) or labels.get(label)
        if headed and label in HEADINGS and (not value or name is None):
            below = HEADINGS[label]
        elif name is not None:
            found.setdefault(name, value if following is not None else _ended(value))
    return found


_LISTS = frozenset({"privileges", "accesses", "properties", "task content", "task new content", "changes"})
"""Labels whose value may go on in the next lines."""


def _ended(value: str) -> str:
    """The last value of a message, without the explanation that follows in some."""
    return value.partition("  This event is generated")[0].partition(" This event is generated")[0].rstrip()


@cache
def _marks(service: str, many: bool) -> re.Pattern[str]:
    """What finds the labels of a service: in a message of many lines, or of one."""
    names = set(LABELS[service])
    if service == "security":
        names.update(HEADINGS, *HEADINGS.values(), *BY_CODE.values())
    words = "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))
    before = r"^[ \t]*" if many else r"(?:^|(?<=[\s.]))"
    after = r":[ \t]*" if many else r":(?=\s|$)\s*"
    return re.compile(f"{before}({words}){after}", re.IGNORECASE | re.MULTILINE if many else re.IGNORECASE)


def _script(text: str) -> dict[str, str]:
    found = _SCRIPT.search(text)
    if found is None:
        return {}
    data = {"ScriptBlockText": found["text"], "ScriptBlockId": found["id"]}
    path = (found["path"] or "").strip()
    return data | {"Path": path} if path else data
