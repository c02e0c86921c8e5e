"""Cisco IOS, IOS-XE and NX-OS: `%FACILITY-SEVERITY-MNEMONIC: text`.

Access lists, logins, commands and configuration changes get their own meaning, links and neighbours too; all
else is the device telling of itself.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.cisco_head import opened
from socterm.parsers.formats.cisco_words import end_of
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.traffic import ALLOWED, DENIED, mac_of, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_ID = re.compile(
    r"%(?!(?:ASA|FTD|PIX|FWSM)-)(?P<facility>[A-Z][A-Z0-9_]{1,24}(?:-[A-Z][A-Z0-9_]{0,24}){0,2})"
    r"-(?P<severity>[0-7])-(?P<name>[A-Z][A-Z0-9_]{1,40}) ?: ?"
)
_ACL = re.compile(
    r"list (?P<list>\S{1,128}) (?P<verdict>permitted|denied) (?P<proto>\S{1,16})(?: \S{1,40})? "
    r"(?P<source>[0-9a-fA-F.:]{2,45})(?:\((?P<sport>\d{1,5})\))?(?: \([^()]{0,80}\))? "
    r"-> (?P<target>[0-9a-fA-F.:]{2,45})(?:\((?P<dport>\d{1,5})\))?(?: \((?P<icmp>[\d/]{1,9})\))?"
    r", (?P<count>\d{1,10}) packet"
)
_STANDARD = re.compile(
    r"list (?P<list>\S{1,128}) (?P<verdict>permitted|denied) "
    r"(?P<source>[\d.]{7,15}) (?P<count>\d{1,10}) packet"
)
_BRACKETS = re.compile(
    r"\[user: ?(?P<user>[^\]]{0,128})\] \[Source: ?(?P<ip>[^\]]{2,64})\] "
    r"\[localport: ?(?P<port>\d{1,5})\]"
)
_REASON = re.compile(r"\[Reason: ?(?P<text>[^\]]{1,120})\]")
_BY = re.compile(r" by (?P<user>\S{1,128}) on (?P<line>\S{1,32})(?: \((?P<ip>[0-9a-fA-F.:]{2,45})\))?")
_LOGGED = re.compile(r"User:(?P<user>[^ ]{1,128}) {1,2}logged command:(?P<command>.{1,1000})$", re.DOTALL)
_LOGOUT = re.compile(
    r"User (?P<user>\S{1,128}) has exited tty session \S{1,16}\((?P<ip>[0-9a-fA-F.:]{2,45})\)"
)
_SSH = re.compile(
    r"(?:User '(?P<first>[^']{0,128})' authentication for )?SSH2? Session (?:request )?from "
    r"(?P<ip>[0-9a-fA-F.:]{2,45}) \(tty = \S{1,16}\) "
    r"(?:for user '(?P<user>[^']{0,128})' )?"
    r"using crypto cipher '[^']{0,64}'(?:, hmac '[^']{0,64}')? (?P<what>Succeeded|Failed|closed)"
)
_MAC = re.compile(r"MAC address (?P<mac>[0-9a-fA-F.]{14})(?: on port (?P<port>\S{1,64}?)\.?)?$")
_AUTH_FAILURE = re.compile(r"from (?:host )?(?P<ip>[0-9a-fA-F.:]{2,45})")
_BAD_AUTH = re.compile(
    r"from (?P<source>[\d.]{7,15})[:(](?P<sport>\d{1,5})\)? "
    r"to (?P<target>[\d.]{7,15})[:(](?P<dport>\d{1,5})"
)
_INTERFACE = re.compile(r"[Ii]nterface (?P<name>[A-Za-z][\w./-]{1,40}),? ")

_LOGIN_OK, _LOGIN_BAD = mark("device_login", "success"), mark("device_login", "failure")
_CHANGED, _COMMAND, _LINK = mark("device_changed"), mark("device_command"), mark("link_changed")
_DEVICE, _LEFT = mark("network_device"), mark("device_logout")
_MEANINGS: dict[str, Fields] = {
    "LOGIN_SUCCESS": _LOGIN_OK,
    "LOGIN_FAILED": _LOGIN_BAD,
    "QUIET_MODE_ON": mark("ids_alert"),
    "SSH2_USERAUTH": _LOGIN_OK,
    "AUTHFAIL": _LOGIN_BAD,
    "AUTHPRIV_SYSTEM_MSG": _DEVICE,
    "LOGOUT": _LEFT,
    "TTY_EXPIRE_TIMER": _LEFT,
    "SSH2_CLOSE": _LEFT,
    "CONFIG_I": _CHANGED,
    "CONFIG_P": _CHANGED,
    "VSHD_SYSLOG_CONFIG_I": _CHANGED,
    "PRIV_AUTH_PASS": _DEVICE,
    "CFGLOG_LOGGEDCMD": _COMMAND,
    "UPDOWN": _LINK,
    "CHANGED": _LINK,
    "ADJCHANGE": _LINK,
    "NBRCHANGE": _LINK,
    "ADJCHG": _LINK,
    "BADAUTH": mark("network_anomaly"),
    "PSECURE_VIOLATION": DENIED,
    "DHCP_SNOOPING_UNTRUSTED_PORT": DENIED,
    "DHCP_SNOOPING_DENY": DENIED,
    "INVALID_ARP": DENIED,
    "DROP_PKT": DENIED,
    "LOCALAUTHFAILED": _LOGIN_BAD,
    "RELOAD": _DEVICE,
    "RESTART": _DEVICE,
}


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    start = opened(text, f, reading, _ID)
    if start is None:
        return None
    found, message, ts = start
    f["event.dataset"] = "cisco.ios"
    f["event.code"], f["cisco.facility"] = found["name"], found["facility"]
    f["observer.product"] = "ios"
    if "ACCESSLOG" in found["name"] and _access(message, f):
        f["event.dataset"] = "cisco.ios.acl"
        return ts, LOGSOURCES["cisco.ios.acl"], 1
    _said(found["name"], message[:2000], f)
    return ts, LOGSOURCES["cisco.ios"], 1


def _access(message: str, f: Fields) -> bool:
    found = _ACL.match(message)
    if found is not None:
        put_end(f, "source", found["source"], found["sport"])
        put_end(f, "destination", found["target"], found["dport"])
        if found["proto"] != "0":
            put_transport(f, found["proto"])
        if found["icmp"]:
            f["cisco.icmp"] = found["icmp"]
    else:
        found = _STANDARD.match(message)
        if found is None:
            return False
        put_end(f, "source", found["source"])
    f["rule.name"] = found["list"]
    f["network.packets"] = int(found["count"])
    f.update(ALLOWED if found["verdict"] == "permitted" else DENIED)
    return True


def _said(name: str, text: str, f: Fields) -> None:
    """Who did what, and the meaning of the message's name."""
    f.update(_MEANINGS.get(name, _DEVICE))
    login = _BRACKETS.search(text)
    if login is not None:
        f["user.name"] = login["user"]
        put_end(f, "source", login["ip"])
        f["destination.port"] = int(login["port"])
        reason = _REASON.search(text)
        if reason is not None:
            f["event.reason"] = reason["text"]
        return
    ssh = _SSH.search(text)
    if ssh is not None:
        f["user.name"] = ssh["user"] or ssh["first"] or ""
        put_end(f, "source", ssh["ip"])
        if name == "SSH2_USERAUTH" and ssh["what"] == "Failed":
            f.update(_LOGIN_BAD)
        return
    command = _LOGGED.match(text)
    if command is not None:
        f["user.name"], f["process.command_line"] = command["user"], command["command"]
        return
    who = _LOGOUT.search(text) or (_BY.search(text) if "onfigured from" in text else None)
    if who is not None:
        f["user.name"] = who["user"]
        if who["ip"]:
            put_end(f, "source", who["ip"])
        return
    _where(text, f)


