"""`socterm ask`: a question to the analyst, answered on a terminal or as JSON; and the answers of before."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.hearing import Interrupted, heard
from socterm.cli.output import clean, json_option, put_json, second, stamp
from socterm.cli.reading import opened, store_options
from socterm.cli.settings import clock, zone
from socterm.config import Config, LlmConfig, prompts_dir
from socterm.errors import SoctermError, UsageError

if TYPE_CHECKING:
    from socterm.analyst import Analyst, Piece
    from socterm.analyst.backend import Backend
    from socterm.store import Store
    from socterm.store.doors.conversations import ConversationRow, TurnRow

CUT_OFF = SoctermError.exit_code


@click.command()
@click.argument("question", nargs=-1)
@click.option("--alert", type=click.IntRange(1), metavar="N", help="The alert that “this” is.")
@click.option("--continue", "-c", "goes_on", is_flag=True, help="Go on with the latest conversation.")
@click.option("--no-model", is_flag=True, help="Answer from rules, whatever model there is.")
@click.option(
    "--list", "listed", is_flag=True, help="List the conversations that are kept, the latest first."
)
@click.option("--show", type=click.IntRange(1), metavar="N", help="Show a conversation.")
@json_option
@store_options
def ask(
    question: tuple[str, ...],
    alert: int | None,
    goes_on: bool,
    no_model: bool,
    listed: bool,
    show: int | None,
    as_json: bool,
    db: Path | None,
    config: Path | None,
) -> None:
    """Ask the analyst about what is stored, such as: socterm ask what did alice do today?

    A local model answers where there is one, rules where there is none; the last line says who did. Ctrl-C
    keeps what came so far.

    Exit code 0: answered; 3: the model's answer was cut off; 130: stopped.
    """
    if sum((bool(question), listed, show is not None)) != 1:
        raise UsageError("ask a question, or use --list, or --show N: socterm ask what did alice do today?")
    with opened(db, config, readonly=None) as (store, settings):
        if listed:
            _list(store.conversations.listed(), as_json=as_json)
        elif show is not None:
            found = store.conversations.get(show)
            if found is None:
                raise UsageError(f"there is no conversation {show}; socterm ask --list shows them")
            _show(*found, as_json=as_json)
        else:
            if alert is not None and store.triage.alert(alert) is None:
                raise UsageError(f"there is no alert {alert}; socterm alerts list shows them")
            analyst = _analyst(store, settings, no_model=no_model)
            before = analyst.resume() if goes_on else ()
            if before and alert is None:
                alert = before[-1].alert or None
            code = _answer(analyst, " ".join(question), alert, as_json=as_json)
            if code:
                raise click.exceptions.Exit(code)


def _analyst(store: Store, settings: Config, *, no_model: bool) -> Analyst:
    from socterm.analyst import open_backend

    llm = LlmConfig(backend="none") if no_model else settings.llm
    return analyst_of(store, settings, open_backend(llm), settings.actor)


def analyst_of(store: Store, settings: Config, backend: Backend, actor: str) -> Analyst:
    """The analyst of a store for one who asks; conversations are kept under the name."""
    from socterm.analyst import Analyst, Desks, Talks
    from socterm.analyst.prompts import Prompts

    return Analyst(
        store.events, store.triage, backend, now=clock, tz=zone(settings),
        prompts=Prompts(prompts_dir(os.environ)), talks=Talks(store.conversations, actor),
        desks=Desks.of(store, sql=settings.llm.sql, backend=backend),
    )  # fmt: skip


class _Wish:
    """Ctrl-C as the analyst hears it."""

    def __init__(self, asked: Interrupted) -> None:
        self._asked = asked

    def is_set(self) -> bool:
        """Whether to stop."""
        return self._asked()


def _answer(analyst: Analyst, question: str, alert: int | None, *, as_json: bool) -> int:
    """Put the question and print the answer as it comes; the exit code."""
    from socterm.analyst.transcripts import Transcript

    transcript = Transcript(question, alert or 0, clock())
    screen = None if as_json else _Screen()
    whole = False
    with heard() as stop:
        for piece in analyst.ask(question, alert, _Wish(stop)):
            transcript.take(piece)
            if piece.kind == "done":
                whole = piece.whole
            if screen is not None:
                screen.take(piece)
    if as_json:
        put_json(_json(transcript.turn(), analyst.talks.current))
    if whole:
        return 0
    return Interrupted.code if stop() else CUT_OFF


class _Screen:
    """An answer as it comes: streamed to a terminal, in one piece to anything else.

    What is looked up, and remarks, go to standard error where that is a terminal.
    """

    def __init__(self) -> None:
        self._streams = sys.stdout.isatty()
        self._aside = sys.stderr.isatty()
        self._held = ""
        self._at_start = True

    def take(self, piece: Piece) -> None:
        """One more piece."""
        if piece.kind == "text":
            self._say(piece.text)
        elif piece.kind == "retract":
            self._withdraw()
        elif piece.kind == "done":
            self._say("" if self._at_start else "\n")
            sys.stdout.write(self._held + clean(piece.text) + "\n")
            sys.stdout.flush()
        elif piece.kind in ("tool", "status") and self._aside and piece.text:
            self._line_end()
            click.echo(click.style(f"· {clean(piece.text)}", dim=True), err=True)

    def _say(self, text: str) -> None:
        if not text:
            return
        self._at_start = text.endswith("\n")
        shown = "\n".join(clean(line) for line in text.split("\n"))
        if self._streams:
            sys.stdout.write(shown)
            sys.stdout.flush()
        else:
            self._held += shown

    def _withdraw(self) -> None:
        self._held = ""
        if self._streams:
            self._line_end()
            click.echo("(what stands above is withdrawn: the model had not seen all of the evidence)")

    def _line_end(self) -> None:
        if self._streams and not self._at_start:
            self._say("\n")


def _list(rows: Iterable[ConversationRow], *, as_json: bool) -> None:
    for row in rows:
        if as_json:
            put_json(_listed(row))
        else:
            when = f"{row.id:>6}  {second(row.last)}  {row.turns:>3}"
            click.echo(f"{when}  {clean(row.actor)}  {clean(row.title)}")


def _listed(row: ConversationRow) -> dict[str, Any]:
    return {
        "conversation": row.id, "actor": row.actor, "begun": stamp(row.begun), "last": stamp(row.last),
        "turns": row.turns, "title": row.title,
    }  # fmt: skip


def _show(row: ConversationRow, turns: Iterable[TurnRow], *, as_json: bool) -> None:
    for turn in turns:
        if as_json:
            put_json(_json(turn, row.id))
            continue
        about = f"  (alert {turn.alert})" if turn.alert else ""
        click.echo(f"{second(turn.at)}  {clean(row.actor)}: {clean(turn.question)}{about}")
        for call in turn.calls:
            click.echo(f"  · {clean(call)}")
        for line in turn.answer.splitlines():
            click.echo(f"  {clean(line)}")
        for remark in turn.remarks:
            click.echo(f"  ({clean(remark)})")
        click.echo(f"  {clean(turn.label)}\n")


def _json(turn: TurnRow, conversation: int) -> dict[str, Any]:
    from socterm.analyst.transcripts import record_of

    return record_of(turn, conversation, stamp(turn.at))
