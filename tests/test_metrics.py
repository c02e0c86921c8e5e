"""The figures of triage: by hand on a small history, and against SQL over the audit table on made-up ones."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from socterm.alerts.metrics import AGES, BARS, HOUR, OLDEST, Life, Metrics, Spread, Step, measure, spread
from socterm.alerts.model import RuleInfo
from socterm.alerts.states import VERBS, VERDICTS
from socterm.cli.group import cli
from socterm.cli.metrics import span
from socterm.errors import TransitionError
from socterm.sigma.model import RuleFate
from socterm.store import Store, open_store
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.writer import Writer

from store_samples import NOW
from test_superseding_store import IP, OTHER, change, info, opened

MINUTE = 60_000_000
RULES = {
    "weak": info("weak", level="low"),
    "middle": info("middle", "weak"),
    "strong": info("strong", "middle", "weak", level="high"),
}
NAMES = sorted(RULES)


def life(number: int, *steps: Step, state: str = "new", verdict: str = "", **more: Any) -> Life:
    known = {"rule": "r", "title": "R", "level": "high", "first": NOW - 5 * MINUTE, "created": NOW}
    return Life(id=number, state=state, verdict=verdict, steps=steps, **(known | more))


def figures(*lives: Life, until: int = NOW + 2 * HOUR) -> Metrics:
    return measure(lives, [], 0, NOW, until, until, {})


# -- by hand -----------------------------------------------------------------------------


def test_times_run_from_first_event_to_alert_to_first_decision_to_closing() -> None:
    found = figures(
        life(
            1,
            Step(1, NOW + MINUTE, "acknowledge", "new", "acknowledged"),
            Step(2, NOW + 9 * MINUTE, "close", "acknowledged", "closed"),
            state="closed",
            verdict="test",
        )
    )
    assert found.detect == Spread(1, 5 * MINUTE, 5 * MINUTE, 5 * MINUTE)
    assert found.acknowledge.mean == MINUTE
    assert found.resolve.mean == 9 * MINUTE
    assert (found.alerts, found.per_hour) == (1, 0.5)


def test_what_the_software_did_acknowledges_nothing() -> None:
    found = figures(life(1, Step(1, NOW + MINUTE, "recur", "new", "reopened"), state="reopened"))
    assert found.acknowledge.count == 0


def test_an_alert_that_was_reopened_is_closed_when_it_was_closed_last() -> None:
    closing = Step(1, NOW + MINUTE, "close", "new", "closed")
    again = Step(2, NOW + 2 * MINUTE, "reopen", "closed", "reopened")
    last = Step(3, NOW + 7 * MINUTE, "close", "reopened", "closed")
    assert figures(life(1, closing, again, state="reopened")).resolve.count == 0
    found = figures(life(1, closing, again, last, state="closed", verdict="test"))
    assert (found.resolve.mean, found.reopened) == (7 * MINUTE, 1)


def test_what_was_undone_was_never_decided_and_what_was_redone_was_when_it_was_first() -> None:
    close = Step(1, NOW + MINUTE, "close", "new", "closed")
    undo = Step(2, NOW + 2 * MINUTE, "undo", "closed", "new", undoes=1)
    redo = Step(3, NOW + 3 * MINUTE, "redo", "new", "closed", undoes=2)
    assert figures(life(1, close, undo)).acknowledge.count == 0
    found = figures(life(1, close, undo, redo, state="closed", verdict="test"))
    assert (found.acknowledge.mean, found.resolve.mean) == (MINUTE, MINUTE)


def test_the_false_share_is_of_what_was_closed_with_a_verdict() -> None:
    verdicts = ["false_positive", "true_positive", "false_positive", "undetermined", "test"]
    closed = [life(n, state="closed", verdict=verdict) for n, verdict in enumerate(verdicts, 1)]
    found = figures(*closed, life(9))
    assert (found.false_share, found.closed) == (0.5, 5)
    assert list(found.verdicts) == [name for name in VERDICTS if name in verdicts]
    assert (found.rules[0].false_share, found.rules[0].said, found.rules[0].open) == (0.5, 4, 1)
    assert figures(life(1)).false_share is None


def test_a_stamp_from_the_future_does_not_make_times_negative() -> None:
    assert figures(life(1, first=NOW + HOUR)).detect == Spread(1, 0, 0, 0)


def test_logs_that_were_read_long_after_they_were_written_say_nothing_about_detecting() -> None:
    slow = life(1, first=NOW - 90 * HOUR, fired=NOW - HOUR)  # a rule over days that was satisfied just now
    down = life(2, first=NOW - 8 * HOUR, fired=NOW - 7 * HOUR)
    replayed = life(3, first=NOW - 26 * HOUR, fired=NOW - 24 * HOUR)
    found = figures(slow, down, replayed)
    assert (found.detect, found.later) == (Spread(2, 49 * HOUR, 8 * HOUR, 90 * HOUR), 1)
    assert figures(replayed).detect.count == 0


def test_parts_are_volume_of_their_rule_and_nothing_else() -> None:
    found = figures(life(1), life(2, part=True, rule="weak", title="Weak"))
    assert (found.alerts, found.parts, found.detect.count) == (1, 1, 1)
    assert [(rule.rule, rule.alerts, rule.parts) for rule in found.rules] == [("r", 1, 0), ("weak", 1, 1)]


def test_the_backlog_is_by_level_and_age() -> None:
    ages = [0, HOUR - 1, HOUR, 5 * HOUR, 25 * HOUR, 168 * HOUR]
    found = measure([], [("high", NOW - age) for age in ages], 0, NOW - HOUR, NOW, NOW, {}).backlog
    assert list(found) == ["critical", "high", "medium", "low", "informational"]
    assert found["high"] == dict(zip([*(name for name, _ in AGES), OLDEST], [2, 1, 1, 1, 1], strict=True))


def test_bars_add_up_to_the_alerts_of_the_period() -> None:
    found = figures(life(1), life(2, created=NOW + 2 * HOUR - 1), life(3, created=NOW + HOUR))
    assert (len(found.bars), sum(found.bars), found.bars[0], found.bars[-1]) == (BARS, 3, 1, 1)


@given(st.lists(st.integers(0, 10**15), min_size=1))
def test_nine_of_ten_stay_within_the_ninetieth_percentile(times: list[int]) -> None:
    found = spread(times)
    assert 10 * sum(time <= found.p90 for time in times) >= 9 * len(times)
    assert 2 * sum(time <= found.median for time in times) >= len(times)
    assert {found.p90, found.median} <= set(times)


# -- against SQL -------------------------------------------------------------------------

LAST = "SELECT json_extract(after, '$.{}') FROM audit WHERE alert = a.id ORDER BY id DESC LIMIT 1"
OPEN = "('new', 'acknowledged', 'in_progress', 'reopened')"
PEOPLE = ", ".join(f"'{verb}'" for verb in VERBS)
VIEWS = f"""
CREATE TEMP VIEW said AS
  SELECT d.id, d.alert, d.at, d.verb, json_extract(d.before, '$.state') AS came,
    json_extract(d.after, '$.state') AS went
  FROM audit d WHERE d.verb NOT IN ('undo', 'redo') AND NOT EXISTS (
    SELECT 1 FROM audit u WHERE u.verb = 'undo' AND u.undoes = d.id
    AND NOT EXISTS (SELECT 1 FROM audit r WHERE r.verb = 'redo' AND r.undoes = u.id));
