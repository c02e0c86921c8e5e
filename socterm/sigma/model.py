"""What a loaded rule is, before any event is seen: plain values, no pySigma types beyond `load`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from socterm.alerts.model import RuleInfo
from socterm.event import LogSource
from socterm.sigma.learning.terms import Learning, Lookup

Fate = Literal["active", "no-source", "base", "filter", "disabled", "refused"]
"""active: raises alerts · no-source: would, but nothing here writes its log source · base: matched, but only
feeds correlations · filter: narrows other rules down · disabled: switched off or fails its own tests ·
refused: cannot be used; the reason says why."""

CorrelationType = Literal[
    "event_count",
    "value_count",
    "value_sum",
    "value_avg",
    "value_median",
    "value_percentile",
    "temporal",
    "temporal_ordered",
]

Bound = tuple[str, int | float]
"""One comparison of a condition: gt, gte, lt, lte, eq or neq, and what with."""

Case = tuple[tuple[str, ...], tuple[str, ...]]
"""One way for a condition with `and`, `or`, `not` to hold: keys of the rules that must be there, of those
that must be absent. Several cases are joined by `or`."""


class Correlation(msgspec.Struct, frozen=True):
    """A correlation's terms with all names resolved.

    `refs` are rule keys in the order written. `group_by` are the names in the rule; `fields[ref]` gives
    for each of them the ECS field to read on events of that ref (aliases applied), `counted[ref]` the ECS
    fields whose values are counted or calculated with. `others` gives the further names under which the
    fields of `fields` and `counted` may stand in an event. `span` is µs. All `bounds` have to hold; temporal
    types with `and`, `or`, `not` have `cases` instead. `percentile` is 0 to 100, None where it is not given.
    """

    type: CorrelationType
    refs: tuple[str, ...]
    group_by: tuple[str, ...]
    fields: dict[str, tuple[str, ...]]
    span: int
    bounds: tuple[Bound, ...] = (("gte", 1),)
    counted: dict[str, tuple[str, ...]] = {}
    others: dict[str, tuple[str, ...]] = {}
    cases: tuple[Case, ...] = ()
    percentile: float | None = None

    @property
    def op(self) -> str:
        """The comparison; the first one of a range."""
        return self.bounds[0][0]

    @property
    def threshold(self) -> int | float:
        """What is compared with."""
        return self.bounds[0][1]

    @property
    def field(self) -> str:
        """The counted fields by name, as events of the first rule have them."""
        return ", ".join(self.counted.get(self.refs[0], ()))

    @property
    def calculates(self) -> bool:
        """Whether it works with the values of a field as numbers."""
        if self.type == "value_percentile":
            return self.percentile is not None
        return self.type in ("value_sum", "value_avg", "value_median")

    @property
    def by_ref(self) -> bool:
        """Whether it matters which of its rules an event comes from."""
        return self.type in ("temporal", "temporal_ordered")


class RuleTest(msgspec.Struct, frozen=True):
    """One test inside a rule file: log lines (or events) and whether this rule must alert on them.

    `alerts` is the number of alerts expected (episodes at the end of a replay of the lines), `count` and
    `entity` what the first of them must say, where given. `events` stand in place of lines: JSON objects, one
    each, taken as of the rule's own log source. `lists` are what a look-up finds in this test.
    """

    name: str
    lines: tuple[str, ...]
    alerts: int
    count: int | None = None
    entity: dict[str, str] | None = None
    events: tuple[str, ...] = ()
    lists: dict[str, tuple[str, ...]] = {}


class RuleFilter(msgspec.Struct, frozen=True):
    """A filter document joined to a rule: the filter's key, and what must hold besides the rule itself."""

    key: str
    detection: Any


class Guide(msgspec.Struct, frozen=True):
    """A rule's page for whoever has its alert before them: why it matters, the steps to check it, how to tune
    it, how many alerts to expect. "" and () where the rule does not say."""

    why: str = ""
    check: tuple[str, ...] = ()
    tune: str = ""
    noise: str = ""


class Rule(msgspec.Struct, frozen=True):
    """A rule ready to be compiled or, for a correlation, to be wired.

    `key` is what other rules and the store call it: its id, else its name, else its path and index.
    `throttle` is the gap (µs) that ends an episode. `entity` are the ECS fields that name its entity; empty
    means the group-by values or the default order (source.ip, user.name, host.hostname).
    `detection` is the condition tree of `socterm.sigma.ir` for an event rule, None for a correlation.
    `risk` is what the rule gives its entity, as written under `socterm.risk`: see `socterm.alerts.risk`.
    `learning` and `lookup` narrow an event rule down: see `socterm.sigma.learning`.
    `filters` are those joined to the rule; `detection` is the whole then, `unfiltered` the rule's own part.
    `digest` says what the rule was made of: the text of its document, the filters, the values of its
    placeholders and the digests of rules it refers to. The same digest, the same matches.
    `supersedes` are names of rules whose alerts on the same entity say less than this rule's.
    """

    key: str
    info: RuleInfo
    name: str
    logsource: LogSource
    alerting: bool
    throttle: int
    entity: tuple[str, ...] = ()
    detection: Any = None
    correlation: Correlation | None = None
    tests: tuple[RuleTest, ...] = ()
    risk: int = 0
    learning: Learning | None = None
    lookup: Lookup | None = None
    filters: tuple[RuleFilter, ...] = ()
    unfiltered: Any = None
    digest: str = ""
    supersedes: tuple[str, ...] = ()
    guide: Guide = Guide()


class RuleFate(msgspec.Struct, frozen=True):
    """One line of `rules list`: every document read has one, whatever became of it.

    `logsource` and `tags` of a refused document are what it says of itself, as far as that is text.
    """

    key: str
    title: str
    level: str
    fate: Fate
    reason: str
    path: str
    line: int = 0
    logsource: LogSource = ("", "", "")
    tags: tuple[str, ...] = ()


class RuleSet(msgspec.Struct):
    """All rules of a load. `rules` are in dependency order: a correlation stands after what it refers to."""

    rules: dict[str, Rule]
    fates: list[RuleFate]
