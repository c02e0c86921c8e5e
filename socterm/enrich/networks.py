"""Which addresses are ours, and which way a connection goes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from socterm.enrich.prefixes import Address, network_of

DIRECTIONS: Mapping[object, str] = {
    (True, False): "inbound",
    (False, True): "outbound",
    (False, False): "internal",
    (True, True): "external",
}
"""(is the source external, is the destination external) → ECS network.direction."""


class Networks:
    """The networks that count as internal.

    >>> ours = Networks(["10.0.0.0/8"])
    >>> ours.is_external((32, 0x0A000001)), ours.is_external((32, 0xC0000201))
    (False, True)
    """

    def __init__(self, internal: Iterable[str]) -> None:
        self._spans: dict[int, tuple[list[int], list[int]]] = {32: ([], []), 128: ([], [])}
        found = [network for text in internal if (network := network_of(text)) is not None]
        for width, (starts, ends) in self._spans.items():
            spans = sorted(
                (number << (width - length), ((number + 1) << (width - length)) - 1)
                for wide, number, length in found
                if wide == width
            )
            for start, end in spans:
                if ends and start <= ends[-1]:
                    ends[-1] = max(ends[-1], end)
                else:
                    starts.append(start)
                    ends.append(end)

    def is_external(self, address: Address) -> bool:
        """Whether the address lies in none of them."""
        starts, ends = self._spans[address[0]]
        at = bisect_right(starts, address[1])
        return not at or address[1] > ends[at - 1]
