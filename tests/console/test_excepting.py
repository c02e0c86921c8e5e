"""The dialogue after `d f`, by keys alone: what it offers, what it saves, what `z` takes back."""

from __future__ import annotations

import pytest
from driver import Driver, console, driven
from scene import ACTOR, NOW, Scene, ssh_failed
from socterm.alerts.exceptions import DAY
from socterm.alerts.model import RuleInfo
from socterm.sigma.exceptiontext import read, terms_of
from socterm.store.opening import Store
from socterm.store.rows import ExceptionRow

NINE = {"source.ip": "203.0.113.9"}


def state(store: Store, alert: int) -> tuple[str, str]:
    row = store.triage.alert(alert)
    assert row is not None
    return row.state, row.verdict


def asked(row: ExceptionRow) -> list[str]:
    return [str(term) for term in terms_of(read(row.document).hides) or ()]


@pytest.fixture
def alert(scene: Scene) -> int:
    return scene.alert("brute", NINE, scene.lines([ssh_failed("root", "203.0.113.9")] * 3))


async def offered(d: Driver) -> None:
    await d.press("d", "f")
    await d.settled()
    await d.settled()
    await d.sees("In the last 7 days it would have hidden")


async def test_three_keys_close_a_false_positive_with_an_exception_and_one_takes_it_back(
    scene: Scene, store: Store, alert: int
) -> None:
    async with driven(console(store)) as d:
        await d.press("d", "f", "enter")
        for _ in range(3):  # the offer is read, then what it would have hidden, then it is written
            await d.settled()
        await d.sees("1 alert closed as false, with an")
        (row,) = store.exceptions.all()
        assert state(store, alert) == ("closed", "false_positive")
        assert (row.rules, asked(row), row.alert) == (("brute",), ["source.ip = 203.0.113.9"], alert)
        assert (row.author, row.expires, row.reason) == (
            ACTOR,
            NOW + 30 * DAY,
            "false positive, as alert 1 was",
        )
        await d.press("z")
        await d.until(lambda: not store.exceptions.all())
        assert state(store, alert) == ("new", "")


async def test_f_again_closes_without_and_escape_decides_nothing(scene: Scene, store: Store) -> None:
    first, second = scene.simple(["brute", "sudoers"])
    async with driven(console(store)) as d:
        await offered(d)
        await d.press("escape")
        await d.settled()
        assert state(store, first) == ("new", "")
        await offered(d)
        await d.press("f")
        await d.until(lambda: state(store, first) == ("closed", "false_positive"))
        assert d.cursor == second
    assert store.exceptions.all() == []


async def test_what_is_excepted_can_be_chosen(scene: Scene, store: Store, alert: int) -> None:
    async with driven(console(store)) as d:
        await offered(d)
        await d.press("r")
        await d.sees("all rules: such events never alert", "3 stored events of these days have it")
        await d.press("w")
        await d.sees("source.ip in 203.0.113.0/24")
        await d.press("1", "t")
        await d.sees("90 days", "and     1 user.name is root")
        await d.press("n")
        await d.type("our scanner")
        await d.press("enter")
        await d.sees("our scanner")
        await d.press("enter")
        await d.until(lambda: bool(store.exceptions.all()))
    (row,) = store.exceptions.all()
    assert (row.rules, row.reason, row.expires) == ((), "our scanner", NOW + 90 * DAY)
    assert asked(row)[0] == "source.ip in 203.0.113.0/24"
    assert len(asked(row)) == 2


async def test_a_true_positive_that_would_be_lost_is_told_and_enter_has_to_be_pressed_twice(
    scene: Scene, store: Store, alert: int
) -> None:
    known = scene.alert("brute", NINE, scene.lines([ssh_failed("eve", "203.0.113.9")]))
    store.triage.decide([known], "close", actor="bob", now=NOW, verdict="true_positive")
    async with driven(console(store)) as d:
        await offered(d)
        await d.sees(f"CAREFUL: #{known} was closed as a true positive")
        await d.press("enter")
        await d.sees("Enter once more saves it all the same.")
        assert store.exceptions.all() == []
        await d.press("enter")
        await d.until(lambda: bool(store.exceptions.all()))


async def test_parts_of_the_alert_are_excepted_with_it(scene: Scene, store: Store) -> None:
    strong = RuleInfo("strong", "Strong", "high", "", (), supersedes=("brute",), reach=60_000_000)
    scene.writer._infos["strong"] = strong
    lines = scene.lines([ssh_failed("root", "203.0.113.9")] * 3)
    part = scene.alert("brute", NINE, lines)
    head = scene.alert("strong", NINE, lines)
    row = store.triage.alert(part)
    assert row is not None
    assert row.part_of == head
    async with driven(console(store)) as d:
        await d.until(lambda: d.cursor == head)
        await offered(d)
        await d.sees("Strong and 1 rule of its parts")
        await d.press("r")
        await d.until(lambda: "of its parts" not in d.text())
        await d.press("r", "r")
        await d.sees("Strong and 1 rule of its parts")
        await d.press("enter")
        await d.until(lambda: bool(store.exceptions.all()))
    assert store.exceptions.all()[0].rules == ("strong", "brute")


@pytest.mark.parametrize("bad", ["[/foo]", "\x1b[31mred", "a\n---\nb: c", "*?\\", "\u202eevil", '"' * 9])
async def test_hostile_entities_are_shown_clean_and_mean_themselves(
    scene: Scene, store: Store, bad: str
) -> None:
    scene.alert("brute", {"user.name": bad}, scene.lines([ssh_failed(bad, "203.0.113.9")]))
    async with driven(console(store)) as d:
        await offered(d)
        assert "\x1b" not in d.text()
        await d.press("enter")
        await d.until(lambda: bool(store.exceptions.all()))
    said = read(store.exceptions.all()[0].document)
    terms = terms_of(said.hides)
    assert terms is not None
    assert [term.value for term in terms] == [bad.lower()]


@pytest.mark.parametrize("size", [(160, 50), (100, 30), (70, 24)])
async def test_it_fits_on_every_screen(scene: Scene, store: Store, alert: int, size: tuple[int, int]) -> None:
    async with driven(console(store), size=size) as d:
        await offered(d)
        await d.sees("SSH brute force", "203.0.113.9", "30 days", "with this exception")
