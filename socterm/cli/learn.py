"""`socterm learn` and `--learn-from`: what rules remember, filled from old logs, and shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from socterm.cli.output import clean, json_option, put_json, table
from socterm.cli.saying import WARNING, say
from socterm.cli.settings import clock, configure, zone
from socterm.cli.wiring import load, open_writer
from socterm.config import Config
from socterm.enrich import Enricher
from socterm.enrich.valuelists import ValueLists
from socterm.errors import UsageError
from socterm.pipeline.forms import forms_of
from socterm.pipeline.teach import Lesson, Teacher
from socterm.sigma.learning.plan import lists_of
from socterm.sigma.model import RuleSet
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.writer import Writer


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--db", type=click.Path(path_type=Path), metavar="FILE", help="The store (one SQLite file).")
@click.option("--rules", multiple=True, metavar="PATH", help="More Sigma rules: a file or folder.")
@click.option("--tz", metavar="ZONE", help="Zone of stamps without one, e.g. Europe/Berlin.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
@json_option
def learn(
    paths: tuple[str, ...],
    db: Path | None,
    rules: tuple[str, ...],
    tz: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Let rules that remember go over old logs, without alerts; without PATH show what they know.

    The same logs again change nothing. Rules that have nothing to remember are not concerned.
    """
    settings = configure({"db": db, "rules": rules, "tz": tz, "config": config})
    if not paths and not settings.db.exists():
        raise UsageError(f"there is no store {settings.db}; name old logs to learn from, or one with --db")
    writer = open_writer(settings)
    try:
        lessons = learn_from(writer, settings, load(settings), paths)
    finally:
        writer.close()
    if as_json:
        for lesson in lessons:
            put_json(lesson)
        return
    if not lessons:
        click.echo("no rule remembers anything", err=True)
        return
    table(
        ("REMEMBERS", "ENTRIES", "TAKEN", "LATE", "WITHOUT KEY", "EVICTED", "LEARNS UNTIL", "TITLE"),
        [(one.kind, *map("{:,}".format, _counts(one)), _until(one), one.title) for one in lessons],
    )


def learn_from(
    writer: Writer, config: Config, rules: RuleSet, paths: Sequence[str], *, notes: bool = True
) -> list[Lesson]:
    """Go over old logs and put what rules learned into the store, in one transaction.

    With `notes` it says what was passed over. Raises UsageError for a path that is not there.
    """
    lists = ValueLists.of(config)
    lists.use(lists_of(rules))
    teacher = Teacher(
        rules,
        writer.load_state().learning,
        clock=clock,
        tz=zone(config),
        lateness=int(config.lateness * 1_000_000),
        enricher=Enricher.of(config),
        lists=lists,
        forms=forms_of(config.formats),
    )
    if paths:
        with writer.held(clock):
            teacher.learn(paths)
        writer.commit(Batch(now=clock(), learning=teacher.changes()))
    for skipped in teacher.skipped if notes else ():
        say(f"{skipped.path}: {skipped.reason}", WARNING)
    return teacher.lessons()


def learn_first(writer: Writer, config: Config, paths: Sequence[str], *, quiet: bool = False) -> None:
    """`--learn-from`: before anything is ingested. One line a rule on standard error."""
    if not paths:
        return
    lessons = learn_from(writer, config, load(config), paths, notes=not quiet)
    for lesson in () if quiet else lessons:
        say(told(lesson))


def told(lesson: Lesson) -> str:
    """What one rule learned, in one line."""
    until = f", learns until {_until(lesson)}" if lesson.learning_until else ""
    return clean(
        f"{lesson.title} ({lesson.kind}): {lesson.entries:,} remembered, "
        f"{lesson.taken:,} events learned from{until}"
    )


def _counts(lesson: Lesson) -> tuple[int, ...]:
    return lesson.entries, lesson.taken, lesson.late, lesson.skipped, lesson.evicted


def _until(lesson: Lesson) -> str:
    if not lesson.learning_until:
        return "-"
    return f"{datetime.fromtimestamp(lesson.learning_until / 1_000_000, UTC):%Y-%m-%d %H:%MZ}"
