"""SigmaHQ's regression events through the command: every one fires its own rule, all rules loaded."""

from __future__ import annotations

import json
import os
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.road import socterm

CORPORA = os.environ.get("SOCTERM_CORPORA", "")
pytestmark = pytest.mark.skipif(not CORPORA, reason="SOCTERM_CORPORA names no folder with outside corpora")

Hits = Counter[tuple[str, str]]
"""(file, rule) → rows whose evidence lies in that file."""


def cases() -> list[dict[str, Any]]:
    path = Path(CORPORA) / "sigma" / "regression_dev.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("sigmahq")
    with tarfile.open(Path(CORPORA) / "sigma" / "sigmahq-rules.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(target)
    return target


@pytest.fixture(scope="module")
def hits(rules: Path, tmp_path_factory: pytest.TempPathFactory) -> Hits:
    """One scan over a folder with each case three times: as a document, as lines, and flat."""
    folder = tmp_path_factory.mktemp("events")
    for case in cases():
        name, records = case["rule_id"], case["events"]
        (folder / f"{name}.array.json").write_text(json.dumps(records, indent=1))
        (folder / f"{name}.lines.json").write_text("".join(json.dumps(one) + "\n" for one in records))
        flat = case["sigma_events"]
        (folder / f"{name}.flat.json").write_text("".join(json.dumps(one) + "\n" for one in flat))
    home = tmp_path_factory.mktemp("home")
    text = socterm("scan", folder, "--signals", "--format", "ndjson", "--rules", rules, home=home)
    asked = {case["rule_id"] for case in cases()}
    found: Hits = Counter()
    for line in text.splitlines():
        row = json.loads(line)
        if row["rule"] not in asked:
            continue  # what else they fire, our own correlations among it
        assert len(row["events"]) == 1
        found[(Path(row["events"][0]["file"]).name, row["rule"])] += 1
    return found


@pytest.mark.parametrize("shape", ["array", "lines", "flat"])
def test_every_case_fires_its_own_rule_as_often_as_it_says(hits: Hits, shape: str) -> None:
    short = {
        case["title"]: (hits[f"{case['rule_id']}.{shape}.json", case["rule_id"]], case["test"]["match_count"])
        for case in cases()
        if hits[f"{case['rule_id']}.{shape}.json", case["rule_id"]] < (case["test"]["match_count"] or 1)
    }
    assert len(cases()) == 100
    assert short == {}
