"""Write the pages of docs/ that follow from the code, or say which of them are stale.

python docs/generate.py            write all of them
python docs/generate.py cli        write one; with `rules` go the pages of all its folders
python docs/generate.py --check    write nothing, exit 1 where a page differs
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from socterm.assets import rules_dir
from socterm.cli import cli
from socterm.cli.explain import told
from socterm.config import Config
from socterm.console.actions import ACTIONS, CONTEXTS
from socterm.enrich import Enricher
from socterm.event import Chunk
from socterm.parsers import Decoder, as_ecs
from socterm.parsers.registry import FORMATS
from socterm.pipeline.lineread import read_lines
from socterm.service.chat import chat_endpoints
from socterm.service.intake.table import intake_endpoints
from socterm.service.openapi import statuses
from socterm.service.table import with_document
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleFate, RuleSet
from socterm.sigma.pages import detections_of, rule_page
from socterm.sources.hub import Hub
from socterm.store.schema import migrate

DOCS = Path(__file__).resolve().parent
_HEAD = "<!-- Written by docs/generate.py from the code: change it there. -->\n\n"


def cli_page() -> str:
    """Every command with its arguments and options, from the click tree."""
    parts = [f"{_HEAD}# Command line\n"]
    for path, command in commands(cli):
        parts.append(f"\n## `{' '.join(path)}`\n")
        if command.help:
            parts.append(f"\n{_paragraphs(command.help)}\n")
        parts.append(f"\n```\n{_usage(path, command)}\n```\n")
        rows = [
            _option(param) for param in command.params if isinstance(param, click.Option) and not param.hidden
        ]
        if rows:
            parts.append("\n| option | meaning |\n|---|---|\n" + "\n".join(rows) + "\n")
    parts.append(
        "\nExit codes: 0 fine, 1 findings (where asked for), 2 wrong usage, 3 could not run. "
        "Errors are one line on standard error.\n"
    )
    return "".join(parts)


def configuration_page() -> str:
    """Every setting with its environment variable, type and default, from the configuration model."""
    rows = []
    for section, name, field in _settings(Config):
        key = f"{section}.{name}" if section else name
        default = field.get_default(call_default_factory=True) if not field.is_required() else "see below"
        kind = _kind(field.annotation)
        rows.append(f"| `{key}` | `SOCTERM_{key.replace('.', '_').upper()}` | {kind} | {_value(default)} |")
    return f"""{_HEAD}# Configuration

Flags win over environment variables, these win over the file. The file is TOML and lies at
`$XDG_CONFIG_HOME/socterm/config.toml` (`~/.config/socterm/config.toml`), unless `SOCTERM_CONFIG` or
`--config` names another. A key it does not know is an error that names file and key. Lists in variables are
separated by commas. Paths in the file may begin with `~`; relative ones are relative to the file.

| key | variable | type | default |
|---|---|---|---|
{chr(10).join(rows)}

`db` is `$XDG_DATA_HOME/socterm/socterm.db` (`~/.local/share/socterm/socterm.db`) by default; `actor`, the
name under your decisions, is the user the process runs as.

```toml
tail = ["/var/log/auth.log", "/srv/logs/*.log"]
rules = ["my-rules"]          # a folder beside this file
tz = "Europe/Berlin"          # for stamps that carry no zone
assets = "assets.csv"         # whose machine it is: see enrichment.md
ioc = ["lists"]               # indicators: files, or folders of them

[lists]
vpn = "vpn-exits.txt"         # values that rules look fields up in: see sigma.md

[placeholders]                # what %name% stands for in rules: see sigma.md
Administrators = ["root", "adm_*"]
jump_hosts = "jump-hosts.txt" # a file with one value a line; # begins a comment

[networks]
internal = ["default", "198.51.100.0/24"]   # the usual private networks, and our own

[geo]
city = "/usr/share/GeoIP/GeoLite2-City.mmdb"
asn = "/usr/share/GeoIP/GeoLite2-ASN.mmdb"

[llm]                         # see analyst.md
model = "qwen3:4b"

[retention]                   # how long events are kept: see retention.md
older = "90d"
max_size = "20G"

[notify.channels.phone]       # where new alerts are told: see notify.md
kind = "ntfy"
url = "https://push.example.org"
topic = "soc"
token_secret = "push"         # the name of a secret, never the secret itself
```
"""


_CONSOLE = """# Console keys

One verb, one key, everywhere. `?` shows all of them, those that count where you are first.

