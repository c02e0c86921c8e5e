"""`socterm` itself: the console by default, and the table of its subcommands."""

from __future__ import annotations

import os
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

import click

import socterm

COMMANDS: dict[str, str] = {
    "run": "socterm.cli.run:run",
    "serve": "socterm.cli.serve:serve",
    "users": "socterm.cli.users:users",
    "tokens": "socterm.cli.tokens:tokens",
    "scan": "socterm.cli.scan:scan",
    "demo": "socterm.cli.demo:demo",
    "generate": "socterm.cli.generate:generate",
    "learn": "socterm.cli.learn:learn",
    "parse": "socterm.cli.parse:parse",
    "explain": "socterm.cli.explain:explain",
    "formats": "socterm.cli.formats:formats",
    "search": "socterm.cli.search:search",
    "ask": "socterm.cli.ask:ask",
    "templates": "socterm.cli.templates:templates",
    "hunt": "socterm.cli.hunt:hunt",
    "alerts": "socterm.cli.alerts:alerts",
    "incidents": "socterm.cli.incidents:incidents",
    "analyse": "socterm.cli.analyse:analyse",
    "entity": "socterm.cli.entity:entity",
    "exceptions": "socterm.cli.exceptions:exceptions",
    "metrics": "socterm.cli.metrics:metrics",
    "report": "socterm.cli.report:report",
    "rules": "socterm.cli.rules:rules",
    "sources": "socterm.cli.sources:sources",
    "doctor": "socterm.cli.doctor:doctor",
    "llm-doctor": "socterm.cli.llm_doctor:llm_doctor",
    "eval-analyst": "socterm.cli.eval_analyst:eval_analyst",
    "notify": "socterm.cli.notify:notify",
    "db": "socterm.cli.db:db",
    "tls": "socterm.cli.tls:tls",
}
"""Subcommand → where it lives; imported when called, so that `--help` stays fast."""

SUMMARIES: dict[str, str] = {
    "run": "Ingest without a terminal: the same road as the console's.",
    "serve": "Ingest as run does, and answer over HTTP.",
    "users": "Add, list, change and remove those who may log in to the service.",
    "tokens": "Make, list and revoke the tokens that programs come to the service with.",
    "scan": "Look for attacks in files and folders of any log.",
    "demo": "Play a labelled attack story into a throw-away store.",
    "generate": "Write logs of attack stories and their benign twins, to files or servers.",
    "learn": "Let rules that remember go over old logs; show what they know.",
    "parse": "Convert log lines to ECS, one JSON object a line.",
    "formats": "List the log formats that can be read.",
    "explain": "Say how a line is read and what each rule makes of it.",
    "search": "Find stored events.",
    "ask": "Ask the analyst about what is stored; list and show what was asked before.",
    "templates": "List the kinds of lines there are: how many, since when, the rarest first.",
    "hunt": "Look through all stored events by query, rule or SQL; export and save.",
    "alerts": "List, show and decide alerts.",
    "incidents": "List, show and decide incidents: alerts that tell one story.",
    "analyse": "Have five roles look at an alert or an incident, with a local model or from rules.",
    "entity": "Say what is known of one user, address or host.",
    "exceptions": "Keep what is known to be harmless from alerting, for a reason and until a day.",
    "metrics": "Say how fast alerts are seen and closed, and which rules are noisy.",
    "report": "Write an incident or a shift hand-over as Markdown or HTML.",
    "rules": "List, check, test, explain and update rules; say what they cover.",
    "sources": "List what this store has read, with counters.",
    "doctor": "Say whether socterm can do its work on this machine, and what to do where not.",
    "llm-doctor": "Say whether the local model is there, stays local, and what it can.",
    "eval-analyst": "Measure the analyst on scenarios with known answers: rules, chance, models.",
    "notify": "Say where new alerts are told and what was told; send a test.",
    "db": "Check, describe, trim, copy and dump a store.",
    "tls": "Make certificates for syslog over TLS: a CA, the listener's, one for each sender.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when called; `-` before a command means standard input."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        where = COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, _, name = where.partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a name that is none is told with what may have been meant."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        if os.path.exists(name):  # noqa: PTH110 - a folder that may not be entered is no error here
            meant = f"socterm --tail {name} follows it, socterm scan {name} looks for attacks in it"
        elif near := get_close_matches(name, COMMANDS, 1):
            meant = f"did you mean {near[0]}?"
        else:
            meant = "socterm --help lists those there are"
        raise click.UsageError(f"there is no command {name!r}: {meant}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUMMARIES[name]) for name in COMMANDS])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `socterm -` as `socterm --stdin`."""
        stop = next((n for n, arg in enumerate(args) if arg in COMMANDS), len(args))
        args = ["--stdin" if arg == "-" and n < stop else arg for n, arg in enumerate(args)]
        return super().parse_args(ctx, args)


_SOURCES = (
    click.option("--tail", "-t", multiple=True, metavar="FILE", help="Follow a file or glob like tail -F."),
    click.option(
        "--syslog",
        multiple=True,
        metavar="URL",
        help="Listen for syslog: udp://, tcp:// or tls://ADDRESS:PORT.",
    ),
    click.option("--journal", is_flag=True, default=None, help="Follow the systemd journal."),
    click.option("--journal-file", multiple=True, metavar="PATH", help="Follow one journal file."),
    click.option("--stdin", is_flag=True, default=None, help="Read standard input (also: -)."),
    click.option("--from-start", is_flag=True, help="Read files from their beginning."),
    click.option(
        "--format",
        "formats",
        multiple=True,
        metavar="[GLOB=]NAME",
        help="Read lines as this format, whatever they look like; with GLOB only of sources that fit it.",
    ),
    click.option("--lines", type=click.IntRange(0), metavar="N", help="Begin with the last N lines."),
    click.option(
        "--learn-from",
        multiple=True,
        metavar="PATH",
        help="First let rules that remember go over old logs there, without alerts.",
    ),
)
_STORE = (
    click.option(
        "--db", type=click.Path(path_type=Path), metavar="FILE", help="The store (one SQLite file)."
    ),
    click.option("--rules", multiple=True, metavar="PATH", help="More Sigma rules: a file or folder."),
    click.option("--tz", metavar="ZONE", help="Zone of stamps without one, e.g. Europe/Berlin."),
    click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file."),
)


def ingest_options(function: Any) -> Any:
    """The options every ingesting command shares."""
    for option in reversed((*_SOURCES, *_STORE)):
        function = option(function)
    return function


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@ingest_options
@click.option("--theme", metavar="NAME", help="Colours of the console.")
@click.option("--fps", type=float, metavar="N", help="How often the console is drawn anew, a second.")
@click.version_option(socterm.__version__, "-V", "--version", message="socterm %(version)s")
@click.pass_context
def cli(ctx: click.Context, /, **options: Any) -> None:
    """A security operations centre in one terminal.

    Without a command: open the console and follow the sources given, or this machine's own logs.
    `socterm --tail /var/log/auth.log` shows the stream, the alerts and why each fired, within a minute.
    """
    if ctx.invoked_subcommand is None:
        from socterm.cli.watch import watch

        watch(options)
        return
    for name, value in options.items():
        # Taken silently, `socterm --db case.db alerts close 1` would close an alert of another store.
        if value not in (None, (), False):
            flag, command = "--" + name.replace("_", "-"), ctx.invoked_subcommand
            raise click.UsageError(f"put {flag} behind the command: socterm {command} {flag} …")
