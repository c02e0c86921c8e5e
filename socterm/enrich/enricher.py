"""From event to event: what is known of its addresses, names and users, added under ECS names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial

from socterm.config import Config
from socterm.enrich.carried import take_along
from socterm.enrich.data import DataFiles
from socterm.enrich.domains import lengths_of, parts_of, plain_name
from socterm.enrich.fields import AUTH_FAMILY, BAD_ADDRESSES, BAD_NAMES, ENDS, NAMES, WIDE_ACTIONS
from socterm.enrich.indicators import Feed
from socterm.enrich.lookups import THREAT, Fields, Lookup, matched, merge
from socterm.enrich.networks import DIRECTIONS
from socterm.enrich.origin import ACTS, Act, Origins, acts_of
from socterm.enrich.plans import Plan, Plans
from socterm.enrich.prefixes import address_of
from socterm.enrich.urls import decoded
from socterm.event import Event, LogSource

_HASH = re.compile(r"[0-9A-Fa-f]{32,64}")
_LONGEST_HASHES = 1000
_FAMILIES = 1024
_VALUES = (str, int, float)

Acts = Mapping[str, Act]
Family = tuple[tuple[LogSource, ...], Acts | None, Acts]
"""(log sources, what their actions mean for open sessions, what those that failed mean); None for any but the
auth family's."""


