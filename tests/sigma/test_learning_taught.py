"""A pass over old logs: rules know what was there before, nothing fires, and twice is once."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from socterm.cli.group import cli
from socterm.errors import UsageError
from socterm.store import open_store
from tests.sigma.learning_road import document, write

RULES: list[tuple[str, dict[str, Any]]] = [
    ("new", {"new_value": {"key": "user.name", "field": "source.ip", "learn": "2d"}}),
    ("rare", {"rarity": {"key": "source.ip", "max_count": 5}}),
    ("silent", {"silence": {"key": "source.ip", "for": "1h"}}),
    ("many", {"spike": {"key": "user.name", "bucket": "1h", "history": "24h", "min": 3}}),
]


def line(day: int, hour: int, user: str = "ann", last: int = 7) -> str:
    return (
        f"2026-03-{day:02}T{hour:02}:00:00+00:00 web1 sshd[7]: Accepted password for {user} "
        f"from 192.0.2.{last} port 4 ssh2\n"
    )


class Place:
    """Rules, logs and a store in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = folder / "s.db"
        self.rules(*RULES)
        self.old = folder / "old"
        self.old.mkdir()
        (self.old / "auth.log.1").write_text("".join(line(1, hour) for hour in range(24)))
        (self.old / "auth.log").write_text("".join(line(2, hour) for hour in range(24)))
        self.log = folder / "new.log"
        self.log.write_text(line(9, 1) + line(9, 2, last=8) + line(9, 3, "bob"))

    def rules(self, *chosen: tuple[str, dict[str, Any]]) -> None:
        for file in (self.folder / "rules").glob("*"):
            file.unlink()
        sshd = {
            "logsource": {"product": "linux", "service": "sshd"},
            "detection": {"one": {"event.action": "ssh_login"}, "condition": "one"},
        }
        write(self.folder / "rules", *(document(terms, ident=name, **sshd) for name, terms in chosen))

    def call(self, *words: object) -> Result:
        options = ["--db", str(self.db), "--rules", str(self.folder / "rules")]
        return CliRunner().invoke(cli, [*map(str, words), *options])

    def run(self, *words: object) -> Result:
        result = self.call("run", "--once", "--from-start", "--tail", self.log, *words)
        assert result.exit_code == 0, result.output
        return result

    def learn(self, *paths: object) -> dict[str, dict[str, Any]]:
        """What `socterm learn` says, by rule."""
        result = self.call("learn", "--json", *(paths or (self.old,)))
        assert result.exit_code == 0, result.output
        return {one["rule"]: one for one in map(json.loads, result.stdout.splitlines())}

    def alerts(self) -> list[tuple[str, dict[str, str]]]:
        with open_store(self.db) as store:
            found = [(row.rule, dict(row.entity)) for row in store.triage.alerts()]
        return sorted((pair for pair in found if pair[0] in dict(RULES)), key=str)

    def kept(self) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.db) as db:
            return [
                *db.execute("SELECT rule, key, value FROM learned ORDER BY 1, 2"),
                *db.execute("SELECT rule, shape, course FROM learning ORDER BY 1"),
                *db.execute("SELECT * FROM learned_from ORDER BY 1, 2"),
            ]


@pytest.fixture
def place(tmp_path: Path, no_pack: Path) -> Place:
    return Place(tmp_path)


def test_rules_know_what_was_there_before(place: Place) -> None:
    """Without it the first would flood; with it only what really is new is told."""
    said = place.run("--learn-from", place.old).output
    assert (
        "Rule new (new_value): 1 remembered, 48 events learned from, learns until 2026-03-03 00:00Z" in said
    )
    assert place.alerts() == [
        ("new", {"user.name": "ann"}),
        ("new", {"user.name": "bob"}),
        ("rare", {"source.ip": "192.0.2.8"}),
        ("silent", {"source.ip": "192.0.2.7"}),
        ("silent", {"source.ip": "192.0.2.8"}),
    ]


