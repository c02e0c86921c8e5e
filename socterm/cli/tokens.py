"""`socterm tokens`: what programs come with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from socterm.cli.output import clean, json_option, put_json, second, stamp, table
from socterm.cli.reading import NUMBER, opened, store_options
from socterm.cli.settings import clock
from socterm.cli.users import made
from socterm.errors import UsageError
from socterm.store.doors.identity import SCOPES, TokenRow, sound

LONGEST: Final = 3_650 * 86_400_000_000
"""µs a token is good for at most, unless it is without end."""


@click.group()
def tokens() -> None:
    """Make, list and revoke the tokens that programs come to `socterm serve` with."""


@tokens.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="What it may."
)
@click.option(
    "--for", "period", default="90d", show_default=True, metavar="SPAN", help="How long; 0 for ever."
)
@store_options
def add(name: str, scopes: tuple[str, ...], period: str, db: Path | None, config: Path | None) -> None:
    """Make a token and show it, this once: only its hash is kept.

    \b
    socterm tokens add fluent-bit --scope ingest
    """
    from socterm.query.times import duration
    from socterm.service.tokens import new_token

    span = 0 if period == "0" else duration(period) or LONGEST + 1
    if span > LONGEST:
        raise UsageError(f"--for {clean(period)}: write it as 12h, 90d or 0; ten years at most")
    sound(name, scopes, SCOPES)
    token, digest = new_token()
    now = clock()
    expires = now + span if span else 0
    with made(db, config) as (store, settings):
        row = store.identity.add_token(name, digest, scopes, actor=settings.actor, now=now, expires=expires)
    click.echo(f"token {row.id} may {', '.join(row.scopes)}, {_until(row)}; it is not shown again:", err=True)
    click.echo(token)


@tokens.command("list")
@json_option
@store_options
def list_(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Every token that was made: what it may, until when, when it was last used."""
    with opened(db, config) as (store, _):
        rows = store.identity.tokens()
    now = clock()
    if as_json:
        for row in rows:
            put_json(
                {
                    "id": row.id, "name": row.name, "scopes": list(row.scopes), "author": row.author,
                    "state": _state(row, now), "created": stamp(row.created), "expires": stamp(row.expires),
                    "last_used": stamp(row.last_used), "revoked": stamp(row.revoked),
                }
            )  # fmt: skip
        return
    table(
        ("ID", "NAME", "SCOPES", "STATE", "EXPIRES", "LAST USED", "MADE BY"),
        [
            (
                r.id, r.name, " ".join(r.scopes), _state(r, now), second(r.expires) or "-",
                second(r.last_used) or "-", r.author,
            )
            for r in rows
        ],
    )  # fmt: skip


@tokens.command()
@click.argument("token_id", type=NUMBER)
@store_options
def revoke(token_id: int, db: Path | None, config: Path | None) -> None:
    """Let a token be good no more, at once."""
    with opened(db, config, readonly=False) as (store, settings):
        row = store.identity.revoke_token(token_id, actor=settings.actor, now=clock())
    click.echo(f"token {row.id} ({row.name}) is revoked")


def _state(row: TokenRow, now: int) -> str:
    if row.revoked:
        return "revoked"
    return "good" if row.good(now) else "expired"


def _until(row: TokenRow) -> str:
    return f"until {second(row.expires)}" if row.expires else "without end"
