"""What all events of an alert agree on is what it is about, too: so users' alerts are part of addresses'."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from socterm.alerts.model import EpisodeChange, Hit, RuleInfo
from socterm.sigma.load import load_rules
from socterm.store.ingest.writer import Writer
from socterm.store.upkeep.check import check

from reload_road import Road, in_any_portions
from rules_cli import called
from scanning import scan
from store_samples import LOG, NOW
from test_rules_reload import lay, login, over, stream
from test_superseding_store import IP, MINUTE, OTHER, USER, heads, opened, put

ONE, TWO = IP[1], OTHER[1]
USERS = "socterm: {sole: source.ip, throttle: 20s, alert: true}\n"
PACK = {
    "failed.yml": login("failed"),
    "guessed.yml": over("guessed", "event_count", "failed", "20s", "condition: {gte: 2}").replace(
        "group-by: [source.ip]", "group-by: [user.name]"
    )
    + USERS,
    "brute.yml": over("brute", "event_count", "failed", "2m", "condition: {gt: 5}")
    + "socterm: {supersedes: [guessed]}\n",
}
INFOS = {
    "users": RuleInfo("users", "users", "low", "", (), sole="source.ip"),
    "address": RuleInfo("address", "address", "medium", "", (), supersedes=("users",), reach=10 * MINUTE),
}


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


@pytest.fixture(name="writer")
def _writer(path: Path) -> Writer:
    """A store with an alert, number 1, on an address."""
    writer = opened(path, INFOS)
    put(writer, users(1, [""], rule="address", entity=(IP,)))
    return writer


def users(
    ident: int, values: Sequence[str], rule: str = "users", entity: Sequence[Any] = (USER,), **more: Any
) -> EpisodeChange:
    """Alert `ident`, of an episode of that number, with a hit for each value. The first counts, if any."""
    weigh = more.pop("weigh", True)
    hits = [
        Hit(NOW + n, LOG, 10 * ident + n, 1 + n, int(weigh and not n), value)
        for n, value in enumerate(values)
    ]
    made = EpisodeChange(
        id=ident, rule=rule, entity=tuple(entity), first=(NOW, LOG, 0), last=(NOW + MINUTE, LOG, 0),
        count=1, signals=1, touched=0, alert=ident, hits=hits,
    )  # fmt: skip
    for name, value in more.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("commits", "part"),
    [
        ([[ONE, ONE]], True),
        ([[ONE], [ONE, ONE]], True),
        ([[TWO]], False),
        ([[ONE, TWO]], False),
        ([[ONE], [TWO]], False),
        ([[ONE], [TWO], [ONE]], False),
        ([[TWO], [ONE]], False),
        ([[ONE], [""]], False),
        ([[""]], False),
        ([[ONE], []], True),
    ],
)
def test_it_stands_under_the_address_as_long_as_all_its_events_agree(
    path: Path, writer: Writer, commits: list[list[str]], *, part: bool
) -> None:
    for number, values in enumerate(commits):
        put(writer, users(2, values, weigh=not number))
    writer.close()
    assert heads(path) == ({2: 1} if part else {})


@pytest.mark.parametrize(("earlier", "part"), [([ONE, ONE], True), ([ONE, TWO], False), ([""], False)])
def test_events_from_before_it_was_an_alert_count(
    path: Path, writer: Writer, earlier: list[str], *, part: bool
) -> None:
    put(writer, users(2, earlier, alert=0))
    writer.close()
    writer = opened(path, INFOS)
    put(writer, users(2, [ONE], weigh=False))
    writer.close()
    assert heads(path) == ({2: 1} if part else {})


@pytest.mark.parametrize(("other", "part"), [(ONE, True), (TWO, False)])
def test_two_that_are_joined_agree_where_both_do(
    path: Path, writer: Writer, other: str, *, part: bool
) -> None:
    put(writer, users(2, [ONE]), users(3, [other]))
    put(writer, users(3, [], merged_into=2), users(2, [], count=1))
    writer.close()
    assert heads(path) == ({2: 1} if part else {})


def test_what_its_events_agree_on_can_part_it_from_another_user(path: Path) -> None:
    writer = opened(path, INFOS)
    put(writer, users(1, [""], rule="address", entity=(OTHER, USER)), users(2, [ONE]))
    assert heads(path) == {}
    put(writer, users(2, [TWO], weigh=False))
    assert heads(path) == {2: 1}
    writer.close()


def test_the_head_is_told_of_its_parts_coming_and_going(path: Path, writer: Writer) -> None:
    put(writer, users(2, [ONE]), users(3, [ONE], entity=(("user.name", "ann"),)))
    assert heads(path) == {2: 1, 3: 1}
    put(writer, users(2, [TWO], weigh=False))
    writer.close()
    assert heads(path) == {3: 1}


def test_a_rule_that_asks_for_it_from_now_on_says_nothing_of_what_was(path: Path) -> None:
    plain = {**INFOS, "users": RuleInfo("users", "users", "low", "", ())}
    writer = opened(path, plain)
    put(writer, users(1, [""], rule="address", entity=(IP,)), users(2, [""]))
    writer.close()
    writer = opened(path, INFOS)
    put(writer, users(2, [ONE], weigh=False))
    writer.close()
    assert heads(path) == {}


# -- through the real detector ------------------------------------------------------------------------------


def replay(tmp_path: Path, seed: int, size: int = 7, **how: Any) -> list[str]:
    db = tmp_path / "road.db"
    for part in ("", "-wal", "-shm"):
        Path(f"{db}{part}").unlink(missing_ok=True)
    found = Road(lay(tmp_path / "rules", PACK), db, stream(seed), size).run(**how)
    assert check(db) == []
    return found


def parted(found: list[str]) -> list[tuple[str, bool]]:
    """(rule, whether it is part of another) of each alert of a canonical store."""
    rows = [json.loads(line) for line in found]
    return [(row["alert"], "part_of" in row) for row in rows if "alert" in row]


PLAIN: dict[int, list[str]] = {}


@in_any_portions(20)
def test_neither_portions_nor_restarts_change_it(
    tmp_path: Path, seed: int, size: int, restarts: set[int]
) -> None:
    if seed not in PLAIN:
        PLAIN[seed] = replay(tmp_path, seed)
        assert {("guessed", True), ("guessed", False)} <= set(parted(PLAIN[seed]))
    assert replay(tmp_path, seed, size, restarts=restarts) == PLAIN[seed]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_scan_says_the_same(tmp_path: Path, seed: int) -> None:
    log = tmp_path / "auth.log"
    log.write_bytes(b"\n".join(stream(seed)) + b"\n")
    result = scan(log, "--no-pack", "--rules", lay(tmp_path / "rules", PACK), "-q", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert sorted((row["rule"], row["part_of"] is not None) for row in rows) == sorted(
        parted(replay(tmp_path, seed))
    )


ATTEMPT = (
    "2026-03-17T10:00:{0:02d}.000000+00:00 web01 sshd[9]: Failed password for root from {1} port 9 ssh2\n"
)


@pytest.mark.parametrize(("more", "listed"), [("", 1), (ATTEMPT.format(50, "192.0.2.7"), 2)])
def test_our_pack_lists_one_attack_on_one_user_once(tmp_path: Path, more: str, listed: int) -> None:
    log = tmp_path / "auth.log"
    log.write_text("".join(ATTEMPT.format(n, "203.0.113.9") for n in range(0, 32, 4)) + more)
    result = scan(log, "-q", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(rows) == 2
    assert len([row for row in rows if row["part_of"] is None]) == listed


@pytest.mark.parametrize(
    "document",
    [
        login("alone", more="socterm: {sole: source.ip}\n"),
        over("many", "value_count", "failed", "3m", "condition: {gte: 3, field: user.name}")
        + "socterm: {sole: source.ip}\n",
        over("chain", "event_count", "brute", "3m", "condition: {gte: 3}") + "socterm: {sole: source.ip}\n",
    ],
)
def test_where_it_cannot_be_noted_it_is_refused(tmp_path: Path, document: str) -> None:
    rules = load_rules([lay(tmp_path / "rules", {**PACK, "z.yml": document})])
    said = [fate.reason for fate in rules.fates if fate.path.endswith("z.yml")]
    assert said == ["socterm.sole is for event_count over rules on logs that have a detection"]


def test_the_check_knows_that_such_alerts_have_a_field_in_common(tmp_path: Path) -> None:
    def hints(pack: dict[str, str]) -> str:
        return called("rules", "check", lay(tmp_path / "rules", pack), "--hints", home=tmp_path).out

    assert "with no field in common" not in hints(PACK)
    without = {**PACK, "guessed.yml": PACK["guessed.yml"].replace("sole: source.ip, ", "")}
    assert "with no field in common" in hints(without)
