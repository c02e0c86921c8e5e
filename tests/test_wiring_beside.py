"""What runs beside an ingest is what the configuration says."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.cli.wiring import beside
from socterm.config import load_config
from socterm.pipeline.incidentwatch import IncidentWatch
from socterm.store.ingest.writer import Writer


@pytest.mark.parametrize(("said", "watched"), [("true", True), ("false", False)])
def test_incidents_are_looked_at_in_the_background_unless_switched_off(
    tmp_path: Path, said: str, watched: bool
) -> None:
    environ = {"HOME": str(tmp_path), "SOCTERM_ANALYST_BACKGROUND": said, "SOCTERM_LLM_BACKEND": "none"}
    config = load_config({"db": tmp_path / "s.db"}, environ=environ)
    writer = Writer.open(config.db, now=1)
    try:
        assert any(isinstance(part, IncidentWatch) for part in beside(writer, config)) == watched
    finally:
        writer.close()
