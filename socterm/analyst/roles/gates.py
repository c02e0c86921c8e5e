"""What of a model's words is let through: form, aliases, values, confidence, and never lower than the draft.

Pure. A gate takes the draft and what a model said of a stage and returns what is handed on, with a remark for
everything it held back. Nothing here asks whether the model meant well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from pydantic import ValidationError

from socterm.alerts.levels import LEVELS
from socterm.analyst.roles.evidence import Pack
from socterm.analyst.roles.forms import (
    DISPOSITIONS,
    PRIORITIES,
    RAISING,
    SAYS,
    VERDICTS,
    Action,
    Bounded,
    ContextSays,
    ContextView,
    EntityRole,
    ExplanationView,
    Hypothesis,
    IngestionSays,
    IngestionView,
    KeyEvent,
    ManagerView,
    Related,
    Step,
    ThreatView,
)
from socterm.analyst.roles.occurring import Evidence
from socterm.analyst.roles.pack import texts
from socterm.analyst.roles.words import short
from socterm.taxonomy.attack import known

T = TypeVar("T")

_PARTS: Final = ("unclear", "asset", "actor", "target", "compromised", "attacker")
"""Parts in a case, the least suspect first."""

KEPT_WORDS: Final = "text written for a model stands in the evidence: all wording is that of the rules"


class Passed(msgspec.Struct, frozen=True):
    """What is handed on, the remarks of the gates, and whether anything of the model is in it."""

    view: Bounded
    notes: tuple[str, ...] = ()
    refined: bool = False


class Gate:
    """The gates over one pack. `wary`: text written for a model stands in the evidence."""

    def __init__(self, pack: Pack) -> None:
        self.ids = pack.ids()
        self.evidence = Evidence(texts(pack))
        self.wary = pack.wary
        self._cited = self._resolved = 0
        self._notes: list[str] = []

    def passed(self, stage: str, draft: Bounded, said: Any) -> Passed:
        """What is handed on of a stage; the draft where the answer does not fit its form."""
        self._cited = self._resolved = 0
        self._notes = []
        try:
            says = SAYS[stage].model_validate(said)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "answer"
            return Passed(draft, (short(f"the answer does not fit its form: {where}: {first['msg']}", 160),))
        view = _MERGES[stage](self, draft, says)
        if self.wary and stage != "threat":
            self._notes.append(KEPT_WORDS)
        return Passed(view, tuple(dict.fromkeys(self._notes)), refined=view != draft)

    # -- what all stages need ------------------------------------------------------------

    def aliases(self, said: Iterable[str], letters: str = "AE") -> tuple[str, ...]:
        """Those that name something; the others are counted and told."""
        found = []
        for alias in said:
            self._cited += 1
            if alias in self.ids and alias[0] in letters:
                self._resolved += 1
                found.append(alias)
            else:
                self._notes.append(f"{short(alias, 4)} names nothing: left out")
        return tuple(dict.fromkeys(found))

    def prose(self, said: str, limit: int) -> str:
        """A model's words, with what does not stand in the evidence marked."""
        text, wrong = self.evidence.mark(said, limit)
        self._notes += [f"unverified: {short(value, 60)} is not in the evidence" for value in wrong]
        return text

    def words(self, said: str, draft: str, limit: int) -> str:
        """A model's words for a field, or the draft's where the evidence speaks to models or it said none."""
        return draft if self.wary or said.strip() in ("", draft) else self.prose(said, limit)

    def more(self, draft: Sequence[str], said: Sequence[str], limit: int, most: int) -> tuple[str, ...]:
        """A list of sentences: the draft's stay, a model's come after them."""
        added = [] if self.wary else [self.prose(one, limit) for one in said if one.strip()]
        return tuple(dict.fromkeys((*draft, *added)))[:most]

    def cap(self, confidence: int) -> int:
        """40 + 60 × what was cited and is there: a model that cites nothing can be sure of little."""
        share = self._resolved / self._cited if self._cited else 0.0
        most = int(40 + 60 * share)
        if confidence > most:
            self._notes.append(
                f"confidence {confidence} cut to {most}: of {self._cited} cited {self._resolved} exist"
            )
        return min(confidence, most)

    def raised(self, draft: T, said: T, order: Sequence[T], what: str) -> T:
        """The graver of two; a lower word of the model is told and not taken."""
        if order.index(said) < order.index(draft):
            self._notes.append(f"{what} {_word(said)} is lower than {_word(draft)}: not taken")
            return draft
        return said

    # -- the stages ----------------------------------------------------------------------

    def ingestion(self, draft: IngestionView, says: IngestionSays) -> IngestionView:
        """Gaps and key events are added to, never taken away."""
        reasons = {one.event: one.why for one in draft.key_events}
        own = {
            one.event: self.words(one.why, reasons.get(one.event, "named by the model"), 160)
            for one in says.key_events
            if self.aliases((one.event,), "E")
        }
        told = reasons | own
        return draft.model_copy(
            update={
                "gaps": self.more(draft.gaps, says.gaps, 200, 6),
                "key_events": tuple(KeyEvent(event=event, why=why) for event, why in told.items())[:12],
            }
        )

    def threat(self, draft: ThreatView, says: ThreatView) -> ThreatView:
        """Verdict and severity only ever rise; techniques and evidence are added to."""
        evidence = self.aliases(says.evidence)
        hypotheses = tuple(self._hypothesis(one) for one in says.hypotheses)
        verdict = self.raised(draft.verdict, says.verdict, VERDICTS, "verdict")
        severity = self.raised(draft.severity, says.severity, LEVELS, "severity")
        confidence = max(self.cap(says.confidence), draft.confidence)
        techniques = self._techniques(draft, says)
        kept = draft.hypotheses if self.wary else (draft.hypotheses[0], *hypotheses, *draft.hypotheses[1:])
        return ThreatView(
            verdict=verdict,
            severity=severity,
            confidence=confidence,
            techniques=techniques,
            hypotheses=kept[:3],
            evidence=tuple(dict.fromkeys((*draft.evidence, *evidence)))[:16],
        )

    def _techniques(self, draft: ThreatView, says: ThreatView) -> tuple[str, ...]:
        added = [one for one in says.techniques if one not in draft.techniques]
        unknown = [one for one in added if not known(one)]
        self._notes += [f"{one} is no technique: left out" for one in unknown]
        added = [one for one in added if one not in unknown]
        if self.wary:
            added = []
        self._notes += [f"{one} is named by the model, by no rule" for one in added]
        return (*draft.techniques, *added)[:8]

    def _hypothesis(self, said: Hypothesis) -> Hypothesis:
        return Hypothesis(
            title=self.prose(said.title, 160),
            likelihood=said.likelihood,
            support=self.aliases(said.support),
            against=self.aliases(said.against),
            note=self.prose(said.note, 240),
        )

    def context(self, draft: ContextView, says: ContextSays) -> ContextView:
        """Parts of known things only ever grow more suspect; what people decided before stays as it was."""
        said = {(one.field, one.value): one for one in says.roles}
        known_as = {(one.field, one.value) for one in draft.roles}
        for pair in said:
            if pair not in known_as:
                self._notes.append(f"unverified: {short(pair[1], 60)} is not in the evidence, left out")
        roles = tuple(self._role(one, said.get((one.field, one.value))) for one in draft.roles)
        related = {one.alert: one for one in draft.related}
        for one in says.related:
            if self.aliases((one.alert,), "A"):
                why = self.words(one.why, "named by the model", 160)
                related.setdefault(one.alert, Related(alert=one.alert, why=why))
        return draft.model_copy(update={"roles": roles, "related": tuple(related.values())[:6]})

    def _role(self, draft: EntityRole, said: EntityRole | None) -> EntityRole:
        if said is None:
            return draft
        role = self.raised(draft.role, said.role, _PARTS, f"part of {short(draft.value, 40)}")
        return draft.model_copy(update={"role": role})

    def explanation(self, draft: ExplanationView, says: ExplanationView) -> ExplanationView:
        """Words are the model's, the order and the events those of the evidence."""
        told = {one.event: one.text for one in says.timeline if self.aliases((one.event,), "E")}
        steps = [
            Step(event=one.event, text=self.words(told.pop(one.event, ""), one.text, 200))
            for one in draft.timeline
        ]
        if not self.wary:
            steps += [Step(event=event, text=self.prose(text, 200)) for event, text in told.items()]
        steps = sorted(steps[:10], key=lambda one: int(one.event[1:]))
        return ExplanationView(
            headline=self.words(says.headline, draft.headline, 160),
            timeline=tuple(steps),
            why=self.words(says.why, draft.why, 500),
            innocent=self.words(says.innocent, draft.innocent, 300),
        )

    def manager(self, draft: ManagerView, says: ManagerView) -> ManagerView:
        """Priority and aim only ever rise; a model proposes nothing that closes."""
        actions = [*draft.actions, *(one for said in says.actions if (one := self._action(said)) is not None)]
        known_as = {(one.verb, one.target): one for one in reversed(actions)}
        ordered = [one for one in actions if known_as[one.verb, one.target] is one]
        return ManagerView(
            priority=self.raised(draft.priority, says.priority, PRIORITIES, "priority"),
            disposition=self.raised(draft.disposition, says.disposition, DISPOSITIONS, "disposition"),
            next_steps=self.more(draft.next_steps, says.next_steps, 240, 6),
            questions=self.more(draft.questions, says.questions, 200, 5),
            actions=tuple(ordered[:4]),
        )

    def _action(self, said: Action) -> Action | None:
        if said.verb not in RAISING or said.verdict:
            self._notes.append(f"a model may not propose to {said.verb}: left out")
            return None
        if self.wary or (said.target and not self.aliases((said.target,), "A")):
            return None
        return said.model_copy(update={"text": self.prose(said.text, 240), "why": self.prose(said.why, 200)})


_MERGES: Final[dict[str, Any]] = {
    "ingestion": Gate.ingestion,
    "threat": Gate.threat,
    "context": Gate.context,
    "explanation": Gate.explanation,
    "manager": Gate.manager,
}


def _word(value: object) -> str:
    return str(value).replace("_", " ")