def test_nothing_fires_and_nothing_is_stored_of_old_logs(place: Place) -> None:
    place.log.write_text("")
    place.run("--learn-from", place.old)
    assert place.alerts() == []
    with open_store(place.db) as store:
        assert store.events.count().value == 0


def test_the_same_logs_again_change_nothing(place: Place) -> None:
    assert {name: one["taken"] for name, one in place.learn().items()} == dict.fromkeys(dict(RULES), 48)
    before = place.kept()
    assert {one["taken"] for one in place.learn().values()} == {0}
    assert place.kept() == before


def test_a_log_that_grew_was_rotated_or_packed_is_known_again(place: Place) -> None:
    place.learn()
    with (place.old / "auth.log").open("a") as file:
        file.write(line(3, 0))
    assert {one["taken"] for one in place.learn().values()} == {1}
    (place.old / "auth.log.2.gz").write_bytes(gzip.compress((place.old / "auth.log.1").read_bytes()))
    (place.old / "auth.log").rename(place.old / "auth.log.1")
    assert {one["taken"] for one in place.learn().values()} == {0}


def test_an_early_copy_of_a_log_beside_it_is_told_apart(place: Place) -> None:
    whole = "".join(line(2 + hour // 24, hour % 24) for hour in range(100))
    (place.old / "auth.log").write_text(whole)
    (place.old / "copy.log").write_text("".join(whole.splitlines(keepends=True)[:30]))
    assert {one["taken"] for one in place.learn().values()} == {24 + 100 + 30}
    before = place.kept()
    assert {one["taken"] for one in place.learn().values()} == {0}
    assert place.kept() == before


def test_a_new_rule_learns_from_logs_that_others_know(place: Place) -> None:
    place.rules(*RULES[:1])
    place.learn()
    place.rules(*RULES)
    assert {name: one["taken"] for name, one in place.learn().items()} == {
        "new": 0, "rare": 48, "silent": 48, "many": 48,
    }  # fmt: skip


def test_what_was_seen_live_is_not_taken_from_a_log_again(place: Place) -> None:
    place.run()
    (place.old / "auth.log.0").write_bytes(place.log.read_bytes())
    assert {one["taken"] for one in place.learn().values()} == {48}


def test_an_older_log_can_be_learned_from_later(place: Place) -> None:
    place.learn(place.old / "auth.log")
    taken = place.learn(place.old / "auth.log.1")
    assert {one["taken"] for one in taken.values()} == {24}
    assert taken["new"]["learning_until"] == 1_772_323_200_000_000 + 2 * 86_400_000_000


def test_logs_in_parts_teach_what_they_teach_at_once(place: Place, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Place(tmp_path / "other")
    place.learn()
    other.learn(other.old / "auth.log.1")
    other.learn(other.old / "auth.log")
    # An entry of `silence` also says where its last event stands.
    assert [row for row in place.kept()[:4] if row[0] != 3] == [
        row for row in other.kept()[:4] if row[0] != 3
    ]


def test_a_missing_path_is_one_line(place: Place) -> None:
    result = place.call("learn", place.folder / "nowhere")
    assert isinstance(result.exception, UsageError)
    assert str(result.exception) == f"{place.folder / 'nowhere'}: no such file or folder"
    result = place.call("run", "--once", "--tail", place.log, "--learn-from", place.folder / "nowhere")
    assert isinstance(result.exception, UsageError)


def test_without_rules_that_remember_there_is_nothing_to_learn(place: Place) -> None:
    place.rules()
    result = place.call("learn", place.old)
    assert result.exit_code == 0
    assert "no rule remembers anything" in result.output


def test_what_rules_know_is_shown(place: Place) -> None:
    place.learn()
    shown = place.call("learn").output.splitlines()
    assert shown[0].split()[:6] == ["REMEMBERS", "ENTRIES", "TAKEN", "LATE", "WITHOUT", "KEY"]
    assert [row.split()[:3] for row in shown[1:]] == [
        ["new_value", "1", "0"], ["rarity", "1", "0"], ["silence", "1", "0"], ["spike", "1", "0"],
    ]  # fmt: skip
