"""dpkg.log: what dpkg did to each package, step by step.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "package.name", "message")
('package_installed', 'nmap', 'install nmap:amd64 <none> 7.93+dfsg1-1')
"""

from __future__ import annotations

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.package_names import put
from socterm.parsers.marks import Fields, mark
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("dpkg")
_STEP = mark("package_step")
_DEEDS = {
    "install": mark("package_installed"),
    "upgrade": mark("package_updated"),
    "remove": mark("package_removed"),
    "purge": mark("package_removed"),
    "disappear": mark("package_removed"),
}
_STEPS = frozenset({"configure", "trigproc", "status", "startup", "conffile"})
_STATES = frozenset({
    "not-installed", "config-files", "half-installed", "unpacked", "half-configured", "triggers-awaited",
    "triggers-pending", "installed",
})  # fmt: skip


def read(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines: `2026-11-20 10:00:00 VERB PACKAGE:ARCH VERSION VERSION`."""
    verb, _, rest = text[20:].partition(" ")
    deed = _DEEDS.get(verb)
    if (deed is None and verb not in _STEPS) or text[19:20] != " " or text[4:5] != "-":
        return None
    words = rest.split(" ")
    if len(words) > 4 or not _fits(verb, words):
        return None
    ts = when(reading.clock, text[:19])
    if ts is None:
        return None
    f["event.dataset"] = "dpkg"
    f["message"] = text[20:]
    f["dpkg.verb"] = verb
    if verb == "status":
        f["dpkg.status"] = words.pop(0)
    if verb == "conffile":
        f["file.path"], f["dpkg.decision"] = words
    elif verb != "startup":
        name, _, arch = words[0].partition(":")
        before, after = (words[1], words[2]) if len(words) > 2 else ("", words[1])
        if after == "<none>":
            before, after = "", before
        put(f, name, after, arch, "" if before in ("<none>", after) else before)
    f |= _STEP if deed is None else deed
    return ts, _SOURCES, 1


def _fits(verb: str, words: list[str]) -> bool:
    """Whether what follows a verb is what dpkg writes behind it."""
    if verb == "startup":
        return words[0] in ("archives", "packages") and len(words) == 2
    if verb == "status":
        return words[0] in _STATES and len(words) == 3
    if verb == "conffile":
        return len(words) == 2 and words[1] in ("keep", "install")
    return len(words) == 3 or (verb == "disappear" and len(words) == 2)


FORMATS = (
    Format(
        name="dpkg",
        title="dpkg.log (Debian, Ubuntu)",
        example="2026-11-20 10:00:00 install nmap:amd64 <none> 7.93+dfsg1-1",
        line=read,
        begins="12",
    ),
)