**Going places.** `,` and a letter goes to a screen, `Esc` comes back to Triage. `:` takes a screen
(`:events user.name:root` opens it with a filter), the number of an alert (`:42`) or event (`:#42`), or the
name of a verb (`:alert.close`, `:undo`); Tab completes. `^p` finds verbs by their words. `p` lists what
else there is about the value under the cursor: what was around it, all of this user, address or host; `=`
keeps it, `-` leaves it out. A restart opens the screen that was left.

**Events.** The list can stand anywhere in the log: `[` and `]` go between events that alerted, `@` to a
time, `^f` to what is looked for, `'` to a bookmark, `G` back to what comes in. `h` and `l` move from value
to value. The columns follow what the lines are, unless `o` chose others. `w` writes what passes the filter
to a `.csv`, `.ndjson` or `.md` file.

**Your own keys.** `keys.toml` beside the [configuration file](configuration.md) gives verbs other keys; a
key that would mean two things on one screen is refused before the console opens. A verb without keys can
still be typed after `:`.

```toml
alert.close = "f5"
mark.one = ["f6", "^x"]   # several
view.pause = []           # none
```

The names of verbs are those that Tab completes after `:`.

**Told outside.** `console.notify` in the [configuration file](configuration.md) rings the terminal's bell
or has the desktop show new alerts (OSC 9, over SSH too), from `notify_level` on: at most `notify_most` a
minute, `notify_each` of them about one rule and entity, and one line for all the others. `y` copies by OSC
52.
"""


def console_page() -> str:
    """Every key of the console, from its registry of verbs."""
    parts = [f"{_HEAD}{_CONSOLE}"]
    for context, title in CONTEXTS.items():
        found = [action for action in ACTIONS if action.context == context]
        if found:
            rows = [f"| `{_cell(action.shown_keys)}` | {_cell(action.help)} |" for action in found]
            parts.append(f"\n## {title}\n\n| key | does |\n|---|---|\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def rules_page() -> str:
    """Every rule socterm brings, folder by folder, from the rule files."""
    loaded = _own_rules()
    alerting = sum(rule.alerting for rule in loaded.rules.values())
    intro = (
        f"What `rules/` holds: {len(loaded.rules)} documents, {alerting} of which raise alerts. Each has "
        "a page: what it sees, why it matters, how to check an alert of it, how to tune it. A *base* rule "
        "raises no alert; correlations count it. A rule *stands above* those whose alerts about the same say "
        "less. Your own rules: `--rules PATH`; how to write one: [CONTRIBUTING](../CONTRIBUTING.md)."
    )
    parts = [f"{_HEAD}# Rules\n\n{intro}\n"]
    for area, holds in _areas().items():
        rows = [_rule_row(fate, area) for fate in _fates(area)]
        page = f"rules/{area}"
        said = f"{holds[:1].upper()}{holds[1:]}." + (f" [Pages]({page}.md)." if page in PAGES else "")
        head = "| rule | name | detection | level | fate | ATT&CK | stands above | file |"
        parts.append(f"\n## {area}\n\n{said}\n\n{head}\n|{'---|' * 8}\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def _rule_row(fate: RuleFate, area: str) -> str:
    rule = _own_rules().rules[fate.key]
    tags = ", ".join(tag.removeprefix("attack.").upper() for tag in rule.info.tags if ".t1" in tag)
    title = _cell(fate.title)
    cells = (
        f"[{title}](rules/{area}.md#{rule.name})" if rule.alerting else title,
        f"`{rule.name}`",
        ", ".join(detections_of(rule.info.tags)),
        fate.level,
        fate.fate,
        tags,
        ", ".join(f"`{name}`" for name in rule.supersedes),
        f"`{Path(fate.path).relative_to(rules_dir())}`",
    )
    return f"| {' | '.join(cells)} |"


def area_page(area: str) -> str:
    """The pages of all rules of a folder that raise alerts."""
    rules = _own_rules().rules
    here = [rule for fate in _fates(area) if (rule := rules[fate.key]).alerting]
    intro = _areas()[area]
    links = {rule.name: _link(rule.info.path, rule.name, area) for rule in rules.values() if rule.alerting}
    contents = "\n".join(f"- [{rule.info.title}](#{rule.name}) ({rule.info.level})" for rule in here)
    head = f"{_HEAD}# Rules: {area}\n\n{intro[:1].upper()}{intro[1:]}. All rules: [rules](../rules.md).\n"
    return "\n".join([head, f"{contents}\n", *(rule_page(rule, rules, link=links) for rule in here)])


def _link(path: str, name: str, area: str) -> str:
    other = Path(path).relative_to(rules_dir()).parts[0]
    return f"#{name}" if other == area else f"{other}.md#{name}"


@cache
def _own_rules() -> RuleSet:
    return load_rules([rules_dir()])


@cache
def _areas() -> dict[str, str]:
    """Folder → what is in it, as the table in rules/README.md says, in its order."""
    text = (rules_dir() / "README.md").read_text("utf-8")
    return dict(re.findall(r"^\| `(\w+)/` \| (.+?) \|$", text, re.MULTILINE))


def _fates(area: str) -> list[RuleFate]:
    found = [fate for fate in _own_rules().fates if Path(fate.path).is_relative_to(rules_dir() / area)]
    return sorted(found, key=lambda fate: (fate.path, fate.line))


def store_page() -> str:
    """The tables of the store with what each column means, as SQLite holds them after all migrations."""
    db = sqlite3.connect(":memory:")
    migrate(db, 0)
    found = db.execute(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
        "AND name NOT GLOB 'events_fts_*' ORDER BY rowid"
    )
    sql = ";\n\n".join(row[0] for row in found)
    return (
        f"{_HEAD}# The store\n\nOne SQLite file: ingest writes it, everything else reads it and writes back "
        "decisions. Times are µs since the epoch, UTC.\n"
        f"\n```sql\n{sql};\n```\n"
    )


def formats_page() -> str:
    """Every format with its example line and what becomes of it, from the registry."""
    intro = (
        f"{len(FORMATS)} formats, told apart line by line; `--format NAME` forces one. Each line below is an "
        "example with the fields it gives (`socterm explain` shows any line so). How to add one: "
        "[parsers](parsers.md)."
    )
    parts = [f"{_HEAD}# Log formats\n\n{intro}\n"]
    for made in sorted(FORMATS.values(), key=lambda made: made.name):
        chunk = Chunk("example", 0, [made.example.encode()], {}, _NOW, live=False)
        (event,) = Decoder("example", tz=UTC).decode(chunk)
        fields = [f"{name} = {_plain(value)}" for name, value in as_ecs(event).items() if name not in _QUIET]
        programs = ", ".join(f"`{name}`" for name in sorted(made.programs))
        parts.append(f"\n## `{made.name}`\n\n{made.title}.\n")
        if programs:
            parts.append(f"\nPrograms: {programs}.\n")
        parts.append(f"\n```\n{made.example}\n```\n\n```\n" + "\n".join(fields) + "\n```\n")
    return "".join(parts)


def explain_page() -> str:
    """What `socterm explain` says about the odd lines of docs/odd_lines.txt."""
    rules = load_rules([rules_dir()])
    lines = (DOCS / "odd_lines.txt").read_text("utf-8").splitlines()
    intro = (
        "What `socterm explain` says about lines that are not easy to read. `matched` and `missed` are "
        "rules; of those that missed the nearest are shown, with what they lacked."
    )
    parts = [f"{_HEAD}# Odd lines, explained\n\n{intro}\n"]
    for title, line in zip(lines[::2], lines[1::2], strict=True):
        (read,) = read_lines([line.encode()], rules, now=_NOW, tz=UTC, enrich=Enricher().apply)
        parts.append(f"\n## {title}\n\n```\n" + "\n".join(told(read, UTC)) + "\n```\n")
    return "".join(parts)


_NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 1_000_000
_QUIET = frozenset({"event.original", "event.kind", "message", "event.category", "event.type"})


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _nobody(name: str) -> Any:
    """Nothing is asked here."""
    raise LookupError(name)


def endpoints_page() -> str:
    """Everything the service can be asked, from the table it is routed by."""
    table = with_document([*chat_endpoints(_nobody), *intake_endpoints(Hub())])
    rows = [
        f"| `{one.method}` | `{one.path}` | {f'`{one.scope}`' if one.scope else '-'} | {one.summary} "
        f"| {', '.join(map(str, statuses(one)))} |"
        for one in table
    ]
    head = "| method | path | scope | what | statuses |\n|---|---|---|---|---|\n"
    queries = [
        f"- `{one.path}`: {', '.join(f'`{name}`' for name in one.query.model_fields)}"
        for one in table
        if one.query.model_fields
    ]
    said = "What each takes and answers with is in `/openapi.json`; how to ask is in [the API](api.md)."
    asked = "\n## What `?` takes\n\n" + "\n".join(queries) + "\n"
    return f"{_HEAD}# Endpoints\n\n{said}\n\n{head}" + "\n".join(rows) + f"\n{asked}"


PAGES: dict[str, Callable[[], str]] = {
    "cli": cli_page,
    "configuration": configuration_page,
    "console": console_page,
    "endpoints": endpoints_page,
    "explain": explain_page,
    "formats": formats_page,
    "rules": rules_page,
    "store": store_page,
    **{
        f"rules/{area}": partial(area_page, area)
        for area in _areas()
        if any(fate.fate != "base" for fate in _fates(area))
    },
}


def commands(
    command: click.Command, path: tuple[str, ...] = ("socterm",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The command and all below it, with the words that call them."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield from commands(found, (*path, name))


def _paragraphs(text: str) -> str:
    lines = [line.strip() for line in text.replace("\b", "").strip().splitlines()]
    return "\n".join(lines)


def _usage(path: tuple[str, ...], command: click.Command) -> str:
    words = [*path]
    if any(isinstance(param, click.Option) for param in command.params):
        words.append("[OPTIONS]")
    for param in command.params:
        if isinstance(param, click.Argument):
            name = param.metavar or (param.name or "").upper()
            many = "..." if param.nargs == -1 else ""
            words.append(f"{name}{many}" if param.required else f"[{name}]{many}")
    if isinstance(command, click.Group):
        words.append("COMMAND [ARGS]..." if not command.invoke_without_command else "[COMMAND] [ARGS]...")
    return " ".join(words)


def _option(param: click.Option) -> str:
    names = ", ".join([*param.opts, *param.secondary_opts])
    if not param.is_flag:
        names += f" {param.metavar or _metavar(param.type)}"
    notes = []
    if param.required:
        notes.append("required")
    if param.multiple:
        notes.append("may be repeated")
    if param.show_default and isinstance(param.default, int | float | str) and not param.is_flag:
        notes.append(f"default {param.default}")
    extra = f" ({', '.join(notes)})" if notes else ""
    return f"| `{_cell(names)}` | {_cell(param.help or '')}{extra} |"


def _metavar(kind: Any) -> str:
    if isinstance(kind, click.Choice):
        return "[" + "|".join(str(choice) for choice in kind.choices) + "]"
    return "NUMBER" if isinstance(kind, click.types.IntParamType | click.types.FloatParamType) else "TEXT"


def _settings(model: Any) -> Iterator[tuple[str, str, Any]]:
    for name, field in model.model_fields.items():
        inner = getattr(type(field.default), "model_fields", None)
        if inner is None:
            yield "", name, field
        else:
            yield from ((name, key, value) for key, value in inner.items())


def _kind(annotation: Any) -> str:
    if "Channel" in str(annotation):
        return "tables, JSON in the variable"
    if str(annotation).startswith("dict"):
        return "`name=path`, list" + (" (in the file values, too)" if "tuple" in str(annotation) else "")
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{name}`" for name in get_args(annotation))
    names = {bool: "yes or no", int: "number", float: "number", str: "text", Path: "path"}
    return names.get(
        annotation, "path" if "Path" in str(annotation) and "tuple" not in str(annotation) else "list"
    )


def _value(value: Any) -> str:
    if value in ("", (), {}, None):
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{part}`" for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if value == "see below" else f"`{value}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def stale(names: list[str]) -> list[str]:
    """The pages whose file differs from what the code says now."""
    return [
        name for name in names if not _file(name).exists() or _file(name).read_text("utf-8") != PAGES[name]()
    ]


def _file(name: str) -> Path:
    return DOCS / f"{name}.md"


def main(arguments: list[str]) -> int:
    """Write or check the pages named, or all of them."""
    check = "--check" in arguments
    asked = [name for name in arguments if name != "--check"] or list(PAGES)
    names = [*asked, *(page for page in PAGES if page.partition("/")[0] in asked and page not in asked)]
    unknown = [name for name in names if name not in PAGES]
    if unknown:
        sys.stderr.write(f"no such page: {', '.join(unknown)}; there are {', '.join(PAGES)}\n")
        return 2
    if check:
        found = stale(names)
        for name in found:
            sys.stderr.write(f"docs/{name}.md is stale: run python docs/generate.py {name}\n")
        return 1 if found else 0
    for name in names:
        _file(name).parent.mkdir(exist_ok=True)
        _file(name).write_text(PAGES[name](), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
