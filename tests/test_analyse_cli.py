"""`socterm analyse`, incidents looked at in the background, and the report that takes the narrative."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from socterm.analyst.backend import Message
from socterm.analyst.backends import NullBackend
from socterm.analyst.roles.applying import apply
from socterm.analyst.roles.desk import BACKGROUND, Roles
from socterm.errors import StoreBusyError, TransitionError, UsageError
from socterm.event import Event
from socterm.pipeline.incidentwatch import HOUR, PATIENCE, QUIET, IncidentWatch
from socterm.reports import plain
from socterm.reports.gather import incident_facts
from socterm.reports.incident import incident_report
from socterm.store import Store, open_store
from socterm.store.connection import connect
from socterm.store.doors.analyses import Proposal, StageRun, Trace
from socterm.store.ingest.batch import Batch, SourceState
from socterm.store.ingest.writer import Writer
from tests.analyst_scene import BRUTE, NOW, attack
from tests.scripted_model import ScriptedModel, failing

from rules_cli import called


@pytest.fixture
def path(tmp_path: Path) -> Path:
    attack().store(tmp_path).close()
    return tmp_path / "soc.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(path) as opened:
        yield opened


def analyse(path: Path, *words: str) -> Any:
    return called("analyse", *words, "--db", path, home=path.parent)


def said(form: str, messages: Sequence[Message]) -> dict[str, Any]:
    """A model that has something to say on one stage only."""
    if form == "IngestionSays":
        return {"gaps": ["The firewall's log is not here."]}
    raise failing("no valid answer in 3 tries")


# -- the command line --------------------------------------------------------------------------------------


def test_five_roles_on_the_command_line(path: Path) -> None:
    done = analyse(path, "1", "--no-model")
    assert done.code == 0, done.error
    for role in ("SOC manager", "Explanation", "Threat analyst", "Context enrichment", "Ingestion analyst"):
        assert f"{role}  (source: rules)" in done.out
    assert "P1 · escalate" in done.out
    assert "[#31]" in done.out
    assert "acknowledge alert 1" in done.out


def test_json_has_stages_aliases_and_proposals(path: Path) -> None:
    done = analyse(path, "incident", "1", "--no-model", "--json")
    found = json.loads(done.out)
    assert (found["about"], found["source"]) == ("incident:1", "rules")
    assert list(found["stages"]) == ["ingestion", "threat", "context", "explanation", "manager"]
    assert found["stages"]["threat"]["verdict"] == "true_positive"
    assert found["aliases"]["E3"] == 31
    assert found["proposals"][0]["action"] == "start incident 1"


def test_kept_shows_the_last_round(path: Path) -> None:
    nothing = analyse(path, "1", "--kept")
    assert (nothing.code, nothing.out) == (2, "")
    assert "nothing is kept of alert 1" in nothing.error
    first = analyse(path, "1", "--no-model", "--json")
    assert json.loads(analyse(path, "1", "--kept", "--json").out) == json.loads(first.out)


@pytest.mark.parametrize("words", [["x"], ["incident"], ["alert", "x"], ["event", "3"], ["9" * 19]])
def test_what_is_no_case_is_said_in_one_line(path: Path, words: list[str]) -> None:
    done = analyse(path, *words)
    assert done.code == 2
    assert "\n" not in done.error
    assert "socterm analyse 3" in done.error


def test_a_case_that_is_not_there(path: Path) -> None:
    done = analyse(path, "99", "--no-model")
    assert (done.code, "\n" in done.error) == (2, False)
    assert "there is no alert 99" in done.error


# -- proposals ---------------------------------------------------------------------------------------------


def test_a_proposal_is_applied_once_in_the_name_of_who_did_it_and_undone_as_any_decision(
    store: Store,
) -> None:
    Roles(store, NullBackend(), now=lambda: NOW).whole("alert:1", actor="ann")
    (first, *_) = store.analyses.proposals("alert:1")
    before = store.triage.alert(1)
    (row,) = apply(store, first.id, actor="bea", now=NOW + 1)
    assert (row.actor, row.verb, row.alert) == ("bea", "acknowledge", 1)
    assert store.triage.alert(1).owner == "bea"  # type: ignore[union-attr]
    with pytest.raises(TransitionError, match="is applied already"):
        apply(store, first.id, actor="cleo", now=NOW + 2)
    store.triage.undo(actor="bea", now=NOW + 3)
    assert store.triage.alert(1).state == before.state  # type: ignore[union-attr]


def test_a_proposal_that_its_state_does_not_allow_is_refused(store: Store) -> None:
    Roles(store, NullBackend(), now=lambda: NOW).whole("alert:1", actor="ann")
    (first, *_) = store.analyses.proposals("alert:1")
    store.triage.decide([1], "close", actor="bea", now=NOW, verdict="true_positive")
    with pytest.raises(TransitionError, match="alert 1"):
        apply(store, first.id, actor="bea", now=NOW + 1)
    assert store.analyses.proposal(first.id).state == "refused"  # type: ignore[union-attr]
    with pytest.raises(UsageError, match="no proposal 999"):
        apply(store, 999, actor="bea", now=NOW)


def test_a_proposal_that_could_not_be_done_can_be_done_later(store: Store) -> None:
    """A store that is busy or full at that moment must not leave it marked as applied."""
    Roles(store, NullBackend(), now=lambda: NOW).whole("alert:1", actor="ann")
    (first, *_) = store.analyses.proposals("alert:1")

    class Busy:
        analyses = store.analyses
        incidents = store.incidents

        class triage:  # noqa: N801 - stands for a door
            @staticmethod
            def decide(*_: Any, **__: Any) -> list[Any]:
                raise StoreBusyError("the store is locked by another process: try again")

    with pytest.raises(StoreBusyError):
        apply(Busy, first.id, actor="bea", now=NOW)  # type: ignore[arg-type]
    assert store.analyses.proposal(first.id).state == "open"  # type: ignore[union-attr]
    (row,) = apply(store, first.id, actor="bea", now=NOW + 1)
    assert row.verb == "acknowledge"


def test_escalating_and_noting_go_the_usual_ways(store: Store) -> None:
    runs = (StageRun("manager", "rules", {}),)
    made = [
        Proposal("escalate", "alert:3", "why", "rules"),
        Proposal("note", "alert:3", "why", "rules", {"text": "said"}),
        Proposal("note", "incident:1", "why", "rules", {"text": "told"}),
    ]
    store.analyses.keep(Trace("alert:3", NOW, "ann", runs), made)
    for one in store.analyses.proposals("alert:3"):
        apply(store, one.id, actor="bea", now=NOW)
    assert store.incidents.of_alert(3)
    assert [row.note for row in store.triage.history(3) if row.verb == "note"] == ["said"]
    page = store.incidents.page(1)
    assert page is not None
    assert [row.note for row in page.history if row.verb == "note"] == ["told"]


# -- in the background -------------------------------------------------------------------------------------


def watch(path: Path, model: Any, at: int = QUIET, **more: Any) -> IncidentWatch:
    return IncidentWatch(path, model, clock=lambda: NOW + at, **more)


def test_a_new_grave_incident_is_looked_at_once(path: Path, store: Store) -> None:
    model = ScriptedModel(said)
    beside = watch(path, model)
    assert beside.look(store) == 1
    assert beside.look(store) == 0
    assert watch(path, model, at=QUIET + 1).look(store) == 0, "a restart changes nothing"
    trace = store.analyses.latest("incident:1")
    assert trace is not None
    assert (trace.actor, trace.source) == (BACKGROUND, "rules + tiny:1b")
    assert store.triage.history(1) == []
    assert store.incidents.get(1).state == "open"  # type: ignore[union-attr]


def test_one_that_still_grows_is_left_alone_for_a_while(path: Path, store: Store) -> None:
    assert watch(path, NullBackend(), at=QUIET - 1).look(store) == 0
    assert watch(path, NullBackend(), at=PATIENCE).look(store) == 1


def test_what_is_less_grave_or_old_is_nobodys_news(path: Path, store: Store) -> None:
    assert watch(path, NullBackend(), level="critical").look(store) == 0
    assert watch(path, NullBackend(), at=25 * HOUR).look(store) == 0


def test_beyond_the_budget_rules_say_what_they_can(path: Path, store: Store) -> None:
    model = ScriptedModel(said)
    assert watch(path, model, most=0).look(store) == 1
    assert model.asked == []
    assert store.analyses.latest("incident:1").source == "rules"  # type: ignore[union-attr]


def test_the_budget_is_counted_over_restarts_and_an_hour(path: Path, store: Store) -> None:
    asked = StageRun("threat", "rules + tiny:1b", {}, (), 5)
    store.analyses.keep(Trace("incident:77", NOW, BACKGROUND, (asked,)))
    model = ScriptedModel(said)
    assert watch(path, model, most=1).look(store) == 1
    assert model.asked == []
    assert store.analyses.asked(BACKGROUND, NOW + 1) == 0


def test_a_store_that_was_busy_is_tried_again(path: Path, store: Store) -> None:
    beside = watch(path, NullBackend())
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with open_store(path) as impatient:
            impatient.analyses._connections._decider = connect(path, busy=0.05)
            with pytest.raises(StoreBusyError):
                beside.look(impatient)
        other.execute("ROLLBACK")
    other.close()
    assert store.analyses.latest("incident:1") is None
    assert beside.look(store) == 1


def test_the_gravest_is_looked_at_first(tmp_path: Path) -> None:
    scene = attack()
    one = scene.login(900, "eve", "198.51.100.99", "success", host="db09")
    scene.alert(msgspec.structs.replace(BRUTE, id="worse", level="critical"), {"user.name": "eve"}, [one])
    folder = tmp_path / "two"
    folder.mkdir()
    with scene.store(folder) as opened:
        assert [(row.id, row.level) for row in opened.incidents.all()] == [(2, "critical"), (1, "high")]
        beside = watch(folder / "soc.db", NullBackend())
        assert [beside.look(opened), beside.look(opened), beside.look(opened)] == [2, 1, 0]


def test_ingest_commits_while_a_model_takes_its_time(path: Path, store: Store) -> None:
    """The model is asked in the middle of a round; whoever writes to the store does not wait for it."""
    begun, written = threading.Event(), threading.Event()

    def slow(form: str, messages: Sequence[Message]) -> dict[str, Any]:
        begun.set()
        assert written.wait(60)
        return said(form, messages)

    beside = watch(path, ScriptedModel(slow))
    thread = threading.Thread(target=beside.look, args=(store,))
    thread.start()
    assert begun.wait(60)
    with closing(Writer.open(path, now=NOW)) as writer:
        before = store.events.newest_id()
        line = Event(NOW, "/var/log/new.log", 0, "new", {"message": "new"}, id=before + 1)
        writer.commit(Batch(events=[line], sources=[SourceState("/var/log/new.log", position=1)], now=NOW))
    store.triage.decide([1], "acknowledge", actor="ann", now=NOW)
    assert store.events.newest_id() == before + 1
    written.set()
    thread.join(60)
    assert store.analyses.latest("incident:1").source == "rules + tiny:1b"  # type: ignore[union-attr]


def test_an_incident_that_grows_while_it_is_looked_at_is_looked_at_again_where_it_became_graver(
    tmp_path: Path,
) -> None:
    scene = attack()
    folder = tmp_path / "growing"
    folder.mkdir()
    with scene.store(folder) as opened:
        path = folder / "soc.db"
        beside = watch(path, NullBackend())

        def growing(form: str, messages: Sequence[Message]) -> dict[str, Any]:
            with closing(sqlite3.connect(path)) as other, other:
                other.execute("UPDATE incidents SET rank = 4 WHERE id = 1")
            return said(form, messages)

        assert watch(path, ScriptedModel(growing)).look(opened) == 1
        assert opened.analyses.latest("incident:1").level == "high"  # type: ignore[union-attr]
        assert beside.look(opened) == 1
        assert opened.analyses.latest("incident:1").level == "critical"  # type: ignore[union-attr]
        assert beside.look(opened) == 0


def test_an_incident_that_became_graver_is_looked_at_again(path: Path, store: Store) -> None:
    store.analyses.keep(Trace("incident:1", NOW, "ann", (), level="medium"))
    assert watch(path, NullBackend()).look(store) == 1


def test_who_ingests_looks_and_ends_in_time(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socterm.pipeline.incidentwatch.LOOK", 0.01)
    begun, model = threading.Event(), ScriptedModel(said)

    def waiting(form: str, messages: Sequence[Message]) -> dict[str, Any]:
        begun.set()
        return said(form, messages)

    model.script = waiting
    beside = watch(path, model)
    beside.start()
    assert begun.wait(60)
    beside.close()
    assert threading.active_count() >= 1
    assert beside.note == ""


# -- the report --------------------------------------------------------------------------------------------


def test_an_incident_report_takes_what_the_roles_said(store: Store) -> None:
    bare = plain(incident_report(incident_facts(store, 1, now=NOW, author="ann")))
    assert "What happened" not in [section["title"] for section in bare["sections"]]
    Roles(store, NullBackend(), now=lambda: NOW).whole("incident:1", actor="ann")
    told = plain(incident_report(incident_facts(store, 1, now=NOW, author="ann")))
    section = next(one for one in told["sections"] if one["title"] == "What happened")
    text = json.dumps(section, ensure_ascii=False)
    assert "Explanation (source: rules): SSH brute force, then login" in text
    assert "SOC manager (source: rules): P1 · escalate" in text
