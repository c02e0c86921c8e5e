"""Who or what an event is about: the entity its alert is counted on."""

from __future__ import annotations

from typing import Final

from socterm.alerts.model import Entity
from socterm.event import Event
from socterm.sigma.fields import text, values
from socterm.sigma.model import Rule

DEFAULT: Final = ("source.ip", "user.name", "host.hostname")
"""Where a rule names no entity: the first of these that the event has."""

WHOM: Final = "socterm.entity"
"""Of an alert as an event: whom it is about, `name=value` for each part of its entity. A correlation grouped
by this is about that part: one rule for addresses, users and machines alike."""


def entity_of(rule: Rule, event: Event) -> Entity:
    """The entity of an event rule's match: all fields of `socterm.entity`, else the first default there is.

    A field the event lacks is left out; of a list the first value counts; () where nothing is left.
    """
    if rule.entity:
        return tuple((name, text(found[0])) for name in rule.entity if (found := values(event, (name,))))
    for name in DEFAULT:
        found = values(event, (name,))
        if found:
            return ((name, text(found[0])),)
    return ()
