"""Falco's alerts as text, through syslog or in a file: `10:00:00.123456789: Warning WORDS (user=root …)`.

The words are what the rule has for its output; the rule's name is only in Falco's JSON (`cloud`). Values are
text of whoever was watched: of two with one name the first counts.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "rule.name", "user.name", "process.name")
('Sensitive file opened for reading by non-trusted program', 'root', 'cat')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.cloud_hooks import PRIORITIES
from socterm.parsers.marks import Fields, number
from socterm.parsers.memory import Memory
from socterm.taxonomy.logsources import LOGSOURCES

_ALERT = re.compile(
    r"(?:(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d\.\d{6,9}\S{0,6}: )?"
    r"(?P<level>Emergency|Alert|Critical|Error|Warning|Notice|Informational|Debug) (?P<words>.{1,1000}?)"
    r"(?: ?\((?P<inside>[a-z_.]{2,40}=.*)\)?| \| (?P<behind>[a-z_.]{2,40}=.*))$"
)
_STAMPED = re.compile(r"\d\d:\d\d:\d\d\.\d{9}: [A-Z]")
_PAIR = re.compile(r"(?:^|(?<= ))([a-z_][a-z0-9_.]{1,39})=")
_NAMES = {
    "user": "user.name", "user_name": "user.name", "program": "process.name", "process": "process.name",
    "proc_name": "process.name", "command": "process.command_line", "cmdline": "process.command_line",
    "proc_exepath": "process.executable", "parent": "process.parent.name",
    "proc_pname": "process.parent.name", "file": "file.path", "container_id": "container.id",
    "container_name": "container.name",
    "image": "container.image.name", "container_image": "container.image.name",
    "container_image_repository": "container.image.name", "k8s_ns": "orchestrator.namespace",
    "k8s.ns": "orchestrator.namespace", "k8s_ns_name": "orchestrator.namespace",
    "k8s_pod": "kubernetes.pod.name", "k8s.pod": "kubernetes.pod.name", "k8s_pod_name": "kubernetes.pod.name",
    "connection": "falco.connection",
}  # fmt: skip
_NOTHING = frozenset({"", "<NA>", "host", "<unknown>"})


def _read(msg: str, f: Fields) -> bool:
    found = _ALERT.match(msg)
    if found is None:
        return False
    level = found["level"].lower()
    f["event.dataset"] = "falco"
    f["log.level"] = found["level"]
    f["event.severity"] = PRIORITIES[level]
    f["rule.name"] = found["words"].rstrip(" :")
    f["event.action"] = f["rule.name"]
    f["message"] = msg
    told = (found["inside"] or found["behind"] or "").rstrip()
    told = told.removesuffix(")") if found["inside"] else told
    keys = list(_PAIR.finditer(told))
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        value = told[key.end() : following.start() if following is not None else len(told)].strip()
        name = _NAMES.get(key[1])
        if value in _NOTHING:
            continue
        if name is not None:
            f.setdefault(name, value)
        elif key[1] in ("pid", "proc_pid") and number(value) is not None:
            f.setdefault("process.pid", int(value))
    return True


def falco(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for falco."""
    process: Fields = {name: f.pop(name) for name in ("process.name", "process.pid") if name in f}
    if not _read(msg, f):
        f |= process
    return mem.times


def _line(text: str, f: Fields, _: Reading) -> Found | None:
    """A line of a file: its time of day names no day, so that the line has no instant."""
    if _STAMPED.match(text) is None or not _read(text, f):
        return None
    return None, LOGSOURCES["falco"], 1


FORMATS = (
    Format(
        name="falco-text",
        title="Falco's alerts as text",
        example=(
            "Nov 20 10:00:00 h1 falco[77]: 10:00:00.123456789: Warning Sensitive file opened for reading by "
            "non-trusted program (user=root program=cat command=cat /etc/shadow file=/etc/shadow)"
        ),
        programs={"falco": Program(falco, "falco")},
        line=_line,
        begins="012",
    ),
)
