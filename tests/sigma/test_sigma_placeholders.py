"""Placeholders from the configuration file into the rules, by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from socterm.cli import cli
from socterm.cli.wiring import placeholders
from socterm.config import load_config
from socterm.errors import UsageError
from socterm.sigma.load import load_rules
from socterm.sigma.placeholders import Placeholders

RULE = """\
title: By an administrator
name: by_admin
logsource: {product: linux}
detection: {sel: {User|expand: '%Administrators%'}, condition: sel}
"""


@pytest.fixture
def home(tmp_path: Path, no_pack: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "rule.yml").write_text(RULE)
    return tmp_path


def listed(home: Path, config: str) -> dict[str, Any]:
    (home / "c.toml").write_text(config)
    done = CliRunner().invoke(
        cli, ["rules", "list", "--rules", str(home / "rule.yml"), "--config", str(home / "c.toml"), "--json"]
    )
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in done.output.splitlines()]
    found: dict[str, Any] = next(row for row in rows if row["title"] == "By an administrator")
    return found


def test_a_rule_whose_placeholder_nothing_fills_says_how_to_fill_it(home: Path) -> None:
    row = listed(home, "")
    assert row["fate"] == "refused"
    assert '[placeholders] Administrators = ["…"]' in row["reason"]


def test_filled_in_the_configuration_it_is_active(home: Path) -> None:
    assert listed(home, '[placeholders]\nadministrators = ["root"]\n')["fate"] == "active"
    (home / "admins.txt").write_text("# who may\nroot\n\n  adm_* \n")
    assert listed(home, '[placeholders]\nAdministrators = "admins.txt"\n')["fate"] == "active"
    found = placeholders(load_config(path=home / "c.toml"))
    assert found == {"Administrators": ("root", "adm_*")}


def test_other_values_are_not_those_remembered(home: Path) -> None:
    # The second load finds the rule in the cache of rules; its values must not come from there.
    assert listed(home, '[placeholders]\nAdministrators = ["root"]\n')["fate"] == "active"
    assert listed(home, "")["fate"] == "refused"


def test_a_file_that_is_not_there_is_a_mistake_in_one_line(home: Path) -> None:
    (home / "c.toml").write_text('[placeholders]\nAdministrators = "gone.txt"\n')
    with pytest.raises(UsageError, match=r"placeholders\.Administrators: .*gone\.txt: No such file"):
        placeholders(load_config(path=home / "c.toml"))


def test_too_many_combinations_are_refused(home: Path) -> None:
    text = RULE.replace("%Administrators%", "%a%%b%%c%")
    (home / "rule.yml").write_text(text)
    lists = {name: [str(number) for number in range(30)] for name in "abc"}
    (fate,) = load_rules([home / "rule.yml"], placeholders=lists).fates
    assert fate.fate == "refused"
    assert "27,000 values" in fate.reason
    many = {"a": [str(number) for number in range(60_000)], "b": ["x"], "c": ["y"]}
    (fate,) = load_rules([home / "rule.yml"], placeholders=many).fates
    assert "60,000 values" in fate.reason


def test_what_was_used_is_known() -> None:
    placeholders = Placeholders({"A": ["1"], "b": ["2"]})
    assert len(placeholders.fill("x%a%")) == 1
    assert placeholders.used == {"a": ("1",)}
