"""OpenSSH's server, the connections: how they began, broke off and ended, without a word on a login.

A closing line also settles what is owed: a failure PAM told of that sshd did not tell, keys tried until sshd
had enough. A line without an address takes the one its process is known to talk to, unless a login attempt
was already told with it: then this is the tail of that attempt, not a scan.
"""

from __future__ import annotations

import re

from socterm.parsers.addresses import peer_of
from socterm.parsers.formats.sshd_login import meet, reckon, too_many
from socterm.parsers.marks import Fields, Handler, mark, number, put_peer
from socterm.parsers.memory import Memory

_CONNECT = mark("ssh_connect")
_DISCONNECT = mark("ssh_disconnect")
_LEFT = mark("ssh_preauth_close")
_SCAN = mark("ssh_scan")
_TIMEOUT = mark("ssh_timeout")
_WARNING = mark("ssh_warning")
_SERVER = mark("ssh_server")

_ENDED = " [preauth]"
_KINDS = {"authenticating": "authenticating user ", "invalid": "invalid user ", "user": "user "}
_TOO_MANY = "Too many authentication failures"
_FROM = re.compile(r"Connection from (\S+)(?: port (\d{1,5}))?(?: on (\S+) port (\d{1,5}))?")
_GONE = re.compile(r"(?:(?:authenticating|invalid) user (.*?) ?)?(\S{1,255}) port (\d{1,5}): (.*)", re.DOTALL)
_LAST_FROM = re.compile(r"(.*) from (\S+?)(?: port (\d{1,5}))?$", re.DOTALL)
_IN_TEXT = re.compile(
    r"(?:from|with|for) (?:(?:authenticating |invalid )?user (.*?) )?(\S{1,255}?) port (\d{1,5})\b"
)
_TIMED_OUT = re.compile(
    r"Timeout before authentication for (?:connection from )?(\S+?)(?: port (\d{1,5})| to | *$|,)"
)
_NOT_RESPONDING = re.compile(r"Timeout, client not responding from (?:user (.*) )?(\S+) port (\d{1,5})")
_DROPPED = re.compile(r"from \[(\S+?)\]:(\d{1,5}) ")
_LISTEN = re.compile(r"Server listening on (\S+) port (\d{1,5})")
_MAPS = re.compile(
    r"Address (\S+) maps to (\S+?),|reverse mapping .* for (\S+?)\.? (?:\[(\S+?)\] )?failed"
    r"|Nasty PTR .* for (\S+),"
)
_WRAPPED = re.compile(r"refused connect from (?:.*@)?(\S+)(?: \((\S+)\))?$", re.DOTALL)
_REMOTE = re.compile(r"SSH: Server;.*?Remote: (\S+)-(\d{1,5});")


def _close(f: Fields, mem: Memory, who: str, where: str, port: str) -> int:
    """A connection ended: by itself an end, but what is still owed is counted here.

    Of who named a user and left, a server that takes keys alone says nothing else: `ssh.untold`.
    """
    preauth = f["message"].endswith(_ENDED)
    if who:
        f["user.name"] = who
    value = put_peer(f, where, port) if where else ""
    end = _LEFT if preauth else _DISCONNECT
    seen = mem.known(value)
    if seen is not None:
        if seen.top != seen.counted:
            return reckon(f, meet(f, mem, where, port) if value else mem.process(), end, mem.times)
        if not value and not seen.counted and (seen.ip or seen.domain):
            f["source.ip" if seen.ip else "source.domain"] = seen.ip or seen.domain
    if preauth and who and (seen is None or not seen.counted):
        f["ssh.untold"] = True
    f |= end
    return mem.times


def _said(rest: str) -> tuple[str, str, str]:
    """(user, peer, port) of `[authenticating |invalid ]user USER PEER port N`."""
    rest = rest.removesuffix(_ENDED)
    left, _, port = rest.rpartition(" port ")
    if not left or not port.isdecimal() or len(port) > 10:
        left, port = rest, ""
    who, _, where = left.rpartition(" ")
    if not who:
        return "", where, port
    kind = _KINDS.get(who.partition(" ")[0], "\0")
    return who[len(kind) :].strip() if f"{who} ".startswith(kind) else "", where, port


