"""Answer questions without a model: the same tools a model would use, and sentences laid down here."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import UTC, tzinfo
from typing import Any

from socterm.analyst import render
from socterm.analyst.border import one_line
from socterm.analyst.explain import Explanation
from socterm.analyst.intents import LOGINS, Question, Subject, typed_query
from socterm.analyst.knowledge import counted, phrase
from socterm.analyst.pieces import Piece
from socterm.analyst.times import Period, iso
from socterm.analyst.toolparts import Result
from socterm.analyst.tools import Toolbox
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
_SHOWN = 6
_TIMED = ("summary", "alerts", "count", "touched", "activity", "search")


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
                yield lines([self._puzzled(question), CAN])

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

    # -- whom and when ---------------------------------------------------------------------------------

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
        for field in ("user.name", "host.hostname"):
            found = yield from self.use("search_events", query=f"{field}:{quote(subject.value)}", limit=1)
            if found.events:
                return Subject(field, subject.value)
        return Subject("user.name", subject.value)

    def _this(self, field: str, alert: AlertRow | None) -> Generator[Piece, None, Subject | None]:
        if alert is None:
            return None
        if alert.entity.get(field):
            return Subject(field, alert.entity[field])
        found = yield from self.use("get_alert", alert_id=alert.id)
        value = next((str(row.fields[field]) for row in found.events if row.fields.get(field)), "")
        return Subject(field, value) if value else None

    def _clauses(self, subject: Subject | None, period: Period | None, extra: str = "") -> str:
        parts = [extra]
        if subject is not None:
            parts.append(f"{subject.field}:{quote(subject.value)}")
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
            row = last.events[0]
            texts.append(f"The newest is of {render.when(row.ts, self.tz)}: {self._line(row)}")
        yield lines(texts, last.events if last else ())

    # -- answers ---------------------------------------------------------------------------------------

    def about(self, question: Question, alert: AlertRow | None) -> Answer:
        """What a user, host or address did, or whom it touched."""
        subject = yield from self.resolve(question.subject, alert)
        if subject is None and question.subject is None and question.kind == "touched" and alert is not None:
            subject = yield from self.resolve(Subject("source.ip"), alert)
        if subject is None:
            yield lines([_WHOM])
            return
        query = self._clauses(subject, question.period, question.clause)
        who = render.value(subject.value)
        newest = yield from self.use("search_events", query=query, limit=50)
        if not newest.events:
            yield from self._nothing(who, self._clauses(subject, None), question.period)
            return
        only = f", only {question.words('events')}" if question.concept or question.only else ""
        yield lines([f"{who}, {self._when(question.period)}{only}: {render.plural(newest.total, 'event')}."])
        kinds = yield from self._kinds(query)
        yield lines([f"What: {kinds}." if kinds else ""])
        for field, name in (
            ("host.hostname", "Hosts"),
            ("user.name", "Accounts"),
            ("source.ip", "Addresses"),
        ):
            if field != subject.field:
                found = yield from self.use("count_by", field=field, query=query, limit=8)
                yield lines([f"{name}: {_pairs(found)}." if found.counts else ""])
        yield from self._successes(subject, query)
        yield lines(["Lines that tell most:", *map(self._line, _telling(newest.events))], newest.events)
        named = yield from self.use(
            "list_alerts", query=self._clauses(subject, None), closed_too=True, limit=5
        )
        yield lines([render.alert_line(row) for row in named.alerts] or [f"No alert names {who}."])

    def _successes(self, subject: Subject, query: str) -> Answer:
        if subject.field != "source.ip":
            return
        found = yield from self.use("search_events", query=f"{query} {LOGINS} event.outcome:success", limit=3)
        if found.events:
            texts = [f"{render.plural(found.total, 'login')} succeeded:", *map(self._line, found.events)]
        else:
            texts = ["No login succeeded."]
        yield lines(texts, found.events)

    def _kinds(self, query: str) -> Generator[Piece, None, str]:
        """How often each kind of event occurs, commonest first."""
        out: list[tuple[int, str]] = []
        for outcome, clause in (("failure", "event.outcome:failure"), ("", "-event.outcome:failure")):
            found = yield from self.use("count_by", field="event.action", query=f"{query} {clause}", limit=8)
            for action, number in found.counts:
                words = phrase(
                    action, outcome or ("success" if action in ("ssh_login", "pam_login", "su") else "")
                )
                out.append((number, counted(number, one_line(words, 80))))
        return ", ".join(text for _, text in sorted(out, key=lambda pair: -pair[0])[:8])

    def summary(self, question: Question) -> Answer:
        """What happened in a period."""
        period, query = question.period, self._clauses(None, question.period)
        newest = yield from self.use("search_events", query=query, limit=1)
        if not newest.events:
            yield from self._nothing("Events", "", period)
            return
        kinds = yield from self._kinds(query)
        hosts = yield from self.use("count_by", field="host.hostname", query=query, limit=5)
        yield lines(
            [
                f"Summary, {self._when(period)}: {render.plural(newest.total, 'event')} on {_pairs(hosts)}.",
                kinds and f"What: {kinds}.",
            ]
        )
        failed = self._clauses(None, period, f"{LOGINS} event.outcome:failure")
        for field, name in (("source.ip", "Failed logins come from"), ("user.name", "They were tried as")):
            found = yield from self.use("count_by", field=field, query=failed, limit=5)
            yield lines([f"{name} {_pairs(found)}." if found.counts else ""])
        for clause, name in (
            (f"{LOGINS} event.outcome:success", "login"),
            ("event.action:sudo_command", "sudo command"),
        ):
            found = yield from self.use("search_events", query=self._clauses(None, period, clause), limit=3)
            if found.events:
                head = render.plural(found.total, name) + (" succeeded" if name == "login" else "")
                yield lines([f"{head}, the newest:", *map(self._line, found.events)], found.events)
        yield from self.alerts(question)

    def alerts(self, question: Question) -> Answer:
        """Alerts of a level and a period."""
        found = yield from self.use("list_alerts", min_level=question.level, limit=50)
        period = question.period
        rows = [
            row
            for row in found.alerts
            if period is None or (row.last >= period.low and row.first < period.high)
        ]
        where = f", {period.words}" if period else ""
        if not rows:
            yield lines([f"No open alerts{where}."])
            return
        shown = [render.alert_line(row) for row in rows[:10]]
        left = len(rows) - len(shown)
        yield lines(
            [
                f"{render.plural(len(rows), 'open alert')}{where}:",
                *shown,
                f"… and {left} more" if left else "",
            ]
        )

    def count(self, question: Question, alert: AlertRow | None) -> Answer:
        """Numbers by the values of a field, or one number."""
        subject = yield from self.resolve(question.subject, alert) if question.subject else _none()
        words = question.words("events")
        query = self._clauses(subject, question.period, question.clause)
        limit = question.limit or 15
        of = _of(subject)
        found = yield from self.use(
            "count_by", field=question.group or "event.action", query=query, limit=limit
        )
        if not found.counts:
            yield from self._nothing(
                f"{words}{of}".capitalize(), self._clauses(subject, None), question.period
            )
            return
        by = f" by {question.group}" if question.group else ""
        head = f"{words}{of}{by}, {self._when(question.period)}: {found.total:,}"
        head += " in the values shown" if len(found.counts) == limit else ""
        yield lines(
            [
                f"{head[0].upper()}{head[1:]}.",
                *(f"{number:>7,}  {render.value(name)}" for name, number in found.counts),
            ]
        )
        newest = yield from self.use("search_events", query=query, limit=1)
        yield lines(["The newest: " + self._line(newest.events[0]) if newest.events else ""], newest.events)

    def search(self, question: Question, alert: AlertRow | None) -> Answer:
        """Events of a kind, or a query as typed."""
        subject = yield from self.resolve(question.subject, alert) if question.subject else _none()
        if question.concept is not None or question.only is not None:
            query, what = self._clauses(subject, question.period, question.clause), question.words("events")
        else:
            query, what = typed_query(question.text), "hits"
        found = yield from self.use("search_events", query=query, limit=question.limit or 15)
        if found.error:
            yield lines([f"That did not work: {found.error}.", CAN])
        elif not found.events:
            yield from self._nothing(what.capitalize(), "", question.period)
        else:
            of = _of(subject)
            head = f"{found.total:,} {what}{of} {self._when(question.period)}"
            shown = [self._line(row) for row in found.events]
            yield lines(
                [head + (f", the newest {len(shown)}:" if found.total > len(shown) else ":"), *shown],
                found.events,
            )

    def _line(self, row: EventRow) -> str:
        host = row.fields.get("host.hostname")
        where = f"{render.value(host, 30)} " if host else ""
        return f"{render.when(row.ts, self.tz)} {where}{one_line(row.message, 140)} {render.cite(row.id)}"


def _none() -> Generator[Piece, None, Subject | None]:
    return None
    yield  # makes it a generator, as what it stands in for is one


def _telling(rows: Sequence[EventRow]) -> list[EventRow]:
    """One event of each kind, newest first, those with a command before others."""
    seen: dict[tuple[Any, ...], EventRow] = {}
    for row in rows:
        key = tuple(
            row.fields.get(f)
            for f in ("event.action", "event.outcome", "host.hostname", "process.command_line")
        )
        seen.setdefault(key, row)
    chosen = sorted(seen.values(), key=lambda row: "process.command_line" not in row.fields)[:_SHOWN]
    return sorted(chosen, key=lambda row: -row.ts)


def _pairs(found: Result) -> str:
    shown = [f"{render.value(name)} ({number:,})" for name, number in found.counts[:8]]
    return ", ".join(shown) or "no known host"


def _of(subject: Subject | None) -> str:
    """The subject after a noun: `logins from 203.0.113.9`, `logins of root`, `logins on web01`."""
    words = {"source.ip": "from", "host.hostname": "on"}
    return f" {words.get(subject.field, 'of')} {render.value(subject.value)}" if subject else ""
