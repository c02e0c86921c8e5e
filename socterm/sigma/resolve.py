"""From documents read one by one to a set of rules that know each other: keys, references, fates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

import msgspec

from socterm.alerts.model import RuleInfo
from socterm.errors import RuleError
from socterm.event import LogSource
from socterm.sigma.alertrules import circles, over_alerts, refuse_mixture
from socterm.sigma.correlations import correlation_of
from socterm.sigma.documents import Document, digest_of
from socterm.sigma.extension import Extension, check_memory, learned_entity
from socterm.sigma.filters import FilterTerms, apply_filters
from socterm.sigma.ir import Node
from socterm.sigma.model import Correlation, Fate, Guide, Rule, RuleFate, RuleFilter, RuleSet
from socterm.sigma.superseding import with_superseded
from socterm.sigma.terms import Terms
from socterm.taxonomy import known_logsources
from socterm.taxonomy.logsources import serves

MINIMUM_THROTTLE = 600_000_000
"""µs: the gap that ends an episode unless the rule says otherwise or its time span is longer."""

REASON_LIMIT = 400
"""Characters of a fate's reason: it is one line of a list."""

_DEPTH = 100


class Draft(msgspec.Struct):
    """One document on its way to a rule. With a `problem` it will be refused, and that is why."""

    document: Document
    key: str
    id: str = ""
    name: str = ""
    title: str = ""
    level: str = "informational"
    description: str = ""
    tags: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    extension: Extension = Extension()
    logsource: LogSource = ("", "", "")
    detection: Node | None = None
    terms: Terms | None = None
    filter: FilterTerms | None = None
    filters: tuple[RuleFilter, ...] = ()
    unfiltered: Node | None = None
    digest: str = ""
    note: str = ""
    problem: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.document.path}:{self.document.line}" if self.document.line else self.document.path


def build(
    drafts: Sequence[Draft], disabled: Collection[str], lists: Collection[str] | None = None
) -> RuleSet:
    """The rule set of all drafts.

    `disabled` holds keys, ids or names of rules that must not alert, `lists` the names a look-up may use,
    None where they do not matter.
    """
    resolver = _Resolver(drafts, frozenset(text.lower() for text in disabled), lists)
    return resolver.ruleset()


