"""`socterm alerts …`: the verbs, each on alerts by number or on all that go with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from socterm.alerts.states import VERDICTS
from socterm.cli.output import clean, json_option, put_json, stamp
from socterm.cli.reading import NUMBER, opened, store_options
from socterm.cli.settings import clock
from socterm.errors import UsageError
from socterm.query.times import duration, interval
from socterm.store import Store
from socterm.store.rows import AuditRow

Width = Literal["", "group", "rule"]
Command = Callable[..., None]


def audit_json(row: AuditRow) -> dict[str, Any]:
    """An audit row for programs."""
    found: dict[str, Any] = msgspec.to_builtins(row)
    found["at"] = stamp(row.at)
    return found


def members(store: Store, ids: tuple[int, ...], verb: str, width: Width) -> tuple[int, ...]:
    """The alerts a verb is about: these, or with a width all of their rule and entity, or of their rule."""
    for number in ids:
        if store.triage.alert(number) is None:
            raise UsageError(f"there is no alert {number}; socterm alerts list shows those there are")
    if not width:
        return ids
    found = [store.groups.members(number, verb, whole_rule=width == "rule") for number in ids]
    return tuple(dict.fromkeys(number for some in found for number in some)) or ids


def _decide(
    ids: tuple[int, ...],
    verb: str,
    *,
    as_json: bool,
    db: Path | None,
    config: Path | None,
    width: Width = "",
    **details: Any,
) -> None:
    with opened(db, config, readonly=False) as (store, settings):
        now = clock()
        store.snoozes.wake(now)
        chosen = members(store, ids, verb, width)
        who: dict[str, Any] = {"actor": settings.actor, "now": now}
        if verb in ("escalate", "hand_over"):
            closing = verb == "hand_over"
            rows = store.incidents.escalate(chosen, **who, closing=closing, keep=True, **details)
        else:
            rows = store.triage.decide(chosen, verb, **who, **details)
    report(rows, as_json)


def report(rows: list[AuditRow], as_json: bool) -> None:
    """Say what was decided, a line each."""
    for row in rows:
        if as_json:
            put_json(audit_json(row))
        else:
            what = row.about.replace(":", " ") or f"alert {row.alert}"
            click.echo(f"{what}: {row.verb.replace('_', ' ')} by {clean(row.actor)}")


def _on_alerts(function: Command) -> Command:
    """What every verb on alerts takes."""
    options = (
        click.argument("ids", type=NUMBER, nargs=-1, required=True, metavar="ID…"),
        click.option("--group", "width", flag_value="group", help="All alerts of the same rule and entity."),
        click.option("--rule", "width", flag_value="rule", help="All alerts of the same rule."),
        json_option,
        store_options,
    )
    for option in reversed(options):
        function = option(function)
    return function


_verdict = click.option(
    "--verdict", type=click.Choice(sorted(VERDICTS)), default="undetermined", show_default=True
)


@click.command()
@_on_alerts
def ack(ids: tuple[int, ...], **options: Any) -> None:
    """Acknowledge: seen, and mine. Parts of an alert go along."""
    _decide(ids, "acknowledge", **options)


@click.command()
@_on_alerts
@_verdict
def close(ids: tuple[int, ...], **options: Any) -> None:
    """Close with a verdict, and the parts too; later events must satisfy the rule anew."""
    _decide(ids, "close", **options)


@click.command()
@_on_alerts
@click.option("--close", "closing", is_flag=True, help="And close: the work goes on elsewhere.")
@click.option("--verdict", type=click.Choice(sorted(VERDICTS)), help="With --close: why.")
def escalate(ids: tuple[int, ...], closing: bool, verdict: str | None, **options: Any) -> None:
    """Escalate to an incident: the one it belongs to, else a new one."""
    if verdict and not closing:
        raise UsageError("--verdict goes with --close: what is worked on has no verdict yet")
    if closing:
        _decide(ids, "hand_over", verdict=verdict or "undetermined", **options)
    else:
        _decide(ids, "escalate", **options)


@click.command()
@_on_alerts
@click.option("--until", metavar="TIME", help="Such as 2026-11-20T08:00 (UTC, or with a zone: +01:00).")
@click.option("--for", "period", metavar="SPAN", help="Such as 30m, 4h, 2d.")
def snooze(ids: tuple[int, ...], until: str | None, period: str | None, **options: Any) -> None:
    """Put off until a time; it wakes by itself then, as reopened."""
    _decide(ids, "snooze", until=wakes(until, period, clock()), **options)


def wakes(until: str | None, period: str | None, now: int) -> int:
    """When (µs) something snoozed wakes. Raises UsageError where that is not said once and clearly."""
    if (until is None) == (period is None):
        raise UsageError("say when it wakes: --for 4h or --until 2026-11-20T08:00")
    if period is not None:
        span = duration(period)
        if not span:
            raise UsageError(f"--for {period}: write it as 30m, 4h or 2d")
        return now + span
    found = interval(until or "", now)
    if found is None:
        raise UsageError(f"--until {until}: write it as 2026-11-20T08:00")
    return found[0]


@click.command()
@_on_alerts
def wake(ids: tuple[int, ...], **options: Any) -> None:
    """Wake snoozed alerts before their time."""
    _decide(ids, "wake", **options)


@click.command()
@_on_alerts
def reopen(ids: tuple[int, ...], **options: Any) -> None:
    """Open closed alerts again."""
    _decide(ids, "reopen", **options)


@click.command()
@click.argument("alert_id", type=NUMBER)
@click.argument("text")
@json_option
@store_options
def note(alert_id: int, text: str, **options: Any) -> None:
    """Write a note on an alert."""
    if not text.strip():
        raise UsageError("the note is empty")
    _decide((alert_id,), "note", text=text, **options)


@click.command()
@json_option
@store_options
def undo(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Take back your last decision; the undoing is an audit row too."""
    with opened(db, config, readonly=False) as (store, settings):
        rows = store.triage.undo(actor=settings.actor, now=clock())
    if not rows and not as_json:
        click.echo("nothing to undo")
    report(rows, as_json)


@click.command()
@json_option
@store_options
def redo(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Do again what was undone last."""
    with opened(db, config, readonly=False) as (store, settings):
        rows = store.triage.redo(actor=settings.actor, now=clock())
    if not rows and not as_json:
        click.echo("nothing to redo")
    report(rows, as_json)


VERBS: tuple[click.Command, ...] = (ack, close, escalate, snooze, wake, reopen, note, undo, redo)
"""In the order `socterm alerts --help` lists them."""
