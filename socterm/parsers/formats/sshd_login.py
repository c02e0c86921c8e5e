"""OpenSSH's server: who logged in, and who tried to.

User names are typed by the attacker and may hold anything, also
`x from 192.0.2.1 port 22 ssh2`: the peer is taken where the message's own grammar ends, and where that leaves
a choice, the address this process is already known to talk to wins.
"""

from __future__ import annotations

import re

from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, Handler, mark, put_peer, relate
from socterm.parsers.memory import PATIENCE, Memory, Seen

_FAILED = mark("ssh_login", "failure")
_LOGGED_IN = mark("ssh_login", "success")
_KEY_TRIED = mark("ssh_key_tried")
_STEP = mark("ssh_auth_step")

_ENDED = " [preauth]"
_ODD_NAMES = frozenset({"", "from", "<invalid username>"})
"""Names of unknown users that the short ways leave to the careful ones."""
_PEER = re.compile(r"(\S++)(?: port (\d{1,5}))?(?: ssh\d?)?(?: \[preauth\])?(?:: (.*))?$", re.DOTALL)
_NOT_ALLOWED = re.compile(
    r"User (?P<user>.*) from (?P<peer>\S+) not allowed because (?P<reason>.*)", re.DOTALL
)
_ALLOWED_NOWHERE = re.compile(r"User (?P<user>.*) not allowed because (?P<reason>.*)", re.DOTALL)
_DENIED = re.compile(r"Access denied for user (.*) by PAM account configuration", re.DOTALL)
_WRONG_HOST = re.compile(
    r"Authentication tried for (.*) with correct key but not from .*\(host=(\S*?), ip=([^,)\s]+)"
)
_SESSION = re.compile(
    r"(?:session: )?(?:user )?(?:(\S+) )?(?:on (\S+) )?(?:for (\S+) )?from (\S+) port (\d{1,5}) id \d+"
)
_SUBSYSTEM = re.compile(r"subsystem request for (\S+)(?: by user (.*?))?(?:, command .*)?$", re.DOTALL)
_KEY = re.compile(r"(\S+) (\S+)")


def split_from(msg: str, mem: Memory, *, bare: bool = False) -> tuple[str, str, str, str] | None:
    """(before, peer, port, behind) around the ` from PEER port N ssh2` that is sshd's own, if any."""
    head, sep, tail = msg.partition(" from ")
    if " from " not in tail:
        words = tail.split(" ")
        if len(words) == 5 and words[4] == "[preauth]" and words[0].isprintable() and len(words[2]) <= 5:
            del words[4]
        if (
            len(words) == 4
            and words[1] == "port"
            and words[3] == "ssh2"
            and words[2].isdecimal()
            and len(words[2]) <= 10
        ):
            return head, words[0], words[2], ""
        found = _PEER.match(tail) if sep else None
        return None if found is None else (head, found[1], found[2] or "", found[3] or "")
    return _choose(msg, mem, bare=bare)


def _choose(msg: str, mem: Memory, *, bare: bool) -> tuple[str, str, str, str] | None:
    """Of several places that look like the peer: the one this process is known to talk to, else the first.

    `bare` is for messages that end with the peer: what goes on behind one is the user's name.
    """
    places: list[tuple[str, str, str, str]] = []
    at = msg.find(" from ")
    while at >= 0 and len(places) < 32:
        found = _PEER.match(msg, at + 6)
        if found is not None and not (bare and found[3]):
            places.append((msg[:at], found[1], found[2] or "", found[3] or ""))
        at = msg.find(" from ", at + 1)
    seen = mem.known()
    if seen is not None and seen.ip:
        for place in places:
            if peer_of(place[1])[1] == seen.ip and (
                not seen.port or not place[2] or int(place[2]) == seen.port
            ):
                return place
    return places[0] if places else None


def _name_of(who: str, f: Fields) -> tuple[str, bool]:
    """The user a message means, and whether the machine does not know that user."""
    invalid = who.startswith(("invalid user", "illegal user"))
    user = who[13:] if invalid else who.removeprefix("user ")
    if user == "<invalid username>":
        user, invalid = "", True
    if user:
        f["user.name"] = user
    if invalid:
        f["ssh.invalid_user"] = True
    return user, invalid


def meet(f: Fields, mem: Memory, token: str, port: str) -> Seen:
    """Write the peer into the line and remember it for the process."""
    name, value = known_peers.get(token) or peer_of(token)
    seen = mem.process(value)
    if name == "source.ip":
        f["source.ip"] = value
        if not port:
            seen.meet(value, "", 0)
            return seen
        f["source.port"] = where = int(port)
        if seen.ip != value or seen.port != where:
            seen.meet(value, "", where)
    elif name:
        f["source.domain"] = value
        where = int(port) if port else 0
        if where:
            f["source.port"] = where
        seen.meet("", value, where)
    return seen


