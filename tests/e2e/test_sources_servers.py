"""Sources against the programs they will meet: rsyslogd, logger, journalctl over a real journal file."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from socterm.event import Chunk
from socterm.sources.base import Source
from socterm.sources.file import FileSource
from socterm.sources.journal import AUTH_MATCHES, JournalSource
from socterm.sources.udp import UdpSource

pytestmark = pytest.mark.e2e

JOURNAL_REMOTE = "/usr/lib/systemd/systemd-journal-remote"
BOOT = "0123456789abcdef0123456789abcdef"


def clock() -> int:
    return time.time_ns() // 1000


class Woken:
    """A started source, read only when it wakes us."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.signal = threading.Semaphore(0)
        source.start(self.signal.release)
        self.chunks: list[Chunk] = []

    def read(self, count: int) -> list[bytes]:
        """Read until `count` lines came in all."""
        while len(self.lines()) < count:
            if chunk := self.source.read(50):
                self.chunks.append(chunk)
            else:
                assert self.signal.acquire(timeout=60), f"only {len(self.lines())} of {count}"
        return self.lines()

    def lines(self) -> list[bytes]:
        return [line for chunk in self.chunks for line in chunk.lines]


# -- logger and rsyslogd


def test_logger_over_udp_arrives() -> None:
    udp = Woken(UdpSource("udp://127.0.0.1:0", clock=clock))
    port = str(udp.source.port)  # type: ignore[attr-defined]
    for style in ("--rfc3164", "--rfc5424"):
        for number in range(20):
            subprocess.run(
                [
                    "logger",
                    "--udp",
                    "-n",
                    "127.0.0.1",
                    "-P",
                    port,
                    style,
                    "-p",
                    "auth.info",
                    "-t",
                    "sshd",
                    f"number {number}",
                ],
                check=True,
            )
    lines = udp.read(40)
    assert [line.rpartition(b" ")[2] for line in lines] == [b"%d" % number for number in range(20)] * 2
    assert all(line.startswith(b"<38>") and b"sshd" in line for line in lines)
    assert udp.source.stats().drops == {}
    udp.source.close()


class Rsyslog:
    """An rsyslogd of our own: UDP in, one file out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "auth.log"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "rsyslog.conf").write_text(
            f'global(workDirectory="{folder}")\n'
            'module(load="imudp")\n'
            f'input(type="imudp" address="127.0.0.1" port="{self.port}")\n'
            'template(name="plain" type="string" string="%msg%\\n")\n'
            f'*.* action(type="omfile" file="{self.log}" template="plain" flushOnTXEnd="on")\n'
        )
        self.process = subprocess.Popen(
            ["rsyslogd", "-n", "-f", str(folder / "rsyslog.conf"), "-i", str(folder / "rsyslogd.pid")]
        )
        self.next = 0
        self.until(self._listens)
        self.out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.out.connect(("127.0.0.1", self.port))

    def _listens(self) -> bool:
        rows = Path("/proc/net/udp").read_text().splitlines()[1:]
        return any(row.split()[1].endswith(f":{self.port:04X}") for row in rows)

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            time.sleep(0.01)

    def send(self) -> None:
        self.out.send(b"<38>Nov  1 00:00:00 web1 sshd[1]: number %d" % self.next)
        self.next += 1

    def write(self, count: int, path: Path | None = None) -> None:
        """Send numbered lines and wait until the last one is in the file that is open now."""
        for _ in range(count):
            self.send()
        last = b"number %d\n" % (self.next - 1)
        written = path or self.log
        self.until(lambda: written.exists() and last in written.read_bytes())

    def reopen(self) -> None:
        """The HUP of logrotate; lines go on coming, the first ones perhaps still into the old file."""
        self.process.send_signal(signal.SIGHUP)

        def reopened() -> bool:
            self.send()
            return self.log.exists()

        self.until(reopened)

    def close(self) -> None:
        self.out.close()
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture
def rsyslog(tmp_path: Path) -> Iterator[Rsyslog]:
    server = Rsyslog(tmp_path)
    yield server
    server.close()


def numbers(lines: list[bytes]) -> list[int]:
    return [int(line.rpartition(b" ")[2]) for line in lines]


def test_rsyslogd_rotated_by_rename_while_followed(rsyslog: Rsyslog) -> None:
    follower = Woken(FileSource(rsyslog.log, clock=clock))
    rsyslog.write(100)
    follower.read(50)
    old = rsyslog.log.with_name("auth.log.1")
    rsyslog.log.rename(old)
    rsyslog.write(100, old)  # until its HUP the daemon goes on with the old file
    rsyslog.reopen()
    rsyslog.write(100)
    assert numbers(follower.read(rsyslog.next)) == list(range(rsyslog.next))
    assert follower.source.stats().rotations == 1
    follower.source.close()


def test_rsyslogd_rotated_while_we_are_down(rsyslog: Rsyslog) -> None:
    follower = Woken(FileSource(rsyslog.log, clock=clock))
    rsyslog.write(100)
    follower.read(40)
    follower.source.close()
    seen = follower.chunks
    position = seen[-1].first + len(seen[-1].lines)
    for turn in (1, 2):
        rsyslog.write(50)
        if turn == 2:
            subprocess.run(["gzip", "auth.log.1"], cwd=rsyslog.folder, check=True)
            (rsyslog.folder / "auth.log.1.gz").rename(rsyslog.folder / "auth.log.2.gz")
        rsyslog.log.rename(rsyslog.log.with_name("auth.log.1"))
        rsyslog.reopen()
        rsyslog.write(50)
    again = Woken(FileSource(rsyslog.log, clock=clock, resume=(position, seen[-1].bookmark)))
    total = numbers(follower.lines() + again.read(rsyslog.next - position))
    assert total == list(range(rsyslog.next))
    again.source.close()


# -- the journal


def export(first: int, last: int, facility: int = 10) -> bytes:
    """Records in Journal Export Format; every third message has two lines and so the binary form."""
    out = bytearray()
    for number in range(first, last):
        fields = {
            "__REALTIME_TIMESTAMP": 1_790_000_000_000_000 + number * 1000,
            "__MONOTONIC_TIMESTAMP": 1_000_000 + number * 1000,
            "_BOOT_ID": BOOT,
            "_MACHINE_ID": "f" * 32,
            "_HOSTNAME": "web1",
            "PRIORITY": 6,
            "SYSLOG_FACILITY": facility,
            "SYSLOG_IDENTIFIER": "sshd",
            "_PID": 4242,
        }
        for name, value in fields.items():
            out += f"{name}={value}\n".encode()
        message = f"number {number}".encode()
        if number % 3 == 0:
            message += b"\nsecond line"
            out += b"MESSAGE\n" + struct.pack("<Q", len(message)) + message + b"\n\n"
        else:
            out += b"MESSAGE=" + message + b"\n\n"
    return bytes(out)


class JournalFile:
    """A journal file fed by systemd-journal-remote, which appends what it reads from a pipe."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "t.journal"
        self.add(export(0, 1))

    def add(self, records: bytes) -> None:
        subprocess.run(
            [JOURNAL_REMOTE, "-o", str(self.path), "-"], input=records, check=True, capture_output=True
        )

    def source(self, resume: Chunk | None = None, **options: object) -> Woken:
        after = None if resume is None else (resume.first + len(resume.lines), resume.bookmark)
        return Woken(
            JournalSource(
                clock=clock,
                resume=after,
                arguments=("--file", str(self.path)),
                **options,  # type: ignore[arg-type]
            )
        )


