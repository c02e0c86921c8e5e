"""The analyst as views see it: explains alerts, answers questions, says who said so, and changes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, tzinfo

from socterm.alerts.states import STATES
from socterm.analyst.answers import RulesAnswers
from socterm.analyst.backend import Backend, BackendError, Cancelled, Health, Wish
from socterm.analyst.backends.patience import Limit
from socterm.analyst.border import one_line
from socterm.analyst.chat import ModelAnswer, Turn
from socterm.analyst.explain import RULES, Around, Explanation, Part, explain
from socterm.analyst.following import understand
from socterm.analyst.intents import Question
from socterm.analyst.metering import Clock
from socterm.analyst.pieces import Piece
from socterm.analyst.prompts import Prompts
from socterm.analyst.roles.desk import Roles
from socterm.analyst.roles.gather import Doors
from socterm.analyst.search import Search
from socterm.analyst.toolparts import Desks
from socterm.analyst.tools import Toolbox
from socterm.analyst.transcripts import Talks, Transcript
from socterm.analyst.vocabulary import LOGINS
from socterm.query import parse, quote
from socterm.store.doors.analyses import Trace
from socterm.store.doors.conversations import ConversationRow, TurnRow
from socterm.store.protocols import Events, Triage
from socterm.store.rows import AlertRow, EventRow

_EVIDENCE = 200
_REMEMBERED = 4
_GONE_THROUGH = 20
_DAY = 86_400_000_000
_STILL = 15.0
"""Seconds for which a model that was not there is taken not to be there; views look more often than that."""


class Analyst:
    """Explains and answers over one store, with a model or without.

    `now` gives µs. `tz` is the zone in which days begin and times are shown. `prompts` are a person's own;
    what is wrong with them is told once. `desks` are doors that some tools need, `talks` keeps conversations.
    `clock` measures how long an answer takes.
    All of this may block: call it from worker threads.
    """

    def __init__(
        self,
        events: Events,
        triage: Triage,
        backend: Backend,
        *,
        now: Callable[[], int],
        tz: tzinfo = UTC,
        prompts: Prompts | None = None,
        doors: Doors | None = None,
        fast: bool = False,
        desks: Desks | None = None,
        talks: Talks | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.prompts = prompts or Prompts()
        self._warned = False
        self.roles = None
        if doors is not None:
            self.roles = Roles(doors, backend, now=now, tz=tz, fast=fast, prompts=self.prompts)
        self.triage = triage
        self.events = events
        self.backend = backend
        self.tools = Toolbox(events, triage, now, desks)
        self.tz = tz
        self.talks = talks or Talks()
        self._clock = clock
        self._turns: list[Turn] = []
        self._asked: Question | None = None
        self._looked = 0.0
        self._found: Health | None = None

    @property
    def search(self) -> Search | None:
        """Search by meaning, where it was given its doors."""
        return self.tools.desks.search

    def health(self) -> Health:
        """Whether a model can be asked now; seconds at worst, never an exception."""
        found = self.backend.health()
        self._looked, self._found = self._clock(), found
        return found

    def _known_health(self) -> Health:
        """The same, but that no model was there a moment ago is enough: a question does not wait for it."""
        if self._found is not None and self._found.state != "ok" and self._clock() - self._looked < _STILL:
            return self._found
        return self.health()

    def forget(self) -> None:
        """Begin a new conversation."""
        self.talks.begin()
        self._turns.clear()
        self._asked = None

    def conversations(self) -> list[ConversationRow]:
        """This person's conversations, the latest first."""
        return self.talks.listed()

    def resume(self, conversation: int = 0) -> Sequence[TurnRow]:
        """Go on with a conversation, 0 for the latest: its turns, which the next question may go on from."""
        self.forget()
        found = self.talks.resume(conversation)
        for turn in found[-_GONE_THROUGH:]:
            self._understand(turn.question, turn.at)
            self._remember(turn.question, turn.answer, turn.events)
        return found

    def analyse(self, about: str, actor: str, cancel: Wish | None = None) -> Iterator[Trace]:
        """What the five roles say of "alert:3" or "incident:2": the drafts at once, then refined by stages.

        Nothing where the whole store is not at hand (`doors`). Raises UsageError where there is no such case.
        """
        return iter(()) if self.roles is None else self.roles.analyse(about, actor=actor, cancel=cancel)

    def explain(self, alert_id: int) -> Explanation:
        """The explanation of an alert, from rules; says so where there is no such alert."""
        alert = self.triage.alert(alert_id)
        if alert is None:
            return Explanation((Part("No such alert", f"There is no alert {alert_id} in this store."),))
        return self._explain(alert)

    def _explain(self, alert: AlertRow) -> Explanation:
        newest = self.triage.alert_events(alert.id, limit=_EVIDENCE)
        rows = {row.id: row for row in newest}
        if len(newest) == _EVIDENCE:
            rows |= {
                row.id: row for row in self.triage.alert_events(alert.id, limit=_EVIDENCE, newest_first=False)
            }
        evidence = list(rows.values())
        rule = next((row for row in self.triage.rules() if row.id == alert.rule), None)
        return explain(
            alert,
            evidence,
            around=self._around(alert, evidence),
            falsepositives=rule.falsepositives if rule else (),
            check=rule.check if rule else (),
            tz=self.tz,
        )

    def _around(self, alert: AlertRow, evidence: Sequence[EventRow]) -> Around:
        """Successful logins from the same address within a day, and other alerts of the same entity."""
        address = alert.entity.get("source.ip") or next(
            (str(row.fields["source.ip"]) for row in evidence if row.fields.get("source.ip")), ""
        )
        successes = None
        if address:
            text = f"source.ip:{quote(address)} {LOGINS} event.outcome:success since:2d until:now"
            successes = self.events.count(parse(text, now=alert.last + _DAY)).value
        others: list[AlertRow] = []
        for field, value in list(alert.entity.items())[:1]:
            found = self.triage.alerts(states=STATES, query=parse(f"{field}:{quote(value)}"), limit=5)
            others = [row for row in found if row.id != alert.id and row.state != "merged"]
        head = self.triage.alert(alert.part_of) if alert.part_of else None
        parts = self.triage.parts(alert.id) if alert.parts else []
        told = {alert.part_of, *(part.id for part in parts)}
        return Around(successes, tuple(row for row in others if row.id not in told), tuple(parts), head)

    def ask(self, question: str, alert_id: int | None = None, cancel: Wish | None = None) -> Iterator[Piece]:
        """Answer a question piece by piece; the last piece is `done` and says who answered.

        `alert_id` is the alert on screen. Setting `cancel` ends the answer soon; what came stays.
        Rules answer where a model fails before its first word; one that fails later leaves its partial text.
        """
        transcript = Transcript(question, alert_id or 0, self.tools.now())
        kept = False
        try:
            for piece in self._answer(question, alert_id, cancel or threading.Event()):
                transcript.take(piece)
                if piece.kind == "done":
                    kept = True
                    yield from self.talks.keep(transcript.turn())
                yield piece
        finally:
            if not kept:  # nobody waits for the end of it any more
                list(self.talks.keep(transcript.turn()))

    def _answer(self, question: str, alert_id: int | None, cancel: Wish) -> Iterator[Piece]:
        health = self._known_health()
        if health.state == "ok":
            yield from self._ask_model(question, alert_id, cancel, health)
        else:
            yield from self._ask_rules(question, alert_id, cancel)

    def _ask_model(
        self, question: str, alert_id: int | None, cancel: Wish, health: Health
    ) -> Iterator[Piece]:
        alert = self.triage.alert(alert_id) if alert_id else None
        limit = Limit(cancel, self.backend.longest)  # for all steps together
        answer = ModelAnswer(self.backend, self.tools, limit, self.prompts, self._clock)
        events: list[int] = []
        note = ""
        yield Piece("status", f"asking {health.model}", source=health.model)
        if not self._warned:
            self._warned = True
            for warning in self.prompts.warnings:
                yield Piece("status", warning)
        try:
            explanation = self._explain(alert) if alert else None
            for piece in answer.run(question, self._turns[-_REMEMBERED:], alert, explanation):
                events += piece.events
                yield piece
        except Cancelled:
            note = f"{health.model}: {limit.why}" if limit.late else "stopped"
        except BackendError as error:
            note = f"{health.model}: {error.health.reason}"
        if note and note != "stopped":
            if not answer.said.strip():
                yield Piece("status", f"{note} · answering from rules", source=RULES)
                yield from self._ask_rules(question, alert_id, cancel, note)
                return
            note = f"cut off: {note}"
        self._remember(question, answer.said, events)
        self._understand(question)
        label = f"source: {health.model} · {answer.meter.closing}"
        text = f"{note} · {label}" if note else label
        yield Piece("done", text, source=health.model, whole=not note)

    def _ask_rules(
        self, question: str, alert_id: int | None, cancel: Wish, reason: str = ""
    ) -> Iterator[Piece]:
        understood = self._understand(question)
        if understood.number and understood.kind in ("alert", "explain"):
            alert_id = understood.number
        alert = self.triage.alert(alert_id) if alert_id else None
        explanation = None
        if alert is not None and understood.kind in ("explain", "alert"):
            explanation = self._explain(alert)
        said, events = "", list[int]()
        for piece in RulesAnswers(self.tools, self.tz).answer(understood, alert, explanation):
            if cancel.is_set():
                break
            if piece.kind != "text" or piece.text.strip():
                said += piece.text if piece.kind == "text" else ""
                events += piece.events
                yield piece
        self._remember(question, said, events)
        label = f"source: {RULES}" + (f" · {one_line(reason, 120)}" if reason else "")
        stopped = cancel.is_set()
        text = f"stopped · {label}" if stopped else label
        yield Piece("done", text, source=RULES, whole=not stopped)

    def _understand(self, question: str, at: int = 0) -> Question:
        """The question as rules read it, after those before; the next one may go on from it."""
        found = understand(question, self._asked, now=at or self.tools.now(), tz=self.tz)
        if found.kind != "unknown":
            self._asked = found
        return found

    def _remember(self, question: str, said: str, events: Sequence[int]) -> None:
        self._turns = [*self._turns, Turn(question, said, tuple(dict.fromkeys(events)))][-_REMEMBERED:]
