"""The Rules screen, by keys alone and as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from driver import Driver, console, driven
from scene import ACTOR, NOW, RULES, FakeIngest, Scene
from socterm.console.screens.exceptions import ExceptionsScreen
from socterm.console.screens.rules import RulesScreen
from socterm.sigma.model import RuleFate
from socterm.store.ingest.batch import Batch, SourceState
from socterm.store.opening import Store
from story import busy
from textual.pilot import Pilot

SIZES = {"wide": (160, 50), "narrow": (100, 30), "tiny": (70, 24)}
TESTED = """\
title: SSH brute force
name: brute
level: high
tags: [attack.credential-access, attack.t1110]
logsource: {product: linux, service: sshd}
detection: {sel: {event.action: ssh_login, event.outcome: failure}, condition: sel}
socterm:
  tests:
    - name: one failure
      lines: |
        Mar  9 10:00:00 web1 sshd[4100]: Failed password for root from 203.0.113.9 port 40000 ssh2
      alerts: 1
    - name: what is wrong here
      lines: |
        Mar  9 10:00:00 web1 sshd[4100]: Failed password for root from 203.0.113.9 port 40000 ssh2
      alerts: 7
"""


def fates(scene: Scene, path: str = "rules/{}.yml") -> None:
    """Rules of every fate."""
    rows = [RuleFate(i.id, i.title, i.level, "active", "", path.format(i.id)) for i in RULES.values()]
    more = [
        RuleFate(
            "bad", "Broken [/foo]", "high", "refused", "not YAML: mapping values at character 7", "bad.yml", 3
        ),
        RuleFate("fails", "Fails its tests", "low", "disabled", "fails its own test: one: no alert", "f.yml"),
        RuleFate("logins", "Failed login", "informational", "base", "", "logins.yml"),
        RuleFate(
            "win", "A Windows rule", "medium", "no-source", "no parser here yields windows/*/*", "win.yml"
        ),
    ]
    scene.writer.save_rules([*rows, *more], RULES)
    scene.writer.commit(Batch(now=NOW, rule_hits={"brute": 12_000, "logins": 90_000, "sudo-root": 3}))


async def opened(d: Driver) -> RulesScreen:
    await d.press("comma", "r")
    await d.until(lambda: isinstance(d.app.screen, RulesScreen))
    await d.until(lambda: d.app.screen.list.ids)  # type: ignore[attr-defined]
    await d.settled()
    found = d.app.screen
    assert isinstance(found, RulesScreen)
    return found


def titles(screen: RulesScreen) -> list[str]:
    return [screen.list.items[row].rule.title for row in screen.list.ids]


async def test_what_needs_somebody_comes_first_then_the_loudest(scene: Scene, store: Store) -> None:
    fates(scene)
    scene.simple(["brute", "brute", "sudoers"])
    async with driven(console(store)) as d:
        screen = await opened(d)
        await d.sees("▲ refused", "▲ fails", "● active", "○ no log", "· base", "12k", "9 active of 13")
        assert titles(screen)[:4] == [
            "Broken [/foo]", "Fails its tests", "SSH brute force", "sudo: user not in sudoers",
        ]  # fmt: skip
        await d.sees("not YAML: mapping values at character 7")


async def test_o_switches_off_with_a_reason_and_on_again_and_z_takes_back(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        screen = await opened(d)
        assert titles(screen)[0] == "SSH brute force"
        await d.press("o")
        await d.sees("Switch off", "too noisy here")
        await d.press("enter")
        await d.sees("○ off", "switched off: raises no alerts")
        (row,) = store.exceptions.all()
        assert (row.off, row.rules, row.reason, row.author) == (True, ("brute",), "too noisy here", ACTOR)
        await d.press("o")
        await d.until(lambda: store.exceptions.all()[0].expires == NOW)
        await d.until(lambda: "○ off" not in d.text())
        await d.press("z")
        await d.sees("○ off")
        await d.press("z")
        await d.until(lambda: not store.exceptions.all())


async def test_t_runs_the_tests_inside_a_rule_and_v_shows_what_all_cover(
    scene: Scene, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "brute.yml").write_text(TESTED)
    fates(scene, str(tmp_path / "{}.yml"))
    async with driven(console(store)) as d:
        await opened(d)
        await d.press("slash")
        await d.type("brute force")
        await d.press("enter")
        await d.sees("2 active of 2")
        await d.press("j", "t")
        await d.settled()
        await d.sees("Its file is not there any more")
        await d.press("k", "t")
        await d.settled()
        await d.sees("✓ one failure", "✗ what is wrong here")
        await d.press("v")
        await d.settled()
        await d.sees("Credential Access", "1 rule", "Coverage")
        await d.press("v")
        await d.sees("✓ one failure")


async def test_v_crosses_rules_with_the_logs_that_are_read_here(
    scene: Scene, store: Store, tmp_path: Path
) -> None:
    """A rule whose log is read counts; one whose log is not is told apart; a log without a rule is named."""
    dns = TESTED.replace("name: brute", "name: sudoers").replace("t1110", "t1071")
    dns = dns.replace("product: linux, service: sshd", "category: dns").replace(
        "credential-access", "command-and-control"
    )
    (tmp_path / "brute.yml").write_text(TESTED)
    (tmp_path / "sudoers.yml").write_text(dns)
    rows = [
        RuleFate(name, RULES[name].title, "high", "active", "", str(tmp_path / f"{name}.yml"))
        for name in ("brute", "sudoers")
    ]
    scene.writer.save_rules(rows, RULES)
    read = SourceState("/srv/a.log", 1, {}, 900, 900, NOW, formats={"sshd": 800, "postfix": 100})
    scene.writer.commit(Batch(sources=[read], now=NOW))
    async with driven(console(store)) as d:
        await opened(d)
        await d.press("v")
        await d.sees("Credential Access")
        row = next(row for row in d.rows() if "Command and Control" in row)
        assert "0 of" in row
        assert "+1 by 1 rule without a log" in row
        assert "1 of" in next(row for row in d.rows() if "Credential Access" in row)
        await d.press("2", "G")
        await d.sees(
            "Logs read here", "sshd", "800 lines  1 rule, 1 technique", "no rule looks at it",
            "1 rule in force waits for logs that are not read here", "dns",
        )  # fmt: skip


async def test_e_goes_to_its_exceptions_and_b_to_its_back_test(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await opened(d)
        await d.press("e")
        await d.until(lambda: isinstance(d.app.screen, ExceptionsScreen))
        await d.press("escape")
        await d.until(lambda: isinstance(d.app.screen, RulesScreen))
        await d.press("b")
        await d.until(lambda: d.app.screen.PLACE == "hunt")  # type: ignore[attr-defined]
        await d.settled()
        await d.sees("brute")


async def test_a_rule_that_cannot_alert_is_not_switched(scene: Scene, store: Store) -> None:
    fates(scene)
    async with driven(console(store)) as d:
        await opened(d)
        await d.press("o")
        await d.sees("it is refused: it raises no alerts as it is")


@pytest.mark.parametrize("size", SIZES)
def test_the_rules_screen(scene: Scene, store: Store, size: str, snap_compare: Any) -> None:
    """Broken rules first and loud, the rest by alerts; numbers aligned; the chosen one beside it."""
    busy(scene)
    fates(scene)

    async def run(pilot: Pilot[None]) -> None:
        d = Driver(pilot.app, pilot)  # type: ignore[arg-type]
        await d.until(lambda: d.app.screen is d.app.triage and d.app.triage._change >= 0)
        await opened(d)
        await d.press("j", "j")
        await d.settled()

    app = console(store, ingest=FakeIngest(), fps=0.5)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=run)
