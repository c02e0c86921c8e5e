"""Windows events as the XML they are: `wevtutil qe`, the event viewer's export, Splunk, NXLog.

One event a line, also behind a syslog header; files in which events lie over many lines are cut into such
lines before (`sources.xml_file`).

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "user.name", "source.ip")
('logon-failed', 'ann', '192.0.2.88')
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as Xml

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats import windows_shapes as shapes
from socterm.parsers.formats.windows_event import windows_event
from socterm.parsers.marks import Fields
from socterm.parsers.text import clean

_START = re.compile(r"\s*(?:<\?xml[^>]{0,100}\?>\s*)?(?:<Events>\s*)?(?=<Event[ >])")
_END = "</Event>"
_DEEPEST = 12
_NO_XML = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    "|&#(?:x0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2\\d|3[01]));"
)
"""Characters that XML has no place for, and Windows writes all the same."""


def tree_of(text: str) -> dict[str, Any] | None:
    """The event in a text that begins with one, as `windows_shapes.event_tree` takes it; None for none.

    >>> tree_of("<Event><System><EventID Qualifiers='0'>7</EventID></System></Event>")["System"]["EventID"]
    {'#attributes': {'Qualifiers': '0'}, '#text': '7'}
    """
    begin = _START.match(text)
    end = text.find(_END)
    if begin is None or end < 0:
        return None
    root = _root(text[begin.end() : end + len(_END)])
    return None if root is None else {_name(part): _part(part) for part in root}


def _root(text: str) -> Xml.Element | None:
    if "<!DOCTYPE" in text:
        return None
    for whole in (text, _NO_XML.sub("", text)):
        try:
            return Xml.fromstring(whole)  # noqa: S314 - as above: nothing is declared, so nothing expands
        except (Xml.ParseError, ValueError):
            continue
    return None


def data_of(text: str) -> dict[str, Any]:
    """Event data in a text that is its XML, whatever lies around it; {} where it is not.

    >>> data_of("<DataItem><EventData><Data Name='Image'>x</Data></EventData></DataItem>")
    {'Image': 'x'}
    """
    root = _root(text.strip()) if text.lstrip()[:1] == "<" else None
    if root is None:
        return {}
    inside = next((part for part in root.iter() if _name(part) == "EventData"), None)
    return {} if inside is None else _data(inside)


def _name(element: Xml.Element) -> str:
    return element.tag.rpartition("}")[2]


def _part(part: Xml.Element) -> Any:
    """One of the parts of an event: what is in System, EventData, UserData, RenderingInfo."""
    return _data(part) if _name(part) == "EventData" else _tree(part)


def _data(part: Xml.Element) -> dict[str, Any]:
    """Names to values; values without a name are the list `Data`."""
    found: dict[str, Any] = {}
    bare: list[str] = []
    for element in part:
        name = element.get("Name")
        value = clean("".join(element.itertext()))
        if name:
            found[clean(name)] = value
        elif _name(element) == "Data":
            bare.append(value)
        else:
            found[_name(element)] = value
    if bare:
        found["Data"] = bare
    return found


def _tree(element: Xml.Element, depth: int = 0) -> Any:
    if len(element) and depth < _DEEPEST:
        return {_name(inside): _tree(inside, depth + 1) for inside in element}
    text = clean((element.text or "").strip())
    if not element.attrib:
        return text or None
    found: dict[str, Any] = {"#attributes": {clean(key): clean(value) for key, value in element.items()}}
    return found | {"#text": text} if text else found


def taken(text: str, reading: Reading) -> shapes.Taken | None:
    """The event in a text that is its XML, None where it is not."""
    tree = tree_of(text)
    if tree is None:
        return None
    rendered = tree.get("RenderingInfo")
    said = rendered.get("Message") if isinstance(rendered, dict) else None
    return shapes.event_tree(tree, reading.clock, said)


def windows_xml(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of lines that are an event's XML."""
    found = taken(text, reading) if text[:6] in ("<Event", "<?xml ") else None
    if found is None:
        return None
    for name in ("process.name", "process.pid"):  # of the shipper, where a syslog header named one
        f.pop(name, None)
    sources = windows_event(f, found.head, found.data)
    return found.head.ts, sources, 1


FORMATS = (
    Format(
        name="windows_xml",
        title="Windows events as XML: wevtutil, event viewer, Splunk, NXLog",
        example="<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
        "Name='Microsoft-Windows-Security-Auditing'/><EventID>4625</EventID><Level>0</Level><Keywords>"
        "0x8010000000000000</Keywords><TimeCreated SystemTime='2026-11-20T10:00:00.1234567Z'/>"
        "<EventRecordID>77</EventRecordID><Channel>Security</Channel><Computer>DC9.corp.example</Computer></System><EventData>"
        "<Data Name='TargetUserName'>ann</Data><Data Name='TargetDomainName'>CORP</Data><Data Name='Status'>"
        "0xc000006d</Data><Data Name='LogonType'>3</Data><Data Name='WorkstationName'>KIOSK</Data><Data "
        "Name='IpAddress'>192.0.2.88</Data><Data Name='IpPort'>50123</Data></EventData></Event>",
        line=windows_xml,
        begins="<",
        order=20,
    ),
)
