"""ISC dhcpd and Kea: leases asked for, given and refused.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "process.name")
('dhcp_lease', '192.0.2.55', 'dhcpd')
>>> read_line(FORMATS[1].example, "event.action", "source.ip", "event.code")
('dhcp_lease', '192.0.2.58', 'DHCP4_LEASE_ALLOC')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.leases import VERBS, lease_event
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory
from socterm.parsers.moments import fine
from socterm.taxonomy.logsources import LOGSOURCES

_KEA = re.compile(
    r"(?P<level>DEBUG|INFO|WARN|ERROR|FATAL) +\[(?P<logger>[\w.-]{1,64})(?:/(?P<pid>\d{1,10})[^\]]{0,40})?\] "
    r"(?P<id>[A-Z][A-Z0-9_]{2,80})(?: (?P<text>.*))?$",
    re.DOTALL,
)
_HARDWARE = re.compile(r"hwtype=\d{1,3} (?P<mac>[0-9a-f:]{17})")
_LEASE = re.compile(r"lease (?P<ip>[0-9a-f.:]{3,45}) ")
_ALLOCATED = (
    "LEASE_ALLOC",
    "LEASE_ADVERT",
    "LEASE_OFFER",
    "LEASE_RENEW",
    "LEASE_REUSE",
    "INIT_REBOOT",
    "RELEASE",
)
_REFUSED = ("ALLOC_FAIL", "_NAK", "DECLINE", "NO_LEASES", "PACKET_DROP", "_REJECT")


def dhcpd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for dhcpd: `DHCPACK on 192.0.2.5 to 00:16:3e:00:00:01 (laptop) via eth0`."""
    verb, _, rest = msg.partition(" ")
    if verb not in VERBS:
        if msg.startswith(("Abandoning IP address", "uid lease", "Unable to add")):
            f["event.reason"] = msg
            f.update(mark("dhcp_denied"))
        return mem.times
    rest, _, interface = rest.rpartition(" via ")
    interface, _, trouble = interface.partition(": ")
    head, bracket, name = rest.partition(" (")
    if bracket and name.count(".") == 3 and name.partition(")")[0].replace(".", "").isdecimal():
        # `for 192.0.2.5 (192.0.2.1) from …`: the server the client asks stands behind the address
        tail, _, again = name.partition(")")[2].partition(" (")
        head, name = head + tail, again
    words = head.split()
    told = dict(zip(words[::2], words[1::2], strict=False))
    lease_event(
        f,
        verb,
        address=told.get("on") or told.get("for") or told.get("of") or _numeric(told.get("from", "")),
        mac=told.get("to") or _hardware(told.get("from", "")),
        name=name.rpartition(")")[0] if name else "",
        interface=interface.partition(" ")[0],
    )
    if trouble:
        f["event.reason"] = trouble
        if trouble.endswith("no free leases"):
            f.update(mark("dhcp_denied"))
    return mem.times


def _numeric(word: str) -> str:
    return "" if word.count(":") == 5 else word


def _hardware(word: str) -> str:
    return word if word.count(":") == 5 else ""


def kea(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for kea-dhcp4 and kea-dhcp6, whose messages are named by an id."""
    _kea(msg, f)
    return mem.times


def _kea(msg: str, f: Fields) -> bool:
    found = _KEA.match(msg)
    if found is None or not found["logger"].startswith("kea-"):
        return False
    name, text = found["id"], found["text"] or ""
    f["event.code"] = name
    f["log.level"] = found["level"].lower()
    f["message"] = text
    hardware, lease = _HARDWARE.search(text), _LEASE.search(text)
    verb = "DHCPNAK" if any(part in name for part in _REFUSED) else "DHCPREQUEST"
    if any(part in name for part in _ALLOCATED) and verb == "DHCPREQUEST":
        verb = "DHCPRELEASE" if "RELEASE" in name else "DHCPACK"
    if hardware is not None or lease is not None:
        lease_event(f, verb, address=lease["ip"] if lease else "", mac=hardware["mac"] if hardware else "")
        f["dhcp.message"] = name
    elif verb == "DHCPNAK":
        f.update(mark("dhcp_denied"))
    else:
        f.update(mark("network_device"))
    return True


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    """A line of Kea's own log file: `2026-11-20 10:00:00.123 INFO  [kea-dhcp4.leases/7.140] ID text`."""
    at = text.find(" ", 11, 40)
    if text[4:5] != "-" or at < 0 or "[kea-" not in text[at : at + 16]:
        return None
    ts = fine(reading.clock, text[:at])
    if ts is None or not _kea(text[at + 1 :], f):
        return None
    f["event.dataset"] = "dhcp"
    return ts, LOGSOURCES["dhcp"], 1


_KEA_PROGRAM = Program(kea, "dhcp")
FORMATS = (
    Format(
        name="dhcpd",
        title="ISC dhcpd",
        example="Nov 20 10:00:00 dhcp1 dhcpd[512]: DHCPACK on 192.0.2.55 to 00:16:3e:00:00:55 (pc) via eth0",
        programs={
            "dhcpd": Program(dhcpd, "dhcp"),
        },
    ),
    Format(
        name="kea",
        title="Kea DHCP",
        example=(
            "2026-11-20 10:00:00.123 INFO  [kea-dhcp4.leases/712.140] DHCP4_LEASE_ALLOC [hwtype=1 "
            "00:16:3e:00:00:58], cid=[no info], tid=0x1: lease 192.0.2.58 has been allocated for 3600 seconds"
        ),
        programs={
            "kea-dhcp4": _KEA_PROGRAM,
            "kea-dhcp6": _KEA_PROGRAM,
        },
        line=_line,
        begins="0123456789",
    ),
)
