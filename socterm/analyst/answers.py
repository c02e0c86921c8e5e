"""Answer questions without a model: the same tools a model would use, and sentences laid down here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Sequence
from datetime import UTC, tzinfo
from typing import Any

from msgspec.structs import replace

from socterm.alerts.states import OPEN_STATES
from socterm.analyst import render
from socterm.analyst.border import one_line
from socterm.analyst.explain import Explanation
from socterm.analyst.intents import LONGEST, Question, Subject, typed_query
from socterm.analyst.knowledge import counted, phrase
from socterm.analyst.pieces import Piece
from socterm.analyst.sentences import (
    SHOWN,
    VALUES,
    after_noun,
    capital,
    event_line,
    heading,
    in_quotes,
    pairs,
    telling,
    with_words,
)
from socterm.analyst.times import Period, iso
from socterm.analyst.toolparts import Result
from socterm.analyst.tools import COUNTED, Toolbox
from socterm.analyst.vocabulary import LOGIN_ACTIONS, LOGINS
from socterm.query import quote
from socterm.store.rows import AlertRow, EventRow

Answer = Generator[Piece, None, None]
Using = Generator[Piece, None, Result]

CAN = (
    "Without a model I answer from rules. I can tell: why an alert fired · what a user, host or address did "
    "today · who else an address touched · failed logins by user, address or host · open alerts · "
    "a summary of the last hour · an event or alert by number · and a query: find user.name:root since:1h."
)
_WHOM = "Whom do you mean? Name a user, a host or an address, or put the cursor on an alert that has one."
_NEAREST = 3
_TRIED = 3
_WEB = frozenset({"web_request", "http_request", "proxy_request"})
_TYPED = re.compile(r"[\w.]+(?::|[<>]=?)\S")
_HOUR = 3_600_000_000
_TIMED = ("summary", "alerts", "count", "touched", "activity", "search")
_ENTITY = ("source.ip", "user.name", "host.hostname")
_FACETS = (
    ("host.hostname", "Hosts"),
    ("user.name", "Accounts"),
    ("source.ip", "Addresses"),
)


def lines(texts: Sequence[str], events: Sequence[EventRow] = ()) -> Piece:
    """A paragraph of an answer with the events it cites."""
    body = "\n".join(text for text in texts if text)
    shown = tuple(event.id for event in events if render.cite(event.id) in body)
    return Piece("text", body + "\n", shown)


class RulesAnswers:
    """Answers from templates. `alert` is the one under the cursor, for `this address` and `why`."""

    def __init__(self, tools: Toolbox, tz: tzinfo = UTC) -> None:
        self.tools = tools
        self.tz = tz

    def answer(self, question: Question, alert: AlertRow | None, explanation: Explanation | None) -> Answer:
        """The answer's pieces but the closing one. `explanation` is the alert's, where `why` is asked."""
        if question.missed and question.kind in _TIMED:
            yield lines([f"I did not understand the time “{one_line(question.missed, 60)}”."])
        if len(question.text) > LONGEST:
            yield lines([f"I read only the first {LONGEST} characters of that."])
        if question.left and not question.lost and (question.subject is None or not question.subject.value):
            question = yield from self._adopted(question)
        if question.kind == "unknown" and not question.lost and question.subject and question.subject.value:
            yield lines([self._puzzled(question).rstrip(".") + ". What there is:"])
            question = replace(question, kind="activity", left=())
        if question.beside:
            question = yield from self._beside(question, alert)
        if question.left and question.kind in ("summary", "touched", "activity", "explain"):
            yield lines([f"I made no use of {in_quotes(question.left)}."])
        match question.kind:
            case "explain" | "alert" if explanation is not None:
                yield Piece("text", explanation.text + "\n", explanation.citations)
            case "explain":
                yield lines(["Put the cursor on an alert, or name its number: why did alert 3 fire?"])
            case "event":
                yield from self._found((yield from self.use("get_event", event_id=question.number)))
            case "alert":
                yield lines([f"There is no alert {question.number}."])
            case "summary":
                yield from self.summary(question)
            case "alerts":
                yield from self.alerts(question)
            case "count":
                yield from self.count(question, alert)
            case "touched" | "activity":
                yield from self.about(question, alert)
            case "search":
                yield from self.search(question, alert)
            case _:
                yield lines([self._puzzled(question)])
                yield from self._nearest(question)
                yield lines([CAN])

    def _puzzled(self, question: Question) -> str:
        """What was understood of a question that was not."""
        if question.lost:
            return question.lost
        parts = [
            f"whom you mean ({render.value(question.subject.value)})"
            if question.subject and question.subject.value
            else "",
            f"when ({question.period.words})" if question.period else "",
        ]
        known = " and ".join(part for part in parts if part)
        return (
            f"I understood {known}, but not what you want to know." if known else "I did not understand that."
        )

    def use(self, tool: str, **arguments: Any) -> Using:
        """Use a tool and say so."""
        yield Piece(
            "tool", one_line(tool + "".join(f" {key}={value}" for key, value in arguments.items()), 200)
        )
        return self.tools.run(tool, arguments)

    def _found(self, result: Result) -> Answer:
        yield lines([result.error or result.text], result.events)

    def _nearest(self, question: Question) -> Answer:
        """Lines that mean what was asked for in words no table knows, where search by meaning is there."""
        if not question.left or question.lost or self.tools.desks.search is None:
            return
        found = yield from self.use("semantic_search", question=" ".join(question.left), limit=_NEAREST)
        if found.events:
            head = f"The lines that come nearest to {in_quotes(question.left)}:"
            yield lines([head, *map(self._line, found.events)], found.events)

    def _adopted(self, question: Question) -> Generator[Piece, None, Question]:
        """A word no table knows may be the name of a user or host that is stored: `is web01 compromised?`."""
        for word in question.left[:_TRIED]:
            named = yield from self._stored(Subject("host.hostname", word, sure=False))
            if named is not None:
                left = tuple(other for other in question.left if other != word)
                return replace(question, subject=named, left=left)
        return question

    def _stored(self, subject: Subject) -> Generator[Piece, None, Subject | None]:
        """A bare name as what it is in the store; None where it is nobody's there."""
        other = "host.hostname" if subject.field == "user.name" else "user.name"
        for field in (subject.field, other):
            found = yield from self.use("search_events", query=f"{field}:{quote(subject.value)}", limit=1)
            if found.events:
                return Subject(field, str(found.events[0].fields.get(field) or subject.value))
        return None

    def _beside(self, question: Question, alert: AlertRow | None) -> Generator[Piece, None, Question]:
        """`what happened after that?` is the hour after the alert on screen."""
        if alert is None or question.period is not None:
            if question.period is None:
                yield lines([f"{question.beside.title()} what? Put the cursor on an alert, or name a time."])
            return question
        if question.beside == "after":
            period = Period(alert.last + 1, alert.last + _HOUR, f"in the hour after alert {alert.id}")
        else:
            period = Period(alert.first - _HOUR, alert.first, f"in the hour before alert {alert.id}")
        return replace(question, period=period)

    # -- whom and when ---------------------------------------------------------------------------------

    def whom(self, question: Question, alert: AlertRow | None) -> Generator[Piece, None, list[Subject]]:
        """Whom a question is about, each with a value; [] where it names nobody, or nobody who is known."""
        found = []
        for subject in (question.subject, *question.also):
            resolved = yield from self.resolve(subject, alert)
            if resolved is not None:
                found.append(resolved)
            elif subject is not None and subject is question.subject:
                return []
        return found

    def resolve(
        self, subject: Subject | None, alert: AlertRow | None
    ) -> Generator[Piece, None, Subject | None]:
        """A subject with a value: `this address` becomes the alert's, a bare name a user or a host."""
        if subject is None:
            return None
        if not subject.value:
            return (yield from self._this(subject.field, alert))
        if subject.sure:
            return subject
        stored = yield from self._stored(subject)
        return stored or Subject(subject.field, subject.value)

    def _this(self, field: str, alert: AlertRow | None) -> Generator[Piece, None, Subject | None]:
        if alert is None:
            return None
        for name in (field,) if field else _ENTITY:
            if alert.entity.get(name):
                return Subject(name, alert.entity[name])
        if not field:
            return None
        found = yield from self.use("get_alert", alert_id=alert.id)
        value = next((str(row.fields[field]) for row in found.events if row.fields.get(field)), "")
        return Subject(field, value) if value else None

    def _clauses(self, whom: Sequence[Subject], period: Period | None, extra: str = "") -> str:
        parts = [extra, *(f"{subject.field}:{quote(subject.value)}" for subject in whom)]
        if period is not None:
            parts.append(f"@timestamp>={iso(period.low)} @timestamp<{iso(period.high)}")
        return " ".join(part for part in parts if part)

    def _when(self, period: Period | None) -> str:
        if period is None:
            return "in all that is stored"
        return f"{period.words} (since {render.when(period.low, self.tz)}{' UTC' if self.tz is UTC else ''})"

    def _nothing(self, what: str, query: str, period: Period | None) -> Answer:
        """Nothing there: say when there last was something, because stored logs may be old."""
        texts = [f"{what}: nothing {self._when(period)}."]
        last = (yield from self.use("search_events", query=query, limit=1)) if period else None
        if last and last.events:
            texts.append(f"The newest there is: {self._line(last.events[0])}")
        elif last:
            texts.append("Nor at any other time.")
        yield lines(texts, last.events if last else ())

    # -- answers ---------------------------------------------------------------------------------------

    def about(self, question: Question, alert: AlertRow | None) -> Answer:
        """What a user, host or address did, or whom it touched."""
        whom = yield from self.whom(question, alert)
        if not whom and question.subject is None and question.kind == "touched" and alert is not None:
            whom = yield from self.whom(replace(question, subject=Subject("source.ip")), alert)
        if not whom:
            yield lines([_WHOM])
            return
        query = self._clauses(whom, question.period, question.clause)
        who = heading(whom)
        newest = yield from self.use("search_events", query=query, limit=50)
        if not newest.events:
            only = f", {question.words('events')}" if question.clause else ""
            yield from self._nothing(
                f"{who}{only}", self._clauses(whom, None, question.clause), question.period
            )
            return
        only = f", only {question.words('events')}" if question.concept or question.only else ""
        yield lines([f"{who}, {self._when(question.period)}{only}: {render.plural(newest.total, 'event')}."])
        kinds, actions = yield from self._kinds(query)
        yield lines([f"What: {kinds}." if kinds else ""])
        for field, name in _FACETS:
            if field not in {one.field for one in whom}:
                found = yield from self.use("count_by", field=field, query=query, limit=VALUES + 1)
                yield lines([f"{name}: {pairs(found)}." if found.counts else ""])
        if not _WEB.isdisjoint(actions):
            found = yield from self.use("count_by", field="url.path", query=query, limit=VALUES + 1)
            yield lines([f"Pages: {pairs(found)}." if found.counts else ""])
        yield from self._successes(whom, query)
        lines_seen = list(newest.events)
        if newest.total > len(lines_seen):  # what is rare may be older than what was looked at
            lines_seen += yield from self._rare(query, actions, lines_seen)
        yield lines(["Lines that tell most:", *map(self._line, telling(lines_seen))], lines_seen)
        yield from self._alerts_of(whom)

    def _rare(
        self, query: str, actions: Sequence[str], seen: Sequence[EventRow]
    ) -> Generator[Piece, None, list[EventRow]]:
        """The newest event of kinds that are not among those seen, and the newest commands."""
        there = {row.fields.get("event.action") for row in seen}
        found: list[EventRow] = []
        for action in [action for action in actions if action not in there][:SHOWN]:
            rows = yield from self.use(
                "search_events", query=f"{query} event.action:{quote(action)}", limit=1
            )
            found += rows.events
        return found

    def _alerts_of(self, whom: Sequence[Subject]) -> Answer:
        """The alerts about somebody, decided ones too."""
        named = yield from self.use(
            "list_alerts", query=self._clauses(whom[:1], None), closed_too=True, limit=5
        )
        more = named.total - len(named.alerts)
        yield lines(
            [
                f"Alerts about {heading(whom[:1])}, at any time:",
                *(render.alert_line(row) for row in named.alerts),
                f"… and {render.plural(more, 'more alert')}" if more > 0 else "",
            ]
            if named.alerts
            else [f"No alert is about {heading(whom[:1])}."]
        )

    def _successes(self, whom: Sequence[Subject], query: str) -> Answer:
        if whom[0].field != "source.ip":
            return
        found = yield from self.use("search_events", query=f"{query} {LOGINS} event.outcome:success", limit=3)
        if found.events:
            texts = [f"{render.plural(found.total, 'login')} succeeded:", *map(self._line, found.events)]
        else:
            texts = ["No login succeeded."]
        yield lines(texts, found.events)

    def _kinds(self, query: str) -> Generator[Piece, None, tuple[str, list[str]]]:
        """How often each kind of event occurs, commonest first; and which kinds, the rarest first."""
        out: list[tuple[int, str]] = []
        rare: Counter[str] = Counter()
        for outcome, clause in (("failure", "event.outcome:failure"), ("", "-event.outcome:failure")):
            found = yield from self.use("count_by", field="event.action", query=f"{query} {clause}", limit=20)
            for action, number in found.counts:
                rare[action] += number
                words = phrase(action, outcome or ("success" if action in LOGIN_ACTIONS else ""))
                out.append((number, counted(number, one_line(words, 80))))
        ranked = [text for _, text in sorted(out, key=lambda pair: -pair[0])]
        left = len(ranked) - VALUES
        kinds = ", ".join(ranked[:VALUES]) + (f" and {render.plural(left, 'other kind')}" if left > 0 else "")
        return kinds, [action for action, _ in reversed(rare.most_common())]

    def summary(self, question: Question) -> Answer:
        """What happened in a period."""
        period, query = question.period, self._clauses((), question.period)
        newest = yield from self.use("search_events", query=query, limit=1)
        if not newest.events:
            yield from self._nothing("Events", "", period)
            return
        kinds, _ = yield from self._kinds(query)
        hosts = yield from self.use("count_by", field="host.hostname", query=query, limit=VALUES + 1)
        on = f" on {pairs(hosts)}" if hosts.counts else ""
        yield lines(
            [
                f"Summary, {self._when(period)}: {render.plural(newest.total, 'event')}{on}.",
                kinds and f"What: {kinds}.",
            ]
        )
        failed = self._clauses((), period, f"{LOGINS} event.outcome:failure")
        for field, name in (("source.ip", "Failed logins come from"), ("user.name", "They were tried as")):
            found = yield from self.use("count_by", field=field, query=failed, limit=6)
            yield lines([f"{name} {pairs(found, 5)}." if found.counts else ""])
        for clause, name in (
            (f"{LOGINS} event.outcome:success", "login"),
            ("event.action:sudo_command", "sudo command"),
        ):
            found = yield from self.use("search_events", query=self._clauses((), period, clause), limit=3)
            if found.events:
                head = render.plural(found.total, name) + (" succeeded" if name == "login" else "")
                yield lines([f"{head}, the newest:", *map(self._line, found.events)], found.events)
        yield from self.alerts(replace(question, left=()))

    def alerts(self, question: Question) -> Answer:
        """Alerts of a level and a period, gravest first; words no table knows have to stand in the title."""
        period = question.period
        since = f"@timestamp>={iso(period.low)}" if period else ""
        query = " ".join([since, *(quote(word) for word in question.left)]).strip()
        yield Piece("tool", one_line(f"list_alerts min_level={question.level} {query}", 200))
        found = self.tools.triage.alerts(
            states=OPEN_STATES, min_level=question.level, query=self.tools.query(query), limit=COUNTED
        )
        rows = [row for row in found if period is None or row.first < period.high]
        level = "" if question.level == "informational" else f" of level {question.level} or above"
        where = f"{level}{with_words(question)}{f', {period.words}' if period else ''}"
        if not rows and question.left:
            yield lines([f"No open alerts{where}. Without those words:"])
            yield from self.alerts(replace(question, left=()))
            return
        if not rows:
            yield lines([f"No open alerts{where}."])
            return
        shown = [render.alert_line(row) for row in rows[: question.limit or 10]]
        left = len(rows) - len(shown)
        yield lines(
            [
                f"{render.plural(len(rows), 'open alert')}{where}:",
                *shown,
                f"… and {left:,} more" if left > 0 else "",
            ]
        )

    def count(self, question: Question, alert: AlertRow | None) -> Answer:
        """Numbers by the values of a field, or one number."""
        whom = yield from self.whom(question, alert)
        if question.subject is not None and not whom:
            yield lines([_WHOM])
            return
        words, of, extra = question.words("events"), after_noun(whom), _worded(question)
        query = self._clauses(whom, question.period, extra)
        limit = question.limit or 15
        found = yield from self.use(
            "count_by", field=question.group or "event.action", query=query, limit=limit + 1
        )
        newest = yield from self.use("search_events", query=query, limit=1)
        what = f"{words}{of}{with_words(question)}"
        if not newest.events and question.left and question.concept:
            yield lines([f"{capital(what)}: nothing {self._when(question.period)}. Without those words:"])
            yield from self.count(replace(question, left=()), alert)
            return
        if not newest.events:
            yield from self._nothing(capital(what), self._clauses(whom, None, extra), question.period)
            return
        by = f" by {question.group}" if question.group else ""
        times = sum(number for _, number in found.counts[:limit])
        few = len(found.counts) > limit
        told = f"{times:,} in the {limit} commonest" if few else f"{times:,}"
        if times != newest.total and not few:
            told += f" (in {render.plural(newest.total, 'line')}: a repeated one counts as often as it says)"
        if not found.counts:
            told = f"{render.plural(newest.total, 'line')}, none of which has {question.group or 'a kind'}"
        yield lines(
            [
                f"{capital(what)}{by}, {self._when(question.period)}: {told}.",
                *(f"{number:>7,}  {render.value(name)}" for name, number in found.counts[:limit]),
            ]
        )
        yield lines(["The newest: " + self._line(newest.events[0])], newest.events)

    def search(self, question: Question, alert: AlertRow | None) -> Answer:
        """Events of a kind, or a query as typed."""
        whom = yield from self.whom(question, alert)
        if question.concept is not None or question.only is not None:
            if question.subject is not None and not whom:
                yield lines([_WHOM])
                return
            extra = _worded(question)
            query, what = self._clauses(whom, question.period, extra), question.words("events")
            always = self._clauses(whom, None, extra)
        else:
            query = always = typed_query(question.text)
            what = "hits"
            if question.period is not None and not _TYPED.search(query):
                query = always = " ".join(question.left)
        found = yield from self.use("search_events", query=query, limit=question.limit or 15)
        what = f"{what}{after_noun(whom)}{with_words(question)}" if what != "hits" else what
        if found.error:
            yield lines([f"That did not work: {found.error}.", CAN])
        elif not found.events and question.left and question.concept:
            yield lines([f"{capital(what)}: nothing {self._when(question.period)}. Without those words:"])
            yield from self.search(replace(question, left=()), alert)
        elif not found.events:
            yield from self._nothing(capital(what), always, question.period)
            yield from self._nearest(question)
        else:
            head = f"{found.total:,} {what} {self._when(question.period)}"
            shown = [self._line(row) for row in found.events]
            yield lines(
                [head + (f", the newest {len(shown)}:" if found.total > len(shown) else ":"), *shown],
                found.events,
            )

    def _line(self, row: EventRow) -> str:
        return event_line(row, self.tz)


def _worded(question: Question) -> str:
    """The query of a kind of event, and of words no table knows: they have to stand in the line."""
    return " ".join([question.clause, *(quote(word) for word in question.left)]).strip()