def _where(text: str, f: Fields) -> None:
    """Interfaces, hardware addresses, peers."""
    mac = _MAC.search(text)
    if mac is not None:
        f["source.mac"] = mac_of(mac["mac"])
        if mac["port"]:
            f["observer.ingress.interface.name"] = mac["port"]
    bad = _BAD_AUTH.search(text)
    if bad is not None:
        put_end(f, "source", bad["source"], bad["sport"])
        put_end(f, "destination", bad["target"], bad["dport"])
        return
    peer = _AUTH_FAILURE.search(text)
    end = end_of(peer["ip"].rstrip(":.")) if peer is not None else None
    if end is not None and end[1] == "ip":
        f["source.ip"] = end[2]
    interface = _INTERFACE.search(text)
    if interface is not None:
        f["observer.ingress.interface.name"] = interface["name"].rstrip(",")


FORMATS = (
    Format(
        name="cisco-ios",
        title="Cisco IOS, IOS-XE, NX-OS",
        example=(
            "Nov 20 10:00:00 198.51.100.254 4711: Nov 20 10:00:00.123: %SEC-6-IPACCESSLOGP: list 150 denied "
            "tcp 203.0.113.9(40000) -> 192.0.2.1(22), 1 packet"
        ),
        line=_line,
        order=36,
    ),
)
