"""`socterm users`: who may log in to the service."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from socterm.cli.output import clean, json_option, put_json, second, stamp, table
from socterm.cli.reading import opened, store_options
from socterm.cli.settings import clock, configure
from socterm.config import Config
from socterm.errors import UsageError
from socterm.store import Store, open_store
from socterm.store.doors.identity import ROLES, sound

_role = click.option(
    "--role", type=click.Choice(ROLES), default="read", show_default=True, help="What they may."
)


@click.group()
def users() -> None:
    """Add, list, change and remove those who may log in to `socterm serve`."""


@users.command()
@click.argument("name")
@_role
@store_options
def add(name: str, role: str, db: Path | None, config: Path | None) -> None:
    """Let a person log in; the password is asked for, or read from standard input."""
    from socterm.service.passwords import Passwords

    sound(name, (role,), ROLES)
    if configure({"db": db, "config": config}).db.exists():
        with opened(db, config) as (store, _):
            if store.identity.user(name):
                raise UsageError(
                    f"there is a user {clean(name)} already: socterm users passwd changes the password"
                )
    hashed = Passwords().make(_password())
    with made(db, config) as (store, settings):
        store.identity.add_user(name, role, hashed, actor=settings.actor, now=clock())
    click.echo(f"user {name} may {role}")


@users.command("list")
@json_option
@store_options
def list_(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Who may log in, what they may, and when they last did."""
    with opened(db, config) as (store, _):
        rows = store.identity.users()
    if as_json:
        for row in rows:
            times = {"created": stamp(row.created), "last_login": stamp(row.last_login)}
            put_json({"name": row.name, "role": row.role, **times})
        return
    table(
        ("NAME", "ROLE", "CREATED", "LAST LOGIN"),
        [(r.name, r.role, second(r.created), second(r.last_login) or "-") for r in rows],
    )


@users.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@store_options
def role_(name: str, role: str, db: Path | None, config: Path | None) -> None:
    """Give a user another role; their logins end."""
    with opened(db, config, readonly=False) as (store, settings):
        row = store.identity.change_user(name, role=role, actor=settings.actor, now=clock())
    click.echo(f"user {row.name} may {row.role}")


@users.command()
@click.argument("name")
@store_options
def passwd(name: str, db: Path | None, config: Path | None) -> None:
    """Give a user another password, asked for or read from standard input; their logins end."""
    from socterm.service.passwords import Passwords

    with opened(db, config, readonly=False) as (store, settings):
        who: dict[str, Any] = {"actor": settings.actor, "now": clock()}
        if store.identity.user(name) is None:
            raise UsageError(f"there is no user {clean(name)}: socterm users list shows those there are")
        row = store.identity.change_user(name, password=Passwords().make(_password()), **who)
    click.echo(f"user {row.name} has another password")


@users.command()
@click.argument("name")
@store_options
def remove(name: str, db: Path | None, config: Path | None) -> None:
    """Let a user log in no more; what they decided stays."""
    with opened(db, config, readonly=False) as (store, settings):
        store.identity.remove_user(name, actor=settings.actor, now=clock())
    click.echo(f"user {clean(name)} is removed")


@contextmanager
def made(db: Path | None, config: Path | None) -> Iterator[tuple[Store, Config]]:
    """The store named or configured, to write to; made where there is none, so once all else is settled."""
    settings = configure({"db": db, "config": config})
    with open_store(settings.db) as store:
        yield store, settings


def _password() -> str:
    """From the terminal, without showing it, twice; else the first line of standard input."""
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    given = sys.stdin.readline(4096).rstrip("\r\n")
    if not given:
        raise UsageError("no password: give it on a terminal, or as the first line of standard input")
    return given