CREATE TEMP VIEW now AS SELECT * FROM (
  SELECT a.id, a.rule, a.level, a.first, a.fired, a.created, a.part_of,
    coalesce(({LAST.format("state")}), 'new') AS state, coalesce(({LAST.format("verdict")}), '') AS verdict
  FROM alerts a) WHERE state != 'merged';
CREATE TEMP VIEW whole AS SELECT * FROM now WHERE part_of = 0;
CREATE TEMP VIEW times AS
  SELECT 'detect' AS what, max(0, created - first) AS took FROM whole
    WHERE created - fired < 86400000000
  UNION ALL
  SELECT 'acknowledge', min(s.at) - n.created FROM whole n JOIN said s ON s.alert = n.id
    WHERE s.verb IN ({PEOPLE}) GROUP BY n.id
  UNION ALL
  SELECT 'resolve', max(s.at) - n.created FROM whole n JOIN said s ON s.alert = n.id
    WHERE n.state = 'closed' AND s.went = 'closed' AND s.came != 'closed' GROUP BY n.id;
"""
SPREADS = """
WITH ranked AS (
  SELECT what, took, row_number() OVER (PARTITION BY what ORDER BY took) AS n,
    count(*) OVER (PARTITION BY what) AS c FROM times)
SELECT what, max(c), sum(took) / max(c), max(took) FILTER (WHERE n = (c + 1) / 2),
  max(took) FILTER (WHERE n = (9 * c + 9) / 10) FROM ranked GROUP BY what
"""
RULE_ROWS = f"""
SELECT rule, count(*), sum(part_of != 0), sum(state IN {OPEN}), sum(state = 'closed'),
  sum(verdict NOT IN ('', 'undetermined')), sum(verdict = 'false_positive')
