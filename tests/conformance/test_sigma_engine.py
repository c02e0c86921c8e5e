"""The indexed engine finds on every corpus what the plain evaluator finds, with SigmaHQ's rules and ours."""

from __future__ import annotations

import json
import os
import tarfile
from datetime import UTC
from pathlib import Path

import pytest
from socterm.assets import rules_dir
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.sigma.engine import Matcher
from socterm.sigma.evaluate import evaluate
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet

CORPORA = os.environ.get("SOCTERM_CORPORA", "")
pytestmark = pytest.mark.skipif(not CORPORA, reason="SOCTERM_CORPORA names no folder with outside corpora")

NOW = 1_800_000_000_000_000
MOST = 150
"""Lines of a log: each is asked all rules, one by one."""


def logs() -> list[Path]:
    return sorted(path for path in (Path(CORPORA) / "logs").glob("*") if path.is_file()) if CORPORA else []


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    target = tmp_path_factory.mktemp("sigmahq")
    with tarfile.open(Path(CORPORA) / "sigma" / "sigmahq-rules.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(target)
    return load_rules([target, rules_dir()])


@pytest.fixture(scope="module")
def matcher(rules: RuleSet) -> Matcher:
    return Matcher(rules)


def decoded(lines: list[bytes]) -> list[Event]:
    return Decoder("s").decode(Chunk("s", 0, lines, {}, NOW, live=False))


def compare(matcher: Matcher, events: list[Event]) -> int:
    """How many rules matched, if both say the same of each event; its whole batch at once and each alone."""
    hits = 0
    for event, together in zip(events, matcher.match_all(events), strict=True):
        asked = matcher.candidates(event)
        plain = [rule.key for rule in asked if evaluate(rule.detection, event, UTC)]
        assert list(together) == plain, event.raw
        assert matcher.match(event) == together, event.raw
        hits += len(plain)
    return hits


@pytest.mark.parametrize("log", logs(), ids=lambda path: path.name)
def test_logs(matcher: Matcher, log: Path) -> None:
    lines = log.read_bytes().splitlines()
    compare(matcher, decoded(lines[:: max(1, len(lines) // MOST)]))


@pytest.mark.parametrize("shape", ["events", "sigma_events"])
def test_regressions_of_sigmahq(matcher: Matcher, shape: str) -> None:
    text = (Path(CORPORA) / "sigma" / "regression_dev.jsonl").read_text()
    records = [record for line in text.splitlines() for record in json.loads(line)[shape]]
    assert compare(matcher, decoded([json.dumps(record).encode() for record in records])) > 100


def golden() -> list[Path]:
    return sorted((Path(CORPORA) / "golden").glob("*.jsonl")) if CORPORA else []


@pytest.mark.parametrize("path", golden(), ids=lambda path: path.stem)
def test_lines_of_other_peoples_tests(matcher: Matcher, path: Path) -> None:
    lines = [json.loads(text).get("line") for text in path.read_text().splitlines()]
    texts = [line.encode() for line in lines if isinstance(line, str) and "\n" not in line]
    compare(matcher, decoded(texts[:: max(1, len(texts) // MOST)]))
