"""Audit logs of clouds and services, one JSON record a line: CloudTrail, Google, Azure, Okta, …

`taxonomy.cloud` says how each is known and what of it has an ECS name; here stands what a table cannot say.
Values keep their producer's names, nested ones dotted.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('ConsoleLogin', 'failure', '192.0.2.90')
>>> read_line(FORMATS[1].example, "event.action", "event.outcome", "source.ip")
('SetIamPolicy', 'success', '192.0.2.91')
>>> read_line(FORMATS[2].example, "event.action", "source.ip", "destination.ip")
('network_flow', '192.0.2.92', '10.0.0.2')
>>> read_line(FORMATS[3].example, "event.action", "event.outcome", "source.ip")
('login_failure', 'failure', '192.0.2.93')
>>> read_line(FORMATS[4].example, "event.action", "event.outcome", "source.ip")
('Sign-in activity', 'failure', '192.0.2.94')
>>> read_line(FORMATS[5].example, "event.action", "event.outcome", "source.ip")
('New-InboxRule', 'success', '192.0.2.95')
>>> read_line(FORMATS[6].example, "event.action", "event.outcome", "source.ip")
('user.session.start', 'failure', '192.0.2.96')
>>> read_line(FORMATS[7].example, "event.action", "source.ip", "user.name")
('repo.create', '192.0.2.97', 'octo')
>>> read_line(FORMATS[8].example, "event.action", "source.ip", "user.name")
('User created', '192.0.2.98', 'bitadmin')
>>> read_line(FORMATS[9].example, "source.ip", "user.name")
('192.0.2.99', 'olga')
>>> read_line(FORMATS[10].example, "event.action", "source.ip", "user.name")
('list', '192.0.2.100', 'dev')
>>> read_line(FORMATS[11].example, "event.action", "source.ip", "user.name")
('opencanary_4002', '192.0.2.101', 'root')
>>> read_line(FORMATS[12].example, "event.dataset")
('osquery.result',)
>>> read_line(FORMATS[13].example, "rule.name", "source.ip", "user.name")
('UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B', '192.0.2.102', 'ann')
>>> read_line(FORMATS[14].example, "rule.name", "process.name", "user.name")
('Terminal shell in container', 'bash', 'root')
>>> read_line(FORMATS[15].example, "event.action", "event.outcome", "source.ip")
('authentication', 'failure', '192.0.2.103')
>>> read_line(FORMATS[16].example, "event.action", "container.name")
('exec_create', 'web')
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socterm.event import LogSource
from socterm.parsers.flat import flatten, put
from socterm.parsers.format import Format, Found, ObjectReader, Reading
from socterm.parsers.formats.cloud_examples import EXAMPLES
from socterm.parsers.formats.cloud_hooks import HOOKS, Hook
from socterm.parsers.formats.json_values import put_address, typed
from socterm.parsers.marks import Fields
from socterm.parsers.moments import moment
from socterm.taxonomy.appliances import OUTCOMES
from socterm.taxonomy.cloud import ACCOUNTS, AUTHENTICATION, MAKES, Make
from socterm.taxonomy.cloud_sensors import MAKES as SENSORS
from socterm.taxonomy.logsources import LOGSOURCES

_RESERVED = ("@timestamp", "event.kind", "event.original", "event.dataset")
_AUTHENTICATION: Fields = {"event.category": ("authentication",), "event.type": ("start",)}
_ACCOUNT: Fields = {"event.category": ("iam",), "event.type": ("change",)}
_NETWORK: Fields = {"event.category": ("network",), "event.type": ("connection",)}


def at(entry: dict[str, Any], path: str) -> Any:
    """The value at a dotted path, of a list the first; None where there is none.

    >>> at({"a": [{"b": 1}, {"b": 2}]}, "a.b")
    1
    """
    found: Any = entry
    for step in path.split("."):
        if found.__class__ is list:
            found = found[0] if found else None
        found = found.get(step) if found.__class__ is dict else None
    return found


def first(entry: dict[str, Any], paths: tuple[str, ...]) -> Any:
    """The first value at any of these paths that is no object and neither missing nor empty."""
    for path in paths:
        found = at(entry, path)
        found = found[0] if found.__class__ is list and found else found
        if found not in (None, "", []) and found.__class__ is not dict:
            return found
    return None


def _named(entry: dict[str, Any], f: Fields, make: Make) -> None:
    for name, paths in make.ecs.items():
        value = first(entry, paths)
        if value is None:
            continue
        if name == "source.ip":
            _address(f, value)
        elif name not in f and (value.__class__ is not int or value >= 0):
            put(f, name, value)


def _address(f: Fields, value: Any) -> None:
    """An address, maybe with its port, or a service's name."""
    if not isinstance(value, str):
        return
    text = value
    bare, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and (text.count(":") == 1 or bare.endswith("]")):
        f.setdefault("source.port", int(port) if len(port) < 6 else 0)
        text = bare.strip("[]")
    put_address(f, "source.ip", "source.ip", text)


def _kind_of(dataset: str, action: str) -> Fields:
    if dataset == "gcp.vpcflow":
        return _NETWORK
    if action.startswith(AUTHENTICATION.get(dataset, ("\0",))):
        return _AUTHENTICATION
    if action.startswith(ACCOUNTS.get(dataset, ("\0",))):
        return _ACCOUNT
    return {}


def _reader(make: Make) -> ObjectReader:
    hook: Hook | None = HOOKS.get(make.name)
    before: Callable[[dict[str, Any]], dict[str, Any] | None] | None = hook.before if hook else None

    def read(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
        if not all(not names.isdisjoint(entry) for names in make.signs):
            return None
        record = before(entry) if before is not None else entry
        if record is None:
            return None
        ts = next(
            (ts for path in make.stamps if (ts := moment(reading.clock, at(record, path))) is not None), None
        )
        flatten(record, f)
        for name in _RESERVED:
            f.pop(name, None)
        for name in [name for name in f if name.startswith("socterm.")]:
            f[f"json.{name}"] = f.pop(name)
        _named(record, f, make)
        action = first(record, make.action)
        if isinstance(action, str):
            f["event.action"] = action
        ended = first(record, make.outcome)
        if isinstance(ended, str) and ended.lower() in OUTCOMES:
            f["event.outcome"] = OUTCOMES[ended.lower()]
        if make.provider:
            f["cloud.provider"] = make.provider
        dataset = make.dataset
        if hook is not None and hook.after is not None:
            dataset = hook.after(record, f) or dataset
        f["event.dataset"] = dataset
        f.update(_kind_of(dataset, str(f.get("event.action", ""))))
        typed(f)
        sources: tuple[LogSource, ...] = LOGSOURCES[dataset]
        return ts, sources, 1

    return read


_ORDERS = {"gcp": 31, "azure": 60}

FORMATS = tuple(
    Format(
        name=make.name,
        title=make.title,
        example=EXAMPLES[make.name],
        object=_reader(make),
        keys=make.signs,
        order=_ORDERS.get(make.name, 40),
    )
    for make in (*MAKES, *SENSORS)
)
