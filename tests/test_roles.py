"""The five roles: a pack of evidence, drafts from rules, and what of a model's words passes the gates."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.analyst.backend import Message
from socterm.analyst.backends import NullBackend
from socterm.analyst.backends.forms import schema_of
from socterm.analyst.backends.tokens import estimate_tokens
from socterm.analyst.roles import asking
from socterm.analyst.roles.desk import Roles
from socterm.analyst.roles.draft_first import _part
from socterm.analyst.roles.evidence import Pack, Thing
from socterm.analyst.roles.forms import SAYS, STAGES, VIEWS, FastSays, form_for
from socterm.analyst.roles.gates import KEPT_WORDS, Gate
from socterm.analyst.roles.gather import gather
from socterm.analyst.roles.pack import MOST_EVENTS, exemplars, pack, things, turns
from socterm.analyst.roles.run import Round, drafts
from socterm.errors import UsageError
from socterm.store import Store
from socterm.store.doors.analyses import Trace
from socterm.store.rows import EventRow
from tests.analyst_scene import ATTACKER, BRUTE, HOSTILE, MINUTE, NOW, ODD, Scene, attack
from tests.scripted_model import Script, ScriptedModel, failing


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with attack().store(tmp_path) as opened:
        yield opened


def packed(store: Store, about: str = "alert:1") -> Pack:
    return pack(gather(store, about))


def last(store: Store, script: Script, about: str = "alert:1", *, fast: bool = False) -> Trace:
    roles = Roles(store, ScriptedModel(script), now=lambda: NOW, fast=fast)
    return roles.whole(about, actor="ann")


def stage(trace: Trace, name: str) -> Any:
    return next(run for run in trace.runs if run.stage == name)


def agreeing(found: Pack, **changed: dict[str, Any]) -> Script:
    """A model that says what the draft says, but for some fields of some stages."""

    def script(form: str, messages: Sequence[Message]) -> dict[str, Any]:
        views = {name: view.model_dump() for name, view in drafts(found).items()}
        said = {
            name: {key: value for key, value in view.items() if key in SAYS[name].model_fields}
            | changed.get(name, {})
            for name, view in views.items()
        }
        if form == "FastSays":
            return {name: said[name] for name in ("threat", "explanation", "manager")}
        return next(said[name] for name in STAGES if SAYS[name].__name__ == form)

    return script


# -- the pack --------------------------------------------------------------------------------------------


def test_the_pack_has_first_last_and_the_success_after_failures(store: Store) -> None:
    found = packed(store, "incident:1")
    why = {one.row.id: one.why for one in found.events}
    assert why[1] == "first"
    assert why[30] == "failure before the success"
    assert why[31] == "success after 30 failures"
    assert why[32] == "last"
    assert found.turns == ("E3",)
    assert found.ids() == {"E1": 1, "E2": 30, "E3": 31, "E4": 32, "A1": 1, "A2": 2}
    assert [(kind.said, kind.count) for kind in found.kinds][:2] == [
        ("failed SSH login", 30),
        ("successful SSH login", 1),
    ]


def test_things_are_told_with_what_the_store_knows(store: Store) -> None:
    things = {thing.value: thing for thing in packed(store).things}
    attacker = things[ATTACKER]
    assert (attacker.named, attacker.events, attacker.failures, attacker.baseline) == (True, 31, 30, "new")
    assert attacker.risk > 0


def test_many_addresses_do_not_hide_the_host_that_they_tried() -> None:
    scene = Scene()
    for n in range(30):
        for _ in range(2):
            scene.login(n, "ann", f"192.0.2.{n}", "failure")
    rows = [_row(event) for event in scene.events]
    found = things(rows, [], [])
    assert len(found) == 8
    fields = [thing.field for thing in found]
    assert {"user.name", "host.hostname"} <= set(fields)


def test_a_domain_that_an_alert_names_has_a_part() -> None:
    for field in ("dns.question.registered_domain", "destination.ip", "url.domain"):
        assert _part(Thing(field, "bad.example", named=True), set()) == "target"
    assert _part(Thing("session.id", "7", named=True), set()) == "unclear"


def test_past_verdicts_and_notes_of_the_same_are_the_memory(store: Store, tmp_path: Path) -> None:
    scene = attack()
    again = [scene.login(600 + n, "root", ATTACKER, "failure") for n in range(3)]
    scene.alert(BRUTE, {"source.ip": ATTACKER}, again)
    folder = tmp_path / "again"
    folder.mkdir()
    with scene.store(folder) as known:
        known.triage.decide([1], "note", actor="bea", now=NOW, text="scanner of the auditors")
        known.triage.decide([1], "close", actor="bea", now=NOW + 1, verdict="false_positive")
        past = packed(known, "alert:4").past
        assert [(one.alert, one.same, one.verdict, one.actor, one.note) for one in past] == [
            (1, True, "false_positive", "bea", "scanner of the auditors")
        ]
        said = drafts(packed(known, "alert:4"))["context"].memory
        assert "closed as false positive by bea on 2026-11-20" in said[0]
        assert "scanner of the auditors" in said[0]


def test_at_most_twenty_events_stand_for_all(tmp_path: Path) -> None:
    scene = Scene()
    ids = [scene.add(n, f"thing {n}", event__action=f"action_{n % 40}") for n in range(400)]
    scene.alert(BRUTE, {"host.hostname": "web01"}, ids)
    with scene.store(tmp_path) as opened:
        found = packed(opened)
    assert len(found.events) == MOST_EVENTS
    assert [one.row.id for one in found.events] == sorted(one.row.id for one in found.events)
    assert found.events[0].row.id == 1
    assert found.events[-1].row.id == 400


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=st.text(max_size=4000), value=st.text(min_size=1, max_size=500))
def test_whatever_logs_say_the_evidence_stays_within_its_tokens_and_its_fence(
    text: str, value: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scene = Scene()
    ids = [scene.add(n, text, event__action=f"a{n}", user__name=value) for n in range(25)]
    scene.alert(BRUTE, {"user.name": value}, ids)
    with scene.store(tmp_path_factory.mktemp("hostile")) as opened:
        said = asking.evidence(packed(opened))
    assert estimate_tokens([Message("user", said)]) <= asking.MOST_TOKENS
    assert said.count("<<data ") == said.count("<<end ") == 1
    assert said.startswith("<<data ")
    assert said.endswith(">>")


def test_three_failures_before_a_success_count_and_two_do_not() -> None:
    scene = Scene()
    for n in range(2):
        scene.login(n, "ann", "192.0.2.1", "failure")
    scene.login(5, "ann", "192.0.2.1", "success")
    for n in range(3):
        scene.login(10 + n, "ann", "192.0.2.1", "failure")
    scene.login(20, "ann", "192.0.2.1", "success")
    rows = [_row(event) for event in scene.events]
    assert turns(rows) == {7: 3}
    assert [one.why for one in exemplars(rows, turns(rows))][-1] == "success after 3 failures"


def test_with_a_success_stands_the_failure_it_followed() -> None:
    scene = Scene()
    for n in range(5):
        scene.login(n, "bob", "192.0.2.1", "failure")
    for n in range(4):
        scene.login(10 + n, "ann", "192.0.2.1", "failure")
    for n in range(5):
        scene.login(20 + n, "eve", "192.0.2.1", "failure")
    scene.login(30, "ann", "192.0.2.1", "success")
    rows = [_row(event) for event in scene.events]
    chosen = {one.row.id: one.why for one in exemplars(rows, turns(rows))}
    # The latest of ann herself from there, and none of the later ones of somebody else.
    assert chosen == {
        1: "first",
        9: "failure before the success",
        15: "success after 14 failures",
    }


def test_of_few_events_all_are_shown_and_of_more_only_those_that_stand_for_others() -> None:
    for count, shown in ((8, 8), (9, 2)):
        scene = Scene()
        for n in range(count):
            scene.login(n, "ann", "192.0.2.1", "failure")
        rows = [_row(event) for event in scene.events]
        assert len(exemplars(rows, turns(rows))) == shown


def _row(event: Any) -> EventRow:
    return EventRow(event.id, event.ts, event.source, event.position, event.raw, event.fields)


def test_a_case_that_is_not_there_is_one_line(store: Store) -> None:
    for about in ("alert:99", "incident:99", "event:1", "alert:x"):
        with pytest.raises(UsageError) as wrong:
            gather(store, about)
        assert "\n" not in str(wrong.value)


# -- drafts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("about", ["alert:1", "alert:2", "alert:3", "incident:1"])
def test_every_stage_has_a_valid_draft_without_a_model(store: Store, about: str) -> None:
    trace = Roles(store, NullBackend(), now=lambda: NOW).whole(about, actor="ann")
    assert [run.stage for run in trace.runs] == list(STAGES)
    assert {run.source for run in trace.runs} == {"rules"}
    for run in trace.runs:
        VIEWS[run.stage].model_validate(run.output)
    assert trace.source == "rules"
    assert store.analyses.latest(about) == trace


def test_a_success_after_guessing_is_an_attack(store: Store) -> None:
    found = drafts(packed(store))
    threat, manager = found["threat"], found["manager"]
    assert (threat.verdict, threat.severity, threat.techniques) == ("true_positive", "high", ("T1110.001",))
    assert threat.evidence[:2] == ("E3", "E2")
    assert threat.hypotheses[1].against == ("E3",)
    assert (manager.priority, manager.disposition) == ("P1", "escalate")
    assert manager.next_steps[0] == "End the sessions of user alice and change its password."
    assert {role.value: role.role for role in found["context"].roles}["alice"] == "compromised"


def test_why_it_matters_is_said_by_the_gravest_rule(tmp_path: Path) -> None:
    scene = Scene()
    first = scene.login(0, "ann", "192.0.2.7", "failure")
    scene.alert(ODD, {"source.ip": "192.0.2.7"}, [first])
    scene.alert(BRUTE, {"source.ip": "192.0.2.7"}, [scene.login(9, "ann", "192.0.2.7", "failure")])
    with scene.store(tmp_path) as opened:
        assert drafts(packed(opened, "incident:1"))["explanation"].why.startswith(BRUTE.description)


def test_what_people_closed_as_harmless_twice_is_likely_harmless_again(tmp_path: Path) -> None:
    scene = Scene()
    rule = msgspec.structs.replace(BRUTE, level="medium")
    for round_ in range(3):
        at = round_ * 7200
        ids = [scene.login(at + n, "backup", "192.0.2.7", "failure") for n in range(4)]
        scene.alert(rule, {"source.ip": "192.0.2.7"}, ids)
    with scene.store(tmp_path) as opened:
        assert drafts(packed(opened, "alert:3"))["threat"].verdict == "suspicious"
        opened.triage.decide([1, 2], "close", actor="bea", now=NOW, verdict="false_positive")
        found = drafts(packed(opened, "alert:3"))
    assert found["threat"].verdict == "benign"
    assert found["manager"].priority == "P4"
    closing = [one for one in found["manager"].actions if one.verb == "close"]
    assert [one.verdict for one in closing] == ["false_positive"]


@pytest.mark.parametrize(
    ("origins", "outside", "verdict", "aim"),
    [(10, True, "true_positive", "investigate"), (9, True, "suspicious", "investigate"),
     (10, False, "suspicious", "investigate")],
)  # fmt: skip
def test_many_who_fail_alike_from_outside_are_an_attack_that_wakes_nobody(
    tmp_path: Path, origins: int, outside: bool, verdict: str, aim: str
) -> None:
    scene = Scene()
    ids = [scene.login(n, "root", f"192.0.2.{n}", "failure") for n in range(origins)]
    for event in scene.events:
        event.fields["source.is_external"] = outside
    rule = msgspec.structs.replace(BRUTE, level="medium", tags=("attack.credential-access",))
    scene.alert(rule, {"user.name": "root"}, ids)
    with scene.store(tmp_path) as opened:
        found = drafts(packed(opened))
        assert (found["threat"].verdict, found["threat"].severity) == (verdict, "medium")
        assert (found["manager"].disposition, found["manager"].priority) == (aim, "P3")
        told = f"{origins} addresses outside failed alike" in found["threat"].hypotheses[0].note
        assert told == (verdict == "true_positive")


def test_forms_bound_everything_and_name_the_aliases_there_are(store: Store) -> None:
    found = packed(store)
    for form in (*SAYS.values(), FastSays):
        schema = schema_of(form_for(form, found.aliases(), asking.techniques(found)))
        assert ("'E3'" in str(schema)) == (form is not SAYS["manager"])
        assert "E4" not in str(schema)
    assert (
        "title" in form_for(SAYS["threat"], ("E1",)).model_json_schema()["$defs"]["Hypothesis"]["properties"]
    )


# -- refinement and gates --------------------------------------------------------------------------------


def test_a_model_that_says_more_is_labelled(store: Store) -> None:
    found = packed(store)
    script = agreeing(found, explanation={"headline": "alice's password was guessed from 203.0.113.9"})
    trace = last(store, script)
    said = stage(trace, "explanation")
    assert said.source == "rules + tiny:1b"
    assert said.output["headline"] == "alice's password was guessed from 203.0.113.9"
    assert stage(trace, "ingestion").source == "rules"
    assert trace.source == "rules + tiny:1b"


def test_what_is_not_in_the_evidence_is_marked(store: Store) -> None:
    script = agreeing(
        packed(store),
        explanation={
            "why": "From 198.51.100.99 as user mallory by T1059; 203.0.113.9 and user alice are true.",
        },
    )
    said = stage(last(store, script), "explanation")
    why = said.output["why"]
    assert "198.51.100.99 [unverified]" in why
    assert "mallory [unverified]" in why
    assert "T1059 [unverified]" in why
    assert "203.0.113.9 [unverified]" not in why
    assert "alice [unverified]" not in why
    assert any("198.51.100.99" in note for note in said.notes)


def test_times_of_day_are_no_addresses_and_what_the_draft_says_is_not_marked(store: Store) -> None:
    found = packed(store)
    why = "At 09:59:07 and 23:01:02 from 2001:db8::99, ::1 and 52:54:00:aa:bb:cc."
    said = stage(last(store, agreeing(found, explanation={"why": why})), "explanation")
    assert said.output["why"] == (
        "At 09:59:07 and 23:01:02 from 2001:db8::99 [unverified], ::1 [unverified] "
        "and 52:54:00:aa:bb:cc [unverified]."
    )
    steps = [step.model_dump() for step in drafts(found)["explanation"].timeline]
    assert said.output["timeline"] == steps


def test_aliases_that_name_nothing_go_and_cap_the_confidence(store: Store) -> None:
    threat = {"evidence": ("E1", "E17", "E18", "A9"), "confidence": 99}
    hypotheses = [{"title": "x", "likelihood": "likely", "support": [], "against": []}]
    script = agreeing(packed(store), threat={**threat, "hypotheses": hypotheses})
    said = stage(last(store, script), "threat")
    assert set(said.output["evidence"]) <= {"E1", "E2", "E3", "A1"}
    assert any("confidence 99 cut to 55" in note for note in said.notes)
    assert said.output["confidence"] == 82  # never below the draft's
    assert any("E17 names nothing" in note for note in said.notes)


def test_a_model_may_raise(store: Store) -> None:
    found = packed(store, "alert:2")
    before = drafts(found)
    assert before["threat"].verdict == "suspicious"
    script = agreeing(found, threat={"verdict": "true_positive", "severity": "critical", "confidence": 90})
    trace = last(store, script, "alert:2")
    threat, manager = stage(trace, "threat").output, stage(trace, "manager").output
    assert (threat["verdict"], threat["severity"]) == ("true_positive", "critical")
    assert manager["priority"] == "P1", "the manager's draft follows what was raised"


LOWER: dict[str, dict[str, Any]] = {
    "threat": {
        "verdict": "benign",
        "severity": "informational",
        "confidence": 1,
        "techniques": (),
        "evidence": (),
    },
    "manager": {
        "priority": "P4",
        "disposition": "monitor",
        "actions": [{"verb": "close", "verdict": "false_positive", "why": "harmless"}],
        "next_steps": (),
    },
    "context": {"roles": (), "related": ()},
    "ingestion": {"gaps": (), "key_events": ()},
}


@pytest.mark.parametrize("fast", [False, True])
def test_a_model_cannot_lower_anything(store: Store, fast: bool) -> None:
    found = packed(store)
    before, rows = drafts(found), store.triage.alerts()
    trace = last(store, agreeing(found, **LOWER), fast=fast)
    for name in ("verdict", "severity", "confidence", "techniques"):
        draft = getattr(before["threat"], name)
        assert stage(trace, "threat").output[name] == (list(draft) if isinstance(draft, tuple) else draft)
    manager = stage(trace, "manager").output
    assert (manager["priority"], manager["disposition"]) == ("P1", "escalate")
    assert "close" not in {one["verb"] for one in manager["actions"]}
    assert any("verdict benign is lower" in note for note in stage(trace, "threat").notes)
    assert store.triage.alerts() == rows


def test_the_manager_is_shown_no_log_line(store: Store) -> None:
    model = ScriptedModel(agreeing(packed(store)))
    Roles(store, model, now=lambda: NOW).whole("alert:1", actor="ann")
    shown = {form: "\n".join(message.content for message in told) for form, told in model.asked}
    assert "Failed password for" in shown["ThreatView"]
    assert "Failed password for" not in shown["ManagerView"]
    assert "<<data" in shown["ManagerView"]
    assert [form for form, _ in model.asked] == [SAYS[name].__name__ for name in STAGES]


def test_fast_asks_once_for_what_is_left(store: Store) -> None:
    model = ScriptedModel(agreeing(packed(store), explanation={"innocent": "A test of ours."}))
    trace = Roles(store, model, now=lambda: NOW, fast=True).whole("alert:1", actor="ann")
    assert [form for form, _ in model.asked] == ["IngestionSays", "FastSays"]
    assert stage(trace, "explanation").source == "rules + tiny:1b"


def test_a_stage_that_took_long_has_the_rest_merged(store: Store) -> None:
    found = packed(store)
    model = ScriptedModel(agreeing(found))
    ticks = iter(range(0, 10_000, 30))
    list(Round(found, model, clock=lambda: float(next(ticks))).refined())
    assert [form for form, _ in model.asked] == ["IngestionSays", "FastSays"]


def test_a_failing_stage_keeps_its_draft_and_says_so(store: Store) -> None:
    agree = agreeing(packed(store), explanation={"why": "Guessed."})

    def script(form: str, messages: Sequence[Message]) -> dict[str, Any]:
        if form == "ThreatView":
            raise failing("no valid answer in 3 tries")
        return agree(form, messages)

    trace = last(store, script)
    assert stage(trace, "threat").source == "rules"
    assert stage(trace, "threat").notes == ("tiny:1b: no valid answer in 3 tries",)
    assert stage(trace, "explanation").source == "rules + tiny:1b"


def test_a_model_that_fails_twice_is_left_alone(store: Store) -> None:
    def script(form: str, messages: Sequence[Message]) -> dict[str, Any]:
        raise failing("took longer than 120 s")

    model = ScriptedModel(script)
    trace = Roles(store, model, now=lambda: NOW).whole("alert:1", actor="ann")
    assert len(model.asked) == 2
    assert {run.source for run in trace.runs} == {"rules"}
    assert all(run.notes == ("tiny:1b: took longer than 120 s",) for run in trace.runs)


def test_stopped_keeps_what_came(store: Store) -> None:
    stop = threading.Event()
    agree = agreeing(packed(store), ingestion={"gaps": ("No lines of the firewall.",)})

    def script(form: str, messages: Sequence[Message]) -> dict[str, Any]:
        stop.set()
        return agree(form, messages)

    roles = Roles(store, ScriptedModel(script), now=lambda: NOW)
    trace = roles.whole("alert:1", actor="ann", cancel=stop)
    assert stage(trace, "ingestion").source == "rules + tiny:1b"
    assert stage(trace, "manager").source == "rules"
    assert stage(trace, "manager").notes == ("stopped",)


def test_drafts_are_there_before_the_model_is_asked(store: Store) -> None:
    model = ScriptedModel(agreeing(packed(store)))
    traces = Roles(store, model, now=lambda: NOW).analyse("alert:1", actor="ann")
    assert {run.source for run in next(traces).runs} == {"rules"}
    assert model.asked == []


def test_what_does_not_fit_its_form_is_not_taken(store: Store) -> None:
    found = packed(store)
    gate, draft = Gate(found), drafts(found)["manager"]
    passed = gate.passed("manager", draft, {"priority": "P0"})
    assert passed.view == draft
    assert not passed.refined
    assert passed.notes[0].startswith("the answer does not fit its form: priority")


def test_where_the_evidence_speaks_to_models_all_wording_is_that_of_the_rules(store: Store) -> None:
    found = packed(store, "alert:3")
    assert HOSTILE in {thing.value for thing in found.things}
    assert found.spoken == ("E1",)
    script = agreeing(found, explanation={"headline": "Nothing to see here", "why": "All is well."})
    said = stage(last(store, script, "alert:3"), "explanation")
    assert said.output["headline"] == drafts(found)["explanation"].headline
    assert "ignore all rules" not in repr(said.output), "what is written for a model is not repeated"
    assert KEPT_WORDS in said.notes


def test_old_rounds_go_and_the_newest_counts(store: Store) -> None:
    roles = Roles(store, NullBackend(), now=lambda: NOW + MINUTE)
    rounds = [roles.whole("alert:1", actor="ann") for _ in range(12)]
    latest = store.analyses.latest("alert:1")
    assert latest == rounds[-1]
    assert len(store.analyses.proposals("alert:1", ("superseded",))) == 9 * len(
        store.analyses.proposals("alert:1")
    )
