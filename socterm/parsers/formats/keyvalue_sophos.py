"""Sophos' two firewalls, in pairs: Sophos Firewall (XG, XGS: SFOS) by `log_type`, UTM (SG) by `sub`.

Both tell of connections, of what their web proxy and their web application firewall let through, of attacks
and of logins; each of these is a dataset of its own, the same for both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from socterm.parsers.formats.web_request import answer_fields, put_host, put_number, put_text, put_url
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.traffic import ALLOWED, DENIED, REJECTED, mac_of, put_transport

Pairs = dict[str, str]

SFOS = frozenset({"log_type", "log_component", "log_subtype"})
UTM = frozenset({"id", "severity", "sys", "sub", "name"})
UTM_WAF = frozenset({"id", "srcip", "localip", "statuscode", "server"})
"""Names that every line of each has; those of UTM's web application firewall have names of their own."""

_SEEN, _STOPPED = mark("ids_alert"), mark("ids_blocked", "success")
_SCAN, _ATTACK, _REFUSED = mark("port_scan"), mark("web_attack", "failure"), mark("web_denied", "failure")
_DEVICE, _LOGGED, _CHANGED = mark("network_device"), mark("packet_logged"), mark("device_changed")
_UP, _DOWN = mark("vpn_connected"), mark("vpn_disconnected")

_SAYS = {
    "denied": DENIED, "deny": DENIED, "drop": DENIED, "dropped": DENIED, "invalid": DENIED,
    "allowed": ALLOWED, "allow": ALLOWED, "accept": ALLOWED, "reject": REJECTED, "rejected": REJECTED,
    "log": _LOGGED,
}  # fmt: skip
"""`log_subtype` and `action` → what became of a packet."""
_STOPS = frozenset(
    {"drop", "dropped", "denied", "deny", "block", "blocked", "reject", "virus", "reset", "terminate session"}
)
_NAMES = {
    "src_zone": "observer.ingress.zone", "srczone": "observer.ingress.zone",
    "dst_zone": "observer.egress.zone", "dstzone": "observer.egress.zone",
    "in_interface": "observer.ingress.interface.name",
    "out_interface": "observer.egress.interface.name", "initf": "observer.ingress.interface.name",
    "outitf": "observer.egress.interface.name", "fw_rule_name": "rule.name", "fw_rule_id": "rule.id",
    "fwrule": "rule.id", "app_name": "network.application", "device_serial_id": "observer.serial_number",
    "device_id": "observer.serial_number", "device_model": "observer.product",
    "device_name": "observer.name",
}  # fmt: skip
_COUNTS = {
    "sent_bytes": "source.bytes", "bytes_sent": "source.bytes", "recv_bytes": "destination.bytes",
    "bytes_received": "destination.bytes", "sent_pkts": "source.packets", "packets_sent": "source.packets",
    "recv_pkts": "destination.packets", "packets_received": "destination.packets", "length": "network.bytes",
}  # fmt: skip
_NAT = (
    ("source", ("src_trans_ip", "tran_src_ip"), ("src_trans_port", "tran_src_port")),
    ("destination", ("dst_trans_ip", "tran_dst_ip"), ("dst_trans_port", "tran_dst_port")),
)
_CALLED_FROM = re.compile(r"\bfrom '?(?P<ip>[0-9a-fA-F.:]{7,45})\b")


def _one(pairs: Mapping[str, str], *names: str) -> str:
    """The value of the first of these names that has one."""
    return next((value for name in names if (value := pairs.get(name, "")) not in ("", "-")), "")


def _ends(f: Fields, pairs: Pairs) -> None:
    """Interfaces, zones, translations, rule and amounts of a connection."""
    for theirs, ours in _NAMES.items():
        if pairs.get(theirs):
            f[ours] = pairs[theirs]
    for theirs, ours in _COUNTS.items():
        put_number(f, ours, pairs.get(theirs, ""))
    for side, addresses, ports in _NAT:
        address = _one(pairs, *addresses)
        if address not in ("", "0.0.0.0", "::"):  # noqa: S104 - Sophos' way to say that nothing was translated
            put_end(f, f"{side}.nat", address, _one(pairs, *ports))
    for side, name in (
        ("source", "srcmac"),
        ("source", "src_mac"),
        ("destination", "dstmac"),
        ("destination", "dst_mac"),
    ):
        mac = mac_of(pairs.get(name, ""))
        if mac:
            f[f"{side}.mac"] = mac
    put_transport(f, _one(pairs, "protocol", "proto"))


def _web(f: Fields, pairs: Pairs, *, stopped: bool) -> None:
    """A request through the web proxy."""
    f |= answer_fields(
        _one(pairs, "statuscode", "status_code", "http_status", "httpresponsecode", "httpstatus")
    )
    if stopped:
        f |= _REFUSED
    url = _one(pairs, "url")
    if url:
        put_url(f, url)
    if "url.domain" not in f:
        put_host(f, _one(pairs, "domain", "host", "server"))
    put_text(f, "http.request.method", _one(pairs, "method", "http_method"))
    put_text(f, "user_agent.original", _one(pairs, "ua", "user_agent", "http_user_agent", "useragent"))
    put_text(f, "http.request.referrer", _one(pairs, "referer", "http_referer", "referer_url"))
    put_text(f, "http.response.mime_type", _one(pairs, "content-type", "content_type", "contenttype"))
    put_number(f, "http.response.body.bytes", _one(pairs, "size"))
    put_text(f, "rule.category", _one(pairs, "categoryname", "http_category", "category_name"))


