"""RFC 5424 headers: version, stamp, host, app, procid, msgid, structured data.

>>> read_5424("1 2026-11-20T10:00:00Z web1 sshd 7 - - hello").msg
'hello'
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_PARAMS = 64
_HEAD = re.compile(r"(\d{1,2}) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*|\S+) (\S+) (\S+) (\S+) (\S+) ?", re.ASCII)
"""With a blank within the stamp too, as Check Point's exporter writes it."""
_ELEMENT = re.compile(r'\[([^\s=\]"]{1,64})((?: +[^\s=\]"]{1,64}= ?"(?:[^"\\]|\\.)*+")*+) *\]', re.DOTALL)
_PARAM = re.compile(r' +([^\s=\]"]+)= ?"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\\]])')
_NO_ELEMENT = re.compile(r'\[(?:Fields@1\.3\.6\.1\.4\.1\.2620 |[A-Za-z_][\w ]{0,63}:")')
"""How Check Point's messages begin, in brackets where structured data would stand: `[action:"Drop"; …`."""


class Head5424(NamedTuple):
    """A decoded header; NILVALUE is "". `data` maps `SD-ID.name` to values; `error` says what is broken."""

    version: int
    stamp: str
    host: str
    app: str
    procid: str
    msgid: str
    data: dict[str, str]
    msg: str
    error: str = ""


def read_5424(text: str) -> Head5424 | None:
    """The header of a line behind its PRI, or None where this is no RFC 5424 line at all."""
    found = _HEAD.match(text)
    if found is None or not (found[2] == "-" or (found[2][:1].isdecimal() and "-" in found[2])):
        return None
    version, stamp, host, app, procid, msgid = (("" if part == "-" else part) for part in found.groups())
    data, msg, error = _structured(text[found.end() :])
    return Head5424(
        int(version or 0), stamp, host, app, procid, msgid, data, msg.removeprefix("\ufeff"), error
    )


def _structured(text: str) -> tuple[dict[str, str], str, str]:
    """(structured data, message, error) of what follows the msgid."""
    if text[:1] == "-" and text[1:2] in ("", " "):
        return {}, text[2:], ""
    if text[:1] != "[":
        return {}, text, "RFC 5424: structured data is missing" if text else ""
    data: dict[str, str] = {}
    at = 0
    while text[at : at + 1] == "[":
        element = _ELEMENT.match(text, at)
        if element is None:
            if _NO_ELEMENT.match(text, at):
                return data, text[at:], ""
            return data, text[at:], "RFC 5424: structured data is not closed or not escaped"
        for name, value in _PARAM.findall(element[2]):
            if len(data) < MAX_PARAMS:
                data[f"{element[1]}.{name}"] = _ESCAPE.sub(r"\1", value)
        at = element.end()
    return data, text[at:].removeprefix(" "), ""
