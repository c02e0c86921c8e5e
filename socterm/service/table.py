"""Everything that can be asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from socterm.service import alerts, events, health, incidents, lists, login, metrics, people, stream
from socterm.service.endpoints import Endpoint
from socterm.service.openapi import endpoint_of

_OWN: Final = (
    *login.ENDPOINTS,
    *alerts.ENDPOINTS,
    *incidents.ENDPOINTS,
    *events.ENDPOINTS,
    *lists.ENDPOINTS,
    *stream.ENDPOINTS,
    *people.ENDPOINTS,
    *health.ENDPOINTS,
    *metrics.ENDPOINTS,
)


def with_document(more: Iterable[Endpoint] = ()) -> tuple[Endpoint, ...]:
    """The endpoints of every service and `more`, with the document that describes them all."""
    table = (*_OWN, *more)
    return (*table, endpoint_of(table))


ENDPOINTS: Final = with_document()
"""Those of every service; what takes logs in over HTTP is added where there is an ingest to take them."""
