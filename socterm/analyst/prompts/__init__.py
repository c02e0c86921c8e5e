"""The prompts, as files: ours beside this one, and those a person puts in their place.

A file `NAME.md` in the folder `prompts` beside the configuration stands for ours of that name. One that
cannot be used is told in one line, and ours is used.
"""

from __future__ import annotations

import functools
import string
from importlib import resources
from pathlib import Path

from socterm.analyst.border import one_line

LONGEST = 12_000
"""Characters of a prompt: more would leave no room for evidence."""


@functools.cache
def text(name: str) -> str:
    """Our prompt of that name, without the `.md`."""
    return resources.files(__name__).joinpath(f"{name}.md").read_text("utf-8").strip()


@functools.cache
def names() -> tuple[str, ...]:
    """Our prompts."""
    files = (file.name for file in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in files if name.endswith(".md")))


class Prompts:
    """The prompts of one person: theirs from `folder` where they can be used, else ours.

    `warnings` has a line for each file that cannot be used, and for those that stand for nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.warnings: list[str] = []
        self.own: dict[str, str] = {}
        for file in _files(folder):
            name = file.name.removesuffix(".md")
            wrong = "" if name in names() else f"there is no such prompt; ours are {', '.join(names())}"
            try:
                said = "" if wrong else _usable(file, name)
            except ValueError as error:
                wrong = str(error)
            if wrong:
                self.warnings.append(f"{one_line(str(file), 120)}: {wrong}; ours is used")
            else:
                self.own[name] = said

    def text(self, name: str) -> str:
        """The prompt of that name."""
        return self.own.get(name) or text(name)


def _files(folder: Path | None) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.suffix == ".md") if folder else []
    except OSError:  # no such folder: nobody put any there
        return []


def _usable(file: Path, name: str) -> str:
    """A person's prompt. Raises ValueError that says what is wrong with it."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(8 * LONGEST)
        said = raw.decode("utf-8").strip()
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    if not said:
        raise ValueError("is empty")
    if len(said) > LONGEST:
        raise ValueError(f"is longer than {LONGEST:,} characters")
    missing = _blanks(text(name)) - _blanks(said)
    if missing:
        raise ValueError(f"lacks {', '.join('{' + blank + '}' for blank in sorted(missing))}")
    return said


def _blanks(said: str) -> set[str]:
    """The places in a prompt that are filled in, `{name}`; braces of examples are none."""
    try:
        found = {name for _, name, _, _ in string.Formatter().parse(said) if name}
    except ValueError:
        return set()
    return {name for name in found if name.isidentifier()}
