"""Rules over alerts where people meet them: their own tests, `rules explain`, `scan --signals`."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.pipeline.detect import Detector
from socterm.pipeline.replay import decode
from socterm.pipeline.rulecheck import run_rule_tests
from socterm.pipeline.ruleexplain import explain_rule

from scanning import failures, rows
from test_rules_reload import login, over
from test_sigma_alerts import T0, rules, seen

LINE = "Mar  9 10:0{}:00 web1 sshd[4100]: {} password for root from 203.0.113.9 port 40000 ssh2"
EVENT = """{{"@timestamp": "2026-01-02T1{}:00:00Z", "event.action": "ssh_login", "event.outcome": "success", \
"source.ip": "192.0.2.8"}}"""


def with_test(document: str, kind: str, lines: list[str]) -> str:
    """A rule that says of itself that these lines make one alert."""
    said = "".join(f"\n        {line}" for line in lines)
    return f"{document}socterm:\n  tests:\n    - name: own\n      alerts: 1\n      {kind}: |{said}\n"


SUCCESSES = [LINE.format(minute, "Accepted") for minute in range(3)]
OWN = {
    "a rule that names one": (seen("one", "rule.name: opened"), SUCCESSES[:1], "lines"),
    "one that names none": (seen("one"), SUCCESSES[:1], "lines"),
    "a correlation": (
        over("one", "event_count", "any", "24h", "condition: {gte: 1}"), SUCCESSES[:1], "lines",
    ),
    "through another over alerts": (seen("one", "rule.name: any"), SUCCESSES[:1], "lines"),
    "events, where the rules are named": (
        seen("one", "rule.name: opened"), [EVENT.format(1), EVENT.format(2)], "events",
    ),
}  # fmt: skip


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize(("document", "lines", "kind"), OWN.values(), ids=OWN)
def test_a_rule_over_alerts_passes_its_own_tests(
    tmp_path: Path, document: str, lines: list[str], kind: str, broken: bool
) -> None:
    """The replay raises the alerts it looks at; and a test that says otherwise fails."""
    opened = login("opened", "failure" if broken else "success", "socterm: {throttle: 3h}\n")
    spread = seen("any").replace("condition: sel}", "condition: sel}\nsocterm: {alert: true}")
    found = rules(tmp_path, opened, login("failed"), spread, with_test(document, kind, lines))
    assert [bool(outcome.problem) for outcome in run_rule_tests(found)] == [broken]


def test_explain_shows_the_alert_of_a_rule_over_alerts(tmp_path: Path) -> None:
    found = rules(tmp_path, login("opened", "success"), seen("one"))
    lines = decode(SUCCESSES, now=T0)
    explained = explain_rule(found.rules["one"], found, lines)
    assert [alert.count for alert in explained.alerts] == [1]
    assert {answer.key for event in explained.answers for answer in event.rules} == {"one"}


def test_signals_list_what_rules_over_alerts_fire_on(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    again = over("again", "event_count", "any", "24h", "condition: {gte: 2}")
    (folder / "all.yml").write_text("---\n".join((login("failed"), seen("any"), again)))
    log = tmp_path / "auth.log"
    log.write_text(failures(0, 1) + failures(0, 1, minute=30) + failures(0, 1, minute=50))
    found = rows(log, "--no-pack", "--rules", folder, "--signals")
    assert [(row["title"], row["last"][11:19]) for row in found if row["title"] == "again"] == [
        ("again", "10:30:00"), ("again", "10:50:00"),
    ]  # fmt: skip


def test_what_rules_over_alerts_leave_out_is_counted(tmp_path: Path) -> None:
    again = over("again", "event_count", "any", "24h", "condition: {gte: 2}").replace("source.ip", "host.id")
    detector = Detector(rules(tmp_path, login("failed"), seen("any"), again))
    detector.feed("replay", decode([LINE.format(0, "Failed")], now=T0))
    detector.flush()
    assert detector.left_out() == {"again": {"skipped": 1, "not_numbers": 0, "evicted": 0}}