def _failed(msg: str, f: Fields, mem: Memory) -> int:
    """Failed METHOD for [invalid user ]USER from PEER port N ssh2[: key]."""
    words = msg.split(" ")
    invalid = len(words) == 11 and words[3] == "invalid" and words[4] == "user" and words[2] == "for"
    if invalid:
        del words[3:5]
    if (
        len(words) == 9
        and words[4] == "from"
        and words[6] == "port"
        and words[8] == "ssh2"
        and words[7].isdecimal()
        and len(words[7]) <= 10
        and not (invalid and words[3] in _ODD_NAMES)
    ):
        _, method, _, user, _, token, _, port, _ = words
        behind = ""
        f["user.name"] = user
        if invalid:
            f["ssh.invalid_user"] = True
    else:
        parts = split_from(msg, mem)
        if parts is None:
            return mem.times
        head, token, port, behind = parts
        method, _, who = head[7:].partition(" for ")
        user, invalid = _name_of(who, f)
    f["ssh.method"] = method
    seen = meet(f, mem, token, port)
    if user:
        seen.user = user
    if method == "publickey" and not invalid:
        seen.tries += mem.times
        f |= _KEY_TRIED
        _key(behind, f)
        return mem.times
    if mem.patience != PATIENCE:
        mem.sshd_spoke()
    f |= _FAILED
    if method == "publickey":
        seen.at_least("key", 1)  # however many keys: they cannot fit a user who does not exist
        return seen.settle()
    return seen.count("none" if method == "none" else "sshd", mem.times)


def _key(behind: str, f: Fields) -> None:
    found = _KEY.match(behind)
    if found is not None:
        f["ssh.key.algorithm"] = found[1]
        f["ssh.key.fingerprint"] = found[2]


def _accepted(msg: str, f: Fields, mem: Memory) -> int:
    """Accepted METHOD for USER from PEER port N ssh2[: key]."""
    parts = split_from(msg, mem)
    if parts is None:
        return mem.times
    head, token, port, behind = parts
    method, _, user = head[9:].partition(" for ")
    f["user.name"] = user
    f["ssh.method"] = method
    seen = mem.process(peer_of(token)[1])
    seen.renew()
    seen = meet(f, mem, token, port)
    seen.user = user
    if behind:
        _key(behind, f)
    f |= _LOGGED_IN
    return mem.times


def _step(msg: str, f: Fields, mem: Memory) -> int:
    """Postponed METHOD for … and Partial METHOD for …: authentication goes on."""
    parts = split_from(msg, mem)
    if parts is not None:
        head, token, port, behind = parts
        method, _, who = head.partition(" ")[2].partition(" for ")
        _name_of(who, f)
        f["ssh.method"] = method
        meet(f, mem, token, port)
        _key(behind, f)
        f |= _KEY_TRIED if method == "publickey" and msg.startswith("Postponed") else _STEP
    return mem.times


def _invalid(msg: str, f: Fields, mem: Memory) -> int:
    """Invalid user USER from PEER[ port N]."""
    words = msg.split(" ")
    if (
        len(words) == 7
        and words[3] == "from"
        and words[5] == "port"
        and words[6].isdecimal()
        and len(words[6]) <= 5
        and words[1] == "user"
        and words[4].isprintable()
        and words[2] not in _ODD_NAMES
    ):
        _, _, user, _, token, _, port = words
        f["user.name"] = user
        f["ssh.invalid_user"] = True
    else:
        parts = split_from(msg, mem, bare=True)
        if parts is None:
            return mem.times
        user, _ = _name_of("invalid user" + parts[0][12:], f)
        token, port = parts[1], parts[2]
    seen = meet(f, mem, token, port)
    seen.user = user
    if mem.patience != PATIENCE:
        mem.sshd_spoke()
    f |= _FAILED
    return seen.count("invalid", mem.times)


def _request(msg: str, f: Fields, mem: Memory) -> int:
    """input_userauth_request: invalid user USER [preauth]: stands beside sshd's own report of the user."""
    relate(f, user=msg.partition("invalid user ")[2].removesuffix(_ENDED))
    f |= _STEP
    return mem.times


def _pam_error(msg: str, f: Fields, mem: Memory) -> int:
    """PAM: REASON for [illegal user ]USER from PEER[ via ADDRESS]: keyboard-interactive, failed."""
    head, sep, tail = msg[5:].rstrip().rpartition(" from ")
    reason, between, who = head.partition(" for ")
    if not sep or not between:
        return mem.times
    f["event.reason"] = reason
    user, _ = _name_of(who, f)
    seen = meet(f, mem, tail.partition(" via ")[0], "")
    seen.user = user
    seen.tell("keyboard", mem.times)
    mem.sshd_spoke()
    f |= _FAILED
    return seen.settle()


