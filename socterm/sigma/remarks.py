"""What a person should know of a rule that loads: it runs, but perhaps not as its author thinks."""

from __future__ import annotations

from collections.abc import Mapping

from socterm.event import LogSource
from socterm.sigma.ir import FieldMatch, leaves
from socterm.sigma.model import Rule, RuleFate
from socterm.taxonomy.yields import closed, is_known

_NAMED = 4


def remarks(rule: Rule, fates: Mapping[str, RuleFate]) -> tuple[str, ...]:
    """One phrase for each thing worth a warning; `fates` are those of all rules, by key."""
    if rule.correlation is not None:
        idle = [fates[ref].title for ref in rule.correlation.refs if _fate(fates, ref) == "no-source"]
        return (f"counts rules whose log source nothing here writes: {_few(idle)}",) if idle else ()
    missing = unknown_fields(rule)
    return (f"asks for fields nothing yields: {_few(missing)}",) if missing else ()


def unknown_fields(rule: Rule) -> tuple[str, ...]:
    """The fields of a rule, as written, that no event of its log source is known to have.

    Empty where the log source has names of its producer's choice, or is one that nobody here writes.
    """
    if rule.detection is None or closed(rule.logsource) != "closed":
        return ()
    found = dict.fromkeys(
        written(leaf)
        for leaf in leaves(rule.detection)
        if isinstance(leaf, FieldMatch) and not _known(leaf, rule.logsource)
    )
    return tuple(found)


def written(leaf: FieldMatch) -> str:
    """A field as its rule writes it: the second of the names to try, where its ECS name is another."""
    return leaf.names[1] if len(leaf.names) > 1 else leaf.names[0]


def _known(leaf: FieldMatch, source: LogSource) -> bool:
    return any(is_known(name, source) for name in leaf.names)


def _fate(fates: Mapping[str, RuleFate], key: str) -> str:
    return fates[key].fate if key in fates else ""


def _few(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