class Enricher:
    """Adds to events what networks, inventory, places, indicators and open sessions say.

    What an event brings along is kept. It never raises; what it remembers of values is a memo, what it
    remembers of sources (open sessions) goes through `changes` and `restore`. Without `data` it knows the
    usual internal networks and nothing else.

    >>> event = Event(0, "x", 0, "", {"source.ip": "192.0.2.7"})
    >>> Enricher().apply([event]); event.fields
    {'source.ip': '192.0.2.7', 'source.is_external': True}
    """

    def __init__(self, data: DataFiles | None = None) -> None:
        self.odd = 0
        """Events with a value that no field may hold (a list, an object): its field is left alone."""
        self._data = data or DataFiles()
        self._origins: dict[str, Origins] = {}
        self._families: dict[int, Family] = {}
        self._begin()

    @classmethod
    def of(cls, config: Config) -> Enricher:
        """What a configuration asks for. Files that are missing or broken are no error: see `hints`."""
        return cls(DataFiles.of(config))

    @property
    def hints(self) -> tuple[str, ...]:
        """What a person should know of the data files now, one line each; it quotes them as they are."""
        return self._data.hints()

    @property
    def feeds(self) -> dict[str, Feed]:
        """The lists of indicators in use by the names of their files; one read anew is another object."""
        return self._data.feeds

    def look(self) -> None:
        """Take in data files that changed. To be called now and then, not while `apply` runs."""
        if self._data.look():
            self._begin()

    def use(self, data: DataFiles) -> None:
        """Go on with other data files; open sessions stay. Not while `apply` runs."""
        self._data = data
        self._begin()

    def changes(self, source: str) -> list[tuple[str, str | None]]:
        """What changed of the open sessions of a source since the last call: key → JSON, None for over."""
        origins = self._origins.get(source)
        return [] if origins is None else origins.changes()

    def restore(self, source: str, entries: Iterable[tuple[str, str]]) -> None:
        """Take back what `changes` gave away for a source; keys of others are left alone."""
        self._origins[source] = origins = Origins()
        origins.restore(entries)

    def apply(self, events: list[Event]) -> None:
        """Add what is known to each event, in their order.

        One loop with few calls: the programs of auth.log name a source and nothing else that is looked up.
        """
        lookups = self._lookups
        sources = lookups["source.ip"]
        names, hosts = lookups.get("source.domain"), lookups.get("host.hostname")
        families = self._families
        logsources: object = None
        acts: Acts | None = None
        failures: Acts = {}
        source = events[0].source if events else ""
        origins = self._origins_of(source)
        for event in events:
            fields = event.fields
            try:
                if event.logsources is not logsources:
                    logsources = event.logsources
                    family = families.get(id(logsources))
                    if family is None or family[0] is not logsources:
                        family = self._family(event.logsources)
                    _, acts, failures = family
                if acts is None:
                    self._wide(event, fields)
                    continue
                if "source.ip" in fields:
                    fields |= sources[fields["source.ip"]]
                elif names is not None and "source.domain" in fields:
                    fields |= names[fields["source.domain"]]
                if hosts is not None and "host.hostname" in fields:
                    fields |= hosts[fields["host.hostname"]]
                failed = "event.outcome" in fields and fields["event.outcome"] == "failure"
                told = failures if failed else acts
                if told and "event.action" in fields and fields["event.action"] in told:
                    if event.source != source:
                        source = event.source
                        origins = self._origins_of(source)
                    told[fields["event.action"]](origins, event, fields)
            except TypeError:
                self._odd(event)

    # -- one event -----------------------------------------------------------------------

    def _family(self, logsources: tuple[LogSource, ...]) -> Family:
        """What can happen in lines of these log sources; kept with them, for ids are used anew."""
        if len(self._families) >= _FAMILIES:
            self._families.clear()
        product, _, service = logsources[0] if logsources else ("", "", "")
        acts = acts_of(service) if product == "linux" and service in AUTH_FAMILY else None
        if service == "sshd" and acts is not None:
            acts = acts | dict.fromkeys(WIDE_ACTIONS, self._also_wide)
        # Nobody comes in by a login that failed, which is what most lines of a log under attack tell.
        failures = {} if service == "sshd" else acts or {}
        self._families[id(logsources)] = family = logsources, acts, failures
        return family

    def _also_wide(self, _origins: Origins, event: Event, fields: Fields) -> None:
        self._wide(event, fields)

    def _origins_of(self, source: str) -> Origins:
        origins = self._origins.get(source)
        if origins is None:
            origins = self._origins[source] = Origins()
        return origins

    def _wide(self, event: Event, fields: Fields) -> None:
        """Any event: everything that is known of any of its fields."""
        plan = self._plans[tuple(fields)]
        if plan.ours:
            self._beside(fields, plan)
        else:
            for name, lookup in plan.steps:
                extra = lookup[fields[name]]
                if THREAT in extra and THREAT in fields:
                    merge(fields, extra)
                else:
                    fields |= extra
        if plan.both_ends and "network.direction" not in fields:
            source, destination = fields.get("source.is_external"), fields.get("destination.is_external")
            direction = DIRECTIONS.get((source, destination))
            if direction is not None:
                fields["network.direction"] = direction
        if plan.acts and fields["event.action"] in ACTS:
            ACTS[fields["event.action"]](self._origins_of(event.source), event, fields)

    def _beside(self, fields: Fields, plan: Plan) -> None:
        """As `_wide`, for an event that brings along some of it: that stays, and a place excludes another."""
        ends = take_along(fields, plan.carried)
        for name, lookup in plan.steps:
            extra = lookup[fields[name]]
            if ENDS.get(name) in ends:
                start = f"{ENDS[name]}.geo."
                extra = {key: value for key, value in extra.items() if not key.startswith(start)}
            merge(fields, extra)

    def _odd(self, event: Event) -> None:
        """An event that holds a list or an object: without those, as any other."""
        self.odd += 1
        fields = event.fields
        odd = {
            name: value
            for name, value in fields.items()
            if not all(
                isinstance(part, _VALUES) for part in (value if isinstance(value, tuple) else (value,))
            )
        }
        for name in odd:
            del fields[name]
        self._wide(event, fields)
        fields |= odd

    # -- one value -----------------------------------------------------------------------

    def _begin(self) -> None:
        """Forget what was looked up: the data is new."""
        data = self._data
        lookups = {
            name: Lookup(
                partial(self._end, name)
                if data.files
                else partial(self._side, {f"{end}.is_external": True}, {f"{end}.is_external": False})
            )
            for name, end in ENDS.items()
        }
        lookups |= {name: Lookup(partial(self._name, name)) for name in NAMES}
        lookups["url.original"] = Lookup(_url)
        if data.has_assets:
            lookups["host.hostname"] = Lookup(self._host)
        if data.has_indicators:
            lookups |= {name: Lookup(partial(self._bad_address, name)) for name in BAD_ADDRESSES}
            lookups |= {name: Lookup(partial(self._bad_name, name)) for name in BAD_NAMES}
        self._lookups = lookups
        self._plans = Plans(lookups, self._bad_hash if data.has_indicators else None)

    def _side(self, external: Fields, internal: Fields, value: str) -> Fields:
        """One end of a connection, where there are no data files."""
        address = address_of(value)
        if address is None:
            return {}
        return external if self._data.networks.is_external(address) else internal

    def _end(self, name: str, value: str) -> Fields:
        """One end of a connection."""
        address = address_of(value)
        if address is None:
            return {}
        data, end = self._data, ENDS[name]
        found: Fields = {f"{end}.is_external": data.networks.is_external(address)}
        for known in (data.place_of(value), data.assets.of_address(address)):
            found |= {f"{end}.{key}": value for key, value in known.items()}
        return found | self._bad_address(name, value)

    def _name(self, name: str, value: str) -> Fields:
        """A name: its parts, for a question its lengths too."""
        plain, prefix = plain_name(value), NAMES[name]
        found: Fields = {f"{prefix}.{key}": part for key, part in parts_of(plain).items()}
        if prefix == "dns.question":
            found |= {f"{prefix}.{key}": length for key, length in lengths_of(plain).items()}
        return found | self._bad_name(name, value)

    def _host(self, value: str) -> Fields:
        return {f"host.{key}": text for key, text in self._data.assets.of_host(value).items()}

    def _bad_address(self, name: str, value: str) -> Fields:
        return matched(name, self._data.indicators.of_address(value))

    def _bad_name(self, name: str, value: str) -> Fields:
        return matched(name, self._data.indicators.of_domain(value))

    def _bad_hash(self, name: str, value: str) -> Fields:
        """A hash, or several with their kinds before them: `SHA1=…,MD5=…`."""
        of_hash = self._data.indicators.of_hash
        hashes = _HASH.findall(value[:_LONGEST_HASHES])
        return matched(name, (match for one in hashes for match in of_hash(one)))


def _url(value: str) -> Fields:
    text = decoded(value)
    return {} if text == value else {"url.decoded": text}
