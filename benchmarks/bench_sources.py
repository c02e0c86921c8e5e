"""How fast sources read: lines a CPU second from files and pipes, datagrams lost under load."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

from socterm.sources.datagrams import open_receiver
from socterm.sources.file import FileSource
from socterm.sources.stdin import StdinSource
from socterm.sources.tcp import TcpSource
from socterm.sources.udp import RECEIVE_BUFFER, UdpSource, enlarge

from benchmarks.frame import Figure, Setting
from benchmarks.measure import percentile

LINE = b"<86>Nov  1 00:00:00 web1 sshd[24200]: Failed password for ann from 203.0.113.7 port 38926 ssh2"


def no_wake() -> None:
    """Nobody waits."""


def clock() -> int:
    return time.time_ns() // 1000


def drain(source: Any) -> int:
    count = 0
    while not source.done and (chunk := source.read(2000)) is not None:
        count += len(chunk.lines)
    return count


def file_rate(folder: Path, lines: int) -> float:
    log = folder / "big.log"
    block = (LINE + b"\n") * 1000
    with log.open("wb") as out:
        for _ in range(lines // 1000):
            out.write(block)
    source = FileSource(log, clock=clock, from_start=True)
    started = time.process_time()
    count = drain(source)
    rate = count / (time.process_time() - started)
    source.close()
    assert count == lines
    return rate


def packed_rate(folder: Path) -> float:
    packed = folder / "big.log.gz"
    packed.write_bytes(gzip.compress((folder / "big.log").read_bytes()[:50_000_000], 1))
    source = FileSource(packed, clock=clock)
    started = time.process_time()
    return drain(source) / (time.process_time() - started)


def small_append_rate(folder: Path, times: int) -> float:
    """One line a read: what a slow log costs for each line."""
    log = folder / "slow.log"
    log.touch()
    source = FileSource(log, clock=clock)
    source.read(1)
    spent = 0.0
    with log.open("ab", buffering=0) as out:
        for _ in range(times):
            out.write(LINE + b"\n")
            started = time.process_time()
            assert drain(source) == 1
            spent += time.process_time() - started
    source.close()
    return times / spent


def stdin_rate(folder: Path) -> float:
    fd = os.open(folder / "big.log", os.O_RDONLY)
    source = StdinSource(clock=clock, fd=fd)
    woken = threading.Event()
    started = time.process_time()
    source.start(woken.set)
    count = 0
    while not source.done:
        woken.clear()
        count += drain(source)
        if not source.done:
            woken.wait(1)
    os.close(fd)
    return count / (time.process_time() - started)


def idle_cost(folder: Path, seconds: float) -> float:
    """Per cent of one CPU that following a silent file takes."""
    log = folder / "idle.log"
    log.touch()
    source = FileSource(log, clock=clock)
    source.start(no_wake)
    started = time.process_time()
    time.sleep(seconds)
    spent = time.process_time() - started
    source.close()
    return 100 * spent / seconds


def latency(folder: Path, times: int) -> dict[str, float]:
    """Milliseconds from a written line to its chunk, through the watcher."""
    log = folder / "latency.log"
    log.touch()
    source = FileSource(log, clock=clock)
    woken = threading.Event()
    source.start(woken.set)
    took = []
    with log.open("ab", buffering=0) as out:
        for _ in range(times):
            time.sleep(0.02)
            woken.clear()
            drain(source)
            written = time.perf_counter()
            out.write(LINE + b"\n")
            woken.wait(1)
            while source.read(10) is None:
                woken.wait(1)
                woken.clear()
            took.append(1000 * (time.perf_counter() - written))
    source.close()
    return {"p50": percentile(took, 0.5), "p99": percentile(took, 0.99)}


def send(port: int, rate: int, seconds: float, sent: Any) -> None:
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(("127.0.0.1", port))
    count = 0
    started = time.perf_counter()
    while (now := time.perf_counter() - started) < seconds:
        for _ in range(min(int(now * rate) - count, 500)):
            out.send(LINE)
            count += 1
        time.sleep(0.0005)
    sent.value = count


def udp_loss(
    rate: int, seconds: float, *, busy: bool = False, batches: bool = True, deaf: bool = False
) -> tuple[int, int, dict[str, int]]:
    """Datagrams sent and received, and the drops that are shown. With `deaf` nobody listens meanwhile."""
    import socterm.sources.udp as room

    kept = room.open_receiver
    if not batches:
        room.open_receiver = lambda bound: open_receiver(bound, batches=False)
    source = UdpSource("udp://127.0.0.1:0", clock=clock)
    woken = threading.Event()
    sent = multiprocessing.Value("q", 0)
    sender = multiprocessing.Process(target=send, args=(source.port, rate, seconds, sent))
    sender.start()
    if deaf:
        sender.join()
    source.start(woken.set)
    ended = threading.Event()
    if busy:
        threading.Thread(target=compute, args=(ended,)).start()
    came = 0
    quiet = 0
    while sender.is_alive() or quiet < 3:
        woken.clear()
        if chunk := source.read(2000):
            came += len(chunk.lines)
            quiet = 0
        elif not woken.wait(0.2):
            quiet += not sender.is_alive()
    drops = source.stats().drops
    ended.set()
    source.close()
    room.open_receiver = kept
    return sent.value, came, drops


def datagrams(rate: int, seconds: float, bar: float | None, *, busy: bool = False) -> Figure:
    sent, came, drops = udp_loss(rate, seconds, busy=busy)
    where = (f" for {seconds:.0f} s" if seconds >= 20 else "") + (" beside a busy thread" if busy else "")
    told = [f"{count:,} {reason}" for reason, count in drops.items()]
    told += [f"only {sent / seconds:,.0f}/s were sent"] if sent < 0.98 * rate * seconds else []
    loss = 100 * (sent - came) / sent
    return Figure(f"UDP at {rate:,}/s{where}, lost", loss, "%", bar, more=False, note=", ".join(told))


def forced_loss() -> Figure:
    """More than the kernel's buffer holds is sent while nobody listens: every datagram is accounted for."""
    sent, came, drops = udp_loss(100_000, 2.0, deaf=True)
    off = abs(sent - came - sum(drops.values()))
    note = f"{sent:,} sent, {came:,} received, {sum(drops.values()):,} shown"
    return Figure("UDP, forced loss: sent - received - shown", off, "datagrams", 0, more=False, note=note)


