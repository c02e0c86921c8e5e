"""Who asks, and what they may: the words that every endpoint's check is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from socterm.service.problems import RequestError

INCLUDES: Final[Mapping[str, frozenset[str]]] = {
    "ingest": frozenset({"ingest"}),
    "read": frozenset({"read"}),
    "triage": frozenset({"read", "triage"}),
    "admin": frozenset({"read", "triage", "admin"}),
}
"""A scope, and what it holds: who may decide may look, but who reads logs in may not look at any."""


class Principal(NamedTuple):
    """Who asks: `name` stands in the audit rows of what they decide; `scopes` is all that they may.

    `token` is the number of the long-lived token they came with, 0 for a person who logged in. `sender` is
    what the source of the lines they send is called: tokens of one name share it.
    """

    name: str
    scopes: frozenset[str]
    token: int = 0
    sender: str = ""


def granted(named: Iterable[str]) -> frozenset[str]:
    """All that a role, or the scopes of a token, allow; a name that is none allows nothing.

    >>> sorted(granted(["triage"]))
    ['read', 'triage']
    """
    none: frozenset[str] = frozenset()
    return none.union(*(INCLUDES.get(name, none) for name in named))


def require(principal: Principal, scope: str) -> Principal:
    """The same principal, who may do that. Raises `RequestError` (403) where they may not.

    >>> require(Principal("ann", granted(["admin"])), "read").name
    'ann'
    """
    if scope not in principal.scopes:
        raise RequestError(
            403,
            "scope",
            f"this needs the scope {scope}",
            {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
        )
    return principal
