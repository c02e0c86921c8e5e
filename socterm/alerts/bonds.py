"""What an alert is about, and how strongly that joins it to other alerts.

Pure: from an alert's entity and from what its evidence says (`seen`) to its *bonds*. Alerts with a bond in
common and little time between them belong together; `socterm.alerts.incidents` makes stories of that. What
many unrelated alerts have in common joins nothing by itself: a host never, root and service accounts and our
own addresses only together with something else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import Any, Final, Literal

import msgspec

HOUR: Final = 3_600_000_000
MINUTE: Final = 60_000_000

COMMON_USERS: Final = (
    "root", "admin", "administrator", "system", "local service", "network service", "daemon", "bin", "sys",
    "nobody", "www-data", "apache", "nginx", "postgres", "mysql", "redis", "git", "backup", "cron", "postfix",
    "mail", "sshd", "messagebus", "syslog", "systemd-network", "systemd-resolve", "systemd-timesync",
    "ubuntu", "ec2-user", "guest", "anonymous", "unknown", "invalid user",
)  # fmt: skip
"""Accounts that stand for nobody in particular."""

KINDS: Final[Mapping[str, str]] = {
    "source.ip": "ip",
    "session.origin.ip": "ip",
    "destination.ip": "ip",
    "client.ip": "ip",
    "user.name": "user",
    "session.origin.user": "user",
    "host.hostname": "host",
    "host.name": "host",
}
"""Fields that can join alerts, and what kind of thing their values are."""

MANY: Final = 8
"""Different things of one kind in the evidence: beyond this they say nothing."""

_NOTHING: Final = frozenset({"", "-", "?", "(unknown)"})

Class = Literal["core", "weak", "follower"]


class Policy(msgspec.Struct, frozen=True):
    """How alerts are joined, as the configuration says. Times are µs of event time.

    `window` is the longest silence between alerts with a strong bond, `chain` between those with a weak one.
    `common` users (lower case) and addresses in `internal` networks are weak. Risk halves in `half_life`.
    """

    window: int = 4 * HOUR
    chain: int = 15 * MINUTE
    common: tuple[str, ...] = COMMON_USERS
    internal: tuple[str, ...] = ()
    half_life: int = 24 * HOUR


class Thing(msgspec.Struct, frozen=True, order=True):
    """A user, address or host that an alert is about: the field it stands in, and its value."""

    field: str
    value: str

    @property
    def kind(self) -> str:
        """ip, user or host."""
        return KINDS[self.field]

    @property
    def name(self) -> str:
        """The value by which it is the same thing elsewhere."""
        return self.value.casefold()


Things = frozenset[Thing]
Bond = tuple[str, ...]
"""What two alerts can have in common: the kinds, joined by +, and a value for each."""


def things_of(entity: Iterable[tuple[str, str]]) -> Things:
    """What an alert's own entity names."""
    return frozenset(
        Thing(field, value) for field, value in entity if field in KINDS and value not in _NOTHING
    )


def seen_in(fields: Mapping[str, Any]) -> Iterator[Thing]:
    """What one event of the evidence says: who acted, from where, and on which host.

    Whom a failed login was aimed at, and from where, says nothing: anybody can try anybody.
    """
    for field in ("session.origin.ip", "session.origin.user", "host.hostname"):
        yield from _each(field, fields.get(field))
    if fields.get("event.outcome") == "failure":
        return
    yield from _each("user.name", fields.get("user.name"))
    if "authentication" in (fields.get("event.category") or ()):
        yield from _each("source.ip", fields.get("source.ip"))


def _each(field: str, value: Any) -> Iterator[Thing]:
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, str) and one not in _NOTHING:
            yield Thing(field, one)


def is_strong(thing: Thing, policy: Policy) -> bool:
    """Whether a thing joins alerts by itself.

    >>> is_strong(Thing("user.name", "alice"), Policy()), is_strong(Thing("user.name", "root"), Policy())
    (True, False)
    """
    if thing.kind == "ip":
        return len(thing.name) <= _LONGEST_ADDRESS and _external(thing.name, policy.internal)
    return thing.kind == "user" and thing.name not in policy.common and not thing.name.endswith("$")


_LONGEST_ADDRESS = 64
"""Characters of an address; what is longer is none, and not worth remembering."""


@lru_cache(maxsize=65_536)
def _external(address: str, internal: tuple[str, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not any(found in network for network in _networks(internal))


@lru_cache(maxsize=8)
def _networks(internal: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in internal)


class Bonds(msgspec.Struct, frozen=True):
    """An alert's bonds, each with the thing (the telling one of several) that it is made of.

    A *core* alert joins all it has a strong bond with. A *weak* one has none, and joins one other alert by
    its weak ones. A *follower*'s evidence tells of several strangers at once: it joins one of them, and
    joins nobody to anybody.
    """

    kind: Class
    strong: dict[Bond, Thing]
    weak: dict[Bond, Thing]

    @property
    def all(self) -> dict[Bond, Thing]:
        """Strong and weak ones."""
        return self.strong | self.weak


def bonds_of(own: Things, seen: Things, policy: Policy) -> Bonds:
    """The bonds of an alert whose entity names `own` and whose evidence has `seen`."""
    crowded = _crowded(seen)
    told = frozenset(thing for thing in seen if thing.kind not in crowded)
    strong_own = {thing for thing in own if is_strong(thing, policy)}
    strong_seen = {thing for thing in told if is_strong(thing, policy)}
    by_name = sorted(strong_seen) + sorted(strong_own)
    strong: dict[Bond, Thing] = {(thing.kind, thing.name): thing for thing in by_name}
    if not strong_own and len(_strangers(strong_seen)) > 1:
        return Bonds("follower", strong, {})
    weak = _weak([thing for thing in own | told if thing not in strong_own | strong_seen], told)
    return Bonds("core" if strong else "weak", strong, weak)


def _crowded(seen: Things) -> set[str]:
    """Kinds of which there is too much to say anything."""
    names: dict[str, set[str]] = {}
    for thing in seen:
        names.setdefault(thing.kind, set()).add(thing.name)
    return {kind for kind, found in names.items() if len(found) > MANY}


def _strangers(strong: Iterable[Thing]) -> set[str]:
    """Those that could be behind it: addresses from outside, else users."""
    kinds: dict[str, set[str]] = {"ip": set(), "user": set()}
    for thing in strong:
        kinds[thing.kind].add(thing.name)
    return kinds["ip"] or kinds["user"]


def _weak(things: Iterable[Thing], seen: Things) -> dict[Bond, Thing]:
    """Pairs of things that join nothing alone, and our own addresses alone (in a short time).

    A user of this sort counts where evidence shows it acting.
    """
    acting = {thing.name for thing in seen if thing.kind == "user"}
    kinds: dict[str, dict[str, Thing]] = {"ip": {}, "user": {}, "host": {}}
    for thing in sorted(things):
        if thing.kind != "user" or thing.name in acting:
            kinds[thing.kind][thing.name] = thing
    found: dict[Bond, Thing] = {("ip*", name): thing for name, thing in kinds["ip"].items()}
    for one, other in (("ip", "user"), ("user", "host")):
        for (left, thing), right in product(kinds[one].items(), kinds[other]):
            found[f"{one}+{other}", left, right] = thing
    return found


def gap_of(bond: Bond, policy: Policy) -> int:
    """The longest silence (µs) that a bond lasts over."""
    return policy.chain if bond[0] in ("ip*", "user+host") else policy.window