def messages(lines: list[bytes]) -> list[int]:
    return [int(msgspec.json.decode(line)["MESSAGE"].split()[1]) for line in lines]


@pytest.fixture
def journal(tmp_path: Path) -> JournalFile:
    return JournalFile(tmp_path)


def test_a_growing_journal_is_followed_and_resumed_by_cursor(journal: JournalFile) -> None:
    follower = journal.source(from_start=True)
    journal.add(export(1, 200))
    follower.read(120)
    follower.source.close()
    seen = follower.chunks
    journal.add(export(200, 300))  # while we are down
    again = journal.source(seen[-1])
    again.read(1)
    journal.add(export(300, 400))
    position = again.chunks[0].first
    lines = [line for chunk in seen for line in chunk.lines] + again.read(400 - position)
    assert messages(lines) == list(range(400))
    again.source.close()


def test_resumed_with_nothing_new_then_grows(journal: JournalFile) -> None:
    follower = journal.source(from_start=True)
    follower.read(1)
    follower.source.close()
    again = journal.source(follower.chunks[-1])
    assert again.source.read(10) is None
    journal.add(export(1, 10))
    assert messages(again.read(9)) == list(range(1, 10))
    again.source.close()


def test_a_killed_journalctl_is_started_again(journal: JournalFile) -> None:
    follower = journal.source(from_start=True)
    journal.add(export(1, 50))
    follower.read(50)
    (child,) = children()
    os.kill(child, signal.SIGKILL)
    journal.add(export(50, 100))
    assert messages(follower.read(100)) == list(range(100))
    assert "started again 1 times" in follower.source.stats().note
    follower.source.close()
    assert children() == []


def test_only_what_auth_log_would_hold(journal: JournalFile) -> None:
    follower = journal.source(from_start=True, matches=AUTH_MATCHES)
    journal.add(export(1, 5, facility=3))
    journal.add(export(5, 9, facility=4))
    assert messages(follower.read(5)) == [0, 5, 6, 7, 8]
    follower.source.close()


def children() -> list[int]:
    """journalctl processes that we started."""
    pids = [
        pid
        for thread in Path("/proc/self/task").iterdir()
        for pid in (thread / "children").read_text().split()
    ]
    return [int(pid) for pid in pids if Path(f"/proc/{pid}/comm").read_text().strip() == "journalctl"]
