"""Our own rules broken a part at a time: their tests notice. A sample; CONTRIBUTING says how to run all."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.assets import rules_dir
from socterm.pipeline.rulemutants import Mutation
from socterm.sigma.documents import read_file, rule_files

ACCEPTED = Path(__file__).parent / "equivalent_mutants.txt"
SAMPLE = (
    "accounts/user_created.yml",
    "alerts/several_detections.yml",
    "authentication/brute_force.yml",
    "authentication/impossible_travel.yml",
    "authentication/new_country_login.yml",
    "authentication/success_after_brute_force.yml",
    "evasion/firewall_stopped.yml",
    "evasion/source_silent.yml",
    "execution/rare_root_program.yml",
    "network/beaconing.yml",
    "network/known_bad_connection.yml",
    "privilege/root_after_external_login.yml",
    "web/web_exfiltration.yml",
    "windows/dcsync.yml",
)
"""One of each kind at least: counts, values, sums, orders, absences, chains, alerts, memories, a look-up."""


def accepted() -> dict[tuple[str, str], str]:
    lines = ACCEPTED.read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    return {(rule, mutant): why for rule, mutant, why in rows}


@pytest.fixture(scope="module")
def mutation() -> Mutation:
    return Mutation([read_file(path) for path in rule_files([rules_dir()])], {})


@pytest.mark.parametrize("path", SAMPLE)
def test_no_part_of_a_rule_goes_unmissed(path: str, mutation: Mutation) -> None:
    fates = [fate for fate in mutation.rules.fates if fate.path == str(rules_dir() / path)]
    tried = list(mutation.all_of(fates))
    assert tried
    unnoticed = {(one.rule, one.mutant) for one in tried if one.fate == "unnoticed"}
    assert unnoticed <= accepted().keys()


def test_what_is_accepted_is_of_our_rules_and_has_a_reason(mutation: Mutation) -> None:
    names = {rule.name for rule in mutation.rules.rules.values()}
    assert {rule for rule, _ in accepted()} <= names
    assert all(len(why) > 20 for why in accepted().values())
