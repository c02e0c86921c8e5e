"""What each role hands over, as bounded schemas: every text and list has a limit, nothing may be added.

What a model may say of a stage is its form `…Says`; what is handed on adds what only the store can know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Stage = Literal["ingestion", "threat", "context", "explanation", "manager"]

STAGES: Final[tuple[Stage, ...]] = ("ingestion", "threat", "context", "explanation", "manager")
"""In the order they are gone through."""

ROLES: Final[dict[str, str]] = {
    "ingestion": "Ingestion analyst",
    "threat": "Threat analyst",
    "context": "Context enrichment",
    "explanation": "Explanation",
    "manager": "SOC manager",
}
"""Stage → who it is."""

T = TypeVar("T", bound=BaseModel)

Alias = Annotated[str, Field(pattern=r"^[AE][1-9][0-9]?$", max_length=3)]
Technique = Annotated[str, Field(pattern=r"^T[0-9]{4}(\.[0-9]{3})?$", max_length=9)]
Level = Literal["informational", "low", "medium", "high", "critical"]
Verdict = Literal["benign", "undetermined", "suspicious", "true_positive"]
Priority = Literal["P4", "P3", "P2", "P1"]
Disposition = Literal["monitor", "review", "investigate", "escalate"]
Verb = Literal["acknowledge", "start", "escalate", "note", "close"]

VERDICTS: Final[tuple[Verdict, ...]] = ("benign", "undetermined", "suspicious", "true_positive")
PRIORITIES: Final[tuple[Priority, ...]] = ("P4", "P3", "P2", "P1")
DISPOSITIONS: Final[tuple[Disposition, ...]] = ("monitor", "review", "investigate", "escalate")
"""Least grave first, as levels are."""

RAISING: Final[tuple[Verb, ...]] = ("acknowledge", "start", "escalate", "note")
"""What a model may propose; closing is only ever proposed by rules, from what people decided before."""


class Bounded(BaseModel):
    """A form with nothing in it but what it names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyEvent(Bounded):
    """An event worth a look, and why."""

    event: Alias
    why: str = Field(max_length=160)


class SourceLine(Bounded):
    """A source of the case; `understood` is a percentage of its lines, -1 where it has none."""

    name: str = Field(max_length=160)
    events: int = Field(ge=0)
    understood: int = Field(ge=-1, le=100)
    note: str = Field(default="", max_length=160)


class IngestionSays(Bounded):
    """What the evidence is worth: what is missing, which events tell most."""

    gaps: tuple[Annotated[str, Field(max_length=200)], ...] = Field(default=(), max_length=6)
    key_events: tuple[KeyEvent, ...] = Field(default=(), max_length=12)


class IngestionView(IngestionSays):
    """With the sources, as counted."""

    sources: tuple[SourceLine, ...] = Field(default=(), max_length=6)
    quality: Literal["good", "fair", "poor"] = "good"


class Hypothesis(Bounded):
    """One way to read the evidence, what speaks for it and what against."""

    title: str = Field(max_length=160)
    likelihood: Literal["likely", "possible", "unlikely"]
    support: tuple[Alias, ...] = Field(default=(), max_length=8)
    against: tuple[Alias, ...] = Field(default=(), max_length=8)
    note: str = Field(default="", max_length=240)


class ThreatView(Bounded):
    """What it is: verdict, severity, how sure, by which techniques, and the hypotheses behind that."""

    verdict: Verdict
    severity: Level
    confidence: int = Field(ge=0, le=100)
    techniques: tuple[Technique, ...] = Field(default=(), max_length=8)
    hypotheses: tuple[Hypothesis, ...] = Field(min_length=1, max_length=3)
    evidence: tuple[Alias, ...] = Field(default=(), max_length=16)


class EntityRole(Bounded):
    """What part a user, address or host has in it, and whether the store knows it."""

    field: str = Field(max_length=60)
    value: str = Field(max_length=120)
    role: Literal["attacker", "target", "compromised", "actor", "asset", "unclear"]
    baseline: Literal["new", "rare", "usual", "unknown"] = "unknown"
    note: str = Field(default="", max_length=200)


class Related(Bounded):
    """Another alert that belongs to the picture."""

    alert: Alias
    why: str = Field(max_length=160)


