"""SigmaHQ's whole archive: every document gets a fate, the terminal stays clean, its regressions fire."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.sigma.engine import Matcher
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet

CORPORA = os.environ.get("SOCTERM_CORPORA", "")
pytestmark = pytest.mark.skipif(not CORPORA, reason="SOCTERM_CORPORA names no folder with outside corpora")

DOCUMENTS = 3780
NOW = 1_800_000_000_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("sigmahq")
    with tarfile.open(Path(CORPORA) / "sigma" / "sigmahq-rules.tar.gz") as archive:
        # Debian 12's Python 3.11.2 has no filters yet.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(target)
    return target


@pytest.fixture(scope="module")
def rules(folder: Path) -> RuleSet:
    return load_rules([folder])


def test_every_document_gets_a_fate(rules: RuleSet) -> None:
    assert len(rules.fates) == DOCUMENTS
    counted = Counter(fate.fate for fate in rules.fates)
    assert counted["active"] + counted["no-source"] == len(rules.rules)
    assert len(rules.rules) + counted["refused"] == DOCUMENTS


def test_what_is_refused_says_why_in_one_line(rules: RuleSet) -> None:
    refused = [fate for fate in rules.fates if fate.fate == "refused"]
    assert all(fate.reason and "\n" not in fate.reason and fate.title and fate.path for fate in refused)
    # Only placeholders that a site must fill: every modifier in the archive is supported.
    assert all("nothing fills %" in fate.reason for fate in refused)


def test_filled_placeholders_leave_nothing_refused(folder: Path, rules: RuleSet) -> None:
    refused = [fate.reason for fate in rules.fates if fate.fate == "refused"]
    assert len(refused) == 25
    names = {name for reason in refused for name in re.findall("%([^%]+)%", reason)}
    filled = load_rules([folder], placeholders={name: ["x"] for name in names})
    assert [fate.reason for fate in filled.fates if fate.fate == "refused"] == []


def test_loading_writes_nothing_to_the_terminal(folder: Path) -> None:
    code = "import sys, pathlib, socterm.sigma.load as it; it.load_rules([pathlib.Path(sys.argv[1])])"
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code, str(folder)],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def regressions() -> list[dict[str, Any]]:
    path = Path(CORPORA) / "sigma" / "regression_dev.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if CORPORA else []


def fired(matcher: Matcher, events: list[Event]) -> set[str]:
    return {key for event in events for key in matcher.match(event)}


@pytest.mark.parametrize("shape", ["events", "sigma_events"], ids=["records of .evtx", "flat"])
def test_each_regression_event_fires_its_own_rule_when_read_by_us(rules: RuleSet, shape: str) -> None:
    matcher = Matcher(rules)
    missed = []
    tried = 0
    for case in regressions():
        rule = rules.rules.get(case["rule_id"])
        if rule is None:
            continue
        tried += 1
        lines = [json.dumps(record).encode() for record in case[shape]]
        events = Decoder("s").decode(Chunk("s", 0, lines, {}, NOW, live=False))
        if rule.key not in fired(matcher, events):
            missed.append(case["title"])
    assert tried > 50
    assert missed == []
