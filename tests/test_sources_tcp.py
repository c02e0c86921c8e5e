"""Syslog over TCP: both framings, every limit, and nothing lost that a well-behaved sender gave away."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import socket
import threading
import time
import types
from collections.abc import Callable, Iterator

import pytest
from socterm.errors import SoctermError
from socterm.sources import peers
from socterm.sources.peers import Limits
from socterm.sources.tcp import TcpSource
from tests.listener import NOW, Listener, until


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener().start()
    yield made
    made.close()


@pytest.fixture
def listeners() -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def make(**options: object) -> Listener:
        made.append(Listener(**options))  # type: ignore[arg-type]
        return made[-1].start()

    yield make
    for one in made:
        one.close()


# -- frames


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:0", "tcp://[::1]:0", "tcp://:0", "tcp://[::]:0"])
def test_each_connection_has_the_framing_it_begins_with(listeners: Callable[..., Listener], url: str) -> None:
    listener = listeners(url=url)
    listener.sender(b"<13>one\n<13>two\r\n")
    listener.lines(2)
    listener.sender(b"8 <13>a\nb\n7 <13>two")
    listener.lines(4)
    listener.sender(b"2026-11-21T10:00:00Z web1 app: three\n")
    assert listener.lines(5) == [
        b"<13>one", b"<13>two", b"<13>a\nb", b"<13>two", b"2026-11-21T10:00:00Z web1 app: three",
    ]  # fmt: skip
    assert listener.source.stats().drops == {}


def test_what_a_python_program_logs_is_a_line_each(listener: Listener) -> None:
    """Its SysLogHandler ends messages over TCP in NUL and nothing else."""
    handler = logging.handlers.SysLogHandler(listener.place, facility="auth", socktype=socket.SOCK_STREAM)
    handler.setFormatter(logging.Formatter("app[%(process)d]: %(message)s"))
    program = logging.Logger("program")
    program.addHandler(handler)
    for number in range(3):
        program.warning("number %d\nand a second line", number)
        listener.lines(2 * number + 2)  # without waiting for the next one
    handler.close()
    own = b"<36>app[%d]: number " % os.getpid()
    assert listener.came == [own + b"0", b"and a second line", own + b"1", b"and a second line",
                             own + b"2", b"and a second line"]  # fmt: skip
    assert listener.source.stats().drops == {}


@pytest.mark.parametrize("stream", [b"<1>one\n<2>two\n", b"6 <1>one6 <2>two"])
def test_frames_come_out_whole_however_they_are_sent(listener: Listener, stream: bytes) -> None:
    sender = listener.sender()
    sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(len(stream)):
        sender.sendall(stream[at : at + 1])
    assert listener.lines(2) == [b"<1>one", b"<2>two"]


def test_the_last_line_needs_no_newline_when_its_sender_closes(listener: Listener) -> None:
    listener.sender(b"<1>one\n<2>two").close()
    assert listener.lines(2) == [b"<1>one", b"<2>two"]
    assert listener.source.stats().drops == {}


def test_who_closes_only_its_own_side_is_read_to_the_end(listener: Listener) -> None:
    sender = listener.sender(b"6 <1>one")
    sender.shutdown(socket.SHUT_WR)
    assert listener.lines(1) == [b"<1>one"]
    assert sender.recv(10) == b""  # and hears that we have closed


def test_positions_go_on_and_senders_are_told_apart_from_one_writer(
    listeners: Callable[..., Listener],
) -> None:
    listener = listeners(resume=(12, {}))
    listener.sender(b"<1>x\n")
    listener.lines(1)
    (chunk,) = listener.chunks
    assert (chunk.first, chunk.bookmark, chunk.now, chunk.live, chunk.ordered) == (12, {}, NOW, True, False)
    assert chunk.source == listener.source.name == f"syslog:tcp://127.0.0.1:{listener.source.port}"


# -- what is lost is counted


def test_a_frame_cut_off_is_torn(listener: Listener) -> None:
    listener.sender(b"6 <1>one100 <2>tw").close()
    assert listener.lines(1) == [b"<1>one"]
    listener.drops(torn=1)


def test_a_line_cut_off_by_a_reset_is_torn(listener: Listener) -> None:
    sender = listener.sender(b"<1>one\n<2>tw")
    listener.lines(1)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sender.close()
    listener.drops(torn=1)


@pytest.mark.parametrize("stream", [b"<1>a\n%s\n<2>b\n", b"4 <1>a2000 %s4 <2>b"])
def test_a_long_frame_is_cut_marked_and_counted(listeners: Callable[..., Listener], stream: bytes) -> None:
    listener = listeners(limits=Limits(frame=1000))
    listener.sender(stream.replace(b"%s", b"<3>" + b"x" * 1997))
    lines = listener.lines(3)
    assert [len(line) for line in lines] == [4, 1000, 4]
    marks = {c.first + at: note for c in listener.chunks for at, note in c.notes.items()}
    assert marks == {1: {"cut": 2000}}
    listener.drops(oversized=1)


def test_a_frame_of_the_full_size_is_whole(listener: Listener) -> None:
    listener.sender(b"<1>" + b"x" * ((1 << 20) - 3) + b"\n")
    assert len(listener.lines(1)[0]) == 1 << 20
    assert listener.source.stats().drops == {}


def test_octets_counted_wrongly_end_the_connection_and_no_other(listener: Listener) -> None:
    other = listener.sender(b"<1>one\n")
    wrong = listener.sender(b"6 <1>two9x <1>three")
    assert wrong.recv(10) == b""
    other.sendall(b"<1>four\n")
    assert sorted(listener.lines(3)) == [b"<1>four", b"<1>one", b"<1>two"]
    listener.drops(**{"not octet-counted": 1, "torn": 1})
    assert "a line each (first from 127.0.0.1)" in listener.source.stats().note


def test_empty_frames_are_counted(listener: Listener) -> None:
    listener.sender(b"0 1 \n6 <1>one")
    assert listener.lines(1) == [b"<1>one"]
    listener.drops(empty=2)


def test_garbage_is_data(listener: Listener) -> None:
    noise = os.urandom(50_000).translate(None, b"\n\0").replace(b"\x16\x03", b"").rstrip(b"\r")
    listener.sender(b"<" + noise + b"\n<1>after\n")
    assert listener.lines(2) == [b"<" + noise, b"<1>after"]


def test_tls_on_a_plain_port_says_what_to_do(listener: Listener) -> None:
    sender = listener.sender(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert sender.recv(10) == b""
    listener.drops(**{"TLS sent to tcp://": 1})
    assert "listen with tls://" in listener.source.stats().note
    assert listener.came == []


# -- limits


def test_of_300_senders_256_are_heard_and_44_counted(listeners: Callable[..., Listener]) -> None:
    listener = listeners(limits=Limits())
    senders, refused = [], 0
    for _ in range(300):
        try:
            senders.append(listener.sender())
        except ConnectionResetError:  # refused before it knew that it was connected
            refused += 1
    listener.drops(too_many_peers=44)
    for number, sender in enumerate(senders):
        try:
            sender.sendall(b"<1>%d\n" % number)
        except OSError:
            refused += 1
            continue
        sender.setblocking(False)
        try:
            refused += sender.recv(1) == b""
        except BlockingIOError:
            pass
        except ConnectionResetError:
            refused += 1
    assert refused == 44
    assert len(set(listener.lines(256))) == 256
    assert "more senders than 256 at once" in listener.source.stats().note
    senders[0].close()
    until(lambda: listener.source._peers.count == 255, lambda: "a place to become free")
    again = listener.sender(b"<1>again\n")
    assert listener.lines(257)[-1] == b"<1>again"
    again.close()


def test_who_ends_no_frame_for_long_is_let_go(listeners: Callable[..., Listener]) -> None:
    listener = listeners(limits=Limits(idle=0.2, quiet=0.05, tick=0.02))
    slow, counting = listener.sender(b"<1>never who"), listener.sender(b"900 <1>")
    assert slow.recv(10) == b""
    assert counting.recv(10) == b""
    until(lambda: listener.source._peers.count == 0, lambda: "both to be closed")
    listener.drops(idle=2, torn=2)


def test_who_is_quiet_between_two_lines_is_not_let_go(listeners: Callable[..., Listener]) -> None:
    """Most senders do not look before they write: what comes after a quiet night would be lost."""
    listener = listeners(limits=Limits(idle=0.05, quiet=0.01, tick=0.02))
    quiet, silent = listener.sender(b"<1>evening\n"), listener.sender()
    listener.lines(1)
    until(lambda: listener.source._peers.count == 2, lambda: "both")
    assert listener.sender(b"<1>never who").recv(10) == b""  # so much time has passed
    until(lambda: listener.source._peers.count == 2, lambda: "the third to be closed")
    quiet.sendall(b"<1>morning\n")
    silent.sendall(b"<1>at last\n")
    assert sorted(listener.lines(3)) == [b"<1>at last", b"<1>evening", b"<1>morning"]
    listener.drops(idle=1, torn=1)
    assert all(
        peer.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for peer in listener.source._peers._peers
    )


def test_who_was_quiet_for_long_gives_its_place_to_who_comes(listeners: Callable[..., Listener]) -> None:
    listener = listeners(limits=Limits(peers=3, idle=0.05, quiet=0.01, tick=0.02))
    quiet, silent = listener.sender(b"<1>one\n"), listener.sender()
    listener.lines(1)
    until(lambda: listener.source._peers.count == 2, lambda: "both")
    assert listener.sender(b"<1>never who").recv(10) == b""
    until(lambda: listener.source._peers.count == 2, lambda: "the third to be closed")
    listener.sender(b"<1>two\n")
    listener.lines(2)
    listener.sender(b"<1>three\n")
    listener.lines(3)
    assert silent.recv(10) == b""
    listener.sender(b"<1>four\n")
    listener.lines(4)
    assert quiet.recv(10) == b""
    listener.drops(idle=3, torn=1)


def test_who_trickles_bytes_on_when_told_to_go_is_let_go_all_the_same(
    listeners: Callable[..., Listener],
) -> None:
    listener = listeners(limits=Limits(idle=0.1, quiet=20, leaving=0.1, tick=0.02))
    sender = listener.sender(b"<1>never who")
    sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert sender.recv(10) == b""
    until(lambda: _refuses(sender, b"x"), lambda: "it to be cut off")
    listener.drops(idle=1, torn=1)


def _refuses(sender: socket.socket, block: bytes) -> bool:
    try:
        return not sender.send(block)
    except (BrokenPipeError, ConnectionResetError):
        return True


def test_one_address_cannot_keep_others_out(listeners: Callable[..., Listener]) -> None:
    """Who holds most places makes room: by those connections that have brought least for longest."""
    listener = listeners(limits=Limits(peers=4, quiet=0.05, tick=0.02))
    crowd = []
    for number in range(4):
        crowd.append(listener.sender(b"<1>%d\n" % number))
        listener.lines(number + 1)
    crowd[0].sendall(b"<1>busy\n")
    listener.lines(5)
    others = [listener.sender(b"<2>%d\n" % number, origin=f"127.0.0.{2 + number}") for number in range(2)]
    assert sorted(listener.lines(7)[5:]) == [b"<2>0", b"<2>1"]
    assert sorted(map(_gone, crowd[1:3])) == [True, True]
    crowd[0].sendall(b"<1>still here\n")
    crowd[3].sendall(b"<1>so am I\n")
    assert sorted(listener.lines(9)[7:]) == [b"<1>so am I", b"<1>still here"]
    listener.drops(too_many_peers=2)
    assert "127.0.0.1" in listener.source.stats().note
    # All places are shared out fairly now: who comes with nothing is refused, whoever it is of those.
    with contextlib.suppress(ConnectionResetError):  # before it knew that it was connected
        assert _gone(listener.sender(origin="127.0.0.2"))
    listener.drops(too_many_peers=3)
    assert others[0].send(b"<2>on\n")
    assert listener.lines(10)[9] == b"<2>on"


def test_what_is_under_way_when_a_sender_is_let_go_still_counts(listeners: Callable[..., Listener]) -> None:
    """It is told first, as at the end: what it sends before it has heard is read."""
    listener = listeners(limits=Limits(idle=0.1, quiet=20, tick=0.02))
    sender = listener.sender(b"<1>la")
    assert sender.recv(10) == b""
    sender.sendall(b"te\n")
    assert listener.lines(1) == [b"<1>late"]
    sender.close()


def test_a_full_queue_makes_senders_wait_and_loses_nothing(listeners: Callable[..., Listener]) -> None:
    listener = listeners(limits=Limits(queue=1 << 20, quiet=0.05, tick=0.02))
    line = b"<1>" + b"x" * 996 + b"\n"
    sender = listener.sender()
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    sent = 0

    def send() -> None:
        nonlocal sent
        for _ in range(20_000):
            sender.sendall(line)
            sent += 1
        sender.close()

    thread = threading.Thread(target=send)
    sender.settimeout(None)
    thread.start()
    until(lambda: listener.source._full, lambda: "the queue to be full")
    until(lambda: not listener.source._peers._reading, lambda: "nobody to be read")
    assert listener.source.stats().backlog < 2 * (1 << 20) // 1000
    assert sent < 20_000
    assert len(listener.lines(20_000)) == 20_000
    thread.join()
    assert listener.source.stats().drops == {}


def test_unfinished_frames_together_are_bounded(listeners: Callable[..., Listener]) -> None:
    listener = listeners(limits=Limits(unfinished=100_000))
    held = [listener.sender(b"<1>" + b"x" * 30_000) for _ in range(3)]
    greedy = listener.sender(b"<1>" + b"x" * 60_000)
    assert _gone(greedy)
    held[0].sendall(b"\n")
    assert len(listener.lines(1)[0]) == 30_003
    listener.drops(too_much_unfinished=1, torn=1)


def _gone(sender: socket.socket) -> bool:
    try:
        return sender.recv(1) == b""
    except ConnectionResetError:
        return True


def test_without_descriptors_it_lives_on(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's answer is acted here: to use up this process's descriptors would hurt the other tests."""
    (bound,) = listener.source._peers._bound

    class Poor:
        asked = 0

        def accept(self) -> object:
            self.asked += 1
            raise OSError(24, "Too many open files")

        def __getattr__(self, name: str) -> object:
            return getattr(bound, name)

    poor = Poor()
    monkeypatch.setattr(listener.source._peers, "_bound", [poor])
    sender = listener.sender(b"<1>patient\n")
    until(lambda: poor.asked >= 2, lambda: "two tries")
    assert "LimitNOFILE" in listener.source.stats().note
    monkeypatch.undo()
    assert listener.lines(1) == [b"<1>patient"]
    assert set(listener.source.stats().drops) == {"no file descriptor"}
    sender.close()