def _connection(msg: str, f: Fields, mem: Memory) -> int:
    """Connection closed by / reset by / from …."""
    if msg.startswith("Connection from "):
        return _connect(msg, f, mem)
    rest = msg.partition(" by ")[2]
    if not rest:
        return _silent(msg, f, mem)
    return _close(f, mem, *_said(rest))


def _connect(msg: str, f: Fields, mem: Memory) -> int:
    """Connection from PEER port N on ADDRESS port N."""
    found = _FROM.match(msg)
    if found is None:
        return mem.times
    mem.process(peer_of(found[1])[1]).renew()
    meet(f, mem, found[1], found[2] or "")
    if found[3]:
        name, value = peer_of(found[3])
        if name == "source.ip":
            f["destination.ip"] = value
        f["destination.port"] = int(found[4])
    f |= _CONNECT
    return mem.times


def _disconnected(msg: str, f: Fields, mem: Memory) -> int:
    """Disconnected from [[authenticating |invalid ]user USER ]PEER port N."""
    return _close(f, mem, *_said(msg.partition(" from ")[2]))


def _disconnecting(msg: str, f: Fields, mem: Memory) -> int:
    """Disconnecting[ authenticating user USER PEER port N]: REASON."""
    rest = msg[13:].lstrip(":").lstrip()
    found = None if msg[13:14] == ":" else _GONE.match(rest)
    who = where = port = ""
    reason = rest
    if found is not None:
        who, where, port, reason = found[1] or "", found[2], found[3], found[4]
    f["event.reason"] = reason.removesuffix(_ENDED)
    if reason.startswith(_TOO_MANY):
        who = who or reason[len(_TOO_MANY) :].removesuffix(_ENDED).removeprefix(" for ")
        seen = meet(f, mem, where, port) if where else mem.process()
        too_many(seen)
        seen.user = who or seen.user
    return _close(f, mem, who, where, port)


def _received(msg: str, f: Fields, mem: Memory) -> int:
    """Received disconnect from PEER[ port N]:CODE: REASON."""
    if not msg.startswith("Received disconnect from "):
        f |= _SERVER
        return mem.times
    where, _, rest = msg[25:].partition(" ")
    port = ""
    if where.endswith(":"):
        where = where[:-1]
    elif rest.startswith("port "):
        port, _, rest = rest[5:].partition(":")
    f["event.reason"] = rest.partition(":")[2].strip().removesuffix("[preauth]").rstrip()
    return _close(f, mem, "", where, port if port.isdecimal() and len(port) <= 5 else "")


def _silent(msg: str, f: Fields, mem: Memory) -> int:  # noqa: ARG001 - the grammar's other parsers need it
    """Read from socket failed, Write failed, …: a connection broke, the line does not say whose."""
    return _close(f, mem, "", "", "")


def _scan(msg: str, f: Fields, mem: Memory) -> int:
    """No or a bad identification, no common cipher, garbage: the peer wants to know, not to log in."""
    if msg.startswith("no ") and not msg.startswith("no matching "):
        return mem.times
    found = _IN_TEXT.search(msg) or _LAST_FROM.match(msg.removesuffix(_ENDED))
    if found is not None and put_peer(f, found[2], found[3] or ""):
        meet(f, mem, found[2], found[3] or "")
        f["event.reason"] = msg.removesuffix(_ENDED)
        f |= _SCAN
        return mem.times
    f["event.reason"] = msg.removesuffix(_ENDED)
    seen = mem.known()
    if seen is not None and not seen.counted and (seen.ip or seen.domain):
        f["source.ip" if seen.ip else "source.domain"] = seen.ip or seen.domain
        if seen.port:
            f["source.port"] = seen.port
    f |= _SCAN
    return mem.times


