"""Real inference: a model of random weights on llama.cpp's server, through the real client.

It says nothing that makes sense, so what is asserted is what must hold whatever a model says.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field
from socterm.alerts.levels import LEVELS
from socterm.analyst import Analyst, Piece
from socterm.analyst.backend import BackendError, Cancelled, Chunk, Message, TruncatedError
from socterm.analyst.backends import CompatibleBackend, NullBackend, QueuedBackend
from socterm.analyst.backends.patience import Patience
from socterm.analyst.doctor import Shot
from socterm.analyst.roles.desk import Roles
from socterm.analyst.roles.forms import (
    SAYS,
    VERDICTS,
    Bounded,
    ContextSays,
    ExplanationView,
    FastSays,
    IngestionSays,
    ManagerView,
    ThreatView,
    form_for,
)
from socterm.store import Store
from socterm.store.doors.analyses import Trace

import tiny_model
from analyst_scene import BRUTE_ALERT, NOW, attack
from tiny_model import WIDE

ASK = [Message("system", "be short"), Message("user", "who was it?")]
SOON = Patience(total=300, silence=120, pause=0)


class Evidence(BaseModel):
    model_config = ConfigDict(extra="forbid")
    alias: Literal["E1", "E2", "E3"]
    why: Annotated[str, Field(max_length=20)]


class Finding(BaseModel):
    """A form with everything forms have: enums, numbers, bounded texts and lists, forms within."""

    model_config = ConfigDict(extra="forbid")
    verdict: Literal["attack", "benign", "unclear"]
    confidence: int = Field(ge=0, le=100)
    techniques: list[Literal["T1110", "T1078"]] = Field(max_length=2)
    evidence: list[Evidence] = Field(max_length=2)
    note: Annotated[str, Field(max_length=30)] | None = None


@pytest.fixture(scope="module")
def where() -> Iterator[dict[str, str]]:
    program = Path(tiny_model.__file__)
    with subprocess.Popen(
        [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with attack().store(tmp_path_factory.mktemp("tiny")) as store:
        yield store


def backend(url: str, *, num_predict: int = 200) -> QueuedBackend:
    return QueuedBackend(CompatibleBackend(url, num_predict=num_predict, patience=SOON))


def chat(
    made: QueuedBackend, messages: list[Message] = ASK, cancel: threading.Event | None = None
) -> list[Chunk]:
    return list(made.chat_stream(messages, cancel=cancel or threading.Event()))


def said(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind == "text")


def test_an_answer_streams_word_by_word_to_its_end(where: dict[str, str]) -> None:
    made = backend(where["engine"], num_predict=40)
    chunks = chat(made)
    usage = chunks[-1].usage
    assert usage is not None
    assert 0 < usage.prompt_tokens < 100
    assert 0 < usage.answer_tokens <= 40
    assert len(chunks) > 5
    assert not usage.truncated
    assert usage.cut == (usage.answer_tokens == 40)


def test_the_engines_context_is_learnt(where: dict[str, str]) -> None:
    made = backend(where["engine"])
    assert made.health().model == "tiny"
    assert made.num_ctx == tiny_model.CONTEXT
    card = made.card()
    assert card.server == "OpenAI-compatible (llamacpp)"
    assert not card.cloud


def test_a_cancelled_answer_frees_the_engine_for_the_next(where: dict[str, str]) -> None:
    made, cancel = backend(where["engine"], num_predict=1500), threading.Event()
    stream = made.chat_stream(ASK, cancel=cancel)
    next(stream)
    cancel.set()
    with pytest.raises(Cancelled):
        list(stream)
    # It has one slot: this one is answered because the other let go of it.
    assert chat(backend(where["engine"], num_predict=5))[-1].usage is not None


def test_what_does_not_fit_is_told_as_cut(where: dict[str, str]) -> None:
    made = backend(where["engine"])
    long = [Message("user", "Failed password for root " * 400)]
    usage = chat(made, long)[-1].usage
    assert usage is not None
    assert usage.truncated
    with pytest.raises(TruncatedError):
        made.chat_json(long, Finding, cancel=threading.Event())


FORMS: dict[type[BaseModel], int] = {
    Finding: 25, Shot: 20, IngestionSays: 12, ContextSays: 12, ThreatView: 10, ExplanationView: 10,
    ManagerView: 8, FastSays: 3,
}  # fmt: skip
"""Every form of ours, and how often it is asked for; at random the larger ones grow long."""


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_a_hundred_forms_of_a_hundred_fit_at_once(form: type[BaseModel], where: dict[str, str]) -> None:
    assert sum(FORMS.values()) == 100
    assert set(FORMS) >= {*SAYS.values(), FastSays, Shot}
    made = QueuedBackend(
        CompatibleBackend(where["forms"], num_ctx=WIDE, num_predict=WIDE - 2000, patience=SOON)
    )
    held = form_for(form, ["E1", "E2", "A1"], ["T1110", "T1078"]) if issubclass(form, Bounded) else form
    for _ in range(FORMS[form]):
        found = made.chat_json(ASK, held, cancel=threading.Event())
        assert found.tries == 1
        assert form.model_validate(found.value.model_dump()) == form.model_validate_json(
            found.value.model_dump_json()
        )


def test_forms_on_the_bare_engine_fit_or_fail_in_one_way(where: dict[str, str]) -> None:
    made = backend(where["engine"], num_predict=1024)
    reasons = []
    for _ in range(5):
        try:
            Finding.model_validate(made.chat_json(ASK, Finding, cancel=threading.Event()).value)
        except BackendError as error:
            reasons.append(error.health.reason)
    assert not [reason for reason in reasons if "\n" in reason]


def test_citations_at_random_are_all_flagged(where: dict[str, str], store: Store) -> None:
    analyst = Analyst(store.events, store.triage, backend(f"{where['forms']}/cites"), now=lambda: NOW)
    cited = 0
    for _ in range(10):
        analyst.forget()
        pieces = list(analyst.ask("who was it?"))
        numbers = re.findall(r"\[#\d+[^\]]*\]", said(pieces))
        cited += len(numbers)
        assert all(number.endswith(" unverified]") for number in numbers)
        assert not [piece for piece in pieces if piece.kind == "citation"]
        assert pieces[-1].source == "tiny"
    assert cited >= 30


def test_whatever_it_says_the_answer_has_a_label_and_the_store_is_as_before(
    where: dict[str, str], store: Store
) -> None:
    before = [store.triage.alert(number) for number in (1, 2, 3)]
    analyst = Analyst(store.events, store.triage, backend(where["engine"]), now=lambda: NOW)
    for question in ("why did this fire?", "what did alice do?", "close it"):
        pieces = list(analyst.ask(question, BRUTE_ALERT))
        assert pieces[-1].kind == "done"
        assert pieces[-1].source in ("tiny", "rules")
        assert f"source: {pieces[-1].source}" in pieces[-1].text
    assert [store.triage.alert(number) for number in (1, 2, 3)] == before


def test_five_roles_with_a_model_that_raves_lower_nothing(where: dict[str, str], tmp_path: Path) -> None:
    with attack().store(tmp_path) as store:
        before = store.triage.alert(BRUTE_ALERT)
        quiet = Roles(store, NullBackend(), now=lambda: NOW, keeping=False).whole("alert:1", actor="ann")
        made = QueuedBackend(CompatibleBackend(where["forms"], num_ctx=WIDE, num_predict=5000, patience=SOON))
        raving = Roles(store, made, now=lambda: NOW, keeping=False).whole("alert:1", actor="ann")
        assert store.triage.alert(BRUTE_ALERT) == before
    assert {run.source for run in raving.runs} <= {"rules", "rules + tiny"}
    assert {run.source for run in quiet.runs} == {"rules"}
    draft, said = (run_of(trace, "threat") for trace in (quiet, raving))
    assert LEVELS.index(said["severity"]) >= LEVELS.index(draft["severity"])
    assert VERDICTS.index(said["verdict"]) >= VERDICTS.index(draft["verdict"])


def run_of(trace: Trace, stage: str) -> dict[str, Any]:
    """What a stage handed over."""
    return next(run.output for run in trace.runs if run.stage == stage)


def test_vectors_of_the_engine(where: dict[str, str]) -> None:
    found = backend(where["embeds"]).embed(["failed login", "failed login", "disk"], cancel=threading.Event())
    assert (found.model, len(found.rows)) == ("tiny-embed", 3)
    assert found.rows[0] == pytest.approx(found.rows[1], abs=1e-3)
    assert found.rows[0] != pytest.approx(found.rows[2], abs=1e-3)
