"""The Linux kernel's own messages, as far as they matter to security; packets it logs are `netfilter`'s.

The program a message is about is `kernel.process.name` and `kernel.process.pid`: the line's own process is
the kernel. What it quotes (names of programs, files, USB devices) was chosen by others.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.auditd import spoken
from socterm.parsers.formats.keyvalue import or_pairs
from socterm.parsers.formats.netfilter import line, packet
from socterm.parsers.formats.wireguard import wireguard
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.memory import Memory

_UPTIME = re.compile(r"\[ {0,7}\d{1,10}\.\d{6}\] ?")
_PROMISCUOUS = re.compile(r"(?:device )?(?P<name>[\w.@-]{1,32}):? (?P<verb>entered|left) promiscuous mode")
_CRASH = re.compile(
    r"(?:traps: )?(?P<name>[^\[\]]{1,32})\[(?P<pid>\d{1,10})\]:? "
    r"(?P<reason>segfault at|general protection|trap [\w ]{1,40}|bad frame)"
)
_KILLED = re.compile(
    r"(?:Out of memory|Memory cgroup out of memory|oom_reaper)[^(]{0,80}?process (?P<pid>\d{1,10}) "
    r"\((?P<name>[^)]{1,64})\)"
)
_FOUND = re.compile(r"idVendor=(?P<vendor>[0-9a-f]{4}), idProduct=(?P<product>[0-9a-f]{4})")
_MODULE = re.compile(r"(?P<name>[\w-]{1,64}): (?:loading out-of-tree module|module )")
_FLOOD = re.compile(r"Possible SYN flooding on port (?:\S{1,64}:)?(?P<port>\d{1,5})\.")
_MARTIAN = re.compile(
    r"martian source (?P<to>[\d.]{7,15}) from (?P<ip>[\d.]{7,15}), on dev (?P<name>\S{1,32})"
)
_LINK = re.compile(r"(?P<name>[\w.-]{1,32}):? (?:NIC )?Link is (?P<state>Up|Down)", re.IGNORECASE)
_QUOTED = re.compile(r'\b(\w{1,24})=(?:"([^"]{0,4096})"|([^\s"]{1,256}))')
_USB_TEXT = {
    "Product": "device.model.name",
    "Manufacturer": "device.manufacturer",
    "SerialNumber": "device.serial_number",
}
_GUARD_NAMES = {
    "operation": "apparmor.operation",
    "profile": "apparmor.profile",
    "name": "file.path",
    "requested_mask": "apparmor.requested_mask",
    "denied_mask": "apparmor.denied_mask",
    "comm": "kernel.process.name",
    "exe": "kernel.process.executable",
    "capname": "apparmor.capability",
    "syscall": "kernel.syscall",
}
_HEXED = frozenset({"name", "comm", "exe", "profile"})
"""What the kernel writes in hexadecimal, without quotes, where it holds blanks or quotes itself."""
_GUARD_NUMBERS = {"pid": "kernel.process.pid", "fsuid": "user.id", "uid": "user.id"}


def _promiscuous(msg: str, f: Fields) -> None:
    found = _PROMISCUOUS.match(msg)
    if found is not None:
        f["observer.ingress.interface.name"] = found["name"]
        f["event.reason"] = f"{found['verb']} promiscuous mode"
        f.update(mark("promiscuous_mode"))


def _crash(msg: str, f: Fields) -> None:
    found = _CRASH.match(msg)
    if found is not None:
        f["kernel.process.name"] = found["name"]
        f["kernel.process.pid"] = int(found["pid"])
        f["event.reason"] = found["reason"].removesuffix(" at")
        f.update(mark("process_crashed"))


def _killed(msg: str, f: Fields) -> None:
    found = _KILLED.match(msg)
    if found is not None:
        f["kernel.process.name"] = found["name"]
        f["kernel.process.pid"] = int(found["pid"])
        f["event.reason"] = "out of memory"
        f.update(mark("process_killed"))


def _module(msg: str, f: Fields) -> None:
    found = _MODULE.match(msg)
    if found is not None:
        f["kernel.module"] = found["name"]
        f["event.reason"] = msg.partition(": ")[2]
        f.update(mark("module_loaded"))


def _usb(msg: str, f: Fields, mem: Memory) -> None:
    """`usb 1-1: …`: a device tells who it is over several lines; the one with the serial knows all."""
    port, _, rest = msg[4:].partition(": ")
    if len(port) > 24:
        return
    key = f"usb {mem.host} {port}"
    f["usb.port"] = port
    if rest.startswith("USB disconnect"):
        f.update(mem.recall(key) or {})
        mem.keep(key, {})
        f.update(mark("usb_disconnected"))
        return
    found = _FOUND.search(rest)
    if found is not None:
        f["usb.vendor_id"], f["usb.product_id"] = found["vendor"], found["product"]
        mem.keep(key, {"usb.vendor_id": found["vendor"], "usb.product_id": found["product"]})
        f.update(mark("usb_connected"))
        return
    what, colon, value = rest.partition(": ")
    name = _USB_TEXT.get(what)
    if colon and name is not None:
        told = {**(mem.recall(key) or {}), name: value.strip()}
        f.update(told)
        mem.keep(key, told)
        if what == "SerialNumber":
            f.update(mark("usb_connected"))


def _unhexed(text: str) -> str:
    try:
        return bytes.fromhex(text).decode("utf-8", "replace").replace("\0", "")
    except ValueError:
        return text


def _guard(msg: str, f: Fields) -> None:
    """What AppArmor and seccomp refuse, where the kernel's line is no whole audit record."""
    told: dict[str, str] = {}
    for name, quoted, bare in _QUOTED.findall(msg):
        told.setdefault(name, quoted or (_unhexed(bare) if name in _HEXED else bare))
    verdict = told.get("apparmor", "")
    if verdict in ("STATUS", "") and told.get("type") != "1326":
        return
    f["event.dataset"] = "apparmor" if verdict else "kernel"
    for key, name in _GUARD_NAMES.items():
        value = told.get(key)
        if value:
            f[name] = value
    for key, name in _GUARD_NUMBERS.items():
        count = number(told.get(key, ""))
        if count is not None:
            f.setdefault(name, count)
    denied = verdict in ("DENIED", "")
    f.update(mark("access_denied", "success") if denied else mark("access_audited"))


