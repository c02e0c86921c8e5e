"""Which fields events of each dataset have: what rules for a log source can ask for.

The table is `yields.txt` beside this file, written by `docs/yields.py` from the examples of all formats and
the lines of the tests. It is a lower bound: a line nobody has shown yet may carry more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

from socterm.event import LogSource
from socterm.taxonomy.logsources import BY_ACTION, LOGSOURCES, serves
from socterm.taxonomy.names import BY_LOGSOURCE, resolve
from socterm.taxonomy.windows_names import ANY, NAMES


class Yield(NamedTuple):
    """What is known of a dataset: its fields, the formats that read it, and whether a producer's own names
    are kept beside them (JSON, key=value), so that no name can be called unknown."""

    fields: frozenset[str]
    formats: tuple[str, ...]
    own_names: bool


_ROW = re.compile(r"(\S+) (\+ )?\(([^)]*)\): (.*)")


def _read(text: str) -> Iterator[tuple[str, Yield]]:
    for line in text.splitlines():
        row = _ROW.fullmatch(line)
        if row is not None:
            names = frozenset(row[4].split())
            yield row[1], Yield(names, tuple(row[3].split()), row[2] is not None)


_FILE = Path(__file__).with_name("yields.txt")
ALERT_FIELDS: Final = frozenset(
    {
        "event.action", "event.category", "event.risk_score", "event.severity", "rule.id", "rule.name",
        "socterm.entity", "socterm.level", "tags", "threat.tactic.name", "threat.technique.id",
    }
)  # fmt: skip
"""Of an alert as an event; beside these it has those of its entity, which may be any."""

YIELDS: dict[str, Yield] = dict(_read(_FILE.read_text(encoding="utf-8"))) if _FILE.exists() else {}
YIELDS["socterm.alert"] = Yield(ALERT_FIELDS, (), own_names=True)
"""`event.dataset` → what its events have."""

EVERYWHERE: frozenset[str] = frozenset(
    {
        "@timestamp", "message", "event.original", "event.kind", "event.dataset", "event.id", "event.code",
        "log.source.address",
    }
)  # fmt: skip
"""Names that an event of any log source may be asked for."""


ENRICHED: Final = (
    "source.is_external", "destination.is_external", "source.geo.", "destination.geo.", "source.as.",
    "destination.as.", "source.asset.", "destination.asset.", "host.asset.", "network.direction",
    "session.origin.", "threat.indicator.", "threat.feed.", "threat.enrichments.", "url.decoded",
    "url.registered_domain", "url.subdomain", "destination.registered_domain", "destination.subdomain",
    "dns.question.registered_domain", "dns.question.subdomain", "dns.question.length",
    "dns.question.label_length",
)  # fmt: skip
"""What enrichment adds to events of any log source, or the beginning of its name."""


@cache
def datasets_of(wanted: LogSource) -> tuple[str, ...]:
    """The datasets whose events a rule for this log source sees.

    >>> datasets_of(("linux", "", "sshd"))
    ('dropbear', 'sshd')
    """
    found = {name for name, sources in LOGSOURCES.items() if any(serves(wanted, one) for one in sources)}
    found |= {name for (name, _), sources in BY_ACTION.items() if any(serves(wanted, one) for one in sources)}
    return tuple(sorted(found))


@cache
def names_for(wanted: LogSource) -> dict[str, str]:
    """Sigma's field names for a log source, as the tables have them (lower case) → where the value stands."""
    product, category, service = wanted
    found: dict[str, str] = {}
    if product == "windows":
        found |= ANY
        for part in (service, category):
            found |= NAMES.get(part, {})
        return found
    for part in (product, category, service):
        found |= BY_LOGSOURCE.get(part, {})
    return found


@cache
def fields_for(wanted: LogSource) -> frozenset[str]:
    """The fields that events of this log source have, under their own names, as far as is known."""
    seen = [YIELDS[name].fields for name in datasets_of(wanted) if name in YIELDS]
    return frozenset[str]().union(EVERYWHERE, names_for(wanted).values(), *seen)


Closed = Literal["closed", "mixed", "open"]


@cache
def closed(wanted: LogSource) -> Closed:
    """Whether the names in events of this log source are all ours to know: closed; for some of its datasets:
    mixed; or whatever a producer writes: open.

    >>> closed(("linux", "", "sshd")), closed(("windows", "process_creation", ""))
    ('closed', 'open')
    """
    if wanted[0] == "windows":
        return "open"
    own = {YIELDS[name].own_names for name in datasets_of(wanted) if name in YIELDS}
    if own <= {True}:
        return "open"
    return "mixed" if True in own else "closed"


@cache
def _plain(wanted: LogSource) -> frozenset[str]:
    return frozenset(name.lower().replace("_", "").replace(" ", "") for name in fields_for(wanted))


def is_known(field: str, wanted: LogSource) -> bool:
    """Whether some event of this log source is known to have the field a rule names.

    >>> sshd = ("linux", "", "sshd")
    >>> is_known("user.name", sshd), is_known("source.geo.city_name", sshd), is_known("CommandLine", sshd)
    (True, True, False)
    """
    where = resolve(field, wanted)
    if where in fields_for(wanted) or field.lower() in names_for(wanted) or where.startswith(ENRICHED):
        return True
    return where.lower().replace("_", "").replace(" ", "") in _plain(wanted)


class FieldRow(NamedTuple):
    """A field of a log source: its name in events, what Sigma's rules call it, who is known to have it."""

    field: str
    names: tuple[str, ...]
    datasets: tuple[str, ...]


def field_rows(wanted: LogSource) -> list[FieldRow]:
    """The fields of a log source, by name. A field of the tables that no example shows has no dataset.

    >>> next(row for row in field_rows(("", "proxy", "")) if row.field == "http.request.method").names
    ('cs-method',)
    """
    names: dict[str, list[str]] = {}
    for name, field in names_for(wanted).items():
        names.setdefault(field, []).append(name)
    fields = fields_for(wanted) - EVERYWHERE | {"message"}
    return [
        FieldRow(field, tuple(sorted(names.get(field, ()))), _having(wanted, field))
        for field in sorted(fields)
    ]


def _having(wanted: LogSource, field: str) -> tuple[str, ...]:
    return tuple(name for name in datasets_of(wanted) if name in YIELDS and field in YIELDS[name].fields)


def yielding(field: str, wanted: LogSource) -> tuple[str, ...]:
    """The datasets of a log source whose events are known to have a field, as a rule names it.

    >>> yielding("DestinationPort", ("linux", "network_connection", ""))
    ('auditd',)
    """
    return _having(wanted, resolve(field, wanted))
