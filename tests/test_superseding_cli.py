"""What is part of what, on the command line: `scan` in every form, `alerts` on a store."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from socterm.alerts.model import EpisodeChange
from socterm.pipeline.findings import Finding
from socterm.pipeline.parts import Parts
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet

from rules_cli import called
from scanning import failures, scan
from test_rules_reload import login, over

PACK = "\n---\n".join(
    [
        login("failed", title="Failed login"),
        login("opened", "success", "socterm: {alert: true, entity: [source.ip]}\n", title="Login"),
        over("brute", "event_count", "failed", "2m", "condition: {gt: 5}"),
        over("broken_in", "temporal_ordered", "brute, opened", "10m", "generate: true")
        + "socterm: {supersedes: [brute, opened]}\n",
    ]
)
OPENED = (
    "2026-03-17T10:00:{0:02d}.000000+00:00 web01 sshd[9]: Accepted password for root from {1} port 9 ssh2\n"
)


@pytest.fixture(name="road")
def _road(tmp_path: Path) -> tuple[Path, Path]:
    """A log of a break-in and, from elsewhere, a mere attempt; and the rules."""
    log, rules = tmp_path / "auth.log", tmp_path / "rules.yml"
    rules.write_text(PACK)
    attempt = failures(0, 8, minute=30, address="192.0.2.4")
    log.write_text(failures(0, 8) + OPENED.format(20, "203.0.113.9") + attempt)
    return log, rules


def found(road: tuple[Path, Path], *more: object) -> str:
    log, rules = road
    result = scan(log, "--no-pack", "--rules", rules, "-q", *more)
    assert result.exit_code == 0, (result.exception, result.stderr)
    return result.stdout


def test_rows_say_what_they_are_part_of(road: tuple[Path, Path]) -> None:
    rows = [json.loads(line) for line in found(road, "--json").splitlines()]
    (head,) = [row for row in rows if row["rule"] == "broken_in"]
    assert head["part_of"] is None
    told = {(row["rule"], row["entity"]["source.ip"]): row["part_of"] for row in rows}
    assert told == {
        ("broken_in", "203.0.113.9"): None,
        ("brute", "203.0.113.9"): head["id"],
        ("opened", "203.0.113.9"): head["id"],
        ("brute", "192.0.2.4"): None,
    }
    cells = list(csv.DictReader(io.StringIO(found(road, "--format", "csv"))))
    assert {(row["rule"], row["part_of"]) for row in cells} == {
        (row["rule"], row["part_of"] or "") for row in rows
    }
    whole = json.loads(found(road, "--format", "json"))
    assert whole["summary"]["parts"] == 2
    assert [row["part_of"] for row in whole["alerts"]].count(head["id"]) == 2


def test_the_table_leaves_parts_out_and_counts_them(road: tuple[Path, Path]) -> None:
    def titles(*more: object) -> list[str]:
        return found(road, *more).splitlines()[1:]

    heads = titles()
    assert len(heads) == 2
    assert sum("+2" in line for line in heads) == 1
    assert len(titles("--all")) == 4
    assert sum("↳" in line for line in titles("--all")) == 2


def test_an_attempt_of_another_day_is_no_part_of_the_break_in(road: tuple[Path, Path]) -> None:
    log, _ = road
    quiet = "2026-03-18T12:00:{0:02d}.000000+00:00 web01 sshd[9]: Connection closed by 192.0.2.1 port 9\n"
    log.write_text(
        log.read_text() + "".join(quiet.format(n) for n in range(3)) + failures(0, 8).replace("-17T", "-19T")
    )
    rows = [json.loads(line) for line in found(road, "--json").splitlines()]
    assert [row["rule"] for row in rows if row["first"].startswith("2026-03-19")] == ["brute"]
    assert sum(row["part_of"] is not None for row in rows) == 2


def call(*arguments: object, home: Path) -> str:
    done = called(*arguments, home=home)
    assert done.code == 0, done.error
    return done.out


@pytest.mark.parametrize("batch", [1, 5, 2000])
def test_alerts_lists_heads_and_shows_and_decides_parts(
    road: tuple[Path, Path], tmp_path: Path, batch: int
) -> None:
    log, rules = road
    db = tmp_path / "s.db"
    call("run", "--tail", log, "--from-start", "--once", "--rules", rules, "-q", "--batch", batch,
         "--db", db, home=tmp_path)  # fmt: skip

    def listed(*more: object) -> list[dict[str, Any]]:
        text = call("alerts", "list", "--json", "--db", db, *more, home=tmp_path)
        rows = [json.loads(line) for line in text.splitlines()]
        return [row for row in rows if row["rule"] in ("brute", "opened", "broken_in")]

    heads = listed()
    assert sorted((row["rule"], row["parts"]) for row in heads) == [("broken_in", 2), ("brute", 0)]
    (head,) = [row["id"] for row in heads if row["rule"] == "broken_in"]
    assert sorted(row["rule"] for row in listed(f"part_of:{head}")) == ["brute", "opened"]
    assert len(listed("--parts")) == len(listed("--all")) == 4
    assert "+2" in call("alerts", "list", "--db", db, home=tmp_path)
    shown = json.loads(call("alerts", "show", head, "--json", "--db", db, home=tmp_path))
    assert [part["part_of"] for part in shown["part_alerts"]] == [head, head]
    part = shown["part_alerts"][0]["id"]
    assert f"part     #{part}" in call("alerts", "show", head, "--db", db, home=tmp_path)
    assert f"part of  #{head}" in call("alerts", "show", part, "--db", db, home=tmp_path)
    closed = call("alerts", "close", head, "--db", db, home=tmp_path).splitlines()
    assert len(closed) == 3
    assert len(listed("--parts")) == 1
    assert len(call("alerts", "undo", "--db", db, home=tmp_path).splitlines()) == 3
    assert len(listed("--parts")) == 4
    assert call("db", "check", "--db", db, home=tmp_path).strip().endswith("ok")


# -- when a row of a scan is certain ------------------------------------------------------------------------

MINUTE = 60_000_000


def a_finding(rules: RuleSet, rule: str, first: int, last: int) -> Finding:
    entity = (("source.ip", "203.0.113.9"),)
    return Finding(
        rule, rules.rules[rule].info, entity, 1, first * MINUTE, last * MINUTE, (), f"{rule}{first}"
    )


def under_way(rule: str, first: int) -> EpisodeChange:
    key = (first * MINUTE, "a", 0)
    return EpisodeChange(1, rule, (), key, key, 1, 0, 0, [])


def told(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.id, one.part_of) for one in found]


def test_a_row_waits_while_a_stronger_alert_can_still_come_and_no_longer(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(PACK)
    rules = load_rules([tmp_path / "rules.yml"])
    reach = rules.rules["broken_in"].info.reach // MINUTE
    parts = Parts(rules)
    assert parts.add(a_finding(rules, "brute", 0, 5)) == []
    assert parts.certain((5 + reach) * MINUTE, []) == [], "its window may still hold what is older"
    late = 10_000 * MINUTE
    assert parts.certain(late, [under_way("broken_in", 5 + reach)]) == [], "one under way reaches it"
    assert told(parts.certain(late + MINUTE, [under_way("broken_in", 6 + reach)])) == [("brute0", "")]
    assert parts.add(a_finding(rules, "brute", 10_001, 10_002)) == []
    assert parts.add(a_finding(rules, "broken_in", 10_003, 10_004)) == []
    assert told(parts.certain(late + 2 * MINUTE, [])) == [("broken_in10003", "")], "nothing supersedes it"
    assert told(parts.certain(2 * late, [])) == [("brute10001", "broken_in10003")]
    assert parts.number == 1
    assert parts.rest() == []


def test_a_clock_that_was_ahead_and_is_turned_back_delays_no_row(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(PACK)
    rules = load_rules([tmp_path / "rules.yml"])
    parts = Parts(rules)
    ahead, now = 1_000_000 * MINUTE, 10_000 * MINUTE
    assert parts.add(a_finding(rules, "brute", 0, 5)) == []
    reaching = under_way("broken_in", 0)
    assert parts.certain(ahead, [reaching]) == []
    assert parts.certain(now, [reaching]) == []
    assert parts.certain(now + MINUTE // 2, []) == [], "looked at once a minute"
    assert told(parts.certain(now + MINUTE, [])) == [("brute0", "")]


def test_a_row_that_no_rule_supersedes_and_that_supersedes_none_does_not_wait(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(PACK + "\n---\n" + login("other", title="Other"))
    rules = load_rules([tmp_path / "rules.yml"])
    assert told(Parts(rules).add(a_finding(rules, "other", 0, 1))) == [("other0", "")]


def test_rules_over_alerts_are_waited_for_to_the_end(tmp_path: Path) -> None:
    over_alerts = (
        "title: Any\nname: any\nlogsource: {product: socterm, service: alert}\n"
        "detection: {s: {rule.id: other}, condition: s}\nsocterm: {supersedes: [other]}\n"
    )
    (tmp_path / "rules.yml").write_text(login("other", title="Other") + "\n---\n" + over_alerts)
    rules = load_rules([tmp_path / "rules.yml"])
    parts = Parts(rules)
    assert parts.add(a_finding(rules, "other", 0, 1)) == []
    assert parts.certain(1 << 60, []) == []
    assert told(parts.rest()) == [("other0", "")]
