"""Conformance: every line of the tables in cases/, by the plain evaluator and by the indexed engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from sigma_cases import Case, cases, document, event_of, load, matched, zone

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(tmp_path: Path, case: Case) -> None:
    rules = load(tmp_path, document(case.said), case.said.get("placeholders"))
    (fate,) = rules.fates
    if case.event is None:
        assert fate.fate == "refused"
        assert str(case.expected) in fate.reason
        assert "\n" not in fate.reason
        return
    assert fate.fate in ("active", "no-source"), fate.reason
    assert bool(matched(rules, event_of(case.event), zone(case.said))) is case.expected


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 400
    assert len({case.name for case in CASES}) == len(CASES)
