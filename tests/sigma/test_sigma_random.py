"""The engine gives the plain evaluator's answers on random rules and events, and these reach it all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sigma_random import compare, many
from socterm.sigma import compile as compiler

ENGINE = ("compile", "index", "listed", "lines", "literals", "needs", "rest", "route", "slots")
"""The files between a rule's tree and an answer."""

ROUNDS = 150


def test_the_engine_agrees_and_a_fifth_of_all_pairs_match(tmp_path: Path) -> None:
    found = many(ROUNDS, tmp_path)
    assert found.pairs > 5_000
    assert found.matches / found.pairs >= 0.2
    assert found.refused == 0  # what the generator writes, socterm can use


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_the_engine_agrees_where_hypothesis_looks(
    tmp_path_factory: pytest.TempPathFactory, random: Random
) -> None:
    compare(random, tmp_path_factory.getbasetemp())


def test_the_random_rules_reach_the_branches_of_the_engine(tmp_path: Path) -> None:
    folder = Path(compiler.__file__).parent
    files = ",".join(str(folder / f"{name}.py") for name in ENGINE)
    data, report = f"--data-file={tmp_path / 'data'}", tmp_path / "report.json"
    script = str(Path(__file__).with_name("sigma_random.py"))
    tool = [sys.executable, "-m", "coverage"]
    subprocess.run(
        [*tool, "run", "--branch", data, f"--include={files}", script, str(ROUNDS)],
        check=True, capture_output=True, cwd=tmp_path, timeout=300,
    )  # fmt: skip
    subprocess.run(
        [*tool, "json", data, "-o", str(report)], check=True, capture_output=True, cwd=tmp_path, timeout=60
    )
    found = json.loads(report.read_text())["files"]
    assert len(found) == len(ENGINE)
    reached = {Path(name).stem: part["summary"] for name, part in found.items()}
    covered = sum(part["covered_branches"] for part in reached.values())
    branches = sum(part["num_branches"] for part in reached.values())
    assert covered / branches >= 0.95, {name: part["missing_branches"] for name, part in reached.items()}
    core = reached["compile"]
    assert core["covered_branches"] / core["num_branches"] >= 0.95
