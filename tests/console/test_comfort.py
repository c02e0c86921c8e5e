"""One's own keys, hints for the first time, and what is told outside the console."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import Driver, console, driven
from hypothesis import given
from hypothesis import strategies as st
from scene import ACTOR, Scene
from socterm.cli.watch import own_keys
from socterm.console.actions import ACTIONS
from socterm.console.announcing import WINDOW, Announcer, Limits
from socterm.console.hints import HINTS
from socterm.console.keymap import KeyMap, checked, key_name, load_keys
from socterm.console.places import PLACES
from socterm.console.state import UiState, view_name
from socterm.errors import UsageError
from socterm.store.opening import Store
from socterm.store.rows import AlertRow
from story import busy


def keymap(folder: Path, text: str) -> KeyMap:
    path = folder / "keys.toml"
    path.write_text(text)
    return load_keys(path)


async def test_ones_own_keys_work_and_are_shown_everywhere(
    scene: Scene, store: Store, tmp_path: Path
) -> None:
    first, second = scene.simple(["brute", "brute"])
    keys = keymap(tmp_path, 'alert.close = ["f5", "^x"]\n"view.filter" = "f"\n')
    async with driven(console(store, keys=keys)) as d:
        assert "F5 close" in d.rows()[-1]
        assert "f filter" in d.rows()[-1]
        await d.press("e", "slash")
        assert [row.id for row in store.triage.alerts()] == [first, second], "the old keys do nothing"
        await d.press("ctrl+x")
        await d.until(lambda: [row.id for row in store.triage.alerts()] == [second])
        await d.press("question_mark")
        await d.sees("F5 ^x")
        await d.press("escape", "ctrl+p")
        await d.type("close as undetermined")
        await d.sees("close  F5 ^x")


async def test_a_verb_without_a_key_can_still_be_typed(scene: Scene, store: Store, tmp_path: Path) -> None:
    scene.simple(["brute"])
    async with driven(console(store, keys=keymap(tmp_path, "alert.close = []"))) as d:
        assert "close" not in d.rows()[-1]
        await d.press("colon")
        await d.type("close")
        await d.press("enter")
        await d.until(lambda: store.triage.alerts() == [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alert.clsoe = 'x'", "no verb 'alert.clsoe': did you mean alert.close?"),
        ("alert.close = 'j'", "j would be both alert.close and rows.down"),
        ("events.jump = 'n'", "n would be both"),
        ("app.quit = []", "app.quit must keep a key"),
        ("alert.close = 'Hyper+x'", "'Hyper+x' is no key"),
        ("alert.close = 7", "keys are a text or a list of texts"),
        ("alert.close =", "is not TOML"),
    ],
)
def test_what_cannot_stand_is_refused_in_one_line_with_the_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as wrong:
        keymap(tmp_path, text)
    assert said in str(wrong.value)
    assert str(wrong.value).startswith(str(tmp_path / "keys.toml"))
    assert "\n" not in str(wrong.value)


def test_the_keys_in_the_docs_can_stand(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "console.md").read_text()
    assert len(keymap(tmp_path, page.split("```toml")[1].split("```")[0]).changed) == 3


def test_keys_may_change_places(tmp_path: Path) -> None:
    found = keymap(tmp_path, "alert.close = 'a'\nalert.acknowledge = 'e'")
    assert found.changed == {"alert.close": ("a",), "alert.acknowledge": ("e",)}


def test_the_keys_as_they_are_could_be_written_down(tmp_path: Path) -> None:
    """Every shown name of a key leads back to it, and the registry passes its own check."""
    for action in ACTIONS:
        assert tuple(key_name(action.id, name) for name in action.shown_keys.split()) == action.keys
    checked({action.id: action.keys for action in ACTIONS})


def test_no_file_means_the_registrys_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_keys(tmp_path / "none.toml").changed == {}
    monkeypatch.setenv("SOCTERM_CONFIG", str(tmp_path / "config.toml"))
    assert own_keys() is None
    (tmp_path / "keys.toml").write_text("alert.close = 'f5'")
    found = own_keys()
    assert found is not None
    assert found.changed == {"alert.close": ("f5",)}


async def test_what_to_press_is_told_once(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store, hints=True)) as d:
        await d.sees("? lists all keys · , goes to other screens")
        d.app.clear_notifications()
        await d.press("comma", "e")
        await d.sees("l goes to a value · = keeps it, - leaves it out")
        d.app.clear_notifications()
        await d.press("escape", "comma", "e")
        await d.until(lambda: "1 Events" in d.text())
        assert "goes to a value" not in d.text()
    kept = UiState.model_validate_json(store.triage.load_ui(view_name(ACTOR)) or "")
    assert kept.seen == ["triage", "events"]


def test_hints_name_verbs_there_are() -> None:
    names = {action.id for action in ACTIONS}
    used = {part.split("}")[0] for text in HINTS.values() for part in text.split("{")[1:]}
    assert {name for name in used if "." in name} <= names


def alert(number: int, level: str = "high", who: str = "", rule: str = "brute") -> AlertRow:
    entity = {"source.ip": who or f"203.0.113.{number}"}
    return AlertRow(
        number, rule, "SSH brute force", level, "", (), entity, 0, 0, 1, 1, False, "", "new", "", "", 0, 0, 0
    )


def test_a_thousand_alerts_in_a_minute_are_few_messages_and_one_summary() -> None:
    announcer = Announcer(Limits("high", most=5, each=1))
    said = [text for n in range(1000) for text in announcer.take([alert(n)], n * 1000)]
    assert len(said) == 5
    assert announcer.due(WINDOW - 1) == []
    assert announcer.due(WINDOW) == ["995 more alerts: 995 high"]
    assert announcer.due(WINDOW * 2) == []


def test_one_rule_and_entity_is_told_once_a_minute() -> None:
    announcer = Announcer(Limits("high", most=5, each=1))
    assert len(announcer.take([alert(1, who="a"), alert(2, who="a"), alert(3, who="b")], WINDOW)) == 2
    assert announcer.take([alert(4, who="a")], 2 * WINDOW - 1) == []
    assert announcer.take([alert(5, who="a")], 2 * WINDOW) == [
        "2 more alerts: 2 high",
        "HIGH SSH brute force · a",
    ]


def test_what_is_not_grave_enough_is_not_told_and_the_gravest_goes_first() -> None:
    announcer = Announcer(Limits("high", most=1))
    said = announcer.take([alert(1, "medium"), alert(2, "high"), alert(3, "critical")], WINDOW)
    assert said == ["CRIT SSH brute force · 203.0.113.3"]
    assert announcer.due(2 * WINDOW) == ["1 more alert: 1 high"]


def test_parts_of_others_are_not_told() -> None:
    part = alert(1)
    part.part_of = 7
    assert Announcer(Limits()).take([part], WINDOW) == []


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3 * WINDOW // 200)), max_size=300),
    st.integers(1, 10),
    st.integers(1, 3),
)
def test_no_minute_has_more_messages_than_allowed(steps: list[tuple[int, int]], most: int, each: int) -> None:
    announcer, now, told = Announcer(Limits("low", most, each)), WINDOW, []
    total = 0
    for number, (who, step) in enumerate(steps):
        now += step
        total += 1
        told += [(now, text) for text in announcer.take([alert(number, who=f"10.0.0.{who}")], now)]
    told += [(now + WINDOW, text) for text in announcer.due(now + WINDOW)]
    messages = [(at, text) for at, text in told if " more alert" not in text]
    summed = sum(int(text.split(" ")[0].replace(",", "")) for _, text in told if " more alert" in text)
    assert len(messages) + summed == total, "every alert is told or summed up"
    for at, _ in messages:  # a window begins with its first message, so two of them touch at most
        assert sum(at <= other < at + WINDOW for other, _ in messages) <= 2 * most


async def test_a_new_alert_is_told_outside_once(scene: Scene, store: Store) -> None:
    """What was there before is no news; control characters do not leave."""
    scene.simple(["brute"])
    app = console(store, notify="desktop")
    async with driven(app) as d:
        written: list[str] = []
        app._driver.write = written.append  # type: ignore[union-attr,method-assign]
        herald = app.triage.herald
        await d.until(lambda: herald._change >= 0 and not herald._busy)  # type: ignore[attr-defined]
        assert [text for text in written if "]9;" in text] == []
        events = scene.flood(1)
        scene.alert("sudo-root", {"user.name": "x\x1b]52;c;eA==\x07;y"}, events)
        herald.look()  # type: ignore[attr-defined]
        await d.until(lambda: any("]9;" in text for text in written))
        told = [text for text in written if "]9;" in text]
        assert told == ["\x1b]9;HIGH Root shell through sudo · x␛]52,c,eA==␇,y\x07"]


@pytest.mark.parametrize("place", [place for place in PLACES if place.screen], ids=lambda place: place.name)
@pytest.mark.parametrize("theme", ["night", "day", "clear"])
async def test_every_screen_in_every_theme(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch, place: object, theme: str
) -> None:
    """Without colours, too: then shapes alone tell the levels apart."""
    monkeypatch.setenv("NO_COLOR", "1")
    busy(scene)
    async with driven(console(store, theme=theme), (100, 30)) as d:
        await d.press("comma", place.key)  # type: ignore[attr-defined]
        await d.until(lambda: getattr(d.app.screen, "PLACE", "") == place.name)  # type: ignore[attr-defined]
        await d.settled()
        assert "■ 1 ▲ 2" in d.rows()[0]
        assert coloured(d) == []


def coloured(d: Driver) -> list[str]:
    """Texts that are drawn in a colour other than grey."""
    return [
        segment.text
        for strip in d.app.screen._compositor.render_strips()
        for segment in strip
        if segment.style
        and (colour := segment.style.color)
        and colour.triplet
        and len(set(colour.triplet)) > 1
    ]