def _identified(msg: str, f: Fields, mem: Memory) -> int:
    """Did not receive identification string from PEER; Bad protocol version identification '…' from PEER."""
    found = _LAST_FROM.match(msg.removesuffix(_ENDED))
    if found is None:
        return mem.times
    meet(f, mem, found[2], found[3] or "")
    f["event.reason"] = found[1]
    f |= _SCAN
    return mem.times


def _timeout(msg: str, f: Fields, mem: Memory) -> int:
    """Timeout before authentication for PEER; Timeout, client not responding from user USER PEER port N."""
    found = _TIMED_OUT.match(msg.removesuffix(_ENDED))
    if found is not None:
        _close(f, mem, "", found[1], found[2] or "")
        if f["event.action"] != "ssh_login":
            f |= _TIMEOUT
        return mem.times
    late = _NOT_RESPONDING.match(msg)
    if late is not None:
        if late[1]:
            f["user.name"] = late[1]
        put_peer(f, late[2], late[3])
    f |= _TIMEOUT
    return mem.times


def _drop(msg: str, f: Fields, mem: Memory) -> int:
    """drop connection #N from [PEER]:port on [ADDRESS]:22 past MaxStartups (or: penalty: …)."""
    found = _DROPPED.search(msg)
    if found is not None:
        put_peer(f, found[1], found[2])
    f["event.reason"] = msg
    f |= _SCAN
    return mem.times


def _wrapped(msg: str, f: Fields, mem: Memory) -> int:
    """refused connect from NAME (ADDRESS): TCP wrappers turned the peer away."""
    found = _WRAPPED.match(msg)
    if found is not None:
        put_peer(f, found[2] or found[1])
    f |= _SCAN
    return mem.times


def _distrust(msg: str, f: Fields, mem: Memory) -> int:
    """An address whose name does not lead back to it."""
    found = _MAPS.match(msg)
    if found is not None:
        put_peer(f, found[1] or found[4] or found[5] or found[3])
        name = found[2] or found[3]
        if name and "source.ip" in f:
            f["source.domain"] = name
    f |= _WARNING
    return mem.times


def _server(msg: str, f: Fields, mem: Memory) -> int:
    """Server listening on ADDRESS port N, and other words about the daemon itself."""
    found = _LISTEN.match(msg)
    if found is not None:
        f["server.address"] = found[1]
        f["server.port"] = number(found[2])
    f |= _SERVER
    return mem.times


def _warning(msg: str, f: Fields, mem: Memory) -> int:  # noqa: ARG001 - the grammar's other parsers need it
    """What sshd distrusts: a file's mode, a setting, a key."""
    f |= _WARNING
    return mem.times


def _patched(msg: str, f: Fields, mem: Memory) -> int:
    """SSH: Server;…;Remote: PEER-PORT;…: the audit line of a patched sshd names the peer first."""
    found = _REMOTE.match(msg)
    if found is not None:
        meet(f, mem, found[1], found[2])
        f |= _CONNECT
    return mem.times


PEER_WORDS: dict[str, Handler] = {
    "Connection": _connection,
    "Disconnected": _disconnected,
    "Disconnecting": _disconnecting,
    "Disconnecting:": _disconnecting,
    "Received": _received,
    "Read": _silent,
    "Write": _silent,
    "Did": _identified,
    "Bad": _identified,
    "Protocol": _scan,
    "Unable": _scan,
    "no": _scan,
    "banner": _scan,
    "kex_exchange_identification:": _scan,
    "kex_protocol_error:": _scan,
    "ssh_dispatch_run_fatal:": _scan,
    "Corrupted": _scan,
    "Timeout": _timeout,
    "Timeout,": _timeout,
    "drop": _drop,
    "refused": _wrapped,
    "Address": _distrust,
    "reverse": _distrust,
    "Nasty": _distrust,
    "Server": _server,
    "Exiting": _server,
    "beginning": _server,
    "exited": _server,
    "Could": _warning,
    "Bind": _warning,
    "Missing": _warning,
    "SSH:": _patched,
}
"""First word of a message → what reads it."""
