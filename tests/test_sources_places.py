"""Whose connection gives way, and who counts as one sender; and that examples in docstrings hold."""

from __future__ import annotations

import doctest
import socket

import pytest
from socterm.sources import framing, places
from socterm.sources.peer import Peer
from socterm.sources.places import gives_way, origin, shown


@pytest.mark.parametrize(
    ("address", "told", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::1%eth0", "fe80::/64"),
        ("::1", "::1", "::/64"),
    ],
)
def test_who_counts_as_one_sender(address: str, told: str, counts_as: str) -> None:
    assert shown(address) == told
    assert origin(shown(address)) == counts_as


def peers(*origins: str) -> list[Peer]:
    """One connection each, the first the oldest."""
    return [
        Peer(socket.socket(), one, now=float(at), limit=100, origin=one) for at, one in enumerate(origins)
    ]


def test_the_quietest_of_who_holds_most_gives_way() -> None:
    mine, *_, late = there = peers("b", "a", "a", "a")
    there[1].framed = 9.0
    assert gives_way(there, "c") is there[2]
    assert gives_way(there, "b") is there[2]
    assert gives_way(there, "a") is None
    there[2].parted = True
    assert gives_way(there, "c") is late
    assert gives_way(there, "b") is None  # both would hold two
    assert gives_way([mine], "c") is None
    for peer in there:
        peer.socket.close()


@pytest.mark.parametrize("module", [framing, places])
def test_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
