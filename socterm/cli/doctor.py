"""`socterm doctor`: whether socterm can do its work on this machine, and what to do where it cannot."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm import amounts
from socterm.cli.output import clean, json_option, put_json
from socterm.cli.reading import store_options
from socterm.cli.settings import clock, configure
from socterm.cli.wiring import load
from socterm.config import Config, config_path
from socterm.errors import SoctermError
from socterm.pipeline.doctor import Row, bad

if TYPE_CHECKING:
    from socterm.pipeline.doctor.unit import Unit
    from socterm.store.upkeep.health import StoreHealth

_GOT = re.compile(r" \(got .*\)$", re.DOTALL)
CONFIGURATION = "socterm run says the same; docs/configuration.md has all settings"


@click.command()
@json_option
@store_options
def doctor(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Look at all that socterm needs: configuration, logs, store, disk, clock, rules, model, ports.

    Changes nothing. Exit code 1 where something does not work (bad), 0 otherwise. No secret is ever shown.
    Asked about the configuration of socterm.service, it looks with the environment that service has.
    """
    rows = list(examined({"db": db, "config": config}))
    for row in rows:
        if as_json:
            put_json(row)
        else:
            click.echo(f"{row.verdict:<5}{row.what:<16}{clean(row.said)}")
            if row.todo:
                click.echo(f"{'':<5}{'':<16}→ {clean(row.todo)}")
    raise SystemExit(1 if any(row.verdict == "bad" for row in rows) else 0)


def examined(options: dict[str, Any]) -> Iterator[Row]:
    """All rows, without a secret in them."""
    from socterm.pipeline.doctor import unit
    from socterm.pipeline.doctor.hiding import Hider

    service = unit.found(options["config"] or config_path(os.environ))
    for name, value in service.environment.items():
        os.environ.setdefault(name, value)
    config: Config | None = None
    try:
        config = configure(options)
        rows: Iterable[Row] = _looks(config, options["config"], service)
    except SoctermError as error:
        # What somebody wrote into the wrong place may be a secret: what was got is not repeated.
        rows = [bad("configuration", _GOT.sub("", str(error)), CONFIGURATION), *_without_configuration()]
    hide = Hider(config, os.environ)
    for row in rows:
        yield hide(row)


def _without_configuration() -> Iterator[Row]:
    from socterm.pipeline.doctor import machine

    yield from machine.clock(machine.ClockPair(), 0, 0)
    yield machine.descriptors(0)


def _looks(config: Config, path: Path | None, service: Unit) -> Iterator[Row]:
    from socterm.pipeline.doctor import intake, machine, settings, stored, unit

    pair, now = machine.ClockPair(), clock()
    health = _health(config, now)
    newest, ingest = (
        (0, "") if health is None or isinstance(health, SoctermError) else (health.newest, health.ingest)
    )
    sources = (*config.tail, *config.syslog)
    limit = amounts.size(config.retention.max_size)
    yield from unit.user(service, os.geteuid())
    yield settings.file(config, path, os.environ)
    yield from settings.named_secrets(config, os.environ, service.credentials)
    yield from _tried("log", lambda: intake.logs(config.tail, journal=config.journal))
    yield from _tried("listener", lambda: intake.listeners(config.syslog, ingest, config.listen, now))
    yield from _tried("listener", lambda: [intake.service(config.api.listen, ingest)])
    api = config.api
    yield from _tried("certificate", lambda: intake.lasting("api", api.cert, api.client_ca, now))
    yield machine.buffers(config.syslog, may_force=machine.may_force_buffers())
    yield machine.descriptors(len(sources))
    yield from _tried("store rights", lambda: stored.rights(config.db))
    yield from stored.state(health)
    yield from _tried("disk", lambda: [stored.room(config.db, health, limit)])
    yield from _tried("rules", lambda: stored.rules(load(config)))
    yield settings.model(config, _model(config))
    yield machine.zone(config.tz)
    yield from machine.clock(pair, newest, clock())


def _tried(what: str, look: Callable[[], Iterable[Row]]) -> list[Row]:
    """The rows of a look; what keeps it from looking is a row as well."""
    try:
        return list(look())
    except (SoctermError, OSError) as error:
        return [bad(what, str(error), "mend that, then look again")]


def _health(config: Config, now: int) -> StoreHealth | SoctermError | None:
    from socterm.store.upkeep.health import health

    try:
        if not config.db.exists():
            return None
        return health(config.db, now=now)
    except SoctermError as error:
        return error
    except OSError as error:
        return SoctermError(f"cannot open the store {config.db}: {error.strerror}")


def _model(config: Config) -> Any:
    from socterm.analyst import open_backend

    return open_backend(config.llm).health()