def roomy() -> bool:
    """Whether the kernel grants what a listener asks for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        enlarge(made)
        return made.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= 2 * RECEIVE_BUFFER


def send_frames(port: int, lines: int, counted: bool) -> None:
    with socket.create_connection(("127.0.0.1", port)) as out:
        frame = b"%d %s" % (len(LINE), LINE) if counted else LINE + b"\n"
        for _ in range(lines // 1000):
            out.sendall(frame * 1000)


def tcp_rate(lines: int, *, counted: bool) -> float:
    source = TcpSource("tcp://127.0.0.1:0", clock=clock)
    woken = threading.Event()
    source.start(woken.set)
    sender = multiprocessing.Process(target=send_frames, args=(source.port, lines, counted))
    started = time.process_time()
    sender.start()
    came = 0
    while came < lines:
        woken.clear()
        if chunk := source.read(2000):
            came += len(chunk.lines)
        else:
            woken.wait(0.2)
    spent = time.process_time() - started
    source.close()
    sender.join()
    return came / spent


def compute(ended: threading.Event) -> None:
    """Hold Python's lock as a parser with a backlog does."""
    while not ended.is_set():
        for word in LINE.split():
            word.partition(b"=")


def sources(setting: Setting) -> list[Figure]:
    """Files, pipes and datagrams by themselves: a million lines, whatever was asked for."""
    folder = setting.folder
    wakes = latency(folder, 200)
    found = [
        Figure("file", file_rate(folder, 1_000_000), "lines/CPU s", 1_500_000),
        Figure("gz", packed_rate(folder), "lines/CPU s"),
        Figure("stdin", stdin_rate(folder), "lines/CPU s"),
        Figure("file, one line a read", small_append_rate(folder, 20_000), "lines/CPU s", 20_000),
        *(Figure(f"file, line → chunk {name}", ms, "ms") for name, ms in wakes.items()),
        Figure("following a silent file", idle_cost(folder, 3.0), "% of a CPU"),
    ]
    for counted in (False, True):
        how = "octets counted" if counted else "a line each"
        found.append(Figure(f"TCP, {how}", tcp_rate(1_000_000, counted=counted), "lines/CPU s", 300_000))
    for rate, bar in ((50_000, 0.0), (100_000, None)):
        found += [datagrams(rate, 3.0, bar), datagrams(rate, 3.0, bar, busy=True)]
    found.append(datagrams(100_000, 20.0, 0.0 if roomy() else None))
    found.append(forced_loss())
    return found
