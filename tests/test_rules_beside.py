"""Rules over alerts in our pack count the alerts of everybody; their own tests count those of the pack."""

from __future__ import annotations

from pathlib import Path

from socterm.assets import rules_dir
from socterm.pipeline.rulecheck import load_checked, run_rule_tests
from socterm.sigma.load import load_rules

NOISY = """\
title: Noise {number}
name: noise_{number}
logsource: {{product: linux, service: sshd}}
detection: {{sel: {{event.action: ssh_login}}, condition: sel}}
level: high
"""
OWN = """\
title: Two alerts
name: two_alerts
level: high
correlation:
  type: value_count
  rules: [any_alert]
  group-by: [source.ip]
  timespan: 1h
  condition: {gte: 2, field: rule.id}
socterm:
  tests:
    - name: nothing else here sees this
      lines: ['Mar  9 10:00:00 web1 sshd[7]: Failed password for bob from 192.0.2.7 port 40 ssh2']
      alerts: 1
---
title: Any alert
name: any_alert
logsource: {product: socterm, service: alert}
detection: {sel: {event.severity|gte: 3}, condition: sel}
"""


def noisy(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "noise.yml").write_text("---\n".join(NOISY.format(number=number) for number in range(3)))
    return folder


def test_rules_of_others_do_not_fail_the_tests_of_the_pack(tmp_path: Path) -> None:
    rules = load_rules([rules_dir(), noisy(tmp_path)])
    keys = [key for key, rule in rules.rules.items() if "/alerts/" in rule.info.path]
    outcomes = run_rule_tests(rules, keys)
    assert len(outcomes) > 20
    assert [outcome.problem for outcome in outcomes if outcome.problem] == []


def test_rules_of_others_over_alerts_are_tested_beside_all(tmp_path: Path) -> None:
    folder = noisy(tmp_path)
    (folder / "own.yml").write_text(OWN)
    fates = {fate.key: fate.fate for fate in load_checked([folder]).fates}
    assert fates["two_alerts"] == "active"