def waf(f: Fields, pairs: Pairs) -> str:
    """A request to a server behind the web application firewall; `reason` says why it was refused."""
    put_end(f, "source", _one(pairs, "sourceip", "src_ip", "srcip"))
    put_end(f, "destination", _one(pairs, "localip", "local_ip"), _one(pairs, "port"))
    _web(f, pairs, stopped=False)
    put_text(f, "url.query", _one(pairs, "query", "querystring", "query_string").lstrip("?"))
    put_host(f, _one(pairs, "server"))
    for name in ("user.name", "event.reason"):
        if f.get(name) == "-":
            del f[name]
    reason = _one(pairs, "reason")
    if reason:
        f |= _ATTACK
        f["event.reason"] = reason
        put_text(f, "rule.name", _one(pairs, "extra", "message"))
    return "sophos.waf"


def _attack(f: Fields, pairs: Pairs, said: str) -> None:
    """What the intrusion prevention, the virus scanner or the threat protection noticed."""
    stopped = said.lower() in _STOPS
    f |= _STOPPED if stopped else _SEEN
    f["firewall.blocked"] = stopped
    put_text(f, "rule.name", _one(pairs, "signature_msg", "threatname", "virus", "reason", "name"))
    put_text(f, "rule.id", _one(pairs, "signature_id", "sid"))
    put_text(f, "rule.category", _one(pairs, "classification", "class"))
    put_number(f, "event.severity", _one(pairs, "rule_priority", "priority"))


def _login(f: Fields, pairs: Pairs, where: str, said: str) -> None:
    """A login to the device, its portals or its VPN; `said` has the word that tells how it ended."""
    said = said.lower()
    outcome = "failure" if "fail" in said else "success" if "succe" in said else ""
    vpn = any(word in where.lower() for word in ("vpn", "l2tp", "pptp", "ipsec", "cisco", "red"))
    device = any(word in where.lower() for word in ("admin", "gui", "cli", "ssh", "console", "shell"))
    f |= mark("vpn_login" if vpn else "device_login" if device else "app_login", outcome)
    if "source.ip" not in f:
        found = _CALLED_FROM.search(_one(pairs, "message"))
        put_end(f, "source", found["ip"] if found else "")


def sfos(f: Fields, pairs: Pairs) -> str:
    """Fields of a line of Sophos Firewall; the answer is its dataset."""
    kind, part, subtype = pairs["log_type"], pairs["log_component"], pairs["log_subtype"]
    _ends(f, pairs)
    if kind == "Firewall":
        f |= _SAYS.get(subtype.lower(), _DEVICE)
        return "sophos.firewall"
    if kind in ("Content Filtering", "Web Filter", "Application Filter", "SSL"):
        if part.startswith(("HTTP", "Web")):
            _web(f, pairs, stopped=subtype.lower() in _STOPS)
            return "sophos.http"
        f |= _SAYS.get(subtype.lower(), _DEVICE)
        return "sophos.firewall"
    if kind in ("IDP", "IPS"):
        _attack(f, pairs, subtype)
        return "sophos.ids"
    if kind in ("Anti-Virus", "Anti Virus", "ATP", "Sandbox", "Sandstorm", "Zero-day protection"):
        if subtype not in ("Allowed", "Clean"):
            _attack(f, pairs, subtype)
            f.pop("event.severity", None)
        else:
            f |= _DEVICE
        return "sophos.threat"
    if kind in ("WAF", "Web Server Protection"):
        return waf(f, pairs)
    status = pairs.get("status", "")
    if "Authentication" in (subtype, part.rpartition(" ")[2]):
        _login(f, pairs, part, status)
    elif subtype == "Admin" and "log" in pairs.get("message", "").lower() and status[:4] in ("Fail", "Succ"):
        _login(f, pairs, f"admin {part}", status)
    elif "VPN" in part and status in ("Established", "Terminated", "Connected", "Disconnected"):
        f |= _UP if status in ("Established", "Connected") else _DOWN
    else:
        f |= _DEVICE
    return "sophos.event"


def utm(f: Fields, pairs: Pairs) -> str:
    """Fields of a line of Sophos UTM; the answer is its dataset."""
    sub, name, action = pairs["sub"], pairs["name"], pairs.get("action", "")
    _ends(f, pairs)
    put_text(f, "event.code", pairs["id"])
    if f.pop("log.origin.file.name", ""):
        f["caller"] = pairs["caller"]
    if "portscan" in name or "flood" in name:
        f |= _SCAN if "portscan" in name else _SEEN
        f["rule.name"] = name
        return "sophos.threat"
    if sub == "ips":
        _attack(f, pairs, action)
        return "sophos.ids"
    if sub == "packetfilter":
        if "threatname" in pairs or "(ATP)" in name:
            _attack(f, pairs, action)
            return "sophos.threat"
        f |= _SAYS.get(action.lower(), _LOGGED)
        return "sophos.firewall"
    if sub in ("http", "httpproxy"):
        _web(f, pairs, stopped=action == "block" or "blocked" in name)
        if action == "block":
            f["event.reason"] = _one(pairs, "reason") or name
        return "sophos.http"
    if sub in ("reverseproxy", "waf"):
        return waf(f, pairs)
    if sub == "auth":
        _login(f, pairs, pairs.get("caller", ""), name)
    elif sub == "confd":
        f |= _CHANGED
    else:
        f |= _DEVICE
    return "sophos.event"
