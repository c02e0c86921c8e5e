"""Which addresses are ours, and which way a connection goes."""

from __future__ import annotations

from collections.abc import Iterable

from socterm.enrich.prefixes import Address, Prefixes, network_of

DIRECTIONS = {
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
        self._internal: Prefixes[bool] = Prefixes()
        for text in internal:
            self._internal[network_of(text)] = True

    def is_external(self, address: Address) -> bool:
        """Whether the address lies in none of them."""
        return next(self._internal.around(address), None) is None
