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
    assert gives_way(there, "c", 0.0) is there[2]
    assert gives_way(there, "b", 0.0) is there[2]
    assert gives_way(there, "a", 0.0) is None
    there[2].parted = True
    assert gives_way(there, "c", 0.0) is late
    assert gives_way(there, "b", 0.0) is None  # both would hold two
    assert gives_way([mine], "c", 0.0) is None
    assert gives_way([], "c", 0.0) is None
    for peer in there:
        peer.socket.close()


def test_before_anybody_else_who_was_quiet_for_long_gives_way() -> None:
    there = peers("a", "b", "c", "d")
    there[0].brought = there[1].brought = True
    there[3].parted = True
    assert gives_way(there, "a", 2.5) is there[2]  # it never brought anything
    assert gives_way(there, "a", 1.5) is there[0]
    for peer in there:
        peer.socket.close()


@pytest.mark.parametrize("module", [framing, places])
def test_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