def _user(msg: str, f: Fields, mem: Memory) -> int:
    """User USER[ from PEER] not allowed because REASON."""
    found = _NOT_ALLOWED.match(msg) or _ALLOWED_NOWHERE.match(msg)
    if found is None:
        return mem.times
    f["user.name"] = user = found["user"]
    f["event.reason"] = found["reason"].removesuffix(_ENDED)
    seen = meet(f, mem, found.groupdict().get("peer") or "", "")
    seen.user = user
    seen.tell("refused")
    return reckon(f, seen, _STEP)


def reckon(f: Fields, seen: Seen, otherwise: Fields, times: int = 1) -> int:
    """Let the line stand for what is owed, if a peer can be named for it; else it is `otherwise`."""
    if seen.top == seen.counted or not (seen.ip or seen.domain):
        f |= otherwise
        return times
    if seen.ip:
        f["source.ip"] = seen.ip
    else:
        f["source.domain"] = seen.domain
    if seen.port and "source.port" not in f:
        f["source.port"] = seen.port
    if seen.user and "user.name" not in f:
        f["user.name"] = seen.user
    f |= _FAILED
    return seen.settle()


def _root_refused(msg: str, f: Fields, mem: Memory) -> int:
    """ROOT LOGIN REFUSED FROM PEER[ port N]."""
    parts = split_from(msg.replace(" FROM ", " from ", 1), mem)
    if parts is None:
        return mem.times
    f["user.name"] = "root"
    seen = meet(f, mem, parts[1], parts[2])
    seen.tell("refused")
    mem.sshd_spoke()
    f |= _FAILED
    return seen.settle()


def _denied(msg: str, f: Fields, mem: Memory) -> int:
    """Access denied for user USER by PAM account configuration."""
    found = _DENIED.match(msg)
    if found is None:
        return mem.times
    f["user.name"] = found[1]
    seen = mem.process()
    seen.user = found[1]
    seen.tell("refused")
    return reckon(f, seen, _STEP)


def _wrong_host(msg: str, f: Fields, mem: Memory) -> int:
    """Authentication tried for USER with correct key but not from a permitted host (host=…, ip=…)."""
    found = _WRONG_HOST.match(msg)
    if found is None:
        f |= _STEP
        return mem.times
    f["user.name"] = found[1]
    seen = meet(f, mem, found[3], "")
    seen.tell("refused")
    mem.sshd_spoke()
    f |= _FAILED
    return seen.settle()


def _maximum(msg: str, f: Fields, mem: Memory) -> int:
    """maximum authentication attempts exceeded for [invalid user ]USER from PEER port N ssh2."""
    parts = split_from(msg, mem)
    if parts is None:
        return mem.times
    user, _ = _name_of(parts[0].partition(" for ")[2], f)
    seen = meet(f, mem, parts[1], parts[2])
    seen.user = user or seen.user
    too_many(seen)
    mem.sshd_spoke()
    f |= _FAILED
    return seen.settle()


def too_many(seen: Seen) -> None:
    """sshd gave up on a peer: now the keys tried in vain were failures; at least one failure there was."""
    seen.at_least("many", max(seen.top + seen.tries, 1))
    seen.tries = 0


def _session(msg: str, f: Fields, mem: Memory) -> int:
    """Starting session: … for USER from PEER port N id 0, Close session: user USER from PEER port N id 0."""
    found = _SESSION.match(msg.partition(" ")[2])
    if found is not None:
        start = msg.startswith("S")
        user = found[3] if start else found[1]
        if user:
            f["user.name"] = user
        put_peer(f, found[4], found[5])
        f |= _OPENED if start else _CLOSED
    return mem.times


def _subsystem(msg: str, f: Fields, mem: Memory) -> int:
    """subsystem request for sftp by user USER."""
    found = _SUBSYSTEM.match(msg)
    if found is not None:
        f["ssh.subsystem"] = found[1]
        relate(f, user=found[2] or "")
        f |= _FORWARD
    return mem.times


_OPENED = mark("session_opened")
_CLOSED = mark("session_closed")
_FORWARD = mark("ssh_forward")

LOGIN_WORDS: dict[str, Handler] = {
    "Failed": _failed,
    "Accepted": _accepted,
    "Postponed": _step,
    "Partial": _step,
    "Invalid": _invalid,
    "Illegal": _invalid,
    "input_userauth_request:": _request,
    "PAM:": _pam_error,
    "PAM": pam,
    "User": _user,
    "ROOT": _root_refused,
    "Access": _denied,
    "Authentication": _wrong_host,
    "maximum": _maximum,
    "Starting": _session,
    "Close": _session,
    "subsystem": _subsystem,
}
"""First word of a message → what reads it."""
