"""JSON of other people's golden files: Windows' security log, clouds, osquery, threat feeds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.conformance.scoring import SCORED, Score, raw, read, records

CORPORA = os.environ.get("SOCTERM_CORPORA", "")
pytestmark = pytest.mark.skipif(not CORPORA, reason="SOCTERM_CORPORA names no folder with outside corpora")

EXCEPTIONS: dict[str, tuple[str, ...]] = {
    # Theirs has host.name only; ours gives the short name of the machine as well.
    "system.security": ("host.hostname",),
    # Theirs is from before ECS had categories: "network_traffic". Ours has the action of a flow.
    "googlecloud.vpcflow": ("event.category", "event.action"),
    # Theirs keeps the host's name under a name of its own.
    "osquery.result": ("host.hostname",),
    # A feed of indicators is no log: nothing says there that it is about threats but who sends it.
    "ti_anomali.threatstream": ("event.category",),
}
"""Kind → fields not scored, and why."""

KINDS = (
    "system.security", "awsfirehose.log", "awsfirehose.log_json_pipeline", "googlecloud.vpcflow",
    "osquery.result", "ti_anomali.threatstream",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_agreement_per_field(kind: str) -> None:
    scored = tuple(field for field in SCORED if field not in EXCEPTIONS.get(kind, ()))
    score = Score()
    for record in records(Path(CORPORA) / "golden" / "golden_elastic.jsonl", kind):
        score.add(record, read(raw(record)), scored)
    assert score.records
    for field in scored:
        assert score.agreement(field) >= 0.95, score.table()
    assert score.extra() <= 0.03, score.table()
