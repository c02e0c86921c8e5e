"""OpenVPN: who connects, as whom, and why not.

`[NAME/]ADDRESS:PORT MESSAGE`, where NAME is the peer's certificate or user name, hence its own choice: the
address is the one behind its last slash. Some messages name the peer only as `[AF_INET]ADDRESS:PORT`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('vpn_login', 'failure', '203.0.113.7')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.parsers.traffic import parted
from socterm.taxonomy.logsources import logsources_of

_FAMILY = re.compile(r"\[AF_INET6?\](?P<end>[0-9a-fA-F.:\[\]]{3,64})")
_PRESENT = re.compile(r"\[(?P<name>[^\[\]]{1,128})\] Peer Connection Initiated with ")
_NAMED = re.compile(r"username '(?P<name>[^']{1,128})'")
_POOL = re.compile(r"pool returned IPv4=(?P<ip>[\d.]{7,15})")
_INFO = re.compile(r"peer info: (?P<key>[A-Z][A-Z0-9_]{1,40})=(?P<value>.{1,200})$")
_FAILED_USER = re.compile(r"user '(?P<name>[^']{1,128})' failed to authenticate")
_ADDRESS = frozenset("0123456789abcdef[")
"""How an address begins."""
_MICROS = re.compile(r"us=\d{1,6} ")

_LOGIN_OK = mark("vpn_login", "success")
_LOGIN_BAD = mark("vpn_login", "failure")
_CONNECTED = mark("vpn_connected")
_STARTED = mark("connection_started")
_DROPPED = mark("vpn_disconnected")
_REFUSED = mark("vpn_refused")
_STEP = mark("vpn_handshake")
_SERVER = mark("network_device")

_MESSAGES: tuple[tuple[str, Fields, bool], ...] = (
    ("TCP connection established with", _STARTED, False),
    ("TLS: Initial packet from", _STARTED, False),
    ("TLS: Username/Password authentication succeeded", _LOGIN_OK, False),
    ("TLS Auth Error", _LOGIN_BAD, True),
    ("TLS: Username/Password authentication failed", _LOGIN_BAD, True),
    ("AUTH: Received control message: AUTH_FAILED", _LOGIN_BAD, True),
    ("TLS Error", _REFUSED, True),
    ("TLS_ERROR", _REFUSED, True),
    ("VERIFY ERROR", _REFUSED, True),
    ("VERIFY X509NAME ERROR", _REFUSED, True),
    ("VERIFY EKU ERROR", _REFUSED, True),
    ("VERIFY KU ERROR", _REFUSED, True),
    ("VERIFY SCRIPT ERROR", _REFUSED, True),
    ("VERIFY CRL", _REFUSED, True),
    ("VERIFY", _STEP, False),
    ("OpenSSL: error:", _REFUSED, True),
    ("WARNING: Bad encapsulated packet length", _REFUSED, True),
    ("Authenticate/Decrypt packet error", _REFUSED, True),
    ("Fatal TLS error", _REFUSED, True),
    ("tls-crypt unwrap error", _REFUSED, True),
    ("Connection reset", _DROPPED, True),
    ("SIGUSR1", _DROPPED, True),
    ("SIGTERM[soft,remote-exit]", _DROPPED, True),
    ("SIGTERM", _SERVER, True),
    ("SIGHUP", _SERVER, True),
    ("Inactivity timeout", _DROPPED, True),
    ("peer info:", _STEP, False),
    ("Control Channel:", _STEP, False),
    ("Data Channel", _STEP, False),
    ("MULTI_sva:", _STEP, False),
    ("MULTI: Learn:", _STEP, False),
    ("MULTI: primary virtual IP", _STEP, False),
    ("MULTI: bad source address", _REFUSED, True),
    ("SENT CONTROL", _STEP, False),
    ("PUSH: Received control message", _STEP, False),
    ("PLUGIN_CALL:", _STEP, False),
    ("Initialization Sequence Completed", _SERVER, False),
    ("OpenVPN 2", _SERVER, False),
)
"""How a message begins → what it tells, and whether it is a reason."""


def openvpn(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for openvpn, openvpn@server, ovpn-server and their like."""
    _read(msg, f)
    return mem.times


