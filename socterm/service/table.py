"""Everything that can be asked."""

from __future__ import annotations

from typing import Final

from socterm.service import health, login
from socterm.service.endpoints import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *login.ENDPOINTS,
    *health.ENDPOINTS,
)
"""Those of every service; what takes logs in over HTTP is added where there is an ingest to take them."""
