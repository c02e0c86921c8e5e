"""What a domain name is made of: who could register it, what stands in front of that, how long it is.

The public suffix list (publicsuffix.org, its private part too: `x.github.io` belongs to whoever has x) comes
with the `publicsuffixlist` package and is never fetched. It is read at the first name, in some 30 ms.
"""

from __future__ import annotations

from functools import cache
from typing import Any

LONGEST = 255
"""Characters of a name that can be one (RFC 1035, section 2.3.4); of longer ones only the length is told."""


@cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - most logs hold no names

    return PublicSuffixList()


def plain_name(value: str) -> str:
    """A name as lists have it: lower case, without the root's dot.

    >>> plain_name("WWW.Example.COM.")
    'www.example.com'
    """
    return value[:-1].lower() if value.endswith(".") else value.lower()


def parts_of(name: str) -> dict[str, str]:
    """`registered_domain` and, where there is one, `subdomain` of a plain name; nothing for an address or a
    name that nobody can register.

    >>> parts_of("a.b.example.co.uk")
    {'registered_domain': 'example.co.uk', 'subdomain': 'a.b'}
    >>> parts_of("co.uk"), parts_of("192.0.2.7")
    ({}, {})
    """
    if len(name) > LONGEST or "." not in name or ":" in name or name.rpartition(".")[2].isdecimal():
        return {}
    registered = _suffixes().privatesuffix(name)
    if not registered:
        return {}
    parts = {"registered_domain": registered}
    if len(name) > len(registered):
        parts["subdomain"] = name[: -len(registered) - 1]
    return parts


def lengths_of(name: str) -> dict[str, int]:
    """`length` of a plain name and `label_length`, that of its longest label: what gives tunnels away.

    >>> lengths_of("abcdef.example")
    {'length': 14, 'label_length': 7}
    """
    return {"length": len(name), "label_length": max(map(len, name.split(".")))}
