"""Alerts over HTTP: listed, shown, and decided on by the same functions as in the console."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import Field

from socterm.alerts.levels import rank_of
from socterm.alerts.states import STATES, State
from socterm.query import parse
from socterm.query.times import interval
from socterm.service.answers import Answer, Asked, Moment, Told, moment
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.events import Event, told_of
from socterm.service.pages import ROOM, Next, Paged, Text, in_time, next_of, numbers
from socterm.service.problems import RequestError
from socterm.store.rows import AlertRow, AuditRow

Level = Literal["informational", "low", "medium", "high", "critical"]
Verdict = Literal[
    "true_positive", "benign_true_positive", "false_positive", "duplicate", "test", "undetermined"
]
Verb = Literal[
    "acknowledge", "start", "escalate", "hand_over", "close", "verdict", "snooze", "wake", "reopen"
]

_TIMES: Final = ("first", "last", "created", "updated", "until", "released")
STEP: Final = 100
"""Alerts read at a time."""

_ESCALATING: Final = ("escalate", "hand_over")


class Alert(Told):
    """One rule on one entity; fields as of docs/triage.md. `key` is "" until it is settled."""

    id: int
    rule: str
    title: str
    level: str
    description: str
    tags: list[str]
    entity: Annotated[dict[str, str], Field(description="ECS field to value")]
    first: Moment
    last: Moment
    count: Annotated[int, Field(description="Events, weighted by repeat")]
    signals: int
    settled: bool
    key: str
    state: str
    verdict: str
    owner: str
    notes: int
    created: Moment
    updated: Moment
    merged_into: int
    part_of: int
    parts: int
    until: Annotated[Moment, Field(description="When a snoozed one wakes")]
    follows: int
    follows_verdict: str
    released: Annotated[Moment, Field(description="When its evidence was let go")]


class Audit(Told):
    """One decision: who, when, and how it stood before and after."""

    id: int
    at: Moment
    actor: str
    alert: int
    verb: str
    before: dict[str, Any]
    after: dict[str, Any]
    note: str
    undoes: int
    hash: str
    bulk: int
    about: str


class AlertPage(Told):
    """Alerts, gravest first, then newest."""

    alerts: list[Alert]
    next: Next


class AlertDetail(Alert):
    """An alert with its evidence, its history, and how its rule says it is checked."""

    check: list[str]
    part_alerts: list[Alert]
    events: list[Event]
    history: list[Audit]


class Decided(Told):
    """How the alert stands now, and the audit rows that were written."""

    alert: Alert
    audit: list[Audit]


class AlertQuery(Paged):
    """Which alerts: open ones unless states are named; without parts of others unless `parts`."""

    state: Annotated[list[State], Field(max_length=len(STATES))] | None = None
    min_level: Level = "informational"
    q: Text = ""
    parts: bool = False


class DetailQuery(Asked):
    """How much of the evidence."""

    events: Annotated[
        int, Field(ge=0, le=1000, description="Evidence, the newest first; fewer of very long lines")
    ] = 20


class Transition(Asked):
    """A verb; `verdict` goes with close, hand_over and verdict, `until` with snooze."""

    verb: Verb
    verdict: Verdict | None = None
    until: Annotated[
        str | None, Field(max_length=40, description="When a snoozed one wakes, such as 2026-11-20T08:00")
    ] = None


class Note(Asked):
    """What somebody writes down."""

    text: Annotated[str, Field(min_length=1, max_length=16_000)]


def alert_json(row: AlertRow) -> dict[str, Any]:
    """An alert as `Alert` says."""
    return _timed(row, _TIMES)


def audit_json(row: AuditRow) -> dict[str, Any]:
    """An audit row as `Audit` says."""
    return _timed(row, ("at",))


def _timed(row: msgspec.Struct, times: tuple[str, ...]) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.structs.asdict(row)
    return told | {name: moment(told[name]) for name in times}


def _list(call: Call[AlertQuery, Nothing]) -> dict[str, Any]:
    asked, store = call.query, call.service.store
    now = call.service.clock()
    wanted = parse(asked.q, now=now) if asked.q else None
    place = numbers(asked.cursor, 3)
    store.snoozes.wake(now)
    beyond = (place[0], place[1], place[2]) if place else None
    shown: list[AlertRow] = []
    room, more = ROOM, True
    with in_time(store):
        while more and room > 0 and len(shown) < asked.limit:
            step = min(STEP, asked.limit - len(shown))
            rows = store.triage.alerts(
                states=asked.state or None, min_level=asked.min_level, query=wanted, limit=step + 1,
                parts=asked.parts, beyond=beyond,
            )  # fmt: skip
            more = len(rows) > step
            shown += rows[:step]
            room -= sum(map(_length, rows[:step]))
            beyond = _key(shown[-1]) if shown else None
    key = _key(shown[-1]) if shown else ()
    return {"alerts": [alert_json(row) for row in shown], "next": next_of(key, more=more)}


def _key(row: AlertRow) -> tuple[int, int, int]:
    return rank_of(row.level), row.last, row.id


def _length(row: AlertRow) -> int:
    """Characters of what logs said: names of users can have a million."""
    return sum(map(len, row.entity.values()))


def _known(call: Call[Any, Any]) -> AlertRow:
    row = call.service.store.triage.alert(call.number)
    if row is None:
        raise RequestError(404, "not_found", f"there is no alert {call.number}")
    return row


def _show(call: Call[DetailQuery, Nothing]) -> Answer:
    triage = call.service.store.triage
    call.service.store.snoozes.wake(call.service.clock())
    decided = triage.decided(call.number)  # first: what is decided meanwhile makes this answer stale
    row = _known(call)
    limit = call.query.events
    told = {
        **alert_json(row),
        "check": triage.steps(row.rule),
        "part_alerts": [alert_json(part) for part in triage.parts(row.id)],
        "events": [told_of(one) for one in triage.alert_events(row.id, limit=limit, room=ROOM)]
        if limit
        else [],
        "history": [audit_json(one) for one in triage.history(row.id)],
    }
    return Answer(told, headers={"ETag": etag(decided)})


def etag(decided: int) -> str:
    """The state of an alert by the latest decision on it. That more events join it is no reason to refuse."""
    return f'"{decided}"'


def seen(call: Call[Any, Any]) -> int | None:
    """The decision that `If-Match` names; None for `*`, which is any. Raises `RequestError` (412).

    RFC 9110, section 13.1.1: weak tags never match.
    """
    tags = [tag.strip() for tag in call.request.headers["if-match"].split(",")]
    if tags == ["*"]:
        return None
    now = etag(call.service.store.triage.decided(call.number))
    if now not in tags:
        raise RequestError(412, "stale", "it was decided on since you looked: look again", {"ETag": now})
    return int(now.strip('"'))


def _transition(call: Call[Nothing, Transition]) -> Answer:
    asked = call.body
    if (asked.verb == "snooze") != (asked.until is not None):
        raise RequestError(422, "value", "until: say when a snoozed alert wakes, and only then")
    if asked.verdict is not None and asked.verb not in ("close", "hand_over", "verdict"):
        raise RequestError(422, "value", f"verdict: goes not with {asked.verb}")
    if asked.verdict is None and asked.verb == "verdict":
        raise RequestError(422, "value", "verdict: say which")
    details: dict[str, Any] = {}
    if asked.until is not None:
        found = interval(asked.until, call.service.clock())
        if found is None:
            raise RequestError(422, "value", "until: write it as 2026-11-20T08:00 (UTC, or with a zone)")
        details["until"] = found[0]
    if asked.verdict is not None:
        details["verdict"] = asked.verdict
    return _decide(call, asked.verb, details)


def _note(call: Call[Nothing, Note]) -> Answer:
    if not call.body.text.strip():
        raise RequestError(422, "value", "text: an empty note says nothing")
    return _decide(call, "note", {"text": call.body.text})


def _decide(call: Call[Any, Any], verb: str, details: dict[str, Any]) -> Answer:
    store, now = call.service.store, call.service.clock()
    _known(call)
    store.snoozes.wake(now)
    who: dict[str, Any] = {"actor": call.principal.name, "now": now, "seen": seen(call)}
    if verb in _ESCALATING:
        if verb == "hand_over":
            details = {"closing": True, "verdict": "undetermined", **details}
        rows = store.incidents.escalate([call.number], **who, keep=True, **details)
    else:
        rows = store.triage.decide([call.number], verb, **who, **details)
    told = {"alert": alert_json(_known(call)), "audit": [audit_json(row) for row in rows]}
    own = [row.id for row in rows if row.alert == call.number]
    status = 201 if verb == "note" else 200
    return Answer(told, status, headers={"ETag": etag(max(own))})


ENDPOINTS: Final = (
    Endpoint(
        "GET", "/api/v1/alerts", "List alerts, gravest first, then newest", _list, "read",
        answer=AlertPage, query=AlertQuery, slow=True,
    ),
    Endpoint(
        "GET", "/api/v1/alerts/{id}", "Show an alert with evidence and history; its `ETag` is for deciding",
        _show, "read", answer=AlertDetail, query=DetailQuery,
    ),
    Endpoint(
        "POST", "/api/v1/alerts/{id}/transition", "Decide on an alert, as seen with the `ETag` in `If-Match`",
        _transition, "triage", answer=Decided, body=Transition, matched=True, others=(409,),
    ),
    Endpoint(
        "POST", "/api/v1/alerts/{id}/notes", "Write a note on an alert", _note, "triage",
        answer=Decided, body=Note, matched=True, status=201, others=(409,),
    ),
)  # fmt: skip
