"""The endpoints that take logs, for a service in whose process an ingest runs."""

from __future__ import annotations

from socterm.service.endpoints import Endpoint
from socterm.service.intake.body import LIMITS, Limits
from socterm.service.intake.posting import Posting
from socterm.service.intake.uploading import Uploading
from socterm.sources.hub import Hub


def intake_endpoints(hub: Hub, limits: Limits = LIMITS, *, local: bool = True) -> list[Endpoint]:
    """Endpoints over `hub`, from which the pipeline takes.

    `local`: journals of this machine need no certificate. Not behind a proxy, from where all seem to come.
    """
    return [*Posting(hub, limits).endpoints(), *Uploading(hub, limits, local=local).endpoints()]
