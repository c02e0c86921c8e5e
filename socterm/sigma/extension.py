"""The one key of ours in a Sigma document, `socterm:`.

Other tools ignore it; we refuse what we do not know in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeGuard

from socterm.errors import RuleError
from socterm.sigma.model import RuleTest
from socterm.taxonomy import resolve

KEY = "socterm"


class Extension(NamedTuple):
    """What stands under `socterm:`. Spans are µs; None where the rule says nothing.

    `alert` overrides what Sigma derives: true lets a rule that feeds a correlation alert by itself too, false
    keeps a rule that nothing refers to silent.
    """

    alert: bool | None = None
    entity: tuple[str, ...] = ()
    throttle: int | None = None
    risk: int = 0
    tests: tuple[RuleTest, ...] = ()


def read_extension(data: object, timespan: Callable[[object], int]) -> Extension:
    """The values under `socterm:`. Raises RuleError naming the key that is unknown or wrong."""
    if data is None:
        return Extension()
    if not isinstance(data, dict):
        raise RuleError("socterm: must be a map of settings")
    unknown = [str(key) for key in data if key not in _READERS]
    if unknown:
        raise RuleError(f"socterm.{unknown[0]} is not a setting; known are {', '.join(sorted(_READERS))}")
    return Extension(**{key: _READERS[key](value, timespan) for key, value in data.items()})


def _alert(value: object, _: Callable[[object], int]) -> bool:
    if not isinstance(value, bool):
        raise RuleError("socterm.alert must be true or false")
    return value


def _entity(value: object, _: Callable[[object], int]) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise RuleError("socterm.entity must be a list of field names")
    return tuple(dict.fromkeys(resolve(name) for name in names))


def _throttle(value: object, timespan: Callable[[object], int]) -> int:
    return timespan(value)


def _risk(value: object, _: Callable[[object], int]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RuleError("socterm.risk must be a whole number, 0 or more")
    return value


def _tests(value: object, _: Callable[[object], int]) -> tuple[RuleTest, ...]:
    if not isinstance(value, list):
        raise RuleError("socterm.tests must be a list")
    return tuple(_test(item, number) for number, item in enumerate(value, 1))


_READERS: dict[str, Callable[[Any, Callable[[object], int]], Any]] = {
    "alert": _alert,
    "entity": _entity,
    "throttle": _throttle,
    "risk": _risk,
    "tests": _tests,
}
_TEST_KEYS = ("name", "lines", "alerts", "count", "entity")


def _test(item: object, number: int) -> RuleTest:
    where = f"socterm.tests, test {number}"
    if not isinstance(item, dict):
        raise RuleError(f"{where}: must be a map with name, lines and alerts")
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
    if alerts == 0 and (count is not None or entity is not None):
        raise RuleError(f"{where}: count and entity say nothing where no alert is expected")
    return RuleTest(
        name=name,
        lines=_lines(item.get("lines"), where),
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
