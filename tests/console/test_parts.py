"""Alerts that are part of others: left out of the list, counted on their head, decided with it."""

from __future__ import annotations

from typing import Any

import pytest
from driver import Driver, console, driven
from scene import RULES, Scene
from socterm.alerts.model import RuleInfo
from socterm.store.opening import Store
from test_pictures import SIZES, make, ready
from textual.pilot import Pilot

IP = {"source.ip": "203.0.113.77"}
_SUPERSEDES = {
    "success-after": ("brute", "enumeration", "root-login"),
    "brute": ("enumeration",),
}


def attack(scene: Scene) -> tuple[int, list[int], int]:
    """An attack that three rules see, what is beside it, and which is which: (head, parts, other)."""
    infos = {
        name: RuleInfo(
            i.id,
            i.title,
            i.level,
            i.description,
            i.tags,
            supersedes=_SUPERSEDES.get(name, ()),
            reach=600_000_000,
        )
        for name, i in RULES.items()
    }
    scene.writer.save_rules([], infos)
    brute = scene.alert("brute", IP, scene.flood(5))
    enumeration = scene.alert("enumeration", IP, scene.flood(3))
    other = scene.alert("sudoers", {"user.name": "bob"}, scene.flood(1))
    head = scene.alert("success-after", {**IP, "user.name": "root"}, scene.flood(2))
    return head, [brute, enumeration], other


def states(store: Store, *alerts: int) -> list[str]:
    return [store.triage.alert(alert).state for alert in alerts]  # type: ignore[union-attr]


async def test_the_list_leaves_parts_out_and_counts_them(scene: Scene, store: Store) -> None:
    head, (brute, enumeration), other = attack(scene)
    async with driven(console(store)) as d:
        assert d.alerts == [head, other]
        await d.sees("+2", "2 open")
        assert "+2" in next(row for row in d.rows() if "SSH login after brute force" in row)
        await d.press("P")
        await d.until(lambda: d.alerts == [head, brute, enumeration, other])
        await d.sees("parts too", "↳ SSH brute force")
        await d.press("P")
        await d.until(lambda: d.alerts == [head, other])


async def test_the_header_counts_heads(scene: Scene, store: Store) -> None:
    attack(scene)
    async with driven(console(store)) as d:
        await d.settled()
        header = d.app.triage.header
        assert {level: n for level, n in header.counts.items() if n} == {"critical": 1, "low": 1}


async def test_the_detail_names_the_parts_and_enter_opens_one(scene: Scene, store: Store) -> None:
    _, (brute, _), _ = attack(scene)
    async with driven(console(store), size=(120, 50)) as d:
        await d.sees("Parts", "×5", f"#{brute}")
        await d.press("enter")
        line = next(n for n, line in enumerate(d.app.triage.detail.lines) if line.alert == brute)
        while d.app.triage.detail.cursor != line:
            await d.press("j")
        await d.press("enter")
        await d.sees("Part of")
        assert d.app.triage.detail.shown == brute
        await d.press("j", "enter")
        await d.until(lambda: d.app.triage.detail.shown != brute, "back at the head")


async def test_closing_closes_the_parts_and_one_undo_brings_all_back(scene: Scene, store: Store) -> None:
    head, parts, other = attack(scene)
    async with driven(console(store)) as d:
        await d.press("e")
        await d.sees("3 alerts closed · z takes it back")
        assert d.alerts == [other]
        assert states(store, head, *parts) == ["closed"] * 3
        await d.press("z")
        await d.until(lambda: d.alerts == [head, other])
        assert states(store, head, *parts) == ["new"] * 3
        await d.press("g", "a")
        await d.until(lambda: states(store, head, *parts) == ["acknowledged"] * 3)


async def test_a_part_that_comes_while_one_looks_moves_under_its_head(scene: Scene, store: Store) -> None:
    head, _, other = attack(scene)
    async with driven(console(store)) as d:
        late = scene.alert("root-login", {"user.name": "root"}, scene.flood(1))
        await d.until(lambda: head in d.alerts and d.app.triage.alerts.alerts[head].parts == 3)
        assert d.alerts == [head, other]
        await d.press("e")
        await d.until(lambda: states(store, late) == ["closed"])
        again = scene.alert("root-login", {"user.name": "root"}, scene.flood(1))
        await d.until(lambda: d.alerts == [again, other], "open under a closed head: listed")


async def test_the_filter_finds_parts(scene: Scene, store: Store) -> None:
    head, (brute, enumeration), other = attack(scene)
    async with driven(console(store)) as d:
        await d.press("slash")
        await d.type(f"part_of:{head}")
        await d.until(lambda: d.alerts == [brute, enumeration])
        await d.press("enter")
        await d.press("F")
        await d.until(lambda: d.alerts == [head, other])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [[], ["P", "j"]], ids=["folded", "all"])
def test_a_head_and_its_parts(
    scene: Scene, store: Store, snap_compare: Any, keys: list[str], size: str
) -> None:
    """`+2` beside the head, its parts in the detail; with P each part a row of its own, with an arrow."""
    attack(scene)
    app = make(store, "night", model=False)

    async def before(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await ready(d)
        await d.press(*keys)
        await ready(d)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
