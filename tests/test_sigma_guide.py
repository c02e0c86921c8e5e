"""What a rule says about itself for its page, and the alerts it makes needless."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.sigma.load import load_rules
from socterm.sigma.model import Guide

RULE = """\
title: A login
name: login
logsource: {product: linux, service: sshd}
detection: {sel: {event.action: ssh_login}, condition: sel}
level: low
socterm: %s
"""


def load(tmp_path: Path, extension: str):
    path = tmp_path / "rule.yml"
    path.write_text(RULE % extension)
    return load_rules([path])


def test_a_rule_carries_its_page_and_what_it_supersedes(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        "{why: it matters, check: [see one, ask two], tune: raise, noise: 1 a day, supersedes: [a, b, a]}",
    )
    (rule,) = loaded.rules.values()
    assert rule.guide == Guide("it matters", ("see one", "ask two"), "raise", "1 a day")
    assert rule.supersedes == ("a", "b")


def test_one_step_and_one_name_need_no_list(tmp_path: Path) -> None:
    (rule,) = load(tmp_path, "{check: look, supersedes: a}").rules.values()
    assert rule.guide == Guide(check=("look",))
    assert rule.supersedes == ("a",)


def test_what_an_alert_takes_along_of_its_rule(tmp_path: Path) -> None:
    (rule,) = load(tmp_path, "{reopen: true, tune: raise}").rules.values()
    assert (rule.info.reopen, rule.info.tune) == (True, "raise")
    (rule,) = load(tmp_path, "{check: look}").rules.values()
    assert (rule.info.reopen, rule.info.tune) == (False, "")


@pytest.mark.parametrize(
    ("extension", "says"),
    [
        ("{why: ''}", "socterm.why must be a text"),
        ("{tune: [a]}", "socterm.tune must be a text"),
        ("{reopen: 'yes'}", "socterm.reopen must be true or false"),
        ("{noise: 3}", "socterm.noise must be a text"),
        ("{check: []}", "socterm.check must be a list of steps, each a text"),
        ("{check: [1]}", "socterm.check must be a list of steps, each a text"),
        ("{supersedes: []}", "socterm.supersedes must be a list of names of rules"),
        ("{sole: [source.ip]}", "socterm.sole must be the name of a field"),
        ("{supersedes: [3]}", "socterm.supersedes must be a list of names of rules"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, extension: str, says: str) -> None:
    loaded = load(tmp_path, extension)
    assert not loaded.rules
    assert [fate.reason for fate in loaded.fates] == [says]
