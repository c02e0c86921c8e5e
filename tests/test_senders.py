"""Whose line it is: the address that sent it, and the host where the line names none."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from socterm.event import Chunk
from socterm.parsers import Decoder
from socterm.sources.udp import UdpSource
from tests.listener import NOW, Listener

DEVICE = "192.0.2.9"
ASA = '<166>%ASA-6-605005: Login permitted from 198.51.100.7/4022 to inside:10.0.0.5/ssh for user "ann"'


def decoded(line: str, sender: str = DEVICE) -> dict[str, Any]:
    chunk = Chunk("syslog", 0, [line.encode()], {}, NOW, ordered=False, senders=[sender])
    (event,) = Decoder("syslog").decode(chunk)
    return event.fields


@pytest.mark.parametrize(
    ("line", "sender", "host"),
    [
        (ASA, DEVICE, DEVICE),
        (ASA, "2001:db8::9", "2001:db8::9"),
        ("link down on port 7", DEVICE, DEVICE),
        ("<38>Nov 20 10:00:00 web1 sshd[7]: Invalid user bob from 203.0.113.7", DEVICE, "web1"),
        (ASA, "127.0.0.1", None),
        (ASA, "::1", None),
        ('{"message": "hello", "level": "info"}', DEVICE, None),
    ],
)
def test_who_leaves_its_name_out_is_the_host_by_its_address(line: str, sender: str, host: str | None) -> None:
    found = decoded(line, sender)
    assert found["log.source.address"] == sender
    assert found.get("host.hostname") == host


def test_what_a_line_brings_along_of_its_sender_is_kept() -> None:
    line = '{"@timestamp": "2026-11-20T10:00:00Z", "log.source.address": "198.51.100.4", "message": "hello"}'
    assert decoded(line)["log.source.address"] == "198.51.100.4"


def test_a_file_has_no_senders() -> None:
    (event,) = Decoder("file").decode(Chunk("file", 0, [ASA.encode()], {}, NOW))
    assert not {"log.source.address", "host.hostname"} & event.fields.keys()


@pytest.mark.parametrize("url", ["udp://127.0.0.1:0", "udp://[::]:0"])
def test_each_datagram_has_the_address_it_came_from(url: str) -> None:
    """Many at once, as recvmmsg brings them, also through a socket for both kinds of address."""
    source = UdpSource(url, clock=lambda: NOW)
    sent = [(b"%03d" % number, f"127.0.0.{number % 3 + 1}") for number in range(300)]
    senders = {}
    for _, address in sent[:3]:
        senders[address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        senders[address].bind((address, 0))
    for line, address in sent:
        senders[address].sendto(line, ("127.0.0.1", source.port))
    found: list[tuple[bytes, str]] = []
    woken = threading.Semaphore(0)
    source.start(woken.release)
    while len(found) < len(sent):
        if chunk := source.read(7):
            found += zip(chunk.lines, chunk.senders, strict=True)
        else:
            assert woken.acquire(timeout=60)
    assert found == sent
    source.close()
    for one in senders.values():
        one.close()


def test_each_line_over_tcp_has_the_address_it_came_from() -> None:
    listener = Listener().start()
    listener.sender(b"<13>one\n\n<13>two\n", origin="127.0.0.2")
    listener.lines(2)
    listener.sender(b"<13>three\n")
    listener.lines(3)
    assert [sender for chunk in listener.chunks for sender in chunk.senders] == [
        "127.0.0.2", "127.0.0.2", "127.0.0.1",
    ]  # fmt: skip
    listener.close()
