"""What the commands on rules share: their options, loading, and how a person names a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.settings import configure
from socterm.cli.wiring import load
from socterm.config import Config
from socterm.errors import UsageError

if TYPE_CHECKING:
    from socterm.event import LogSource
    from socterm.sigma.model import RuleFate, RuleSet

FATES = ("active", "no-source", "base", "filter", "disabled", "refused")
_MOST_NAMED = 5
_PARTS = ("product", "category", "service")


def rule_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--rules` and `--config`."""
    function = click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file."
    )(function)
    return click.option(
        "--rules", "extra", multiple=True, metavar="PATH", help="More rules: a file or folder."
    )(function)


db_option = click.option(
    "--db", type=click.Path(path_type=Path), metavar="FILE", help="The store (one SQLite file)."
)


def settings_of(extra: Sequence[str], config: Path | None, db: Path | None = None) -> Config:
    """The configuration under this call's options."""
    return configure({"rules": tuple(extra), "config": config, "db": db})


def loaded(extra: Sequence[str], config: Path | None) -> RuleSet:
    """All rules, those that fail their own tests disabled."""
    return load(settings_of(extra, config))


def place(path: str, line: int) -> str:
    """Where a rule stands."""
    return f"{path}:{line}" if line else path


def shortened(text: str, most: int) -> str:
    """A text that one cell of a table has room for; one long title must not push all others aside."""
    return text if len(text) <= most else text[: most - 1] + "…"


def source_text(source: LogSource) -> str:
    """A log source in one word: `linux/*/sshd`, "" where it names nothing."""
    return "/".join(part or "*" for part in source) if any(source) else ""


def source_filter(text: str) -> Callable[[LogSource], bool]:
    """Which log sources `linux/sshd`, `sshd`, `linux/*/sshd` or `product=linux,service=sshd` means.

    One or two words stand for any part that is called so. Raises `UsageError` for a key that is none.
    """
    low = text.lower()
    wanted = dict.fromkeys(_PARTS, "")
    if "=" in low:
        for pair in low.split(","):
            key, _, value = pair.strip().partition("=")
            if key not in wanted:
                raise UsageError(f"a log source has product, category and service, not {key!r}")
            wanted[key] = value.strip()
    elif low.count("/") == 2:
        wanted = dict(zip(_PARTS, low.replace("*", "").split("/"), strict=True))
    elif low.count("/") > 2:
        raise UsageError(f"{text} is no log source; write product/category/service or service=sshd")
    else:
        words = low.split("/")
        return lambda source: all(word in source for word in words)
    return lambda source: all(
        not part or part == have for part, have in zip(wanted.values(), source, strict=True)
    )


def outside(files: Sequence[Path], known: Sequence[Path]) -> tuple[str, ...]:
    """Those of some files and folders that do not lie in, and are not, what is loaded anyway."""
    folders = [path.resolve() for path in known]
    return tuple(
        str(file)
        for file in files
        if not any(folder in (file.resolve(), *file.resolve().parents) for folder in folders)
    )


def path_of(text: str) -> Path | None:
    """The path that a text names; None where nothing is there. A title can be longer than any file name."""
    try:
        return Path(text) if text and Path(text).exists() else None
    except (OSError, ValueError):
        return None


def chosen(rules: RuleSet, names: Iterable[str]) -> list[RuleFate]:
    """The documents that names of rules, files and folders stand for, each once.

    Raises `UsageError` where one stands for none.
    """
    found: dict[tuple[str, int, str], RuleFate] = {}
    for name in names:
        path = path_of(name)
        here = path.resolve() if path is not None else None
        inside = [one_of(rules, name)] if here is None else [f for f in rules.fates if _lies_in(f, here)]
        if not inside:
            raise UsageError(f"{name}: no rule in it")
        found.update(((f.path, f.line, f.key), f) for f in inside)
    return list(found.values())


def _lies_in(fate: RuleFate, here: Path) -> bool:
    file = Path(fate.path).resolve()
    return here in (file, *file.parents)


def one_of(rules: RuleSet, wanted: str) -> RuleFate:
    """The rule a person names by id, name or title, or by a part of its title that no other has.

    Raises `UsageError` where none or several are meant.
    """
    low = wanted.lower()
    names = {rule.name.lower(): key for key, rule in rules.rules.items() if rule.name}
    exact = [f for f in rules.fates if low in (f.key.lower(), f.title.lower()) or names.get(low) == f.key]
    found = exact or [f for f in rules.fates if low in f.title.lower()]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"no rule has the id, name or title {wanted!r}; socterm rules list shows them")
    titles = Counter(f.title.lower() for f in found)
    told = "; ".join(
        f"{f.title} ({f.key})" if titles[f.title.lower()] > 1 else f.title for f in found[:_MOST_NAMED]
    )
    more = f"; {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    raise UsageError(f"{wanted!r} may be {len(found)} rules: {told}{more}")