class _Resolver:
    def __init__(
        self, drafts: Sequence[Draft], disabled: frozenset[str], lists: Collection[str] | None
    ) -> None:
        self._drafts = drafts
        self._lists = lists
        self._disabled = disabled
        self._known: dict[str, Draft] = {}
        self._rules: dict[str, Rule] = {}
        self._silenced: set[str] = set()
        for draft in drafts:
            self._register(draft)
        self._over: set[str] = set()
        apply_filters(drafts, self._known, self._off)
        self._refuse_circles()
        for draft in drafts:
            self._silence(draft)

    def ruleset(self) -> RuleSet:
        for draft in self._drafts:
            if draft.filter is not None:
                continue
            try:
                self._finish(draft, ())
            except RuleError as error:
                draft.problem = str(error)
        needed: set[str] = set()
        for rule in reversed(self._rules.values()):
            if rule.correlation is not None and (rule.key in needed or not self._off(rule.key)):
                needed.update(rule.correlation.refs)
        kept = {key: rule for key, rule in self._rules.items() if key in needed or not self._off(key)}
        kept = with_superseded(kept, self._called)
        return RuleSet(rules=kept, fates=[self._fate(draft, needed) for draft in self._drafts])

    def _register(self, draft: Draft) -> None:
        """Ids and names share one space: a reference may be either."""
        for called in dict.fromkeys(text.lower() for text in (draft.id, draft.name) if text):
            first = self._known.setdefault(called, draft)
            if first is not draft and not draft.problem:
                draft.problem = f"'{called}' is already taken by the rule in {first.place}"
                draft.key = f"{draft.document.path}#{draft.document.number}"

    def _silence(self, draft: Draft) -> None:
        """Note what this document refers to without `generate`: those rules then only feed it.

        Read from the document itself, so that a correlation that is refused or switched off still keeps its
        base rules from flooding the list.
        """
        terms = draft.document.data.get("correlation")
        if not isinstance(terms, dict) or terms.get("generate") is True:
            return
        refs = terms.get("rules")
        for ref in [refs] if isinstance(refs, str) else refs if isinstance(refs, list) else []:
            found = self._known.get(str(ref).lower())
            if found is not None:
                self._silenced.add(found.key)

    def _refuse_circles(self) -> None:
        """A rule over alerts must not see its own, directly or through others."""
        refs = {
            draft.key: [key for ref in draft.terms.rules if (key := self._called(ref)) is not None]
            for draft in self._drafts
            if draft.terms is not None and not draft.problem
        }
        found = circles([draft for draft in self._drafts if not draft.problem], refs)
        for draft in self._drafts:
            draft.problem = draft.problem or found.get(draft.key, "")

    def _finish(self, draft: Draft, trail: tuple[str, ...]) -> Rule:
        """The rule of a draft, after those it refers to. Raises RuleError where there is none."""
        if draft.problem:
            raise RuleError(draft.problem)
        done = self._rules.get(draft.key)
        if done is None:
            terms = draft.terms
            try:
                correlation = None if terms is None else self._correlation(terms, (*trail, draft.key))
            except RuleError as error:
                draft.problem = str(error)
                raise
            done = self._rules[draft.key] = self._rule(draft, correlation)
        return done

    def _rule(self, draft: Draft, correlation: Correlation | None) -> Rule:
        extension = draft.extension
        check_memory(extension, draft.logsource, correlation is not None, self._lists)
        if over_alerts(draft.logsource):
            self._over.add(draft.key)
            if extension.learning is not None or extension.lookup is not None:
                raise RuleError("a rule over alerts remembers and looks up nothing; count alerts instead")
        alerting = draft.key not in self._silenced if extension.alert is None else extension.alert
        if extension.sole and not self._notes_sole(draft.key, correlation):
            raise RuleError("socterm.sole is for event_count over rules on logs that have a detection")
        longest = max(MINIMUM_THROTTLE, correlation.span if correlation else 0)
        return Rule(
            key=draft.key,
            info=RuleInfo(
                id=draft.key,
                title=draft.title,
                level=draft.level,
                description=draft.description,
                tags=draft.tags,
                falsepositives=draft.falsepositives,
                path=draft.document.path,
                check=extension.check,
                reopen=extension.reopen,
                tune=extension.tune,
                risk=extension.risk,
                about=correlation.fields[correlation.refs[0]] if correlation else None,
                sole=extension.sole,
            ),
            name=draft.name,
            logsource=draft.logsource,
            alerting=alerting and not self._off(draft.key),
            throttle=longest if extension.throttle is None else extension.throttle,
            entity=extension.entity or learned_entity(extension.learning, draft.logsource),
            detection=draft.detection,
            correlation=correlation,
            tests=extension.tests,
            risk=extension.risk,
            learning=extension.learning,
            lookup=extension.lookup,
            filters=draft.filters,
            unfiltered=draft.unfiltered,
            supersedes=extension.supersedes,
            guide=Guide(extension.why, extension.check, extension.tune, extension.noise),
            digest=digest_of(draft.digest, *(self._rules[ref].digest for ref in correlation.refs))
            if correlation
            else draft.digest,
        )

    def _notes_sole(self, key: str, correlation: Correlation | None) -> bool:
        return (
            correlation is not None
            and correlation.type == "event_count"
            and key not in self._over
            and all(self._rules[ref].correlation is None for ref in correlation.refs)
        )

    def _correlation(self, terms: Terms, trail: tuple[str, ...]) -> Correlation:
        refs = self._references(terms, trail)
        if refuse_mixture(refs, self._over):
            self._over.add(trail[-1])
        return correlation_of(terms, refs, self._called)

    def _called(self, written: str) -> str | None:
        found = self._known.get(written.lower())
        return None if found is None else found.key

    def _references(self, terms: Terms, trail: tuple[str, ...]) -> list[Rule]:
        if not terms.rules:
            raise RuleError("it refers to no rule")
        refs: list[Rule] = []
        for written in terms.rules:
            found = self._known.get(written.lower())
            if found is None:
                raise RuleError(f"it refers to '{written}', and no rule of that id or name is loaded")
            if found.filter is not None:
                raise RuleError(f"it refers to '{written}', which is a filter")
            if len(trail) > _DEPTH:
                raise RuleError(f"it stands on a chain of more than {_DEPTH} correlations")
            if found.key in trail:
                circle = " → ".join([*trail[trail.index(found.key) :], found.key])
                raise RuleError(f"it refers to itself: {circle}")
            try:
                rule = self._finish(found, trail)
            except RuleError as error:
                raise RuleError(f"it refers to '{written}', which is refused: {error}") from error
            if any(rule.key == other.key for other in refs):
                raise RuleError(f"it refers to '{written}' twice")
            refs.append(rule)
        return refs

    def _off(self, key: str) -> bool:
        draft = self._known.get(key.lower())
        called = {key.lower()} | ({draft.name.lower(), draft.id.lower()} if draft is not None else set())
        return bool(called & self._disabled)

    def _fate(self, draft: Draft, needed: set[str]) -> RuleFate:
        fate: Fate
        rule = self._rules.get(draft.key)
        if draft.filter is not None and not draft.problem:
            off = self._off(draft.key)
            fate, reason = ("disabled", "switched off") if off else ("filter", draft.note)
        elif draft.problem or rule is None:
            fate, reason = "refused", draft.problem
        elif self._off(draft.key):
            fate, reason = "disabled", "switched off"
            if draft.key in needed:
                reason += "; still matched for the correlations on it"
        else:
            fate, reason = ("active" if rule.alerting else "base"), ""
            if rule.detection is not None and not _served(rule.logsource):
                source = "/".join(part or "*" for part in rule.logsource)
                fate, reason = "no-source", f"no parser here yields the log source {source}"
        return RuleFate(
            key=draft.key,
            title=draft.title or "(no title)",
            level=draft.level,
            fate=fate,
            reason=" ".join(reason.split())[:REASON_LIMIT],
            path=draft.document.path,
            line=draft.document.line,
            logsource=draft.logsource,
            tags=draft.tags,
        )


_SOURCES = known_logsources()


@cache
def _served(wanted: LogSource) -> bool:
    """Whether a parser here writes a log source that a rule asks for."""
    return any(serves(wanted, source) for source in _SOURCES)
