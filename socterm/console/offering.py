"""What the exception dialogue reads of the store before it can offer anything. Runs in threads."""

from __future__ import annotations

from socterm.console.offers import Offer, of_value, offered
from socterm.console.pivots import Spot, excepted_by
from socterm.console.readers import Store
from socterm.store.rows import AlertRow

LOOKED_AT = 200
"""Events of an alert in which all suggested fields have to agree."""


def for_alert(store: Store, alert: AlertRow) -> Offer:
    """What an alert offers."""
    triage = store.triage
    events = triage.alert_events(alert.id, limit=LOOKED_AT)
    return offered(alert, triage.parts(alert.id), triage.rules(), events)


def for_value(store: Store, spot: Spot) -> Offer:
    """What the value under the cursor offers. It has one: `excepted_by` says so."""
    triage = store.triage
    alert = triage.alert(spot.alert) if spot.alert else None
    event = next(iter(store.events.get([spot.event])), None) if spot.event else None
    return of_value(excepted_by(spot), alert, triage.rules(), event)
