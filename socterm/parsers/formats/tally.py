"""Counting an attempt once that several lines tell of, for servers whose lines share no process number.

Mail servers report a failed login where it is checked, where the connection ends, and through PAM. Each
way of
telling is a channel with its own counter under one key (a peer, a queue id); the failures so far are the
highest of them, and a line stands for what it adds to that.
"""

from __future__ import annotations

from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields
from socterm.parsers.memory import HOUR, Memory


def tally(mem: Memory, key: str, channel: str, *, times: int = 0, total: int = 0, ts: int = 0) -> int:
    """How many failures a line stands for that tells of `times` more of them, or of `total` so far.

    `ts` is the line's instant where the memory does not know it; an hour without a line starts anew.
    """
    now = ts or mem.ts
    known = mem.recall(key)
    if known is None or not -HOUR < now - known["ts"] < HOUR:
        known = {"counted": 0, "told": {}}
    told = dict(known["told"])
    told[channel] = max(told.get(channel, 0) + times, total)
    most = max(told.values())
    counted = known["counted"]
    mem.keep(key, {"counted": max(most, counted), "told": told, "ts": now})
    return int(max(most - counted, 0))


def settled(mem: Memory, key: str) -> None:
    """Whatever was told under this key is over: the next line begins another account."""
    if mem.recall(key) is not None:
        mem.keep(key, {})


def pam_told(msg: str, f: Fields, mem: Memory, key: str, failed: Fields, *, ts: int = 0) -> int:
    """PAM's line for an attempt that the server tells of too: the channel "pam" under `key` and the address.

    `failed` is what the server itself calls a failed login.
    """
    times = pam(msg, f, mem)
    address = f.get("source.ip") or f.get("source.domain")
    if f.get("event.outcome") != "failure" or address is None:
        return times
    f |= failed
    return tally(mem, f"{key} {address}", "pam", times=times, ts=ts)


def server_told(f: Fields, mem: Memory, key: str) -> int:
    """The server's own line for a failed login, beside PAM's; see `pam_told`."""
    address = f.get("source.ip") or f.get("source.domain")
    return mem.times if address is None else tally(mem, f"{key} {address}", "own", times=mem.times)
