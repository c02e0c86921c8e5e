"""The one key of ours in a Sigma document, `socterm:`.

Other tools ignore it; we refuse what we do not know in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import date
from functools import partial
from typing import Any, NamedTuple, TypeGuard

from socterm.errors import RuleError
from socterm.event import LogSource
from socterm.sigma.alertrules import over_alerts
from socterm.sigma.learning.reading import KINDS, read_learning, read_lookup
from socterm.sigma.learning.terms import Learning, Lookup
from socterm.sigma.model import RuleTest
from socterm.sigma.placeholders import own_lists
from socterm.taxonomy import resolve

KEY = "socterm"


class Extension(NamedTuple):
    """What stands under `socterm:`. Spans are µs; None where the rule says nothing.

    `alert` overrides what Sigma derives: true lets a rule that feeds a correlation alert by itself too, false
    keeps a rule that nothing refers to silent. `learning` is what needs memory, `lookup` what needs a list.
    `sole` is a field whose value an alert is about, too, where all its events agree on it.
    `supersedes` are the names of rules whose alerts say less about the same thing. `reopen`: an alert of an
    entity whose last one was closed begins reopened. `placeholders` are lists
    that fill `%name%` where the configuration has none of that name. `why`, `check`, `tune` and
    `noise` are the rule's page: why it matters, the steps to check it, how to tune it, what to expect of it.
    """

    alert: bool | None = None
    entity: tuple[str, ...] = ()
    throttle: int | None = None
    risk: int = 0
    tests: tuple[RuleTest, ...] = ()
    learning: Learning | None = None
    lookup: Lookup | None = None
    supersedes: tuple[str, ...] = ()
    sole: str = ""
    reopen: bool = False
    placeholders: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - of a NamedTuple, and never changed
    why: str = ""
    check: tuple[str, ...] = ()
    tune: str = ""
    noise: str = ""


def read_extension(data: object, timespan: Callable[[object], int]) -> Extension:
    """The values under `socterm:`. Raises RuleError naming the key that is unknown or wrong."""
    if data is None:
        return Extension()
    if not isinstance(data, dict):
        raise RuleError("socterm: must be a map of settings")
    unknown = [str(key) for key in data if key not in _READERS]
    if unknown:
        raise RuleError(f"socterm.{unknown[0]} is not a setting; known are {', '.join(sorted(_READERS))}")
    found = {key: _READERS[key](value, timespan) for key, value in data.items()}
    learning = [found.pop(kind) for kind in KINDS if kind in found]
    if len(learning) > 1:
        both = " and ".join(kind for kind in KINDS if kind in data)
        raise RuleError(f"socterm: {both} do not go together; write two rules and a temporal correlation")
    return Extension(**found, learning=learning[0] if learning else None)


def check_memory(
    extension: Extension, logsource: LogSource, correlated: bool, lists: Collection[str] | None
) -> None:
    """What a document cannot have: correlations and rules over alerts none, no rule a list that is not there.

    Raises RuleError. Without `lists` nothing is known of the configuration and any name will do.
    """
    if correlated and (extension.learning is not None or extension.lookup is not None):
        raise RuleError("socterm: what remembers or looks up belongs to a rule with a detection")
    if (extension.learning is not None or extension.lookup is not None) and over_alerts(logsource):
        raise RuleError("socterm: what remembers or looks up is for logs; a rule over alerts cannot have it")
    if extension.lookup is None or lists is None:
        return
    for name in extension.lookup.lists:
        if name not in lists:
            known = f"configured are {', '.join(sorted(lists)[:20])}" if lists else "none is configured"
            raise RuleError(f"socterm.lookup: there is no list '{name}'; {known}")


def _switch(key: str, value: object, _: Callable[[object], int]) -> bool:
    if not isinstance(value, bool):
        raise RuleError(f"socterm.{key} must be true or false")
    return value


def _entity(value: object, _: Callable[[object], int]) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise RuleError("socterm.entity must be a list of field names")
    return tuple(dict.fromkeys(resolve(name) for name in names))


def _sole(value: object, _: Callable[[object], int]) -> str:
    if not isinstance(value, str) or not value:
        raise RuleError("socterm.sole must be the name of a field")
    return resolve(value)


def _throttle(value: object, timespan: Callable[[object], int]) -> int:
    return timespan(value)


def _risk(value: object, _: Callable[[object], int]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RuleError("socterm.risk must be a whole number, 0 or more")
    return value


def _supersedes(value: object, _: Callable[[object], int]) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise RuleError("socterm.supersedes must be a list of names of rules")
    return tuple(dict.fromkeys(names))


def _prose(key: str, value: object, _: Callable[[object], int]) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RuleError(f"socterm.{key} must be a text")
    return value.strip()


def _steps(value: object, _: Callable[[object], int]) -> tuple[str, ...]:
    steps = [value] if isinstance(value, str) else value
    if not isinstance(steps, list) or not steps or not all(isinstance(s, str) and s.strip() for s in steps):
        raise RuleError("socterm.check must be a list of steps, each a text")
    return tuple(step.strip() for step in steps)


def _tests(value: object, _: Callable[[object], int]) -> tuple[RuleTest, ...]:
    if not isinstance(value, list):
        raise RuleError("socterm.tests must be a list")
    return tuple(_test(item, number) for number, item in enumerate(value, 1))


_READERS: dict[str, Callable[[Any, Callable[[object], int]], Any]] = {
    "alert": partial(_switch, "alert"),
    "reopen": partial(_switch, "reopen"),
    "entity": _entity,
    "sole": _sole,
    "throttle": _throttle,
    "risk": _risk,
    "tests": _tests,
    "supersedes": _supersedes,
    "check": _steps,
    "placeholders": lambda value, _: own_lists(value),
    **{key: partial(_prose, key) for key in ("why", "tune", "noise")},
    "lookup": read_lookup,
    **{kind: partial(read_learning, kind) for kind in KINDS},
}
_TEST_KEYS = ("name", "lines", "events", "alerts", "count", "entity", "lists")


def _test(item: object, number: int) -> RuleTest:
    where = f"socterm.tests, test {number}"
    if not isinstance(item, dict):
        raise RuleError(f"{where}: must be a map with name, lines or events, and alerts")
    unknown = [str(key) for key in item if key not in _TEST_KEYS]
    if unknown:
        raise RuleError(f"{where}: '{unknown[0]}' is unknown; known are {', '.join(_TEST_KEYS)}")
    name, alerts, count, entity = item.get("name"), item.get("alerts"), item.get("count"), item.get("entity")
    if not isinstance(name, str) or not name:
        raise RuleError(f"{where}: it needs a name")
    if not _whole(alerts):
        raise RuleError(f"{where}: alerts must be a whole number, 0 or more")
    if count is not None and not _whole(count):
        raise RuleError(f"{where}: count must be a whole number")
    if entity is not None and not isinstance(entity, dict):
        raise RuleError(f"{where}: entity must be a map of field and value")
    if "lines" in item and "events" in item:
        raise RuleError(f"{where}: lines and events exclude each other")
    if alerts == 0 and (count is not None or entity is not None):
        raise RuleError(f"{where}: count and entity say nothing where no alert is expected")
    return RuleTest(
        name=name,
        lines=() if "events" in item else _lines(item.get("lines"), where),
        events=_events(item["events"], where) if "events" in item else (),
        lists=_lists(item.get("lists", {}), where),
        alerts=alerts,
        count=count,
        entity=None if entity is None else {resolve(str(key)): str(said) for key, said in entity.items()},
    )


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _lines(value: object, where: str) -> tuple[str, ...]:
    lines = value.splitlines() if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise RuleError(f"{where}: lines must be text or a list of texts")
    kept = tuple(line for line in lines if line.strip())
    if not kept:
        raise RuleError(f"{where}: it needs log lines")
    return kept


def _lists(value: object, where: str) -> dict[str, tuple[str, ...]]:
    """What stands in the lists a look-up asks for, for one test."""
    if not isinstance(value, dict) or not all(isinstance(entries, list) for entries in value.values()):
        raise RuleError(f"{where}: lists must be a map of names, each with a list of values")
    return {str(name): tuple(str(entry) for entry in entries) for name, entries in value.items()}


def _events(value: object, where: str) -> tuple[str, ...]:
    """Events as JSON, one a line, or written out in YAML; either way they come back as JSON."""
    problem = RuleError(f"{where}: events must be JSON objects, one a line, or a list of maps")
    found: list[str] = []
    items = value.splitlines() if isinstance(value, str) else value
    if not isinstance(items, list):
        raise problem
    for item in items:
        if isinstance(item, str) and not item.strip():
            continue
        try:
            event = json.loads(item) if isinstance(item, str) else item
            if not isinstance(event, dict):
                raise problem
            found.append(json.dumps(event, ensure_ascii=False, default=_written))
        except (ValueError, TypeError, RecursionError) as error:
            raise problem from error
    if not found:
        raise RuleError(f"{where}: it needs events")
    return tuple(found)


def _written(value: object) -> str:
    """YAML reads a stamp without quotation marks as a time."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def learned_entity(learning: Learning | None, logsource: LogSource) -> tuple[str, ...]:
    """Whom alerts of a rule that remembers are about where it does not say: its key, as in group-by."""
    return () if learning is None else tuple(dict.fromkeys(resolve(name, logsource) for name in learning.key))
