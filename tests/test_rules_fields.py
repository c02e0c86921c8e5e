"""`socterm rules fields`: what rules can ask for, and that the table of it is true."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from socterm.taxonomy import known_logsources
from socterm.taxonomy.yields import YIELDS, closed, is_known
from tests.rules_cli import rule, rules

ROOT = Path(__file__).resolve().parent.parent


def _yields() -> ModuleType:
    spec = importlib.util.spec_from_file_location("yields", ROOT / "docs" / "yields.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_has_every_field_our_lines_show() -> None:
    assert _yields().missing() == [], "run python docs/yields.py"
    assert len(YIELDS) > 200


@pytest.mark.parametrize(
    ("field", "source", "known"),
    [
        ("user.name", ("linux", "", "sshd"), True),
        ("username", ("linux", "", "sshd"), True),
        ("CommandLine", ("linux", "process_creation", ""), True),
        ("CommandLine", ("linux", "", "sshd"), False),
        ("a0", ("linux", "", "auditd"), True),
        ("cs-uri-query", ("", "proxy", ""), True),
        ("message", ("linux", "", "cron"), True),
        ("Threat Name", ("windows", "", "windefend"), True),
        ("no.such.field", ("linux", "", "sshd"), False),
    ],
)
def test_what_is_known(field: str, source: tuple[str, str, str], known: bool) -> None:
    assert is_known(field, source) is known


def test_where_producers_name_things_themselves() -> None:
    assert closed(("linux", "", "sshd")) == "closed"
    assert closed(("windows", "process_creation", "")) == "open"
    assert closed(("", "application", "")) != "closed"


def test_log_sources_are_listed(tmp_path: Path) -> None:
    found = {row["logsource"]: row for row in rules("fields", "--json", home=tmp_path).records}
    assert len(found) == len({source for source in known_logsources() if any(source)})
    assert found["linux/*/sshd"]["datasets"] == ["dropbear", "sshd"]
    assert found["linux/*/sshd"]["fields"] > 20
    assert rules("fields", home=tmp_path).lines[0].startswith("LOG SOURCE")


def test_fields_of_a_log_source(tmp_path: Path) -> None:
    done = rules("fields", "--logsource", "category=proxy", "--json", home=tmp_path)
    found = {row["field"]: row for row in done.records if row["logsource"] == "squid/proxy/squid"}
    assert found["http.request.method"]["sigma_names"] == ["cs-method"]
    assert "squid" in found["http.request.method"]["formats"]
    table = rules("fields", "--logsource", "linux/sshd", home=tmp_path)
    assert all("linux/*/sshd" in line for line in table.lines[1:])
    wrong = rules("fields", "--logsource", "acme/toaster", home=tmp_path)
    assert (wrong.code, "nothing here writes" in wrong.error) == (2, True)


def test_fields_of_a_rule_and_of_what_it_counts(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a.yml").write_text(
        rule(1, logsource="{product: linux, category: process_creation}",
             detection="{s: {CommandLine: x, nonsense: y}, condition: s}")
    )  # fmt: skip
    (folder / "b.yml").write_text(
        "title: Many\nid: 5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2aff\nlevel: high\n"
        "correlation: {type: event_count, "
        "rules: [5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a01], group-by: [User], timespan: 5m, "
        "condition: {gte: 2}}\n"
    )
    done = rules("fields", "Many", "--rules", folder, "--json", home=tmp_path)
    found = {row["field"]: row for row in done.records}
    assert found["CommandLine"]["stands_as"] == "process.command_line"
    assert found["CommandLine"]["known"] == "yes"
    assert "sudo" in found["CommandLine"]["datasets"]
    assert found["nonsense"]["known"] == "maybe"  # Sysmon for Linux names its data itself
    assert {row["rule"] for row in done.records} == {"Many", "A shell for 1"}
    assert any(row["field"] in ("User", "user.name") for row in done.records)
