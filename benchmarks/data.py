"""Logs of any length out of our own attack story: every repetition another morning with other attackers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count, islice
from pathlib import Path

from socterm.demo import START, render

_APART = timedelta(minutes=25)


def story_lines(seed: int) -> Iterator[str]:
    """Lines without end, stamps rising; strangers from 198.18.0.0/15 (RFC 2544), others every morning."""
    for number in count():
        net = number % 256
        for step in render(seed + number, START + number * _APART):
            yield step.line.replace("198.51.100.", f"198.18.{net}.").replace("203.0.113.", f"198.19.{net}.")


def quiet_lines(seed: int, among: int = 10) -> Iterator[str]:
    """The same, one line of it among so many; the others are of a server that goes about its business."""
    for number, line in enumerate(story_lines(seed)):
        yield line
        stamp, host, _ = line.split(" ", 2)
        for other in range(1, among):
            pid = (number * among + other) % 30_000 + 300
            body = _BUSINESS[(number + other) % len(_BUSINESS)]
            yield f"{stamp} {host} {body.format(pid=pid)}"


_BUSINESS = (
    "CRON[{pid}]: pam_unix(cron:session): session opened for user backup(uid=34) by (uid=0)",
    "CRON[{pid}]: pam_unix(cron:session): session closed for user backup",
    "systemd[1]: Started Session {pid} of user backup.",
    "dhclient[{pid}]: DHCPACK of 192.0.2.17 from 192.0.2.1",
    "ntpd[{pid}]: adjusting local clock by -0.0{pid}s",
    "nginx[{pid}]: reopening logs",
    "kernel: [{pid}.000000] eth0: link is up at 1000 Mbps",
)


def write_log(path: Path, lines: int, seed: int) -> Path:
    """Write that many lines; the same arguments give the same bytes."""
    return write_lines(path, lines, story_lines(seed))


def write_lines(path: Path, lines: int, source: Iterator[str]) -> Path:
    """Write so many lines of a source."""
    with path.open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in islice(source, lines))
    return path
