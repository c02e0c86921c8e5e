"""Filter documents: one exclusion for many rules, and which of them kept an event from a rule.

Sigma 2.1, "Sigma Filters". A rule with filters matches where the rule itself and the condition of every
filter hold; the condition is taken as written, so that an exclusion says `not selection`. Filters reach event
rules only: what correlations count is filtered with the rules they refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final, Protocol

import msgspec

from socterm.errors import RuleError
from socterm.event import Event, LogSource
from socterm.sigma import ir
from socterm.sigma.detection import bound, read_detection
from socterm.sigma.documents import digest_of
from socterm.sigma.evaluate import evaluate
from socterm.sigma.model import Rule, RuleFilter
from socterm.sigma.placeholders import Placeholders
from socterm.taxonomy.logsources import serves

_ANY: Final = "any"
_NAMED: Final = 5


class FilterTerms(msgspec.Struct, frozen=True):
    """A filter as written: ids or names of rules, () for any; `tree` with fields as written."""

    rules: tuple[str, ...]
    tree: ir.Node


class Filterable(Protocol):
    """What a document must show for filters to be joined to rules."""

    key: str
    logsource: LogSource
    detection: ir.Node | None
    unfiltered: ir.Node | None
    filters: tuple[RuleFilter, ...]
    filter: FilterTerms | None
    digest: str
    problem: str
    note: str


def read_filter(said: object, placeholders: Placeholders) -> FilterTerms:
    """What stands under `filter:`. Raises RuleError with one line."""
    if not isinstance(said, Mapping):
        raise RuleError("filter: must be a map of rules, selections and a condition")
    if "rules" not in said:
        raise RuleError("filter: it has no rules; name some by id or name, or write any")
    if not isinstance(said.get("condition"), str):
        raise RuleError("filter: it needs one condition, such as: not selection")
    return FilterTerms(_references(said["rules"]), read_detection(said, None, placeholders, apart="rules"))


def _references(said: Any) -> tuple[str, ...]:
    refs = [said] if isinstance(said, str) else said
    if not isinstance(refs, list) or not all(isinstance(ref, str) and ref for ref in refs):
        raise RuleError("filter: rules must be ids or names of rules, or any")
    if not refs:
        raise RuleError("filter: rules is empty; name some by id or name, or write any")
    return () if [ref.lower() for ref in refs] == [_ANY] else tuple(dict.fromkeys(refs))


def apply_filters(
    drafts: Sequence[Filterable], known: Mapping[str, Filterable], off: Callable[[str], bool]
) -> None:
    """Join every usable filter to the rules it is for; `known` finds a document by id or name in lower case.

    `off` says whether a filter is switched off. One that reaches no rule gets a problem, the others a note.
    """
    for draft in drafts:
        if draft.filter is None or draft.problem or off(draft.key):
            continue
        targets, left_out = _targets(draft, draft.filter, drafts, known)
        for target in targets:
            _join(target, draft, draft.filter.tree)
        if targets:
            said = f"for {len(targets)} rule" + ("s" if len(targets) != 1 else "")
            hint = [] if _excludes(draft.filter.tree) else ["without `not` they match only what it selects"]
            draft.note = "; ".join([said, *hint, *left_out[:_NAMED]])
        else:
            draft.problem = "it filters no rule: " + "; ".join(left_out[:_NAMED])


def _targets(
    draft: Filterable, terms: FilterTerms, drafts: Sequence[Filterable], known: Mapping[str, Filterable]
) -> tuple[list[Filterable], list[str]]:
    """The rules a filter is for, and why it is not for others it names."""
    source = draft.logsource
    if not terms.rules:
        fitting = [each for each in drafts if _usable(each) and serves(source, each.logsource)]
        return fitting, [] if fitting else [f"none is of the log source {shown(source)}"]
    targets: list[Filterable] = []
    left_out: list[str] = []
    for ref in terms.rules:
        found = known.get(ref.lower())
        if found is None:
            left_out.append(f"no rule '{ref}' is loaded")
        elif found.filter is not None:
            left_out.append(f"'{ref}' is a filter")
        elif found.problem:
            left_out.append(f"'{ref}' is refused")
        elif found.detection is None:
            left_out.append(f"'{ref}' is a correlation; filter the rules it refers to")
        elif not serves(source, found.logsource):
            left_out.append(f"'{ref}' is of another log source, {shown(found.logsource)}")
        elif all(found is not target for target in targets):
            targets.append(found)
    return targets, left_out


def _excludes(tree: ir.Node) -> bool:
    """Whether there is a `not` in it: the specification's own example has none, and hardly means it."""
    if isinstance(tree, ir.And | ir.Or):
        return any(map(_excludes, tree.nodes))
    return isinstance(tree, ir.Not)


def _usable(draft: Filterable) -> bool:
    return draft.detection is not None and draft.filter is None and not draft.problem


def _join(target: Filterable, draft: Filterable, tree: ir.Node) -> None:
    own = target.unfiltered = target.unfiltered or target.detection
    target.filters = (*target.filters, RuleFilter(draft.key, bound(tree, target.logsource)))
    target.digest = digest_of(target.digest, draft.digest)
    parts = (own, *(each.detection for each in target.filters))
    target.detection = ir.joined(ir.And, tuple(part for part in parts if part is not None))


def shown(source: LogSource) -> str:
    """A log source for messages: `windows/process_creation/*`."""
    return "/".join(part or "*" for part in source)


def suppressed_by(rule: Rule, event: Event, tz: tzinfo) -> str | None:
    """The key of the filter that keeps an event from a rule that would match it; None where none does.

    The first filter in the order of loading is named.
    """
    if rule.unfiltered is None or not evaluate(rule.unfiltered, event, tz):
        return None
    return next((each.key for each in rule.filters if not evaluate(each.detection, event, tz)), None)
