"""The machine below: clock, synchronisation, zone, receive buffers, file descriptors."""

from __future__ import annotations

import ctypes
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from socterm.amounts import shown_size
from socterm.pipeline.doctor.row import Row, bad, ok, warn
from socterm.sources.udp import RECEIVE_BUFFER

WANTED_BUFFER: Final = RECEIVE_BUFFER
"""Bytes a UDP listener asks the kernel for."""

JUMP: Final = 0.05
"""Seconds that the wall clock may go astray from the monotonic one while we look."""

_UNSYNCHRONISED: Final = 0x40
"""STA_UNSYNC of adjtimex(2)."""

_STATUS_AT: Final = 40
"""Where `status` lies in `struct timex` on 64-bit Linux."""

_FEW_DESCRIPTORS: Final = 1024


class ClockPair:
    """The wall clock and the monotonic one at a moment; later `apart` says how far they have drifted."""

    def __init__(self) -> None:
        self._wall, self._steady = time.time(), time.monotonic()

    def apart(self) -> float:
        """Seconds the wall clock went further than the monotonic one; negative where it was set back."""
        return (time.time() - self._wall) - (time.monotonic() - self._steady)


def clock(pair: ClockPair, newest: int, now: int) -> Iterator[Row]:
    """`newest` is when the store was written last, `now` the wall clock, both µs; 0 where there is none."""
    apart = pair.apart()
    if abs(apart) > JUMP:
        yield warn(
            "clock", f"the wall clock jumped by {apart:+.2f} s while it was looked at",
            "let a time service slew it instead of stepping it",
        )  # fmt: skip
    elif newest > now + 2_000_000:
        yield bad(
            "clock", f"the store was written {(newest - now) / 1e6:.0f} s in the future",
            "the clock was set back: see who sets it; stamps without a year depend on it",
        )  # fmt: skip
    else:
        yield ok("clock", "steady")
    yield _synchronised(timex_status())


def _synchronised(status: int | None) -> Row:
    what = "time service"
    if status is None:
        return ok(what, "the kernel does not say whether the clock is synchronised")
    if status & _UNSYNCHRONISED:
        return warn(
            what, "the clock is not synchronised",
            "run one, such as systemd-timesyncd or chrony: rules compare times of several machines",
        )  # fmt: skip
    return ok(what, "the clock is synchronised")


def timex_status() -> int | None:
    """The status word of adjtimex(2), asked without changing anything; None where it cannot be had."""
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    buffer = ctypes.create_string_buffer(512)
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    except (OSError, AttributeError):
        return None
    if answer < 0:
        return None
    return int.from_bytes(buffer.raw[_STATUS_AT : _STATUS_AT + 4], "little")


def zone(configured: str, localtime: Path = Path("/etc/localtime")) -> Row:
    """What stamps without a zone are read in."""
    what = "time zone"
    if configured:
        return ok(what, f"{configured}, as configured")
    _, _, name = str(localtime.resolve()).partition("zoneinfo/")
    if localtime.is_symlink() and name:
        return ok(what, f"{name}, this machine's")
    return warn(
        what, "this machine names none: stamps without one are read as UTC",
        'set tz in the configuration, e.g. tz = "Europe/Berlin"',
    )  # fmt: skip


def buffers(
    listeners: Sequence[str], limit: Path = Path("/proc/sys/net/core/rmem_max"), *, may_force: bool = False
) -> Row:
    """Whether UDP listeners get the receive buffer they ask for; `may_force`: with CAP_NET_ADMIN they do."""
    what = "receive buffer"
    if not any(spec.startswith("udp:") for spec in listeners):
        return ok(what, "no UDP listener needs one")
    try:
        most = int(limit.read_text())
    except (OSError, ValueError):
        return ok(what, "the kernel does not say how large it may be")
    if most >= WANTED_BUFFER or may_force:
        return ok(what, f"{shown_size(WANTED_BUFFER)} can be had")
    return warn(
        what, f"the kernel gives a socket at most {shown_size(most)} of {shown_size(WANTED_BUFFER)}",
        f"sysctl -w net.core.rmem_max={WANTED_BUFFER}, and the same in /etc/sysctl.d/socterm.conf",
    )  # fmt: skip


def may_force_buffers(status: Path = Path("/proc/self/status")) -> bool:
    """Whether this process has CAP_NET_ADMIN (bit 12), as proc(5) says."""
    try:
        line = next(line for line in status.read_text().splitlines() if line.startswith("CapEff:"))
    except (OSError, StopIteration):
        return False
    return bool(int(line.split()[1], 16) >> 12 & 1)


def descriptors(sources: int) -> Row:
    """Whether there are enough for the sources and those who send to them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(_FEW_DESCRIPTORS, 2 * sources + 512)
    said = f"{soft:,} may be open"
    if soft >= wanted or soft == resource.RLIM_INFINITY:
        return ok("descriptors", said)
    most = "" if hard == resource.RLIM_INFINITY else f" (at most {hard:,} without root)"
    return warn(
        "descriptors", f"{said}, {wanted:,} may be needed",
        f"LimitNOFILE={wanted} in the unit, or ulimit -n {wanted}{most}",
    )  # fmt: skip
