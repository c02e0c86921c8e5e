"""The doors of the store. Views, the analyst and the command line know no more than these.

`Events` is the log: append-only, read by id range. `Triage` is what people decide. One SQLite file stands
behind both (`socterm.store.open_store`); later other machines may.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from socterm.alerts.metrics import Metrics
from socterm.alerts.model import Entity
from socterm.query import Query
from socterm.store.doors.analyses import Proposal, Trace
from socterm.store.doors.conversations import ConversationRow, TurnRow
from socterm.store.doors.entities import EntityPage, Ranked
from socterm.store.doors.history import Coming, Places, Portion, Stretch, Wanted
from socterm.store.doors.hunts import View
from socterm.store.doors.incident_rows import IncidentPage, IncidentRow
from socterm.store.doors.outbox_rows import ChannelRow, Health, Mark, News, Outgoing, Summary, Told
from socterm.store.doors.sandbox import SqlAnswer
from socterm.store.doors.templates import Found, TemplateRow, Totals
from socterm.store.ingest.raising import Asked
from socterm.store.rows import (
    AlertRow,
    AuditRow,
    Bucket,
    Count,
    EventRow,
    ExceptionRow,
    Page,
    Place,
    RuleRow,
    SourceRow,
)
from socterm.templates.book import Template


class Events(Protocol):
    """Read the stored events. Every call opens no transaction that blocks ingest."""

    def newest_id(self) -> int:
        """The id of the event stored last; 0 for an empty store. Costs microseconds."""

    def page(
        self,
        query: Query | None = None,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 200,
        oldest_first: bool = False,
        room: int | None = None,
    ) -> Page:
        """Events with after < id < before, newest first; `room`: no more than fill so many characters."""

    def ids(
        self,
        query: Query | None,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 2000,
        oldest_first: bool = False,
    ) -> list[int]:
        """Ids of matching events, newest first; `oldest_first` turns both order and which end."""

    def alerted(self, query: Query | None = None, *, after: int = 0, before: int | None = None) -> int:
        """The next matching event beyond `after` that is evidence, or the last below `before`; 0: none."""

    def at(self, ts: int) -> int:
        """The first event stored whose time (µs) is `ts` or later; 0 where there is none."""

    def get(self, ids: Iterable[int]) -> list[EventRow]:
        """Events by id, in the order asked; unknown ids are left out."""

    def count(self, query: Query | None = None) -> Count:
        """How many events match."""

    def count_by(self, field: str, query: Query | None = None, *, limit: int = 20) -> list[tuple[str, int]]:
        """The commonest values of an ECS field among matching events, with their counts (by repeat)."""

    def histogram(self, start: int, end: int, buckets: int) -> list[Bucket]:
        """Events per equal slice of [start, end) µs, from the minute roll-up."""


class History(Protocol):
    """Go through stored events from end to end, in short reads that hold up nothing."""

    def stretch(self, start: int | None = None, end: int | None = None) -> Stretch:
        """The events there are now with start <= ts < end (µs)."""

    def coming(self, stretch: Stretch) -> Coming:
        """From when on the events are that a reading in order of id has not come to."""

    def portions(
        self,
        stretch: Stretch,
        query: Query | None = None,
        *,
        datasets: Wanted | None = None,
        newest_first: bool = False,
    ) -> Iterator[Portion]:
        """The matching events, a short read at a time."""

    def places(
        self, stretch: Stretch, query: Query | None = None, *, group: str = "", newest_first: bool = True
    ) -> Iterator[Places]:
        """The matching events without their lines; `group` is an ECS field to tell of each."""

    def raised(self, wanted: Iterable[tuple[str, Entity, int, int]]) -> list[int]:
        """For each (rule, entity, first, last) the stored alert that overlaps these times, 0 for none."""


class Hunts(Protocol):
    """What hunting keeps: saved views, and the last back-test of each rule."""

    def views(self, kind: str | None = None) -> list[View]:
        """Saved views by name, of one kind or all."""

    def view(self, name: str) -> View:
        """A saved view. Raises UsageError where there is none of this name."""

    def save_view(self, view: View, *, actor: str, now: int) -> None:
        """Save it, in place of one of the same name. Raises UsageError for a name or kind that is none."""

    def drop_view(self, name: str) -> bool:
        """Forget a view; whether there was one."""

    def save_backtest(self, rule: str, report: str, *, now: int) -> None:
        """Keep the report (JSON) of a rule's last back-test."""

    def backtest(self, rule: str) -> tuple[int, str] | None:
        """(when it was kept, report) of a rule's last back-test; None where none was kept."""

    def ask_for(
        self,
        alerts: Iterable[Asked],
        *,
        actor: str,
        now: int,
        looked_for: Mapping[str, Iterable[str]] | None = None,
    ) -> int:
        """Have the ingest make alerts about the past; how many were asked for."""

    def new_entries(self, lists: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
        """Of lists of indicators that changed the entries that stored events were not searched for yet."""


class Templates(Protocol):
    """What kinds of lines there are, and which lines are of one."""

    def all(self, *, order: str = ..., since: int | None = None, limit: int = ...) -> list[TemplateRow]:
        """Templates: the rarest first, or `common`, `new`, `latest`; first seen at `since` (µs) or later."""

    def kinds(self) -> list[Template]:
        """All templates without their counts."""

    def get(self, ids: Iterable[int]) -> list[TemplateRow]:
        """Templates by number, in the order asked; unknown ones are left out."""

    def of_event(self, event: int) -> TemplateRow | None:
        """The template of an event; None where it was stored before there were any."""

    def totals(self) -> Totals:
        """How many templates there are, and how many lines have been given one since the store began."""

    def standing(self, templates: Sequence[int]) -> dict[int, int]:
        """Of these templates those of which a line is stored, in their order, with the newest there is."""

    def events(self, template: int, *, limit: int = ...) -> list[int]:
        """The newest events of a template."""

    def matching(self, wanted: Sequence[Sequence[str]], *, limit: int = ...) -> list[list[Found]]:
        """For each list of words the newest events whose lines have all of them."""

    def vectors(self, model: str) -> dict[int, bytes]:
        """The vectors that a model made of templates: little-endian 32-bit floats."""

    def without_vector(self, model: str, size: int, *, limit: int) -> list[Template]:
        """Templates that have no vector of so many numbers from a model, the latest first."""

    def keep_vectors(self, model: str, vectors: Mapping[int, tuple[str, bytes]]) -> int:
        """Keep template → (the text it was made of, vector), where the store may be written; how many."""


class SqlQuestions(Protocol):
    """Read-only SQL over documented views."""

    def ask(
        self, sql: str, *, rows: int = 1_000, seconds: float = 10.0, stop: Callable[[], bool] = lambda: False
    ) -> SqlAnswer:
        """The rows of one SELECT. Raises UsageError in one line, QueryCancelledError where it was ended."""


class Snoozes(Protocol):
    """Alerts that wake by themselves."""

    def wake(self, now: int) -> int:
        """Wake alerts whose time (µs) has passed and say how many; one read where there is none."""

    def next(self) -> int:
        """When (µs) the next alert wakes; 0 where none is snoozed."""


class Incidents(Protocol):
    """Alerts that tell one story. Decisions are audit rows; `Triage.undo` takes them back like all others."""

    def all(
        self, states: Sequence[str] = ..., limit: int = 1000, beyond: Place | None = None
    ) -> list[IncidentRow]:
        """Incidents in these states (open ones), gravest first, then newest; `beyond` goes on behind that."""

    def get(self, ident: int) -> IncidentRow | None:
        """One incident, or None."""

    def of_alert(self, alert: int) -> int:
        """The incident an alert belongs to; 0 for none."""

    def page(self, ident: int) -> IncidentPage | None:
        """All of one incident, or None: alerts in order of time, links with reasons, entities, history."""

    def changes(self, since: int) -> tuple[int, list[int]]:
        """(newest change number, ids of incidents changed after `since`)."""

    def decide(
        self, ident: int, verb: str, *, actor: str, now: int, verdict: str = "", text: str = ""
    ) -> list[AuditRow]:
        """start, close, verdict, reopen or note; closing closes its open alerts. Raises `TransitionError`."""

    def escalate(
        self,
        alert_ids: Sequence[int],
        *,
        actor: str,
        now: int,
        into: int = 0,
        closing: bool = False,
        verdict: str = "",
        keep: bool = False,
        seen: int | None = None,
    ) -> list[AuditRow]:
        """Put alerts into an incident, a new one unless `into` names one, and say so of the alerts.

        With `keep` those that belong to one stay there. `seen` as of `Triage.decide`.
        """

    def split(self, ident: int, alert_ids: Sequence[int], *, actor: str, now: int) -> list[AuditRow]:
        """Take alerts out of an incident into a new one."""

    def merge(self, ident: int, others: Sequence[int], *, actor: str, now: int) -> list[AuditRow]:
        """Put all alerts of other incidents into one."""


class Conversations(Protocol):
    """What was asked of the analyst and answered, by whom."""

    def add(self, turn: TurnRow, *, actor: str, conversation: int = 0) -> int:
        """Keep a turn at the end of a conversation, of a new one where that is 0 or gone; its number."""

    def listed(self, *, actor: str | None = None, limit: int = 50) -> list[ConversationRow]:
        """Conversations, the latest first; one person's, or everybody's."""

    def get(self, conversation: int) -> tuple[ConversationRow, list[TurnRow]] | None:
        """A conversation with its turns in order; None where there is none of that number."""


class Entities(Protocol):
    """All that is known of one user, address or host."""

    def ranked(self, limit: int = 500) -> list[Ranked]:
        """Those that alerts are about, riskiest first, as of the latest alert."""

    def page(self, field: str, value: str) -> EntityPage:
        """First and last seen, outcomes, peers, alerts, incidents, risk. Takes well under a second."""


class Analyses(Protocol):
    """What the analyst's roles said of alerts and incidents, and what they propose."""

    def keep(self, trace: Trace, proposals: Sequence[Proposal] = ()) -> Trace:
        """Store a round; open proposals of earlier rounds over the same thing give way to these."""

    def latest(self, about: str) -> Trace | None:
        """The last round over "alert:3" or "incident:2"; None where there was none."""

    def proposals(self, about: str, states: Sequence[str] = ...) -> list[Proposal]:
        """What was proposed about it, in order; what is still open unless states are named."""

    def proposal(self, ident: int) -> Proposal | None:
        """One of them, or None."""

    def settle(self, ident: int, state: str, *, actor: str, now: int, was: str = "open") -> None:
        """Say what became of one. Raises TransitionError where it is not `was` any more."""

    def waiting(self, least: str, *, since: int, limit: int = 20) -> list[tuple[int, int, int]]:
        """(id, created, updated) of open incidents of a level or above, touched since (µs), that no round was
        over at their level."""

    def asked(self, actor: str, since: int) -> int:
        """How many rounds an actor had a model refine since a moment (µs)."""


class Groups(Protocol):
    """Alerts that are decided together."""

    def members(self, alert_id: int, verb: str, *, whole_rule: bool = False) -> list[int]:
        """The alerts of an alert's rule and entity (or rule) that a verb can be said of; open ones first.

        Raises TransitionError where there is no such alert.
        """


class Figures(Protocol):
    """How well triage goes, in numbers."""

    def figures(self, since: int, until: int) -> Metrics:
        """The figures of the alerts raised in [since, until) µs; reads them all, so call it from a thread."""


class Chronicle(Protocol):
    """What was decided when."""

    def decided(self, since: int, until: int) -> list[AuditRow]:
        """The audit rows of [since, until) µs of wall time, oldest first."""

    def newest(self) -> int:
        """The number of the newest audit row; 0 for none."""

    def since(self, row: int, limit: int) -> list[AuditRow]:
        """The audit rows after this one, oldest first."""


class Triage(Protocol):
    """Read alerts and write decisions. Each decision is one transaction and one audit row an alert."""

    def alerts(
        self,
        *,
        states: Sequence[str] | None = None,
        min_level: str = "informational",
        query: Query | None = None,
        limit: int = 1000,
        parts: bool = False,
        beyond: Place | None = None,
    ) -> list[AlertRow]:
        """Alerts, gravest level first, then newest; open ones unless states are named.

        What is part of another alert that is asked for too is left out, unless `parts`. `beyond` goes on
        behind the alert that stands there in this order.
        """

    def parts(self, alert_id: int) -> list[AlertRow]:
        """The alerts that are part of one, gravest level first, then newest."""

    def alert(self, alert_id: int) -> AlertRow | None:
        """One alert, or None."""

    def alert_events(
        self, alert_id: int, *, limit: int = 200, newest_first: bool = True, room: int | None = None
    ) -> list[EventRow]:
        """Its base events, up to the one that fills `room` characters."""

    def alerts_of_event(self, event_id: int) -> list[AlertRow]:
        """The alerts an event is evidence of."""

    def counts(self) -> dict[str, int]:
        """Open alerts per level; parts of open alerts are not counted."""

    def decide(
        self,
        alert_ids: Sequence[int],
        verb: str,
        *,
        actor: str,
        now: int,
        seen: int | None = None,
        **details: Any,
    ) -> list[AuditRow]:
        """Apply a verb of `socterm.alerts.states` (acknowledge, close with verdict=…, snooze with until=…).

        What acknowledges, starts, escalates, puts off or closes an alert does so to its parts.
        All or nothing. Raises `TransitionError` where a state does not allow the verb, `StaleError` where
        something was decided on one of them after the audit row `seen`.
        """

    def undo(self, *, actor: str, now: int) -> list[AuditRow]:
        """Take back the actor's last decision by writing its opposite; [] where there is none."""

    def redo(self, *, actor: str, now: int) -> list[AuditRow]:
        """Do again what the actor undid last, if nothing was decided since; [] otherwise."""

    def decided(self, alert_id: int) -> int:
        """The newest audit row about an alert, 0 for none: what `decide` takes as `seen`."""

    def history(self, alert_id: int) -> list[AuditRow]:
        """The audit rows of one alert, oldest first."""

    def changes(self, since: int) -> tuple[int, list[int]]:
        """(newest change number, alert ids created or changed after `since`)."""

    def sources(self) -> list[SourceRow]:
        """Every source this store has read, with its counters."""

    def rules(self) -> list[RuleRow]:
        """Every rule's fate as last loaded."""

    def steps(self, rule: str) -> tuple[str, ...]:
        """How to check an alert of this rule (its key), as the rule says; () where it says nothing."""

    def load_ui(self, name: str) -> str | None:
        """A saved view's JSON."""

    def save_ui(self, name: str, value: str) -> None:
        """Save a view's JSON."""


class Outbox(Protocol):
    """What is told of alerts and incidents, on which channel, and what became of it."""

    def begin(self, channel: str, now: int, *, hurry: bool = False) -> Mark:
        """From where on a channel is told; what is there when it is begun first is no news."""

    def keep_only(self, names: Collection[str], now: int) -> int:
        """Forget channels that are switched off; how many."""

    def news(
        self, channel: str, mark: Mark, *, kinds: Collection[str], rank: int, since: int
    ) -> tuple[Mark, list[News]]:
        """(the mark to go on from, what changed beyond `mark` and is to be told), gravest first."""

    def told(self, channel: str, now: int, *, minute: int, within: int) -> Told:
        """What counts against the limits of a channel: spans in µs."""

    def put(self, channel: str, mark: Mark, queued: Sequence[News], held: Sequence[News], now: int) -> None:
        """Put on record what is to be told and what waits for a digest, and how far news were looked at."""

    def put_digest(self, channel: str, now: int) -> None:
        """Have a digest sent of what is held back."""

    def due(self, channel: str, now: int) -> Outgoing | None:
        """The oldest message that is to be tried now."""

    def summary(self, channel: str, now: int, *, most: int) -> Summary:
        """What a digest of now has to sum up, with `most` kinds of it."""

    def claim(self, message: int, payload: str, now: int, *, sums: int = 0) -> bool:
        """Mark a message as being sent, before it is; False where it is no longer to be."""

    def sent(self, message: int, note: str, now: int) -> None:
        """The receiver has it."""

    def failed(self, message: int, note: str, now: int, *, wait: int) -> None:
        """It was not sent and is tried again, in `wait` µs at the earliest."""

    def failing(self, channel: str, now: int, wait: int) -> None:
        """Send nothing on a channel for `wait` µs: it does not answer."""

    def health(self, channel: str) -> Health:
        """How a channel does."""

    def moot(self, message: int, note: str, now: int) -> None:
        """Nobody needs to be told any more."""

    def give_up(self, channel: str, before: int, now: int) -> int:
        """Send no more what was to be told before a moment (µs); how many messages."""

    def channels(self) -> list[ChannelRow]:
        """Every channel that was ever told something, or is to be."""


class Exceptions(Protocol):
    """What is kept from alerting, by whom, why and until when."""

    def all(self) -> list[ExceptionRow]:
        """Every exception that was not undone, newest first: those that ended, too."""

    def get(self, ident: int) -> ExceptionRow | None:
        """One of them, or None."""

    def add(
        self,
        made: Mapping[str, Any],
        *,
        actor: str,
        now: int,
        expires: int,
        alert: int = 0,
        closing: Sequence[int] = (),
        verdict: str = "false_positive",
    ) -> list[AuditRow]:
        """Put one in force and, in the same decision, close alerts; the last row is about the exception."""

    def end(self, ident: int, *, actor: str, now: int, expires: int | None = None) -> list[AuditRow]:
        """End one now, or have it end at another time."""

    def history(self, ident: int) -> list[AuditRow]:
        """The audit rows of one exception, oldest first."""
