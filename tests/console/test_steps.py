"""How to check an alert, as its rule says, stands in the detail: at 3 a.m. nobody looks for a page."""

from __future__ import annotations

import msgspec
from driver import console, driven
from scene import RULES, Scene
from socterm.sigma.model import RuleFate
from socterm.store.opening import Store

STEPS = ("Did any attempt succeed?", "Block [/red]192.0.2.1[/red]\x1b]0;x\x07 at the firewall.")


async def test_the_steps_of_its_rule_stand_below_an_alert(scene: Scene, store: Store) -> None:
    infos = {**RULES, "brute": msgspec.structs.replace(RULES["brute"], check=STEPS)}
    fates = [RuleFate(i.id, i.title, i.level, "active", "", "rules/x.yml") for i in infos.values()]
    scene.writer.save_rules(fates, infos)
    scene.alert("brute", {"source.ip": "203.0.113.77"}, scene.flood(1))
    async with driven(console(store)) as d:
        await d.sees("How to check", "1. Did any attempt succeed?", "2. Block [/red]192.0.2.1")
        assert "\x1b]0" not in d.text()


async def test_a_rule_without_steps_has_no_such_heading(scene: Scene, store: Store) -> None:
    fates = [RuleFate(i.id, i.title, i.level, "active", "", "rules/x.yml") for i in RULES.values()]
    scene.writer.save_rules(fates, RULES)
    scene.alert("brute", {"source.ip": "203.0.113.77"}, scene.flood(1))
    async with driven(console(store)) as d:
        await d.sees("Last lines")
        assert "How to check" not in d.text()
    assert store.triage is not None
    assert store.triage.steps("brute") == store.triage.steps("no such rule") == ()