FROM now GROUP BY rule ORDER BY 2 DESC, rule
"""
BACKLOG = f"""
SELECT level, count(*) FROM now n WHERE state IN {OPEN} AND ?1 - created >= ?2 AND ?1 - created < ?3
  AND NOT EXISTS (SELECT 1 FROM now h WHERE h.id = n.part_of AND h.state IN {OPEN}) GROUP BY 1
"""


def recomputed(path: Path, until: int) -> dict[str, Any]:
    """The figures once more, from the audit table, in SQL."""
    db = sqlite3.connect(path)
    db.executescript(VIEWS)

    def one(sql: str) -> Any:
        return db.execute(sql).fetchone()[0]

    taken = {row[0]: Spread(*row[1:]) for row in db.execute(SPREADS)}
    closed = "SELECT verdict, count(*) FROM whole WHERE state = 'closed' GROUP BY 1"
    verdicts = dict(db.execute(closed))
    said = sum(verdicts.values()) - verdicts.get("undetermined", 0)
    found, start = {}, 0
    for name, end in (*AGES, (OLDEST, 1 << 60)):
        for level, count in db.execute(BACKLOG, (until, start, end)):
            found[level, name] = count
        start = end
    answer = {
        "alerts": one("SELECT count(*) FROM whole"),
        "parts": one("SELECT count(*) FROM now WHERE part_of != 0"),
        "later": one("SELECT count(*) FROM whole WHERE created - fired >= 86400000000"),
        **{name: taken.get(name, Spread()) for name in ("detect", "acknowledge", "resolve")},
        "reopened": one(
            "SELECT count(DISTINCT s.alert) FROM said s JOIN whole n ON n.id = s.alert "
            "WHERE s.came = 'closed' AND s.went = 'reopened'"
        ),
        "verdicts": verdicts,
        "false_share": verdicts.get("false_positive", 0) / said if said else None,
        "rules": db.execute(RULE_ROWS).fetchall(),
        "backlog": found,
        "snoozed": one("SELECT count(*) FROM now WHERE state = 'snoozed'"),
    }
    db.close()
    return answer


def told(found: Metrics) -> dict[str, Any]:
    """The figures in the same form."""
    names = (
        "alerts", "parts", "detect", "later", "acknowledge", "resolve", "reopened", "false_share", "snoozed",
    )  # fmt: skip
    rules = [(r.rule, r.alerts, r.parts, r.open, r.closed, r.said, r.false) for r in found.rules]
    backlog = {(level, age): n for level, row in found.backlog.items() for age, n in row.items() if n}
    known = {name: getattr(found, name) for name in names}
    return known | {"verdicts": found.verdicts, "rules": rules, "backlog": backlog}


events = st.one_of(
    st.tuples(st.just("raise"), st.sampled_from(NAMES), st.integers(0, 40), st.sampled_from([IP, OTHER])),
    st.tuples(
        st.just("decide"),
        st.lists(st.integers(1, 4), min_size=1, max_size=2),
        st.sampled_from([*sorted(VERBS), "close", "reopen", "close", "reopen"]),
        st.sampled_from(sorted(VERDICTS)),
    ),
    st.tuples(st.sampled_from(["undo", "redo", "undo", "redo", "wake"])),
)
gaps = st.sampled_from([0, MINUTE, 20 * MINUTE, HOUR, 30 * HOUR, 90 * HOUR])


def live(writer: Writer, store: Store, history: list[tuple[int, tuple[Any, ...]]]) -> int:
    """Carry a history out; the time it ends at."""
    now, alerts = NOW, 3
    for number in range(1, alerts + 1):  # of different rules, too far apart to be parts of each other
        raised = change(number, NAMES[number % 3], number * 900, number * 900 + 3)
        writer.commit(Batch(episodes=[raised], now=now))
    for gap, (what, *how) in history:
        now += gap
        if what == "raise" and alerts < 12:
            alerts += 1
            rule, start, entity = how
            raised = change(alerts, rule, start, start + 3, [entity])
            writer.commit(Batch(episodes=[raised], now=now))
        elif what == "decide":
            ids, verb, verdict = how
            details: dict[str, Any] = {
                "note": {"text": "seen"}, "snooze": {"until": now + HOUR}, "close": {"verdict": verdict},
                "hand_over": {"verdict": verdict}, "verdict": {"verdict": verdict},
            }.get(verb, {})  # fmt: skip
            try:
                store.triage.decide(ids, verb, actor="ann", now=now, **details)
            except TransitionError:
                continue
        elif what in {"undo", "redo"}:
            try:
                getattr(store.triage, what)(actor="ann", now=now)
            except TransitionError:  # it woke since
                continue
        elif what == "wake":
            store.snoozes.wake(now)
    return now + 1


@settings(max_examples=60)
@example([(HOUR, ("decide", [1], verb, "test")) for verb in ("close", "reopen", "close")])
@given(st.lists(st.tuples(gaps, events), min_size=8, max_size=40))
def test_the_figures_equal_a_recomputation_from_the_audit_table(history: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        writer = opened(path, RULES)
        with open_store(path) as store:
            end = live(writer, store, history)
            found = store.metrics.figures(0, end, end)
        writer.close()
        assert told(found) == recomputed(path, end)
        assert found.per_hour == pytest.approx(found.alerts * HOUR / max(HOUR, end - found.since))
        assert sum(found.bars) == found.alerts


# -- the period, and the command line ----------------------------------------------------


def test_only_alerts_of_the_period_count_and_none_before_the_store_was_there(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    writer = opened(path, RULES)
    for number in range(1, 6):
        raised = change(number, "weak", number * 100, number * 100 + 1)
        writer.commit(Batch(episodes=[raised], now=NOW + number * HOUR))
    writer.close()
    with open_store(path) as store:
        some = store.metrics.figures(NOW + 2 * HOUR, NOW + 4 * HOUR, NOW + 4 * HOUR)
        every = store.metrics.figures(0, NOW + 6 * HOUR, NOW + 6 * HOUR)
    assert (some.alerts, some.per_hour, sum(some.backlog["low"].values())) == (2, 1.0, 5)
    assert (every.since, every.alerts) == (NOW, 5)


def test_a_day_given_as_the_end_is_included_and_what_is_open_is_as_old_as_it_is_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socterm.cli.metrics.clock", lambda: NOW + 100 * HOUR)
    path = tmp_path / "store.db"
    writer = opened(path, RULES)
    writer.commit(Batch(episodes=[change(1, "weak", 0, 1)], now=NOW))
    writer.commit(Batch(episodes=[change(2, "weak", 500, 501)], now=NOW + 100 * HOUR - 1))
    writer.close()
    day = datetime.fromtimestamp(NOW // 1_000_000, UTC).date().isoformat()

    def asked(*window: str) -> dict[str, Any]:
        done = CliRunner().invoke(cli, ["metrics", "--db", str(path), "--json", *window])
        assert done.exit_code == 0, done.output
        return dict(json.loads(done.stdout))

    found = asked("--since", day, "--until", day)
    assert (found["alerts"], found["until"][11:19]) == (1, "00:00:00")
    assert {age: count for age, count in found["backlog"]["low"].items() if count} == {
        "under 1h": 1, "under 7d": 1,
    }  # fmt: skip
    assert asked("--since", day, "--until", "2100")["until"] == asked("--since", day)["until"]


def test_an_hour_brings_no_more_alerts_than_there_are() -> None:
    assert figures(life(1), life(2), until=NOW + HOUR // 60).per_hour == 2.0


def test_the_command_line_says_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "store.db"
    tune = "Leave out\nthe \x1b[31m backup host."
    rules = {"weak": RuleInfo("weak", "weak", "low", "", (), tune=tune)}
    writer = opened(path, rules)
    writer.save_rules([RuleFate("weak", "weak", "low", "active", "", "a.yml", 1)], rules)
    writer.commit(Batch(episodes=[change(1, "weak", -3, 1), change(2, "weak", 500, 501)], now=NOW))
    writer.commit(Batch(episodes=[change(3, "strong", -90_000, -89_000)], now=NOW))
    writer.close()
    with open_store(path) as store:
        store.triage.decide([1], "close", actor="ann", now=NOW + HOUR, verdict="false_positive")

    def run(*arguments: str) -> str:
        window = ("--since", "2026-11-18", "--until", "2026-11-19")
        done = CliRunner().invoke(cli, ["metrics", "--db", str(path), *window, *arguments])
        assert done.exit_code == 0, done.output
        return done.stdout

    record = json.loads(run("--json"))
    assert (record["alerts"], record["false_share"], record["resolve"]["mean"]) == (3, 1.0, 3600.0)
    assert (record["detect"]["count"], record["later"]) == (2, 1)
    assert record["since"].startswith("2026-11-18T")
    text = run()
    assert "closed        1h on average" in text
    assert "without 1 of logs that were read a day or more after they were written" in text
    assert "1 false positive; false positives 100%" in text
    assert "tune weak: Leave out the ␛[31m backup host." in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("time", "said"), [(0, "0s"), (400_000, "0.4s"), (61_000_000, "1m 1s"), (24 * HOUR, "1d")]
)
def test_spans_are_said_in_two_units(time: int, said: str) -> None:
    assert span(time) == said
