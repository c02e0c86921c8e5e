"""Which of many networks an address lies in, in as many steps as there are prefix lengths.

Addresses are numbers here: text is read once, by the C library's strict reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from socket import AF_INET, AF_INET6, inet_pton
from typing import Generic, TypeVar

T = TypeVar("T")
Address = tuple[int, int]
"""(width in bits: 32 or 128, number)"""

Network = tuple[int, int, int]
"""(width, number of the first address without its host bits, prefix length)"""

_MAPPED = 0xFFFF << 32
_LONGEST = 100


def address_of(text: object) -> Address | None:
    """An address as a number; None for what is none.

    IPv4 mapped into IPv6 becomes IPv4, brackets and a zone id are cut off.

    >>> address_of("192.0.2.7"), address_of("::ffff:192.0.2.7"), address_of("192.0.2.07")
    ((32, 3221225991), (32, 3221225991), None)
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    try:
        if ":" not in text:
            return 32, int.from_bytes(inet_pton(AF_INET, text))
        number = int.from_bytes(inet_pton(AF_INET6, text.strip("[]").partition("%")[0]))
    except (OSError, ValueError):
        return None
    return (32, number & 0xFFFFFFFF) if number >> 32 == _MAPPED >> 32 else (128, number)


def network_of(text: str) -> Network | None:
    """A network, or an address as a network of one; host bits are dropped. None for what is neither.

    >>> network_of("10.1.2.3/8"), network_of("::1")
    ((32, 10, 8), (128, 1, 128))
    """
    host, slash, bits = text.partition("/")
    found = address_of(host)
    if found is None or (slash and not (bits.isdecimal() and len(bits) <= 3)):
        return None
    width, number = found
    length = int(bits) if slash else width
    if slash and width == 32 and ":" in host:
        length -= 96
    if not 0 <= length <= width:
        return None
    return width, number >> (width - length), length


class Prefixes(Generic[T]):
    """Networks with a value each; the later of two equal ones wins.

    >>> nets: Prefixes[str] = Prefixes()
    >>> nets[network_of("10.0.0.0/8")] = "all"; nets[network_of("10.1.0.0/16")] = "branch"
    >>> list(nets.around(address_of("10.1.2.3")))
    ['branch', 'all']
    """

    def __init__(self) -> None:
        self._levels: dict[int, list[tuple[int, dict[int, T]]]] = {32: [], 128: []}

    def __setitem__(self, network: Network | None, value: T) -> None:
        if network is None:
            return
        width, number, length = network
        self._level(width, width - length)[number] = value

    def get(self, network: Network) -> T | None:
        """The value of exactly this network."""
        width, number, length = network
        return self._level(width, width - length).get(number)

    def around(self, address: Address | None) -> Iterator[T]:
        """The values of all networks that hold the address, the narrowest first."""
        if address is None:
            return
        width, number = address
        for shift, level in self._levels[width]:
            found = level.get(number >> shift)
            if found is not None:
                yield found

    def _level(self, width: int, shift: int) -> dict[int, T]:
        levels = self._levels[width]
        for known, level in levels:
            if known == shift:
                return level
        made: dict[int, T] = {}
        levels.append((shift, made))
        levels.sort(key=lambda entry: entry[0])
        return made
