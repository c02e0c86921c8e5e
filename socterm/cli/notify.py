"""`socterm notify`: whether messages arrive, and what has become of them."""

from __future__ import annotations

import os
import platform
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from socterm.cli.output import clean, json_option, put_json, stamp, table
from socterm.cli.reading import opened, store_options
from socterm.cli.settings import clock
from socterm.config import load_config
from socterm.errors import SoctermError, UsageError

if TYPE_CHECKING:
    from socterm.config import NotifyConfig
    from socterm.store.doors.outbox_rows import ChannelRow

FAILED = 3
NONE = "no channel is configured: [notify.channels.NAME] in the configuration file makes one"


@click.group()
def notify() -> None:
    """Say where new alerts are told and what was told; send a test."""


@notify.command()
@click.argument("channel", required=False)
@json_option
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
@click.pass_context
def test(ctx: click.Context, channel: str | None, as_json: bool, config: Path | None) -> None:
    """Send a test message on a channel, or on all, and say what was answered."""
    from socterm.notify.channels.opening import open_channel, where_of
    from socterm.notify.words import of_test

    wanted = load_config(path=config).notify.channels
    if not wanted:
        raise SoctermError(NONE)
    if channel is not None and channel not in wanted:
        raise UsageError(f"no channel is called {clean(channel)}: there are {', '.join(wanted)}")
    failed = False
    for name in [channel] if channel else wanted:
        now = clock()
        message = of_test(key=uuid.uuid4().hex, at=now, host=platform.node(), channel=name)
        answer = open_channel(name, wanted[name], os.environ).send(message, now)
        failed = failed or not answer.good
        if as_json:
            said = {"channel": name, "kind": wanted[name].kind, "where": where_of(wanted[name])}
            put_json(said | {"sent": answer.good, "answer": answer.text})
        else:
            word = "sent" if answer.good else "NOT SENT"
            click.echo(f"{name}  {wanted[name].kind}  {where_of(wanted[name])}  {word}: {clean(answer.text)}")
    if failed:
        ctx.exit(FAILED)


@notify.command()
@json_option
@store_options
def status(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Each channel: what waits, was sent, was summed up and given up, and what went wrong last."""
    with opened(db, config) as (store, settings):
        rows = store.outbox.channels()
    records = _records(settings.notify, {row.name: row for row in rows})
    if as_json:
        for record in records:
            put_json(record)
        return
    if not records:
        click.echo(NONE)
        return
    head = ("CHANNEL", "KIND", "WHERE", "FROM", "WAITING", "HELD", "SENT", "SUMMED", "GIVEN UP", "LAST SENT")
    names = ("channel", "kind", "where", "level", "waiting", "held", "sent", "summed", "dead", "last_sent")
    rows_of = [[record[name] for name in names] + [record["trouble"]] for record in records]
    table((*head, "TROUBLE"), rows_of)


def _records(config: NotifyConfig, known: dict[str, ChannelRow]) -> list[dict[str, Any]]:
    """What is configured, and what once was and has left something."""
    from socterm.notify.channels.opening import where_of
    from socterm.store.doors.outbox_rows import ChannelRow

    found = []
    for name in dict.fromkeys((*config.channels, *known)):
        row = known.get(name) or ChannelRow(name, *(0,) * 9, note="")
        settings = config.channels.get(name)
        record: dict[str, Any] = {
            "channel": name,
            "kind": settings.kind if settings else "",
            "where": where_of(settings) if settings else "not configured any more",
            "level": (settings.level or config.level) if settings else "",
            "on": bool(settings) and config.on,
        }
        record |= {key: value for key, value in msgspec.to_builtins(row).items() if key != "name"}
        record |= {key: stamp(record[key]) for key in ("last_sent", "last_dead", "gate")}
        found.append(record | {"trouble": _trouble(record)})
    return found


def _trouble(record: dict[str, Any]) -> str:
    if record["kind"] and not record["on"]:
        return "notify.on is false"
    if record["fails"]:
        return f"{record['note']}; next try {record['gate'][:19]}Z"
    return str(record["note"]) if record["dead"] and record["last_dead"] > record["last_sent"] else ""
