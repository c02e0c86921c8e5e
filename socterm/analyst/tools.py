"""What the analyst may look up: read-only questions to the store, for a model and for rules alike.

Arguments are checked here, not by the model's server; results are bounded in rows and bytes. A tool never
raises for what a model or a person wrote: a wrong argument is an answer that says what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple, get_args

from pydantic import Field, ValidationError

from socterm.alerts.levels import LEVELS
from socterm.alerts.states import OPEN_STATES, STATES
from socterm.analyst import lookups, meaning, render
from socterm.analyst.border import one_line
from socterm.analyst.toolparts import MAX_ROWS, Arguments, Desks, Result, failed
from socterm.errors import QueryError, UsageError
from socterm.query import Query, parse
from socterm.query.values import field_name
from socterm.store.protocols import Events, Triage

COUNTED = 10_000
"""Alerts that are counted, though not all of them are shown."""

Level = Literal["informational", "low", "medium", "high", "critical"]


class SearchEvents(Arguments):
    """Find log events, newest first. The query uses ECS fields: user.name:root and source.ip:10.0.0.0/8, \
event.outcome:failure, since:1h, free words. Empty finds all."""

    query: str = Field(default="", max_length=1000, description="query text")
    limit: int = Field(default=20, ge=1, le=MAX_ROWS, description="most events to return")


class CountBy(Arguments):
    """Count events by the values of one field, commonest first: user.name, source.ip, host.hostname, \
event.action, event.outcome."""

    field: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z_@][\w.@-]*$", description="ECS field")
    query: str = Field(default="", max_length=1000, description="query text")
    limit: int = Field(default=20, ge=1, le=MAX_ROWS, description="most values to return")


class ListAlerts(Arguments):
    """List alerts, gravest first. The query may ask level, state, title and entity \
