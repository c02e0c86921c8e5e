"""The exception that an alert or a value offers: what can be chosen about it, in words. Pure.

An offer starts as what people mostly mean: what the alert is about, for its rule and those of its parts; a
value alone, for all rules.
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

BAR: Final = 20
"""Cells of how far the preview is."""


class Offer(msgspec.Struct, frozen=True):
    """What is to be excepted, what is known around it, and what has been chosen.

    `entity` are the fields asked for to begin with, `rule` the key and title of the rule it is about, `alike`
    those of its parts; `alert` is the alert it comes from, 0 for none, `why` the reason unless another is
    given. `scope` is a place in `scopes`, `width` one in `widths` of the first address, `until` a name in
    `SPANS`; `added` are places in `suggested`.
    """

    entity: dict[str, str]
    rule: tuple[str, str] = ("", "")
    alike: tuple[tuple[str, str], ...] = ()
    alert: int = 0
    why: str = "known here"
    about: tuple[str, ...] | None = None
    suggested: tuple[Term, ...] = ()
    scope: int = 0
    width: int = 0
    until: str = USUAL
    reason: str = ""
    added: tuple[int, ...] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it can be for: parts, rule, all."""
        return (*(["parts"] if self.alike else []), *(["rule"] if self.rule[0] else []), "all")

    @property
    def rules(self) -> tuple[tuple[str, str], ...]:
        """(key, title) of the rules it is for; () for all."""
        name = self.scopes[self.scope]
        if name == "all":
            return ()
        return tuple(dict([self.rule, *(self.alike if name == "parts" else ())]).items())

    @property
    def widths(self) -> tuple[str, ...]:
        """The address, and the networks around it; () where the alert is not about one."""
        found = next((value for value in self.entity.values() if networks_of(value)), "")
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
            for term in entity_terms(self.entity)
        ]
        more = [self.suggested[place] for place in self.added] if self.narrows else []
        return (*own, *more)

    @property
    def wording(self) -> Wording:
        """The exception."""
        return Wording(tuple(key for key, _ in self.rules), self.terms, self.reason or self.why)

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
    """The offer for an alert: whom it is about, for its rule and those of its parts that say the same."""
    mine = alert.entity.items()
    alike = {row.rule: row.title for row in parts if mine <= row.entity.items() and row.rule != alert.rule}
    return Offer(
        alert.entity,
        (alert.rule, alert.title),
        tuple(alike.items()),
        alert.id,
        f"false positive, as alert {alert.id} was",
        _about(alert, rules),
        suggestions([row.fields for row in events], alert.entity)[:MOST],
    )


def of_value(
    fields: Mapping[str, str], alert: AlertRow | None, rules: Sequence[RuleRow], event: EventRow | None
) -> Offer:
    """The offer for a value: the first of these fields, for the rule of the alert it was seen in, or for all.

    The other fields, and those of the event it stands in, are suggested. Where all of them are what the alert
    is about, they are asked for together; a rule that counts by other fields cannot be asked for this one.
    """
    (field, value), *_ = fields.items()
    whole = alert is not None and fields == alert.entity
    entity = dict(fields) if whole else {field: value}
    about = _about(alert, rules) if alert is not None else None
    own = alert is not None and (about is None or entity.keys() <= set(about))
    seen: dict[str, Any] = {**fields, **(event.fields if event is not None else {})}
    return Offer(
        entity,
        (alert.rule, alert.title) if own and alert is not None else ("", ""),
        (),
        alert.id if alert is not None else 0,
        f"known here, as in alert {alert.id}" if alert is not None else "known here",
        about if own else None,
        suggestions([seen], entity)[:MOST],
    )


def _about(alert: AlertRow, rules: Sequence[RuleRow]) -> tuple[str, ...] | None:
    return next((rule.about for rule in rules if rule.id == alert.rule), None)


# -- in words ----------------------------------------------------------------------------


def lines(
    offer: Offer, found: Preview | None, said: str, until: str, looked: tuple[int, int] = (0, 0)
) -> list[Line]:
    """What the dialogue says. `found` is the preview, None while it is read, `said` what is wrong with it;
    `looked` says at how many alerts was looked, of how many, where that takes its time."""
    return [
        *_rules(offer),
        *_whom(offer),
        _row("until", "t", sp(until, "title")),
        _row("reason", "n", sp(offer.wording.reason, "text" if offer.reason else "dim")),
        Line(),
        *_preview(found, said, *looked),
    ]


def _row(label: str, key: str, *spans: Span) -> Line:
    return line((f"{label:<{LABEL - 2}}", "dim"), (f"{key:<2}", "key"), *spans, hang=LABEL)


def _rules(offer: Offer) -> list[Line]:
    scope = offer.scopes[offer.scope]
    if scope == "all":
        return [_row("for", "r", sp("all rules: such events never alert", "high"))]
    more = len(offer.rules) - 1
    said = [sp(offer.rule[1], "title")]
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


def _preview(found: Preview | None, said: str, looked: int, of: int) -> list[Line]:
    if said:
        return [line((said, "high"))]
    if found is not None:
        return [line((text, "critical" if text.startswith("CAREFUL") else "text")) for text in told(found)]
    out = [line(("Looking at what it would have hidden …", "dim"))]
    if of:
        full = BAR * looked // of
        out.append(
            line(
                ("█" * full, "primary"),
                ("░" * (BAR - full), "dim"),
                (f"  {looked:,} of {of:,} alerts", "text"),
                (" · Esc leaves" if looked < of else " · counting the events · Esc leaves", "dim"),
            )
        )
    return out
