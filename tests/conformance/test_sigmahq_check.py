"""The linter on all of SigmaHQ's rules: few findings, and only of kinds that were looked at and are true."""

from __future__ import annotations

import os
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from tests.rules_cli import rules

CORPORA = os.environ.get("SOCTERM_CORPORA", "")
pytestmark = pytest.mark.skipif(not CORPORA, reason="SOCTERM_CORPORA names no folder with outside corpora")


def test_sigmahq_has_few_findings(tmp_path: Path) -> None:
    with tarfile.open(Path(CORPORA) / "sigma" / "sigmahq-rules.tar.gz") as archive:
        archive.extractall(tmp_path)
    found = Counter(row["check"] for row in rules("check", tmp_path, "--json", home=tmp_path).records)
    assert set(found) <= {"refused", "logsource", "wildcard", "empty", "field"}
    assert found["refused"] <= 30
    assert found["logsource"] <= 20
    assert found["wildcard"] + found["empty"] + found["field"] <= 10