def test_a_name_is_heard_at_all_its_addresses(
    listeners: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever this machine's hosts file says of the name."""
    places = ("127.0.0.1", "127.0.0.2")
    with monkeypatch.context() as patched:
        patched.setattr(
            socket,
            "getaddrinfo",
            lambda _host, port, **_: [(socket.AF_INET, 1, 0, "", (place, port)) for place in places],
        )
        listener = listeners(url="tcp://localhost:0")
    for count, place in enumerate(places, 1):
        with socket.create_connection((place, listener.source.port), timeout=60) as sender:
            sender.sendall(place.encode() + b"\n")
            assert listener.lines(count)[-1] == place.encode()


# -- the end


def test_at_the_end_senders_hear_it_and_nothing_they_sent_is_lost(listener: Listener) -> None:
    """Who has connected and not been taken on yet is one of them."""
    first = listener.sender(b"<1>0\n")
    listener.lines(1)
    for number in range(1, 500):
        first.sendall(b"<1>%d\n" % number)
    second = listener.sender(b"6 <1>two")
    listener.source.end()
    assert first.recv(10) == b""
    first.sendall(b"<1>500\n")  # it was writing this when it heard
    assert second.recv(10) == b""
    first.close()
    came = listener.finish()
    assert [line for line in came if line != b"<1>two"] == [b"<1>%d" % number for number in range(501)]
    assert b"<1>two" in came
    assert listener.source.stats().drops == {}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(listener.place)


def test_at_the_end_it_does_not_wait_for_who_is_silent(listener: Listener) -> None:
    listener.sender()
    torn = listener.sender(b"<1>half")
    until(lambda: listener.source._peers.count == 2, lambda: "both")
    until(lambda: listener.source._peers._held > 0, lambda: "the half line")
    assert listener.finish() == []
    assert listener.source.stats().drops == {"torn": 1}
    torn.close()


def test_who_goes_on_sending_is_cut_when_time_is_up(listeners: Callable[..., Listener]) -> None:
    listener = listeners(limits=Limits(quiet=60, tick=0.02))
    listener.sender(b"<1>one\n")
    listener.lines(1)
    listener.source.end()
    listener.source.close()
    assert listener.source.done
    assert listener.source.stats().drops == {"cut at the end": 1}
    listener.source.close()


def test_the_time_in_which_nobody_was_read_is_not_a_senders(
    listeners: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end of a busy time the store takes longer than a sender has: what it had sent is not cut off."""
    ahead = [0.0]
    clock = types.SimpleNamespace(monotonic=lambda: time.monotonic() + ahead[0])
    monkeypatch.setattr(peers, "time", clock)
    listener = listeners(limits=Limits(queue=100_000, quiet=2, leaving=20, tick=0.02))
    sender = listener.sender()
    line = b"<1>" + b"x" * 996 + b"\n"
    thread = threading.Thread(target=lambda: (sender.sendall(line * 3000), sender.close()))
    thread.start()
    until(lambda: not listener.source._peers._reading, lambda: "nobody to be read")
    listener.source.end()
    until(lambda: listener.source._peers._parting, lambda: "the end to begin")
    ahead[0] += 1000
    assert len(listener.finish()) == 3000
    thread.join()
    assert listener.source.stats().drops == {}


def test_who_goes_on_sending_at_the_end_is_cut_by_the_listener_itself(
    listeners: Callable[..., Listener],
) -> None:
    listener = listeners(limits=Limits(quiet=60, leaving=0.1, tick=0.02))
    listener.sender(b"<1>one\n")
    listener.lines(1)
    assert listener.finish() == [b"<1>one"]
    assert listener.source.stats().drops == {"cut at the end": 1}


def test_what_was_taken_and_not_read_before_it_is_closed_is_counted(listener: Listener) -> None:
    listener.sender(b"<1>one\n<1>two\n")
    until(lambda: listener.source.stats().backlog == 2, lambda: "both to be taken")
    listener.source.close()
    assert listener.source.stats().drops == {"taken and not stored": 2, "cut at the end": 1}


def test_one_that_was_never_started_closes() -> None:
    source = TcpSource("tcp://127.0.0.1:0", clock=lambda: NOW)
    assert source.read(10) is None
    assert source.bookmark() is None
    source.end()
    assert source.done
    source.close()


def test_a_taken_port_is_one_line_that_says_what_to_do(listener: Listener) -> None:
    with pytest.raises(SoctermError, match=r"another program has the port.*ss -tlpn") as caught:
        TcpSource(f"tcp://127.0.0.1:{listener.source.port}", clock=lambda: NOW)
    assert "\n" not in str(caught.value)


def test_the_port_is_free_for_the_next_run_at_once(listener: Listener) -> None:
    listener.sender(b"<1>x\n")
    listener.lines(1)
    port = listener.source.port
    listener.source.close()
    TcpSource(f"tcp://127.0.0.1:{port}", clock=lambda: NOW).close()
