"""`socterm rules backtest`: a rule of a file, of the pack or a folder over what a store holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from socterm.store import open_store

from hunting import DAY, FAILED, FAILED_KEY, MANY, MANY_KEY, NOT_BOB, NOW, SECOND, attempt, store_of
from rules_cli import called, rules


@pytest.fixture
def store(tmp_path: Path) -> Path:
    events = [attempt(n, NOW + n * SECOND, "192.0.2.7") for n in range(1, 9)]
    events += [
        attempt(n, NOW + 2 * DAY + n * SECOND, "192.0.2.8", "\x1b]0;owned\x07bob") for n in range(9, 12)
    ]
    return store_of(tmp_path / "s.db", events)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "own"
    found.mkdir()
    for name, text in {"failed": FAILED, "many": MANY}.items():
        (found / f"{name}.yml").write_text(text, encoding="utf-8")
    return found


def test_a_folder_with_a_correlation_and_its_base_rule(store: Path, folder: Path, tmp_path: Path) -> None:
    done = rules("backtest", folder, "--db", store, "--json", home=tmp_path)
    (told,) = done.records
    assert done.code == 0
    assert [rule["id"] for rule in told["rules"]] == [MANY_KEY]
    assert (told["alerts"], told["new_alerts"], told["events"], told["complete"]) == (1, 1, 11, True)
    assert told["days"] == [{"day": "2026-11-18", "hits": 8, "alerts": 1}]
    assert [(one["title"], one["first"], one["count"]) for one in told["would_be"]] == [
        ("Many failed logins", "2026-11-18T11:06:41.000000Z", 8)
    ]


def test_one_rule_by_its_title_beside_its_file(store: Path, folder: Path, tmp_path: Path) -> None:
    done = rules("backtest", "many failed logins", "--rules", folder, "--db", store, home=tmp_path)
    assert "1 alerts on 1 entities, 8 hits: 0 are alerts already" in done.out
    assert "192.0.2.7" in done.out
    assert "2026-11-18" in done.out


def test_a_rule_of_the_pack(store: Path, tmp_path: Path) -> None:
    name = "Brute force: more than 5 failed logins from one address in 2 minutes"
    (told,) = rules("backtest", name, "--db", store, "--json", home=tmp_path).records
    assert [(one["entity"], one["count"]) for one in told["would_be"]] == [({"source.ip": "192.0.2.7"}, 8)]


def test_what_an_exception_would_hide_is_told(store: Path, folder: Path, tmp_path: Path) -> None:
    (folder / "bob.yml").write_text(NOT_BOB.replace("bob}", "root}"), encoding="utf-8")
    (told,) = rules(
        "backtest", folder / "failed.yml", "--rules", folder, "--db", store, "--json", home=tmp_path
    ).records
    assert told["kept_by_filters"] == {"Bob forgets his password": 8}
    assert told["alerts"] == 1


def test_times_and_a_query_narrow_it_down(store: Path, folder: Path, tmp_path: Path) -> None:
    file = folder / "failed.yml"
    for options, hits in (
        (("--since", "2026-11-20"), 3),
        (("--until", "2026-11-18"), 8),
        (("--query", "source.ip:192.0.2.8"), 3),
        (("--days", "30000"), 11),
    ):
        (told,) = rules("backtest", file, "--db", store, "--json", *options, home=tmp_path).records
        assert told["hits"] == hits, options


def test_the_report_is_kept_where_asked_for(store: Path, folder: Path, tmp_path: Path) -> None:
    rules("backtest", folder / "failed.yml", "--db", store, home=tmp_path)
    with open_store(store) as opened:
        assert opened.hunts.backtest(FAILED_KEY) is None
    rules("backtest", folder / "failed.yml", "--db", store, "--save", home=tmp_path)
    with open_store(store) as opened:
        kept = opened.hunts.backtest(FAILED_KEY)
    assert kept is not None
    assert json.loads(kept[1])["hits"] == 11


def test_hostile_names_reach_no_terminal(store: Path, folder: Path, tmp_path: Path) -> None:
    done = rules("backtest", folder / "failed.yml", "--db", store, home=tmp_path)
    assert "\x1b" not in done.out
    assert "owned" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no such rule",), "no rule has the id"),
        (("A login that failed", "--days", "2", "--since", "2d"), "both say where to begin"),
        (("A login that failed", "--since", "tomorrow-ish"), "is no time"),
        (("A login that failed", "--since", "2026-11-20", "--until", "2026-11-18"), "not before --until"),
        (("A login that failed", "--query", "a or"), "missing at the end"),
    ],
)
def test_mistakes_are_one_line(
    store: Path, folder: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = rules("backtest", *arguments, "--rules", folder, "--db", store, home=tmp_path)
    assert (done.code, done.error.count("\n")) == (2, 0)
    assert said in done.error


def test_a_refused_rule_says_why(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.yml"
    file.write_text(FAILED.replace("condition: selection", "condition: nothing"), encoding="utf-8")
    done = rules("backtest", file, "--db", store, home=tmp_path)
    assert done.code == 2
    assert "refused" in done.error


def test_without_a_store(tmp_path: Path) -> None:
    done = called("rules", "backtest", "x", "--db", tmp_path / "none.db", home=tmp_path)
    assert done.code == 3
    assert "no store there yet" in done.error
