"""Whether the service is there: for whoever watches it, without saying anything else."""

from __future__ import annotations

from typing import Any, Final, Literal

from socterm.service.answers import Told
from socterm.service.endpoints import Call, Endpoint, Nothing


class Health(Told):
    """It answers, and its store can be read."""

    status: Literal["ok"]


def _health(call: Call[Nothing, Nothing]) -> dict[str, Any]:
    call.service.store.events.newest_id()
    return {"status": "ok"}


ENDPOINTS: Final = (
    Endpoint(
        "GET", "/health", "Say that it is there and can read its store", _health, scope="", answer=Health
    ),
)
