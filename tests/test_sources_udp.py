"""Syslog over UDP: each datagram a line, and every one that is lost is counted."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from socterm.errors import SoctermError, UsageError
from socterm.sources import udp
from socterm.sources.address import CannotListenError, bind, parse_address
from socterm.sources.base import Resume
from socterm.sources.datagrams import open_receiver
from socterm.sources.udp import UdpSource, kernel_drops
from tests.listener import until

NOW = 1_790_000_000_000_000


class Listener:
    def __init__(self, url: str = "udp://127.0.0.1:0", resume: Resume = None, **options: int) -> None:
        self.source = UdpSource(url, clock=lambda: NOW, resume=resume, **options)
        self.woken = threading.Semaphore(0)
        host = "::1" if "[" in url else "127.0.0.1"
        family = socket.AF_INET6 if "[" in url else socket.AF_INET
        self.out = socket.socket(family, socket.SOCK_DGRAM)
        self.out.connect((host, self.source.port))

    def start(self) -> Listener:
        self.source.start(self.woken.release)
        return self

    def send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.out.send(datagram)

    def lines(self, count: int) -> list[bytes]:
        found: list[bytes] = []
        while len(found) < count:
            if chunk := self.source.read(1000):
                found += chunk.lines
            else:
                assert self.woken.acquire(timeout=60)
        return found

    def close(self) -> None:
        self.source.close()
        self.out.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener().start()
    yield made
    made.close()


@pytest.mark.parametrize("url", ["udp://127.0.0.1:0", "udp://[::1]:0", "udp://:0", "udp://[::]:0"])
def test_one_datagram_is_one_line(url: str) -> None:
    listener = Listener(url).start()
    listener.send(b"<38>one\n", b"<38>two lines\nin one\0\n", b"<38>three")
    assert listener.lines(3) == [b"<38>one", b"<38>two lines\nin one", b"<38>three"]
    listener.close()


def test_the_name_shows_the_port_that_was_given_or_found(listener: Listener) -> None:
    assert listener.source.name == f"syslog:udp://127.0.0.1:{listener.source.port}"
    port = listener.source.port
    listener.close()
    again = UdpSource(f"udp://127.0.0.1:{port}", clock=lambda: NOW)
    assert again.name == f"syslog:udp://127.0.0.1:{port}"
    again.close()


def test_positions_go_on_from_the_stored_one() -> None:
    listener = Listener(resume=(12, {})).start()
    listener.send(b"x")
    assert listener.woken.acquire(timeout=60)
    chunk = listener.source.read(5)
    assert chunk is not None
    assert (chunk.first, chunk.bookmark, chunk.now, chunk.live) == (12, {}, NOW, True)
    listener.close()


def test_the_largest_datagram_is_whole_and_an_empty_one_counted(listener: Listener) -> None:
    listener.send(b"", b"\n", b"x" * 65_507, b"after")
    assert [len(line) for line in listener.lines(2)] == [65_507, 5]
    assert listener.source.stats().drops == {"empty": 2}


def test_a_full_queue_drops_the_newest_and_counts_them() -> None:
    listener = Listener(queue=10_000)
    listener.send(*[b"%04d" % number + b"x" * 996 for number in range(50)])
    listener.start()
    while listener.source.stats().drops.get("queue full", 0) + listener.source.stats().backlog < 50:
        assert listener.woken.acquire(timeout=60) or listener.source.stats().backlog
    kept = listener.lines(9)
    assert [line[:4] for line in kept] == [b"%04d" % number for number in range(9)]
    assert listener.source.stats().drops == {"queue full": 41}
    listener.close()


def test_what_the_kernel_drops_is_counted() -> None:
    listener = Listener()
    datagram = b"x" * 60_000
    listener.send(*[datagram] * 1000)
    dropped = listener.source.stats().drops["kernel"]
    assert 0 < dropped < 1000
    assert "rmem_max" in listener.source.stats().note
    listener.start()
    assert len(listener.lines(1000 - dropped)) == 1000 - dropped
    listener.close()
    assert listener.source.stats().drops["kernel"] == dropped


def test_kernel_drops_of_an_unknown_socket_are_none() -> None:
    assert kernel_drops(-1, socket.AF_INET) == 0


def test_a_burst_larger_than_one_batch_arrives_in_order(listener: Listener) -> None:
    sent = [b"%d" % number for number in range(2000)]
    for start in range(0, 2000, 500):
        listener.send(*sent[start : start + 500])
        assert listener.lines(500) == sent[start : start + 500]


def test_the_receiver_for_systems_without_recvmmsg() -> None:
    (bound,) = bind(parse_address("udp://127.0.0.1:0"))
    bound.settimeout(0.01)
    receive = open_receiver(bound, batches=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"one", bound.getsockname())
        out.sendto(b"two", bound.getsockname())
        assert [receive(), receive(), receive()] == [[(b"one", "127.0.0.1")], [(b"two", "127.0.0.1")], []]
    bound.close()


def test_a_taken_port_is_one_line_that_says_what_to_do(listener: Listener) -> None:
    with pytest.raises(SoctermError, match=r"another program has the port.*ss -ulpn") as caught:
        UdpSource(f"udp://127.0.0.1:{listener.source.port}", clock=lambda: NOW)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "udp://",
        "udp://127.0.0.1",
        "ftp://h:514",
        "udp://h:99999",
        "tcp://h:1/x",
        "tls://[::1:1",
        "tcp://a@h:1",
    ],
)
def test_a_url_that_cannot_work_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match=r"expected udp://, tcp:// or tls://ADDRESS:PORT") as caught:
        parse_address(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "place"), [("udp://:0", "127.0.0.1"), ("tcp://:0", "127.0.0.1"), ("tcp://0.0.0.0:0", "0.0.0.0")]
)
def test_without_an_address_only_this_machine_is_heard(url: str, place: str) -> None:
    (bound,) = bind(parse_address(url))
    with bound:
        assert bound.getsockname()[0] == place


def named(monkeypatch: pytest.MonkeyPatch, *places: str) -> None:
    """Have the name `localhost` stand for these addresses, whatever this machine's hosts file says."""

    def found(_host: str, port: int, *, type: int, **_: object) -> list[tuple[object, ...]]:  # noqa: A002
        return [(socket.AF_INET, type, 0, "", (place, port)) for place in places]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def test_a_name_is_heard_at_all_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "127.0.0.1", "127.0.0.2")
    listener = Listener("udp://localhost:0").start()
    for place in ("127.0.0.1", "127.0.0.2"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(place.encode(), (place, listener.source.port))
        assert listener.lines(1) == [place.encode()]
    listener.close()


def test_an_address_of_a_name_that_this_machine_has_not_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "192.0.2.1", "127.0.0.1")
    (bound,) = bind(parse_address("tcp://localhost:0"))
    with bound:
        assert bound.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_at_one_of_the_addresses_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "127.0.0.1", "127.0.0.2")
    with socket.create_server(("127.0.0.2", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListenError, match="another program has the port"):
            bind(parse_address(f"tcp://localhost:{port}"))
        with socket.create_server(("127.0.0.1", port)):
            pass  # what was bound before that was seen is free again


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(SoctermError, match=r"cannot listen on udp://192\.0\.2\.1:5514"):
        UdpSource("udp://192.0.2.1:5514", clock=lambda: NOW)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_listener_that_has_failed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """For want of memory, say: it would otherwise look like one to which nobody sends."""

    def fail(_source: socket.socket) -> None:
        raise MemoryError

    monkeypatch.setattr(udp, "open_receiver", fail)
    listener = Listener().start()
    until(lambda: "start socterm anew" in listener.source.stats().note, lambda: "it to say so")
    listener.close()
    assert listener.source.stats().note == ""


def test_close_ends_it(listener: Listener) -> None:
    listener.send(b"x")
    until(lambda: listener.source.stats().backlog == 1, lambda: "it to be taken")
    listener.source.close()
    assert listener.source.stats().drops == {"taken and not stored": 1}
    assert listener.source.done
    assert listener.source.read(10) is None
    listener.source.close()


def test_after_its_end_what_was_taken_can_still_be_read(listener: Listener) -> None:
    listener.send(b"one", b"two")
    until(lambda: listener.source.stats().backlog == 2, lambda: "both to be taken")
    listener.source.end()
    assert not listener.source.done
    chunk = listener.source.read(10)
    assert chunk is not None
    assert (chunk.lines, listener.source.done) == ([b"one", b"two"], True)