def _lockdown(msg: str, f: Fields) -> None:
    _, _, rest = msg.partition("Lockdown: ")
    name, colon, reason = rest.partition(": ")
    if colon and len(name) <= 32:
        f["kernel.process.name"] = name
        f["event.reason"] = reason
        f.update(mark("access_denied", "success"))


def _flood(msg: str, f: Fields) -> None:
    found = _FLOOD.search(msg)
    f["event.reason"] = "possible SYN flood"
    f.update(mark("kernel_attack"))
    if found is not None:
        f["destination.port"] = int(found["port"])


def _martian(msg: str, f: Fields) -> None:
    found = _MARTIAN.search(msg)
    if found is not None:
        put_end(f, "source", found["ip"])
        put_end(f, "destination", found["to"])
        f["observer.ingress.interface.name"] = found["name"]
        f["event.reason"] = "martian source"
        f.update(mark("network_anomaly"))


def _full(msg: str, f: Fields) -> None:
    f["event.reason"] = msg.partition(": ")[2]
    f.update(mark("kernel_attack"))


def _link(msg: str, f: Fields) -> None:
    found = _LINK.search(msg[:200])
    if found is not None:
        f["observer.ingress.interface.name"] = found["name"]
        f["event.reason"] = f"link is {found['state'].lower()}"
        f.update(mark("link_changed"))


_HINTS = (
    (" promiscuous mode", _promiscuous),
    ("]: segfault at ", _crash),
    ("traps: ", _crash),
    ("]: trap ", _crash),
    ("illed process ", _killed),
    (" taints kernel", _module),
    (": module verification failed", _module),
    ("apparmor=", _guard),
    ("type=1326 ", _guard),
    ("Lockdown: ", _lockdown),
    ("SYN flooding", _flood),
    ("martian source ", _martian),
    (": table full, dropping packet", _full),
    ("table overflow", _full),
    ("ink is ", _link),
)
"""A piece of text that only messages of a kind hold → what reads them."""
_FAULTS = (
    "BUG: ", "Oops", "Kernel panic", "general protection fault", "watchdog: ", "Internal error: ", "mce: ",
    "INFO: task ", "EXT4-fs error", "XFS (", "Buffer I/O error", "blk_update_request: ", "kernel BUG at ",
)  # fmt: skip


def kernel(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for what the kernel logs, with or without its own time before it."""
    if msg[:1] == "[":
        uptime = _UPTIME.match(msg)
        if uptime is not None:
            f["message"] = msg = msg[uptime.end() :]
    if "IN=" in msg and packet(msg, f):
        return mem.times
    if msg.startswith("usb "):
        _usb(msg, f, mem)
        return mem.times
    if msg.startswith("wireguard: "):
        return wireguard(msg, f, mem)
    if msg.startswith("audit: "):
        times = spoken(msg, f, mem)
        if "event.action" in f:
            return times
    for hint, handler in _HINTS:
        if hint in msg:
            handler(msg, f)
            if "event.action" in f:
                return mem.times
    if msg.startswith(_FAULTS):
        f.update(mark("kernel_fault"))
    return mem.times


_KERNEL = Program(kernel, "kernel", varies=True)
_ULOGD = _KERNEL._replace(parse=or_pairs(kernel))
FORMATS = (
    Format(
        name="kernel",
        title="Linux kernel: iptables, nftables, ufw, AppArmor, USB, crashes",
        example=(
            "Nov 20 10:00:00 gw1 kernel: [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.9 DST=192.0.2.1 LEN=40 "
            "TOS=0x00 PREC=0x00 TTL=240 ID=5 PROTO=TCP SPT=40000 DPT=22 WINDOW=1024 RES=0x00 SYN URGP=0"
        ),
        programs={"kernel": _KERNEL, "klogd": _KERNEL, "ulogd": _ULOGD},
        line=line,
    ),
)
