"""What is known of one user, address or host: from stored lines, alerts and incidents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from socterm.alerts.risk import points, total
from socterm.cli import cli
from socterm.store import Store, open_store
from socterm.store.ingest.writer import Writer

from store_samples import NOW, batch, event, login
from test_incidents_store import ALICE, IP, RULES, STRANGER
from test_superseding_store import change, put

HOUR = 3_600_000_000


def filled(path: Path, *, fed: bool) -> None:
    """Eight failures and a login of alice from outside, then sudo; other lines before and after."""
    writer = Writer.open(path, now=NOW)
    writer.save_rules([], RULES)
    lines = [event(number, user__name="bob") for number in range(1, 6)]
    lines += [login(number, STRANGER, user__name="alice") for number in range(6, 14)]
    lines += [login(14, STRANGER, "success", user__name="alice", **{"source__geo__country_name": "Utopia"})]
    lines += [event(15, user__name="alice", user__effective__name="root", event__action="sudo_command")]
    lines += [event(number, user__name="bob") for number in range(16, 20)]
    writer.commit(batch(lines))
    put(
        writer, change(6, "one", 0, 1, (IP,)), change(14, "high", 1, 2, (ALICE,)),
        change(7, "two", 0, 1, (IP,)),
    )  # fmt: skip
    if fed:
        while writer.feed_fts(1000):
            pass
    writer.close()


@pytest.fixture(name="store", params=[True, False], ids=["indexed", "not yet indexed"])
def _store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    filled(tmp_path / "s.db", fed=request.param)
    with open_store(tmp_path / "s.db") as store:
        yield store


def test_an_address(store: Store) -> None:
    page = store.entities.page("source.ip", STRANGER)
    assert (page.first, page.last) == (NOW + 6_000_000, NOW + 14_000_000)
    assert (page.lines, page.exact, page.outcomes) == (9, True, {"failure": 8, "success": 1})
    assert [(peer.field, peer.value, peer.count, peer.failures) for peer in page.peers] == [
        ("user.name", "alice", 9, 8), ("host.hostname", "web01", 9, 8),
    ]  # fmt: skip
    assert page.known == {"source.geo.country_name": "Utopia"}
    assert {(one.id, one.named) for one in page.alerts} == {(6, True), (7, True), (14, False)}
    assert page.incidents == [1]
    assert page.baseline == "new"


def test_a_user_and_a_host(store: Store) -> None:
    page = store.entities.page("user.name", "Alice")
    assert (page.lines, page.outcomes) == (10, {"failure": 8, "none": 1, "success": 1})
    assert ("user.effective.name", "root") in {(peer.field, peer.value) for peer in page.peers}
    assert store.entities.page("host.hostname", "web01").lines == 19
    gone = store.entities.page("user.name", "nobody-here")
    assert (gone.lines, gone.alerts, gone.risk, gone.baseline) == (0, [], 0, "")


def test_risk_is_of_alerts_about_it_and_a_false_positive_takes_its_share_away(store: Store) -> None:
    assert store.entities.page("source.ip", STRANGER).risk == 50
    store.triage.decide([7], "close", actor="ann", now=NOW, verdict="false_positive")
    assert store.entities.page("source.ip", STRANGER).risk == 25
    store.triage.undo(actor="ann", now=NOW)
    assert store.entities.page("source.ip", STRANGER).risk == 50


def test_risk_halves_with_time() -> None:
    assert points("medium", 0) == 25
    assert points("medium", 7) == 7
    assert total([(80, 0), (80, 24 * HOUR)], 24 * HOUR, 24 * HOUR) == 120


def asked(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["entity", *arguments, "--db", str(path)])


def test_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    filled(path, fed=True)
    text = asked(path, f"source.ip={STRANGER}").stdout
    assert f"source.ip  {STRANGER}  new  risk 50" in text
    assert "outcome  failure 8, success 1" in text
    assert asked(path, STRANGER).stdout == text
    assert "met      user.name=alice  9, 8 failed" in text
    found = json.loads(asked(path, "user", "alice", "--json").stdout)
    assert (found["lines"], found["incidents"]) == (10, [1])
    for wrong in (["alice"], ["user.colour=red"], ["user"], ["user="]):
        assert "name one thing" in str(asked(path, *wrong).exception)