def _read(msg: str, f: Fields) -> bool:
    """Read a message into the fields; whether it is one of OpenVPN's beyond doubt."""
    first, _, behind = msg.partition(" ")
    name, _, end = first.rpartition("/")
    rest = msg
    if end[:1] in _ADDRESS and put_end(f, "source", *parted(end)) and "source.ip" in f:
        rest = behind
        if name:
            f["user.name"] = name
    else:
        f.pop("source.domain", None)
    initiated = _PRESENT.match(rest)
    if initiated is not None:
        f["user.name"] = initiated["name"]
        f.update(_CONNECTED)
        rest = rest[initiated.end() :]
        _from_family(rest, f)
        return True
    if rest.startswith(("AUTH-PAM:", "PLUGIN AUTH-PAM:")):
        failed = _FAILED_USER.search(rest)
        if failed is not None:
            f["user.name"] = failed["name"]
            f["event.reason"] = rest.rpartition(": ")[2]
            f.update(_LOGIN_BAD)
        return True
    for beginning, known, reason in _MESSAGES:
        if rest.startswith(beginning):
            f.update(known)
            if reason:
                f["event.reason"] = rest
            _details(rest, f)
            return True
    return False


def _details(rest: str, f: Fields) -> None:
    if "source.ip" not in f:
        _from_family(rest, f)
    named = _NAMED.search(rest) if "username '" in rest else None
    if named is not None:
        f["user.name"] = named["name"]
    elif rest.startswith("MULTI_sva:"):
        pool = _POOL.search(rest)
        if pool is not None:
            f["client.nat.ip"] = pool["ip"]
    elif rest.startswith("peer info:"):
        info = _INFO.match(rest)
        if info is not None:
            f[f"openvpn.peer.{info['key'].lower()}"] = info["value"]
    elif rest.startswith("VERIFY OK: depth=0, "):
        f["openvpn.certificate"] = rest.partition(", ")[2]
    elif rest.startswith("PLUGIN_CALL:") and "AUTH_USER_PASS_VERIFY status=" in rest:
        f.update(_LOGIN_OK if rest.endswith("status=0") else _LOGIN_BAD)


def _from_family(rest: str, f: Fields) -> None:
    found = _FAMILY.search(rest)
    if found is not None and "source.ip" not in f:
        address, colon, port = found["end"].rpartition(":")
        put_end(f, "source", address if colon else port, port if colon else "")


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    """A line of its own log file: `2026-11-20 10:00:00` or `Fri Nov 20 10:00:00 2026`, then the message."""
    length = 24 if text[3:4] == " " else 19
    if text[10:11] != " " or text[length : length + 1] != " ":
        return None
    ts = when(reading.clock, text[:length])
    if ts is None:
        return None
    msg = text[length + 1 :]
    micros = _MICROS.match(msg)
    if micros is not None:
        ts += int(micros[0][3:-1])
        msg = msg[micros.end() :]
    found: Fields = {}
    if not _read(msg, found):
        return None
    f["event.dataset"] = "openvpn"
    f["message"] = msg
    f.update(found)
    return ts, logsources_of("openvpn"), 1


_OPENVPN = Program(openvpn, "openvpn", varies=True)
FORMATS = (
    Format(
        name="openvpn",
        title="OpenVPN",
        example=(
            "Nov 20 10:00:00 vpn1 ovpn-server[902]: 203.0.113.7:51000 TLS Auth Error: Auth Username/Password "
            "verification failed for peer"
        ),
        programs={"openvpn": _OPENVPN, "openvpn*": _OPENVPN, "ovpn-*": _OPENVPN, "ovpn_*": _OPENVPN},
        line=_line,
        begins="0123456789MTWFS",
    ),
)
