"""`socterm rules coverage`: the ATT&CK matrix, old and new names, and rules against what a store has seen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from socterm.alerts.model import RuleInfo
from socterm.sigma.coverage import coverage, matrix, techniques_of
from socterm.sigma.navigator import layer
from socterm.taxonomy import attack
from socterm.taxonomy.attack_subtechniques import SUBTECHNIQUES
from socterm.taxonomy.attack_techniques import TECHNIQUES
from tests.e2e.road import socterm
from tests.rules_cli import rule, rules


def info(title: str, *tags: str) -> RuleInfo:
    return RuleInfo(id=title, title=title, level="low", description="", tags=tags, falsepositives=(), path="")


def counted(*infos: RuleInfo, version: str = "19") -> dict[str, tuple[int, dict[str, int]]]:
    found = coverage(infos, version)  # type: ignore[arg-type]
    return {tactic.name: (tactic.rules, dict(tactic.techniques)) for tactic in found.tactics}


def test_the_tables_are_those_of_version_19() -> None:
    assert (len(attack.TACTICS), len(TECHNIQUES), len(SUBTECHNIQUES)) == (15, 222, 475)
    names = {tactic.name for tactic in attack.TACTICS}
    assert {tactic for _, tactics in TECHNIQUES.values() for tactic in tactics.split()} == names
    assert all(ident.partition(".")[0] in TECHNIQUES for ident in SUBTECHNIQUES)


def test_renames_lead_there_and_back() -> None:
    assert all(attack.known(new) and new not in attack.RENAMED for new in attack.RENAMED.values())
    assert not set(attack.RENAMED) & (set(TECHNIQUES) | set(SUBTECHNIQUES))
    for new, (old, _) in attack.FORMER.items():
        assert new in TECHNIQUES or new in SUBTECHNIQUES
        assert attack.name_of(old)
    assert attack.current(attack.former("T1685.005")) == "T1685.005"


def test_a_subtechnique_counts_for_its_technique_in_all_its_tactics() -> None:
    found = counted(info("one", "attack.execution", "attack.t1053.003"), info("two", "attack.t1053"))
    assert found["execution"] == (1, {"T1053": 2})
    assert found["persistence"] == (0, {"T1053": 2})
    assert found["impact"] == (0, {})


@pytest.mark.parametrize(
    ("tags", "tactic", "technique"),
    [
        (("attack.defense-evasion", "attack.t1562.001"), "defense-impairment", "T1685"),
        (("attack.defense_evasion", "attack.t1027"), "stealth", "T1027"),
        (("attack.defense-impairment", "attack.t1686.003"), "defense-impairment", "T1686"),
        (("attack.defense-evasion", "attack.t1070.001"), "defense-impairment", "T1685"),
    ],
)
def test_old_tags_count_under_their_new_names(tags: tuple[str, ...], tactic: str, technique: str) -> None:
    found = counted(info("rule", *tags))
    assert found[tactic] == (1, {technique: 1})
    assert sum(number for number, _ in found.values()) == 1


@pytest.mark.parametrize(
    "tags",
    [("attack.stealth", "attack.t1685"), ("attack.defense-impairment", "attack.t1562.001")],
)
def test_new_tags_count_under_their_old_names_when_asked(tags: tuple[str, ...]) -> None:
    found = counted(info("rule", *tags), version="18")
    assert set(found) == {tactic.name for tactic in matrix("18")}
    assert "stealth" not in found
    assert found["defense-evasion"] == (1, {"T1562": 1})


def test_version_18_has_one_column_less() -> None:
    assert len(matrix("18")) == 14
    assert "T1562" in techniques_of("defense-evasion", "18")
    assert "T1685" not in techniques_of("defense-evasion", "18")


def test_no_tag_is_dropped() -> None:
    tags = ("attack.s0029", "attack.t9999", "attack.haunting", "cve.2026-1", "detection.emerging-threats")
    found = coverage([info("rule", "attack.impact", *tags), info("bare"), info("odd", "attack.g0069")])
    assert {other.tag for other in found.other} == {*tags, "attack.g0069"}
    assert found.untagged == ("bare", "odd")


@pytest.fixture
def folder(tmp_path: Path, no_pack: Path) -> Path:
    """The only rules there are."""
    made = tmp_path / "rules"
    made.mkdir()
    (made / "sudo.yml").write_text(rule(1, tags="[attack.defense-evasion, attack.t1562.001, attack.s0029]"))
    (made / "sshd.yml").write_text(
        rule(
            2, logsource="{product: linux, service: sshd}",
            detection="{s: {event.action: x}, condition: s}", tags="[attack.stealth, attack.t1027.010]",
        )
    )  # fmt: skip
    (made / "toast.yml").write_text(rule(3, logsource="{product: acme}", tags="[attack.impact]"))
    return made


def test_the_table_fits_the_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = rules("coverage", "--rules", folder, "--all", home=folder.parent)
    assert done.code == 0
    assert max(map(len, done.lines)) <= 80
    assert re.search(r"   1 T1685 Disable or Modify Tools", done.out, re.MULTILINE)
    assert re.search(r"^ +· T1529 System Shutdown/Reboot|  · T1529 ", done.out, re.MULTILINE)
    assert "attack.s0029 1" in done.out
    # a rule that nothing here feeds covers nothing
    assert re.search(r"^Impact +░+ +0 of 15 +0$", done.out, re.MULTILINE)


@pytest.mark.parametrize("version", ["18", "19"])
def test_the_table_of_our_own_pack_fits_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = rules("coverage", "--all", "--attack", version, home=tmp_path)
    assert done.code == 0
    assert [line for line in done.lines if len(line) > 80] == []


def test_one_column(folder: Path) -> None:
    done = rules("coverage", "--rules", folder, "--tactic", "Defense Impairment", home=folder.parent)
    assert "Defense Impairment (TA0112)" in done.lines
    assert "Stealth (TA0005)" not in done.lines
    wrong = rules("coverage", "--tactic", "defence", home=folder.parent)
    assert (wrong.code, "has no tactic defence" in wrong.error) == (2, True)


def test_a_navigator_layer(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "layer.json"
    assert rules("coverage", "--rules", folder, "--navigator", file, home=tmp_path).code == 0
    layer = json.loads(file.read_text())
    assert layer["versions"] == {"attack": "19", "navigator": "5.1.0", "layer": "4.5"}
    assert (layer["domain"], bool(layer["name"])) == ("enterprise-attack", True)
    by_id = {found["techniqueID"]: found for found in layer["techniques"]}
    assert len(by_id) == len(layer["techniques"])
    assert (by_id["T1685"]["score"], by_id["T1685"]["comment"]) == (1, "A shell for 1")
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", ident) for ident in by_id)
    assert layer["gradient"]["maxValue"] == max(found["score"] for found in layer["techniques"])
    assert {"name": "tag outside the matrix", "value": "attack.s0029"} in layer["metadata"]
    rules("coverage", "--rules", folder, "--attack", "18", "--navigator", file, home=tmp_path)
    old = json.loads(file.read_text())
    assert old["versions"]["attack"] == "18"
    assert {"T1562.001", "T1027.010"} <= {found["techniqueID"] for found in old["techniques"]}
    wrong = rules("coverage", "--navigator", tmp_path / "no" / "layer.json", home=tmp_path)
    assert (wrong.code, "cannot be written" in wrong.error) == (3, True)


def test_json_names_every_rule(folder: Path) -> None:
    done = rules("coverage", "--rules", folder, "--json", home=folder.parent)
    techniques = {row["id"]: row for row in done.records if row["kind"] == "technique"}
    assert techniques["T1685"]["titles"] == ["A shell for 1"]
    assert {row["tag"] for row in done.records if row["kind"] == "other"} == {"attack.s0029"}


def test_rules_against_what_a_store_has_seen(folder: Path, tmp_path: Path) -> None:
    log, db = tmp_path / "mixed.log", tmp_path / "soc.db"
    log.write_text(
        "2026-03-17T10:00:00.000000+00:00 web01 sshd[9]: Failed password for a from 203.0.113.9 port 4 ssh2\n"
        "2026-03-17T10:00:01.000000+00:00 web01 named[9]: client @0x1 192.0.2.7#53 (example.org): query: "
        "example.org IN A + (192.0.2.1)\n"
    )
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=tmp_path)
    done = rules("coverage", "--rules", folder, "--db", db, "--json", home=tmp_path)
    datasets = {row["dataset"]: row for row in done.records if row["kind"] == "dataset"}
    assert datasets["sshd"]["rules"] == 1
    assert datasets["named"]["rules"] == 0
    idle = {row["title"] for row in done.records if row["kind"] == "idle"}
    assert "A shell for 1" in idle  # sudo: not in this store
    assert "A shell for 2" not in idle
    techniques = {row["id"] for row in done.records if row["kind"] == "technique"}
    assert "T1027.010" in techniques
    assert "T1685" not in techniques
    table = rules("coverage", "--rules", folder, "--db", db, home=tmp_path)
    assert "1 datasets have no rule" in table.lines[-1]


def test_titles_in_a_layer_stay_on_their_line() -> None:
    cover = coverage([info("evil\n\x1b]0;x\x07 \u202egnp", "attack.t1003", "x.\u202ey")], "19")
    (technique,) = layer(cover)["techniques"]
    assert technique["comment"] == "evil  ]0;x   gnp"
    assert "\u202e" not in json.dumps(layer(cover), ensure_ascii=False)


def test_one_tactic_has_its_own_techniques_only(tmp_path: Path) -> None:
    done = rules("coverage", "--json", "--tactic", "discovery", home=tmp_path)
    tactics = [row["name"] for row in done.records if row["kind"] == "tactic"]
    techniques = [row for row in done.records if row["kind"] == "technique"]
    assert tactics == ["discovery"]
    assert techniques
    assert all("discovery" in row["tactics"] for row in techniques)
