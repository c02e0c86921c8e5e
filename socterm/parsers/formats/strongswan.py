"""strongSwan (charon): who came in over IPsec, and who was refused.

    05[NET] received packet: from 192.0.2.161[4500] to 192.0.2.1[4500] (112 bytes)
    05[IKE] EAP method EAP_MSCHAPV2 failed for peer ann

The verdict names no address: what the same worker (`05`) received last tells where it came from. Names are
typed by the peer, but for the first of the two in the sentence on an established connection: that is ours.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "user.name", "source.ip")
('vpn_connected', 'ann', '192.0.2.161')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import Memory

_FAILED = mark("vpn_login", "failure")
_CONNECTED = mark("vpn_connected")
_LEFT = mark("vpn_disconnected")
_REFUSED = mark("vpn_refused")
_STEP = mark("vpn_handshake")

_HEAD = re.compile(r"(\d\d)\[([A-Z]{3})\d?\] (?:<[^<>]{1,120}> )?")
_RECEIVED = re.compile(r"received packet: from (\S{2,45})\[(\d{1,5})\] to ")
_STARTS = re.compile(r"(\S{2,45}) is initiating an? ")
_UP = re.compile(
    r"IKE_SA \S{1,120} established between \S{2,45}\[[^\[\]]*\]\.\.\.([\da-fA-F:.]{2,45})\[(.*)\]$", re.DOTALL
)
_DOWN = re.compile(
    r"deleting IKE_SA \S{1,120} between \S{2,45}\[[^\[\]]*\]\.\.\.([\da-fA-F:.]{2,45})\[(.*)\]$", re.DOTALL
)
_VERDICTS = tuple(
    (re.compile(form, re.DOTALL), fields)
    for form, fields in (
        (r"(?P<reason>EAP method \w{1,40} failed) for peer (?P<user>.*)$", _FAILED),
        (r"(?P<reason>XAuth authentication) of '(?P<user>.*)' (?P<more>failed)", _FAILED),
        (r"(?P<reason>tried \d+ shared keys?) for '.*' - '(?P<user>.*)', but MAC mismatched$", _FAILED),
        (r"(?P<reason>no shared key found) for '?.*'? - '?(?P<user>[^']*)'?$", _FAILED),
        (r"authentication of '(?P<user>.*)' with .{1,80} successful$", _STEP),
        (r"(?P<reason>no trusted \w{1,20} public key found) for '(?P<user>.*)'$", _REFUSED),
        (r"(?P<reason>signature validation failed, looking for another key)$", _STEP),
        (r"(?P<reason>no (?:matching peer config|IKE config|proposal chosen|proposal) ?found.*)$", _REFUSED),
        (r"(?P<reason>received proposals (?:unacceptable|inacceptable))$", _REFUSED),
        (r"(?P<reason>constraint check failed.*)$", _REFUSED),
    )
)  # fmt: skip
_KEY = "charon"
_WORKERS = 64


def charon(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for charon and charon-systemd."""
    head = _HEAD.match(msg)
    if head is None:
        return mem.times
    worker, text = f"{mem.host} {head[1]}", msg[head.end() :]
    received = _RECEIVED.match(text) or _STARTS.match(text)
    if received is not None:
        _remember(worker, received[1], mem)
        put_peer(f, received[1], received[2] if received.re is _RECEIVED else "")
        f |= _STEP
        return mem.times
    for form, fields in ((_UP, _CONNECTED), (_DOWN, _LEFT)):
        found = form.match(text)
        if found is not None:
            put_peer(f, found[1])
            f["user.name"] = found[2]
            f |= fields
            return mem.times
    for form, fields in _VERDICTS:
        found = form.match(text)
        if found is not None:
            _verdict(found.groupdict(), f)
            put_peer(f, (mem.recall(_KEY) or {}).get(worker, ""))
            f |= fields
            return mem.times
    return mem.times


def _verdict(parts: dict[str, str | None], f: Fields) -> None:
    if parts.get("user"):
        f["user.name"] = parts["user"]
    reason = " ".join(part for name in ("reason", "more") if (part := parts.get(name)))
    if reason:
        f["event.reason"] = reason


def _remember(worker: str, peer: str, mem: Memory) -> None:
    """Which peer a worker of charon's deals with; written down only where that changed."""
    workers = dict(mem.recall(_KEY) or {})
    if workers.get(worker) == peer:
        return
    if len(workers) >= _WORKERS and worker not in workers:
        workers.pop(next(iter(workers)))
    workers[worker] = peer
    mem.keep(_KEY, workers)


_CHARON = Program(charon, "strongswan", wraps=False, varies=True)
FORMATS = (
    Format(
        name="strongswan",
        title="strongSwan (charon)",
        example="Nov 20 10:00:00 vpn1 charon[902]: 05[IKE] IKE_SA corp[3] established between "
        "192.0.2.1[vpn.example.org]...192.0.2.161[ann]",
        programs=dict.fromkeys(("charon", "charon-systemd", "charon-nm", "ipsec"), _CHARON),
    ),
)
