"""The views that read-only SQL may ask: what they are called, what their columns are, how they are made.

They are made anew on each connection, in its temporary schema; the file holds nothing of them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from socterm.store.expressions import other

_STAMP = "strftime('%Y-%m-%dT%H:%M:%SZ', {} / 1000000, 'unixepoch')"

_SOURCE = "CAST((SELECT name FROM main.sources WHERE id = e.source) AS TEXT)"


class SqlView(NamedTuple):
    """A view: what it is of, (column, SQL expression, meaning) of each column, FROM and what follows."""

    about: str
    columns: tuple[tuple[str, str, str], ...]
    source: str

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns."""
        return tuple(name for name, _, _ in self.columns)


VIEWS: Final[dict[str, SqlView]] = {
    "events": SqlView(
        "one row per log line",
        (
            ("id", "e.id", "number of the event, in order of arrival"),
            ("ts", "e.ts", "when it happened, µs since the epoch"),
            ("time", _STAMP.format("e.ts"), "the same as text, UTC"),
            (
                "source",
                "CAST((SELECT name FROM main.sources WHERE id = e.source) AS TEXT)",
                "where it was read",
            ),
            ("host", "e.host", "host.hostname"),
            ("program", "k.process", "process.name"),
            ("pid", "e.pid", "process.pid"),
            ("user", "e.user", "user.name"),
            ("effective_user", "e.effective_user", "user.effective.name"),
            ("source_ip", "e.source_ip", "source.ip"),
            ("source_port", "e.source_port", "source.port"),
            ("action", "k.action", "event.action"),
            ("outcome", "k.outcome", "event.outcome"),
            ("dataset", "k.dataset", "event.dataset"),
            ("template", "k.template", "number of its template, a row of templates"),
            ("repeat", "e.repeat", "occurrences the line stands for"),
            ("alerted", "e.flags & 1", "1 where it is evidence of an alert"),
            ("message", f"{other('message')} ->> '$'", "the message, without the header"),
            (
                "fields",
                "coalesce(e.fields, k.fields)",
                "JSON of the other ECS fields, e.g. fields ->> '$.\"url.path\"'",
            ),
            ("raw", "e.raw", "the line as it came"),
        ),
        "main.events e LEFT JOIN main.kinds k ON k.id = e.kind",
    ),
    "alerts": SqlView(
        "one row per alert",
        (
            ("id", "id", "number of the alert"),
            ("rule", "rule", "id of its rule"),
            ("title", "title", "title of its rule"),
            ("level", "level", "informational to critical"),
            ("entity", "entity", "JSON: ECS field to value"),
            ("first", "first", "first event, µs"),
            ("last", "last", "last event, µs"),
            ("time", _STAMP.format("first"), "first event as text, UTC"),
            ("count", "count", "events, weighted by repeat"),
            ("signals", "signals", "firings"),
            ("state", "state", "new, acknowledged, in progress, closed …"),
            ("verdict", "verdict", "what it was closed as"),
            ("owner", "owner", "whose it is"),
            ("part_of", "part_of", "the alert it is part of, 0 for none"),
            ("tags", "tags", "JSON list"),
        ),
        "main.alerts",
    ),
    "templates": SqlView(
        "kinds of lines",
        (
            ("id", "id", "number of the template"),
            ("how", "how", "told by a parser, fields, mined from words, or full"),
            ("text", "text", "its words with gaps"),
            ("program", "program", "whose lines were compared, of a mined one"),
            ("dataset", "dataset", "event.dataset"),
            ("action", "action", "event.action"),
            ("outcome", "outcome", "event.outcome"),
            ("code", "code", "event.code"),
            ("first", "first", "earliest line, µs"),
            ("last", "last", "latest line, µs"),
            ("time", _STAMP.format("first"), "earliest line as text, UTC"),
            ("lines", "lines", "how many, since the store began"),
        ),
        "main.templates",
    ),
    "minutes": SqlView(
        "events per minute",
        (
            ("minute", "minute * 60000000", "its beginning, µs"),
            ("time", _STAMP.format("minute * 60000000"), "the same as text, UTC"),
            ("events", "events", "lines"),
            ("weight", "weight", "occurrences"),
            ("failures", "failures", "occurrences with event.outcome failure"),
            ("alerted", "alerted", "lines that are evidence of an alert"),
        ),
        "main.minute_counts",
    ),
    "rules": SqlView(
        "every rule as last loaded",
        (
            ("rule", "key", "its id"),
            ("title", "title", "its title"),
            ("level", "level", "informational to critical"),
            ("fate", "fate", "active, no-source, base, filter, disabled or refused"),
            ("hits", "coalesce((SELECT hits FROM main.rule_hits h WHERE h.rule = key), 0)", "matches"),
            ("path", "path", "its file"),
        ),
        "main.rules",
    ),
    "sources": SqlView(
        "what was read",
        (
            ("source", "CAST(name AS TEXT)", "its name"),
            ("lines", "lines", "lines read"),
            ("decoded", "decoded", "lines a parser understood"),
            ("newest", "newest", "newest event, µs"),
            ("late", "late", "events that came too late to be put in order"),
        ),
        "main.sources",
    ),
    "decisions": SqlView(
        "what people decided",
        (
            ("id", "id", "number of the audit row"),
            ("at", "at", "when, µs"),
            ("time", _STAMP.format("at"), "the same as text, UTC"),
            ("actor", "actor", "who"),
            ("alert", "alert", "about which alert, 0 for something else"),
            ("verb", "verb", "what"),
            ("note", "note", "in what words"),
        ),
        "main.audit",
    ),
}


def create_sql(name: str, inner: str) -> tuple[str, str]:
    """The statements that make a view on a connection: one that reads the tables, and what people see of it.

    `inner` must be a name that nobody can guess. SQLite tells its authorizer of the innermost view that reads
    a table by name alone, and calls a part of the statement (`WITH events AS …`) a view, too.
    """
    view = VIEWS[name]
    columns = ", ".join(f"{expression} AS {column}" for column, expression, _ in view.columns)
    return (
        f"CREATE TEMP VIEW {inner} AS SELECT {columns} FROM {view.source}",
        f"CREATE TEMP VIEW {name} AS SELECT {', '.join(view.names)} FROM temp.{inner}",
    )
