"""The Metrics screen, by keys alone and as pictures."""

from __future__ import annotations

from typing import Any

import pytest
from driver import Driver, console, driven
from scene import ACTOR, NOW, RULES, FakeIngest, Scene
from socterm.alerts.metrics import Metrics, RuleNoise, Spread
from socterm.console.figures import rule_lines, whole_lines
from socterm.console.lines import Line, wrap
from socterm.console.screens.metrics import MetricsScreen
from socterm.console.state import UiState, view_name
from socterm.store.ingest.batch import Batch
from socterm.store.opening import Store
from story import busy
from textual.pilot import Pilot

MINUTE = 60_000_000
DAY = 86_400_000_000
SIZES = {"wide": (160, 50), "narrow": (100, 30), "tiny": (70, 24)}


def decided(store: Store) -> None:
    """Some verdicts on the attack story."""
    ids = [row.id for row in store.triage.alerts(parts=True)]
    decide = store.triage.decide
    decide(ids[:2], "close", actor=ACTOR, now=NOW + 3 * MINUTE, verdict="false_positive")
    decide(ids[2:3], "close", actor=ACTOR, now=NOW + 9 * MINUTE, verdict="true_positive")
    decide(ids[3:5], "acknowledge", actor=ACTOR, now=NOW + MINUTE)


async def opened(d: Driver) -> MetricsScreen:
    await d.press("comma", "m")
    await d.until(lambda: isinstance(d.app.screen, MetricsScreen))
    await d.settled()
    found = d.app.screen
    assert isinstance(found, MetricsScreen)
    return found


async def test_it_shows_times_verdicts_and_the_noisiest_rules(scene: Scene, store: Store) -> None:
    busy(scene)
    decided(store)
    async with driven(console(store)) as d:
        await opened(d)
        await d.sees(
            "All rules", "1m 0s   ×9", "11m 0s  ×5", "11m 0s  ×3", "false positive             2", "67%"
        )
        await d.sees("SSH brute force", "9 rules · last 7d")


async def test_a_decision_elsewhere_shows_in_the_figures(scene: Scene, store: Store) -> None:
    ids = scene.simple(["brute", "brute"])
    async with driven(console(store)) as d:
        screen = await opened(d)
        await d.sees("2 alerts in")
        store.triage.decide(ids, "close", actor="bob", now=NOW, verdict="test")
        screen.look()
        await d.sees("2s      ×2", "test                       2")


async def test_a_rule_says_how_to_have_fewer_of_its_alerts(scene: Scene, store: Store) -> None:
    info = RULES["brute"]
    tuned = type(info)(info.id, info.title, info.level, "", (), tune="Leave out the [/foo] \x1b[31m scanner.")
    from socterm.sigma.model import RuleFate

    scene.writer.save_rules([RuleFate("brute", info.title, "high", "active", "", "a.yml")], {"brute": tuned})
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await opened(d)
        await d.press("j")
        await d.sees("How to have fewer", "Leave out the [/foo] \u241b[31m scanner.")


async def test_brackets_change_the_period_and_it_is_remembered(scene: Scene, store: Store) -> None:
    event = scene.flood(1)
    scene.alert("brute", {"source.ip": "203.0.113.1"}, event, now=NOW - 10 * DAY)
    scene.simple(["sudoers"])
    async with driven(console(store)) as d:
        await opened(d)
        await d.sees("1 rules · last 7d")
        await d.press("right_square_bracket")
        await d.sees("2 rules · last 30d")
        await d.press("right_square_bracket", "right_square_bracket")
        await d.sees("2 rules · ever")
        await d.press("right_square_bracket")
        await d.sees("there is no longer period")
        await d.press("left_square_bracket")
        await d.sees("last 90d")
    kept = UiState.model_validate_json(store.triage.load_ui(view_name(ACTOR)) or "")
    assert kept.metrics.period == "90d"


async def test_a_key_lists_the_rules_alerts_in_triage(scene: Scene, store: Store) -> None:
    brute, _, _ = scene.simple(["brute", "sudoers", "cron"])
    async with driven(console(store)) as d:
        await opened(d)
        await d.press("a")
        await d.sees("no rule under the cursor")
        await d.press("slash")
        await d.type("brute")
        await d.press("enter", "j", "a")
        await d.until(lambda: d.app.screen is d.app.triage and d.alerts == [brute])
        assert d.app.triage.state.alerts.text == 'rule:"brute"'


async def test_a_store_without_alerts_says_so_in_figures(scene: Scene, store: Store) -> None:
    async with driven(console(store), size=SIZES["tiny"]) as d:
        await opened(d)
        await d.press("enter")
        await d.sees("0 alerts in", "Open now  nothing")


def test_what_is_long_is_wrapped_and_not_lost() -> None:
    rule = RuleNoise("r", "A title " * 20, 10, 1, 2, 8, 8, 4, 0.5, "Tune it. " * 30)
    backlog = {"critical": {"under 1h": 1_000, "7d and over": 2}}
    times = Spread(1_000_000, 10**15, 10**15, 10**15)
    verdicts = {"benign_true_positive": 1_000_000}
    found = Metrics(
        0, DAY, 10**6, 3, 41_666.7, tuple(range(48)), times, times, times, 7, 9, verdicts, 0.5, (rule,),
        backlog, 1,
    )  # fmt: skip

    def words(lines: list[Line], cells: int) -> list[str]:
        return " ".join("".join(span.text for span in row.spans) for row in wrap(lines, cells)).split()

    for cells in (30, 62, 120):
        assert words(whole_lines(found), cells).count("11574d") == 9
        assert words(rule_lines(rule, found), cells).count("Tune") == 30


def test_at_120_columns_no_figure_is_broken() -> None:
    most = 86_399_000_000
    times = Spread(1_000, most, most, most)
    every = dict.fromkeys(("under 1h", "under 4h", "under 1d", "under 7d", "7d and over"), 99999)
    backlog = {"critical": every, "informational": every}
    found = Metrics(0, DAY, 9, 0, 9.0, (0,) * 48, times, times, times, 0, 0, {}, None, (), backlog, 0)
    rows = ["".join(span.text for span in row.spans).rstrip() for row in wrap(whole_lines(found), 43)]
    at = rows.index("MTTD detect  23h 59m 23h 59m 23h 59m ×1000")
    assert [row[:4] for row in rows[at : at + 3]] == ["MTTD", "MTTA", "MTTR"]
    assert rows[-3].split() == ["Open", "now", "<1h", "<4h", "<1d", "<7d", "7d+"]
    assert [len(row.split()) for row in rows[-2:]] == [7, 7]


@pytest.mark.parametrize("theme", ["night", "day"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [[], ["j", "j"], ["enter"]], ids=["list", "rule", "figures"])
def test_the_metrics_screen(
    scene: Scene, store: Store, snap_compare: Any, keys: list[str], size: str, theme: str
) -> None:
    """Rules by volume, and what they add up to."""
    busy(scene)
    decided(store)
    scene.writer.commit(Batch(now=NOW))
    app = console(store, ingest=FakeIngest(), theme=theme, fps=0.5)

    async def before(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await d.until(lambda: app.triage._change >= 0)
        await d.settled()
        await opened(d)
        await d.press(*keys)
        await d.settled()
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