class ContextSays(Bounded):
    """Who is who, and which other alerts belong to it."""

    roles: tuple[EntityRole, ...] = Field(default=(), max_length=8)
    related: tuple[Related, ...] = Field(default=(), max_length=6)


class ContextView(ContextSays):
    """With what people decided before, which no model words anew."""

    memory: tuple[Annotated[str, Field(max_length=240)], ...] = Field(default=(), max_length=6)


class Step(Bounded):
    """A moment of the story, told by one event."""

    event: Alias
    text: str = Field(max_length=200)


class ExplanationView(Bounded):
    """What happened, in order; why it matters; what harmless thing it could be."""

    headline: str = Field(min_length=1, max_length=160)
    timeline: tuple[Step, ...] = Field(default=(), max_length=10)
    why: str = Field(max_length=500)
    innocent: str = Field(max_length=300)


class Action(Bounded):
    """Something a person could do with one key: a decision on an alert (its alias) or the case ("")."""

    verb: Verb
    target: Annotated[str, Field(pattern=r"^(A[1-9][0-9]?)?$", max_length=3)] = ""
    verdict: Literal["", "benign_true_positive", "false_positive"] = ""
    text: str = Field(default="", max_length=240)
    why: str = Field(max_length=200)


class ManagerView(Bounded):
    """What to do: how soon, with what aim, in which steps, and what is still to be found out."""

    priority: Priority
    disposition: Disposition
    next_steps: tuple[Annotated[str, Field(max_length=240)], ...] = Field(default=(), max_length=6)
    questions: tuple[Annotated[str, Field(max_length=200)], ...] = Field(default=(), max_length=5)
    actions: tuple[Action, ...] = Field(default=(), max_length=4)


class FastSays(Bounded):
    """All that a model may say, in one go: for machines that write few tokens a second."""

    threat: ThreatView
    explanation: ExplanationView
    manager: ManagerView


View = IngestionView | ThreatView | ContextView | ExplanationView | ManagerView

VIEWS: Final[dict[str, type[Bounded]]] = {
    "ingestion": IngestionView,
    "threat": ThreatView,
    "context": ContextView,
    "explanation": ExplanationView,
    "manager": ManagerView,
}
"""Stage → what it hands over."""

SAYS: Final[dict[str, type[Bounded]]] = {**VIEWS, "ingestion": IngestionSays, "context": ContextSays}
"""Stage → what a model may say of it."""


def form_for(form: type[T], aliases: Sequence[str], techniques: Sequence[str] = ()) -> type[T]:
    """A form whose schema names the aliases there are, and no others, for a model that is held to it.

    Validation stays as it was: an alias that names nothing is taken out by the gates, and the rest counts.
    """

    def model_json_schema(_cls: type[BaseModel], *_args: Any, **_named: Any) -> dict[str, Any]:
        found: dict[str, Any] = _held(form.model_json_schema(), _choices(aliases, techniques))
        return {"title": form.__name__, **found}

    return type(form.__name__, (form,), {"model_json_schema": classmethod(model_json_schema)})


_ALIAS, _TARGET, _TECHNIQUE = (
    r"^[AE][1-9][0-9]?$",
    r"^(A[1-9][0-9]?)?$",
    r"^T[0-9]{4}(\.[0-9]{3})?$",
)
_IDLE: Final = ("title", "default", "description")
"""What a schema says besides: it would cost tokens."""


def _choices(aliases: Sequence[str], techniques: Sequence[str]) -> dict[str, list[str]]:
    """Pattern → what may stand there; an empty choice would be no schema."""
    return {
        _ALIAS: list(aliases) or ["E1"],
        _TARGET: ["", *(alias for alias in aliases if alias[0] == "A")],
        _TECHNIQUE: list(techniques),
    }


def _held(part: Any, choices: dict[str, list[str]]) -> Any:
    if isinstance(part, list):
        return [_held(one, choices) for one in part]
    if not isinstance(part, dict):
        return part
    named = choices.get(part["pattern"]) if isinstance(part.get("pattern"), str) else None
    if named:
        return {"type": "string", "enum": named}
    return {
        name: _held(one, choices) for name, one in part.items() if isinstance(one, dict) or name not in _IDLE
    }
