"""setroubleshoot: SELinux's refusals put in words, with the id under which more can be asked.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "process.name")
('policy_denied', 'failure', 'setroubleshoot')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory

_DENIED = mark("policy_denied", "failure")
_LINE = re.compile(
    r"SELinux is preventing (?:(?P<name>[\w.+-]{1,64}) \()?(?P<program>[^\s()]{1,256})(?: \(deleted\))?\)? "
    r"from (?:using the )?(?P<access>.{1,120}?) (?:access on|access to|capability)"
    r"(?: the (?P<kind>[\w ]{1,40}?)(?: labeled (?P<label>\S{1,128}))?(?: (?P<target>\S{1,1024}))?)?\. "
)
_PREVENTS = "SELinux is preventing "
_ALERT = re.compile(r"sealert -l ([0-9a-f-]{36})")


def setroubleshoot(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for setroubleshoot."""
    if not msg.startswith(_PREVENTS):
        return mem.times
    found = _LINE.match(msg[:4096])
    if found is not None:
        program = found["program"]
        f["selinux.process"] = program
        if program[0] == "/":
            f["process.executable"] = program
        f["selinux.access"] = found["access"]
        if found["kind"]:
            f["selinux.class"] = found["kind"]
        if found["label"]:
            f["selinux.label"] = found["label"]
        if found["target"]:
            f["file.path" if found["target"][0] == "/" else "selinux.target"] = found["target"]
    alert = _ALERT.search(msg[:4096])
    if alert is not None:
        f["selinux.alert"] = alert[1]
    f |= _DENIED
    return mem.times


_PROGRAM = Program(setroubleshoot, "setroubleshoot")
FORMATS = (
    Format(
        name="setroubleshoot",
        title="setroubleshoot (SELinux in words)",
        example="Nov 20 10:00:00 web9 setroubleshoot[2044]: SELinux is preventing /usr/sbin/httpd from read "
        "access on the file shadow. For complete SELinux messages run: "
        "sealert -l 0f1e2d3c-0000-4000-8000-000000000001",
        programs=dict.fromkeys(("setroubleshoot", "setroubleshootd", "sedispatch"), _PROGRAM),
    ),
)
