"""The hand-over of a shift: what it says of a store, and how `socterm report shift` writes it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from socterm.alerts.model import EpisodeChange, RuleInfo
from socterm.reports import plain, shift_report
from socterm.reports.gather import shift_facts
from socterm.reports.shift import SILENT
from socterm.sigma.model import RuleFate
from socterm.store import Store, open_store
from socterm.store.ingest.writer import Writer

from report_facts import HOUR, saying, shift, source
from report_facts import NOW as FACTS_NOW
from rules_cli import called
from store_samples import NOW, batch, episode, login

TUNE = "Raise `gt: 5` <where many share an address>."


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    """Three alerts: brute (7 events, high), odd (1 event, low) and brute again, part of nothing."""
    path = tmp_path / "s.db"
    writer = Writer.open(path, now=NOW)
    infos = {
        "brute": RuleInfo("brute", "Brute force", "high", "", ("attack.credential-access",), tune=TUNE),
        "odd": RuleInfo("odd", "Odd login", "low", "", ()),
    }
    fates = [RuleFate(one.id, one.title, one.level, "active", "", "a.yml") for one in infos.values()]
    writer.save_rules(fates, infos)
    events = [login(number) for number in range(1, 12)]
    writer.commit(
        batch(
            events,
            [
                episode(1, events[:7], alert=1),
                _of(episode(2, events[7:8], alert=2), "odd", "192.0.2.7"),
                _of(episode(3, events[8:11], alert=3), "brute", "192.0.2.8"),
            ],
        )
    )
    writer.close()
    return path


def _of(change: EpisodeChange, rule: str, address: str) -> EpisodeChange:
    change.rule, change.entity = rule, (("source.ip", address),)
    return change


def said(store: Store, since: int = NOW - HOUR, until: int = NOW + HOUR, **more: Any) -> dict[str, list[Any]]:
    """Section → its statements, of the hand-over of an hour before and after."""
    facts = shift_facts(store, since=since, until=until, author="ann", **more)
    found = plain(shift_report(facts))
    return {"": found["statements"], **{one["title"]: one["statements"] for one in found["sections"]}}


def texts(statements: list[Any]) -> list[str]:
    return [one["said"]["text"] for one in statements]


def test_open_alerts_stand_gravest_first_then_oldest(path: Path) -> None:
    with open_store(path) as store:
        rows = said(store)["Open alerts"]
    assert [
        (one["id"], one["said"]["Level"], one["said"]["About"], one["said"]["Events"]) for one in rows
    ] == [
        ("alert-1", "high", "source.ip 203.0.113.9", "7"),
        ("alert-3", "high", "source.ip 192.0.2.8", "3"),
        ("alert-2", "low", "source.ip 192.0.2.7", "1"),
    ]
    assert [one["said"]["Age"] for one in rows] == ["1 h"] * 3
    assert rows[0]["cites"][0] == {"kind": "alert", "id": 1}


def test_it_begins_with_what_there_is_and_what_it_is_of(path: Path) -> None:
    with open_store(path) as store:
        store.triage.decide([1, 2], "acknowledge", actor="ann", now=NOW + 5)
        lead = said(store)[""]
    assert "From 2026-11-18 10:06:40 UTC to 2026-11-18 12:06:40 UTC, 2 h." in texts(lead)[0]
    assert texts(lead)[1:] == [
        "3 open alerts: 2 high, 1 low.", "3 raised: 2 high, 1 low.", "1 decision of people.",
    ]  # fmt: skip
    assert lead[0]["cites"] == [{"kind": "event", "id": 11}]


def test_decisions_of_the_shift_say_who_when_what_and_why(path: Path) -> None:
    with open_store(path) as store:
        triage = store.triage
        triage.decide([3], "acknowledge", actor="bob", now=NOW - 2 * HOUR)
        triage.decide([1], "note", actor="ann", now=NOW, text="asked <bob>")
        triage.decide([1, 2], "verdict", actor="ann", now=NOW + 1, verdict="false_positive")
        triage.decide([3], "snooze", actor="bob", now=NOW + 2, until=NOW + 3)
        triage.undo(actor="ann", now=NOW + 3)
        found = said(store)
        first = next(row.id for row in triage.history(1) if row.verb == "verdict")
    told = texts(found["Decided in this shift"])
    at = "2026-11-18 11:06:40 UTC"
    assert told[:4] == [
        f"{at}: ann noted on alert 1, Brute force: asked <bob>",
        f"{at}: ann gave a verdict on 2 alerts, as false positive",
        f"{at}: ann took back a decision on 2 alerts (decision {first})",
        f"{at}: bob put off alert 3, Brute force",
    ]
    assert "By itself: woke, 1 time." in told[4:]
    second = found["Decided in this shift"][1]
    assert second["id"] == f"decision-{first}"
    assert [(ref["kind"], ref["id"]) for ref in second["cites"]] == [
        ("decision", first), ("decision", first + 1), ("alert", 1), ("alert", 2),
    ]  # fmt: skip


def test_what_is_put_off_is_told_with_its_time(path: Path) -> None:
    with open_store(path) as store:
        store.triage.decide([3], "snooze", actor="bob", now=NOW, until=NOW + 9 * HOUR)
        found = said(store)
    assert [one["id"] for one in found["Open alerts"]] == ["alert-1", "alert-2"]
    (one,) = found["Put off"]
    assert (one["id"], texts([one])) == ("alert-3", ["2026-11-18 20:06:40 UTC: high Brute force"])


def test_the_noisiest_rules_of_the_shift_say_how_to_tune_them(path: Path) -> None:
    with open_store(path) as store:
        store.triage.decide([1], "verdict", actor="ann", now=NOW + 1, verdict="false_positive")
        rows = said(store)["Noisiest rules"]
        later = said(store, since=NOW + 1)["Noisiest rules"]
    assert [tuple(one["said"].values()) for one in rows] == [
        ("Brute force", "2", "10", "1", TUNE), ("Odd login", "1", "1", "0", ""),
    ]  # fmt: skip
    assert [ref["id"] for ref in rows[0]["cites"]] == [1, 3]
    assert texts(later) == ["No rule raised an alert."]


def test_lines_stand_to_the_letter_with_the_alerts_they_are_evidence_of(path: Path) -> None:
    with open_store(path) as store:
        lines = said(store, lines=3)["Evidence"]
        assert texts(said(store, lines=0)["Evidence"]) == ["No line is shown."]
        raw = {row.id: row.raw for row in store.events.get(range(1, 12))}
    assert [one["id"] for one in lines] == [f"event-{number}" for number in (1, 2, 7, 8, 9, 10, 11)]
    assert all(raw[one["cites"][0]["id"]] in one["said"]["text"] for one in lines)
    assert [one["cites"][1]["id"] for one in lines] == [1, 1, 1, 2, 3, 3, 3]


def test_exceptions_that_end_within_a_week_are_told(path: Path) -> None:
    made = {"document": "x: y", "title": "Not ours", "rules": ["brute"], "reason": "the scanner"}
    with open_store(path) as store:
        for days in (3, 30, 0):
            ends = NOW + days * 24 * HOUR if days else 0
            store.exceptions.add(made, actor="ann", now=NOW, expires=ends, alert=1)
        (one,) = said(store)["Exceptions that end soon"]
    assert one["id"] == "exception-1"
    assert texts([one])[0].startswith(
        "Ends in 2 d 23 h, 2026-11-21 11:06:40 UTC: Not ours, by ann, because the"
    )
    assert {"kind": "alert", "id": 1} in one["cites"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"newest": 0}, "nothing came from it yet"),
        ({"newest": FACTS_NOW - SILENT - 1}, "silent for 1 h, since "),
        ({"decoded": 94}, "6 of 100 lines were not understood"),
        ({"drops": {"kernel": 3, "cut": 1}}, "4 lines dropped"),
        ({"note": "no such file"}, "no such file"),
        ({}, ""),
    ],
)
def test_sources_with_something_wrong_are_told_with_lines_to_look_at(more: dict[str, Any], told: str) -> None:
    good = {"newest": FACTS_NOW, "decoded": 96, "drops": {}, "note": "", "error": ""}
    row = source(saying("udp://:514"), **{**good, **more})
    facts = shift_facts_of(row)
    found = {one.title: one for one in shift_report(facts).sections}["Sources to look at"]
    (one,) = found.blocks[0].statements
    text = "".join(run.text for run in one.cells[0])
    assert told in text
    assert ("udp://:514" in text) == bool(told)
    assert [ref.id for ref in one.cites] == ([8, 7] if told else [40])


def shift_facts_of(row: Any) -> Any:
    from socterm.reports import ShiftFacts

    return ShiftFacts(since=FACTS_NOW - HOUR, until=FACTS_NOW, author="ann", newest=40, sources=[row])


def test_a_quiet_shift_says_so_as_of_the_newest_event(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "q.db", now=NOW)
    writer.commit(batch([login(1)]))
    writer.close()
    with open_store(tmp_path / "q.db") as store:
        found = said(store)
    assert texts(found["Open alerts"]) == ["No alert is open."]
    assert texts(found["Decided in this shift"]) == ["Nobody decided anything."]
    assert found["Open alerts"][0]["cites"] == [{"kind": "event", "id": 1}]


# -- the command --------------------------------------------------------------------------------------------


def test_the_form_follows_the_name_and_the_file_is_whole_or_not_there(path: Path, tmp_path: Path) -> None:
    for name, begins in (("a.html", "<!doctype html>"), ("a.md", "# Shift hand-over, "), ("a", "# Shift")):
        done = called("report", "shift", "--db", path, "-o", tmp_path / name, home=tmp_path)
        assert (done.code, done.out) == (0, "")
        assert (tmp_path / name).read_text().startswith(begins)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".report*"))
    forced = called("report", "shift", "--db", path, "--format", "html", home=tmp_path)
    assert forced.out.startswith("<!doctype html>")
    assert called("report", "shift", "--db", path, home=tmp_path).out.startswith("# Shift hand-over, ")


def test_a_file_that_is_there_is_replaced_and_keeps_its_rights(path: Path, tmp_path: Path) -> None:
    target, link = tmp_path / "out.md", tmp_path / "link.md"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    assert called("report", "shift", "--db", path, "-o", link, home=tmp_path).code == 0
    assert link.is_symlink()
    assert target.read_text().startswith("# Shift")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-o", "{folder}"), "is no file"),
        (("-o", "{folder}/none/x.md"), "cannot be written"),
        (("--since", "yesterday"), "write a span such as 8h"),
        (("--since", "2099-01-01"), "is still to come"),
        (("--json", "-o", "{folder}/x"), "leave out --output"),
    ],
)
def test_mistakes_are_one_line(path: Path, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    given = [one.replace("{folder}", str(tmp_path)) for one in arguments]
    done = called("report", "shift", "--db", path, *given, home=tmp_path)
    assert done.code != 0
    assert told in done.error
    assert "\n" not in done.error.strip()


def test_json_is_one_object_with_the_same_statements(path: Path, tmp_path: Path) -> None:
    done = called("report", "shift", "--json", "--db", path, home=tmp_path)
    found = json.loads(done.out)
    ids = [one["id"] for part in (found, *found["sections"]) for one in part["statements"]]
    page = called("report", "shift", "--format", "html", "--db", path, home=tmp_path).out
    assert len(ids) > 10
    assert all(f' id="{ident}"' in page for ident in ids)


def test_a_store_that_cannot_be_written_is_reported_on_all_the_same(path: Path, tmp_path: Path) -> None:
    path.chmod(0o400)
    done = called("report", "shift", "--db", path, home=tmp_path)
    assert done.code == 0, done.error


def test_the_sample_has_something_in_every_section() -> None:
    """What the tests of the forms rest on."""
    document = shift(saying("x"))
    assert all(
        "No " not in run.text for one in document.statements() for cell in one.cells for run in cell[:1]
    )
