"""Rules that remember or look things up, with a part of their settings broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from socterm.sigma.mutants.changing import DROP, Mutant, changed, numbers, spans, without_each

KEY: Final = "socterm"
_SPANS: Final = ("history", "learn", "for", "bucket", "min_gap")
_COUNTS: Final = ("max_count", "after_seen", "min_events")
_MEASURES: Final = ("max_kmh", "min_km", "min", "z", "max_jitter")
_KINDS: Final = ("new_value", "rarity", "silence", "geo_speed", "spike", "periodicity")


def memory_mutants(data: dict[str, Any]) -> Iterator[Mutant]:
    """Without the memory at all, without each part of its key, with other numbers and time spans."""
    extension = data.get(KEY)
    if not isinstance(extension, dict):
        return
    for kind in (*_KINDS, "lookup"):
        settings = extension.get(kind)
        if isinstance(settings, dict):
            yield Mutant(f"without {kind}", changed(data, (KEY, kind), DROP))
            for name, value in settings.items():
                yield from _setting(data, kind, name, value)


def _setting(data: dict[str, Any], kind: str, name: str, value: object) -> Iterator[Mutant]:
    path, what = (KEY, kind, name), f"{kind}.{name}"
    if name in _SPANS:
        yield from spans(data, path, value, what)
    elif name in _COUNTS or name in _MEASURES:
        yield from numbers(data, path, value, what, by_one=name in _COUNTS)
    else:
        yield from without_each(data, path, value, what)
    if name in ("field", "history"):
        yield Mutant(f"{what}: left out", changed(data, path, DROP))
