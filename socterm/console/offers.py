"""The exception a false positive offers: what can be chosen about it, in words. Pure.

An offer starts as what people mostly mean: what the alert is about, for its rule and those of its parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

import msgspec

from socterm.alerts.exceptions import (
    SPANS,
    USUAL,
    Term,
    Wording,
    entity_terms,
    expiry,
    networks_of,
    suggestions,
)
from socterm.console.lines import Line, Span, line, sp
from socterm.console.words import plural
from socterm.pipeline.preview import Preview, told
from socterm.store.rows import AlertRow, EventRow, RuleRow

LABEL: Final = 10
"""Cells of the words in front."""

MOST: Final = 5
"""Fields that are suggested."""


class Offer(msgspec.Struct, frozen=True):
    """An alert, what is known around it, and what has been chosen.

    `scope` is a place in `scopes`, `width` one in `widths` of the first address, `until` a name in `SPANS`;
    `added` are places in `suggested`.
    """

    alert: AlertRow
    parts: tuple[AlertRow, ...] = ()
    about: tuple[str, ...] | None = None
    suggested: tuple[Term, ...] = ()
    scope: int = 0
    width: int = 0
    until: str = USUAL
    reason: str = ""
    added: tuple[int, ...] = ()

    @property
    def alike(self) -> tuple[AlertRow, ...]:
        """The parts that are about the same: an exception can be for their rules, too."""
        mine = self.alert.entity.items()
        return tuple(row for row in self.parts if mine <= row.entity.items() and row.rule != self.alert.rule)

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it can be for: parts, rule, all."""
        return ("parts", "rule", "all") if self.alike else ("rule", "all")

    @property
    def rules(self) -> tuple[tuple[str, str], ...]:
        """(key, title) of the rules it is for; () for all."""
        name = self.scopes[self.scope]
        if name == "all":
            return ()
        rows = (self.alert, *(self.alike if name == "parts" else ()))
        return tuple({row.rule: row.title for row in rows}.items())

    @property
    def widths(self) -> tuple[str, ...]:
        """The address, and the networks around it; () where the alert is not about one."""
        found = next((value for value in self.alert.entity.values() if networks_of(value)), "")
        return (found, *networks_of(found)) if found else ()

    @property
    def narrows(self) -> bool:
        """Whether a field beside what the alert is about can be asked for."""
        return self.about is None or self.scopes[self.scope] == "all"

    @property
    def terms(self) -> tuple[Term, ...]:
        """What an event must have."""
        widths = self.widths
        own = [
            Term(term.field, widths[self.width], network=True)
            if self.width and term.value == widths[0]
            else term
            for term in entity_terms(self.alert.entity)
        ]
        more = [self.suggested[place] for place in self.added] if self.narrows else []
        return (*own, *more)

    @property
    def wording(self) -> Wording:
        """The exception."""
        reason = self.reason or f"false positive, as alert {self.alert.id} was"
        return Wording(tuple(key for key, _ in self.rules), self.terms, reason)

    @property
    def names(self) -> tuple[str, ...]:
        """The titles of its rules."""
        return tuple(title for _, title in self.rules)

    # -- choosing ------------------------------------------------------------------------

    def turned(self, what: str) -> Offer:
        """The next choice of scope, width or until."""
        if what == "scope":
            return msgspec.structs.replace(self, scope=(self.scope + 1) % len(self.scopes))
        if what == "width":
            return msgspec.structs.replace(self, width=(self.width + 1) % max(1, len(self.widths)))
        spans = tuple(SPANS)
        return msgspec.structs.replace(self, until=spans[(spans.index(self.until) + 1) % len(spans)])

    def toggled(self, place: int) -> Offer:
        """With a suggested field, or without it again."""
        if place >= len(self.suggested) or not self.narrows:
            return self
        added = set(self.added) ^ {place}
        return msgspec.structs.replace(self, added=tuple(sorted(added)))

    def because(self, reason: str) -> Offer:
        """With another reason."""
        return msgspec.structs.replace(self, reason=reason)

    def ends(self, now: int, tz: tzinfo) -> int:
        """When (µs) it would end, 0 for never."""
        return expiry(self.until, now, tz)


def offered(
    alert: AlertRow, parts: Sequence[AlertRow], rules: Sequence[RuleRow], events: Sequence[EventRow]
) -> Offer:
    """The offer for an alert."""
    about = next((rule.about for rule in rules if rule.id == alert.rule), None)
    fields: list[Mapping[str, Any]] = [row.fields for row in events]
    return Offer(alert, tuple(parts), about, suggestions(fields, alert.entity)[:MOST])


# -- in words ----------------------------------------------------------------------------


def lines(offer: Offer, found: Preview | None, said: str, until: str) -> list[Line]:
    """What the dialogue says. `found` is the preview, None while it is read, `said` what is wrong with it."""
    return [
        *_rules(offer),
        *_whom(offer),
        _row("until", "t", sp(until, "title")),
        _row("reason", "n", sp(offer.wording.reason, "text" if offer.reason else "dim")),
        Line(),
        *_preview(found, said),
    ]


def _row(label: str, key: str, *spans: Span) -> Line:
    return line((f"{label:<{LABEL - 2}}", "dim"), (f"{key:<2}", "key"), *spans, hang=LABEL)


def _rules(offer: Offer) -> list[Line]:
    scope = offer.scopes[offer.scope]
    if scope == "all":
        return [_row("for", "r", sp("all rules: such events never alert", "high"))]
    more = len(offer.rules) - 1
    said = [sp(offer.alert.title, "title")]
    if more:
        said.append(sp(f" and {plural(more, 'rule')} of its parts", "text"))
    return [_row("for", "r", *said)]


def _whom(offer: Offer) -> list[Line]:
    out = []
    for number, term in enumerate(offer.terms):
        key = "w" if len(offer.widths) > 1 and term.value == offer.widths[offer.width] else ""
        key = str(offer.suggested.index(term) + 1) if term in offer.suggested else key
        how = "in" if term.network else "is"
        label = "where" if not number else "and"
        out.append(_row(label, key, sp(f"{term.field} {how} ", "dim"), sp(term.value, "cite")))
    if offer.narrows:
        for number, term in enumerate(offer.suggested):
            if number not in offer.added:
                out.append(
                    _row("", str(number + 1), sp(f"+ {term.field} is {term.value}", "dim"))._replace(most=1)
                )
    return out


def _preview(found: Preview | None, said: str) -> list[Line]:
    if said:
        return [line((said, "high"))]
    if found is None:
        return [line(("Looking at what it would have hidden …", "dim"))]
    return [line((text, "critical" if text.startswith("CAREFUL") else "text")) for text in told(found)]