fields such as source.ip."""

    min_level: Level = Field(default="informational", description=f"one of {', '.join(LEVELS)}")
    query: str = Field(default="", max_length=1000, description="query text")
    closed_too: bool = Field(default=False, description="also closed alerts")
    limit: int = Field(default=20, ge=1, le=MAX_ROWS, description="most alerts to return")


class GetAlert(Arguments):
    """One alert by its number, with its newest events."""

    alert_id: int = Field(ge=1, le=2**63 - 1, description="the alert's number")


class GetEvent(Arguments):
    """One event by its number, with all its fields."""

    event_id: int = Field(ge=1, le=2**63 - 1, description="the event's number")


class Toolbox:
    """The tools over one store. `now` gives µs, for relative times in queries.

    `offered` are the tools there are: those whose doors are among `desks`.
    """

    def __init__(
        self, events: Events, triage: Triage, now: Callable[[], int], desks: Desks | None = None
    ) -> None:
        self.events = events
        self.triage = triage
        self.now = now
        self.desks = desks or Desks()
        self.offered = tuple(
            name for name, tool in TOOLS.items() if not tool.needs or getattr(self.desks, tool.needs)
        )

    def run(self, name: str, arguments: Mapping[str, Any]) -> Result:
        """Use a tool by name with arguments from anywhere; `Result.error` says what was wrong with them."""
        if name not in self.offered:
            return failed(
                name, f"there is no tool {render.quoted(name)}: use one of {', '.join(self.offered)}"
            )
        tool = TOOLS[name]
        try:
            return tool.use(self, tool.arguments.model_validate(dict(arguments)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "arguments"
            return failed(name, f"{render.quoted(where)}: {first['msg']}")
        except QueryError as error:
            return failed(name, f"the query cannot be read at character {error.position + 1}: {error}")
        except UsageError as error:
            return failed(name, one_line(str(error), 300))

    def query(self, text: str) -> Query | None:
        """Read a query against the clock; None for an empty one. Raises QueryError."""
        query = parse(text, now=self.now())
        return None if query.is_empty else query

    def search_events(self, args: SearchEvents) -> Result:
        """Events by query, newest first."""
        query = self.query(args.query)
        page = self.events.page(query, limit=args.limit)
        total = self.events.count(query).value if page.more else len(page.rows)
        text = render.events(page.rows, total, missing=page.missing)
        return Result("search_events", text, events=tuple(page.rows), total=total)

    def count_by(self, args: CountBy) -> Result:
        """The commonest values of a field."""
        field = field_name(args.field)
        counts = tuple(self.events.count_by(field, self.query(args.query), limit=args.limit))
        return Result(
            "count_by", render.counts(field, counts), counts=counts, total=sum(n for _, n in counts)
        )

    def list_alerts(self, args: ListAlerts) -> Result:
        """Alerts, open ones unless asked otherwise."""
        rows = self.triage.alerts(
            states=STATES if args.closed_too else OPEN_STATES,
            min_level=args.min_level,
            query=self.query(args.query),
            limit=COUNTED,
        )
        shown = rows[: args.limit]
        return Result("list_alerts", render.alerts(shown, len(rows)), alerts=tuple(shown), total=len(rows))

    def get_alert(self, args: GetAlert) -> Result:
        """One alert and its newest evidence."""
        alert = self.triage.alert(args.alert_id)
        if alert is None:
            return failed("get_alert", f"there is no alert {args.alert_id}")
        rows = self.triage.alert_events(alert.id, limit=MAX_ROWS // 2)
        text = render.alert(alert) + "\n" + render.events(rows, alert.count)
        return Result("get_alert", text, events=tuple(rows), alerts=(alert,), total=alert.count)

    def get_event(self, args: GetEvent) -> Result:
        """One event with all its fields."""
        rows = self.events.get([args.event_id])
        if not rows:
            return failed("get_event", f"there is no event {args.event_id}")
        return Result("get_event", render.event(rows[0]), events=tuple(rows), total=1)


class Tool(NamedTuple):
    """A tool: its arguments, what it does, and which of `Desks` it needs ("" for none)."""

    arguments: type[Arguments]
    use: Callable[[Toolbox, Any], Result]
    needs: str = ""


TOOLS: dict[str, Tool] = {
    "search_events": Tool(SearchEvents, Toolbox.search_events),
    "semantic_search": Tool(meaning.SemanticSearch, meaning.semantic_search, "search"),
    "count_by": Tool(CountBy, Toolbox.count_by),
    "timeline": Tool(lookups.Timeline, lookups.timeline),
    "list_alerts": Tool(ListAlerts, Toolbox.list_alerts),
    "get_alert": Tool(GetAlert, Toolbox.get_alert),
    "get_event": Tool(GetEvent, Toolbox.get_event),
    "related": Tool(lookups.Related, lookups.related),
    "entity_profile": Tool(lookups.EntityProfile, lookups.entity_profile, "entities"),
    "rule_info": Tool(lookups.RuleInfo, lookups.rule_info),
    "template_stats": Tool(meaning.TemplateStats, meaning.template_stats, "search"),
    "sql": Tool(lookups.Sql, lookups.sql, "sql"),
}
"""Every tool there can be, by name."""

_JSON_TYPES = {str: "string", int: "integer", bool: "boolean"}


def schemas(offered: Iterable[str] = TOOLS) -> list[dict[str, Any]]:
    """The tools as a model's server wants them: flat parameters with type, description and enum.

    Anything finer is lost on the way, which is why `run` checks the arguments again.
    """
    return [_schema(name, TOOLS[name].arguments) for name in offered]


def _schema(name: str, model: type[Arguments]) -> dict[str, Any]:
    said = lookups.about_sql() if name == "sql" else " ".join((model.__doc__ or "").split())
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": said,
            "parameters": {
                "type": "object",
                "properties": {key: _property(field) for key, field in model.model_fields.items()},
                "required": [key for key, field in model.model_fields.items() if field.is_required()],
            },
        },
    }


def _property(field: Any) -> dict[str, Any]:
    if field.annotation in _JSON_TYPES:
        return {"type": _JSON_TYPES[field.annotation], "description": field.description}
    return {"type": "string", "description": field.description, "enum": list(get_args(field.annotation))}
