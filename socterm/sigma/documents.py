"""Rule files as single documents, each with its place, each read on its own.

A file is cut at its `---` lines before YAML sees it, so that a document that cannot be read does not take the
others of its file with it. Keys given twice are refused: YAML would silently keep the last.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from socterm.errors import RuleError
from socterm.sigma.depth import DEEPEST, overgrown, too_deep

SUFFIXES = frozenset({".yml", ".yaml"})
SIZE_LIMIT = 4 * 1024 * 1024
"""Bytes of a rule file; a larger one is no rule file."""


class RuleFile(NamedTuple):
    """A rule file as read: its text, or a one-line `problem` where it could not be read."""

    path: str
    text: str
    problem: str = ""


class Document(NamedTuple):
    """One YAML document: `data` or, where it could not be read, a one-line `problem`.

    `line` counts from 1, `number` (the document's place in its file) from 0. `digest` is that of its text.
    """

    path: str
    line: int
    number: int
    data: dict[str, Any]
    problem: str = ""
    digest: str = ""


def rule_files(paths: Sequence[Path]) -> list[Path]:
    """The rule files behind files and folders; folders deep and in name order, hidden parts left out.

    Raises RuleError for a path that is not there.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
                if file.suffix.lower() in SUFFIXES and not hidden and file.is_file():
                    found.setdefault(file)
        elif path.exists():
            found.setdefault(path)
        else:
            raise RuleError(f"{path}: no such rule file or folder; give one that exists")
    return list(found)


def read_file(path: Path) -> RuleFile:
    """A rule file from disk; never raises."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)  # a size asked for beforehand is none for pipes and devices
        if len(data) > SIZE_LIMIT:
            return RuleFile(str(path), "", f"the file is larger than {SIZE_LIMIT >> 20} MiB")
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        return RuleFile(str(path), text)
    except OSError as error:
        return RuleFile(str(path), "", f"the file cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        return RuleFile(str(path), "", "the file is not UTF-8 text")


def read_documents(file: RuleFile) -> Iterator[Document]:
    """Every document of a file; one with a problem where the file itself could not be read."""
    if file.problem:
        yield Document(file.path, 0, 0, {}, file.problem)
        return
    index = 0
    for line, part in cut(file.text):
        document = _read(file.path, line, index, part)
        if document is not None:
            yield document
            index += 1


def cut(text: str) -> Iterator[tuple[int, str]]:
    """(line number, text) of each document. In YAML a line starting with `---` ends even a block text."""
    start = 1
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line[:3] in {"---", "..."} and line[3:4] in {"", " ", "\t", "\r"}:
            yield start, "\n".join(lines)
            # Text may stand behind the marker; blanks keep its columns right.
            start, lines = number, ["   " + line[3:]]
        else:
            lines.append(line)
    yield start, "\n".join(lines)


def _read(path: str, line: int, index: int, text: str) -> Document | None:
    if too_deep(text):
        return Document(path, line, index, {}, f"lists and maps stand in each other more than {DEEPEST} deep")
    try:
        data, problem = _loaded(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = line + mark.line if mark is not None else line
        where = f" at character {mark.column + 1}" if mark is not None else ""
        return Document(path, at, index, {}, f"not YAML: {error.problem or error.context}{where}")
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        said = " ".join(str(error).split())[:200]
        return Document(path, line, index, {}, f"not YAML: {said}")
    if problem:
        return Document(path, line, index, {}, problem)
    if data is None:
        return None
    first = line + _leading(text)
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        return Document(path, first, index, {}, "not a Sigma rule: the document is not a map of names")
    return Document(path, first, index, data, digest=digest_of(text.strip()))


def _loaded(text: str) -> tuple[Any, str]:
    """(what a text says, "") or (None, what is wrong with its aliases)."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        problem = overgrown(node) if node is not None and "&" in text else ""
        return (None if node is None or problem else loader.construct_document(node)), problem
    finally:
        loader.dispose()


def digest_of(*parts: str) -> str:
    """One SHA-256 (hexadecimal) for several texts; where one ends and the next begins counts."""
    whole = b"".join(
        b"%d:%s" % (len(data), data) for data in (part.encode("utf-8", "surrogatepass") for part in parts)
    )
    return sha256(whole).hexdigest()


def _leading(text: str) -> int:
    """Lines of blanks and comments before the content."""
    for number, line in enumerate(text.split("\n")):
        if line.strip() and not line.lstrip().startswith(("#", "%")):
            return number
    return 0


class _Loader(yaml.CSafeLoader):
    """libyaml's safe loader, but strict about keys given twice, and numbers are decimal or text.

    YAML 1.1 would silently make 750 of 12:30, 23 of 0x17 and 7 of 007: no log says so.
    """

    def construct_yaml_int(self, node: yaml.ScalarNode) -> Any:
        return int(node.value) if _DECIMAL.fullmatch(node.value) else node.value

    def construct_yaml_float(self, node: yaml.ScalarNode) -> Any:
        return node.value if ":" in node.value or "_" in node.value else super().construct_yaml_float(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key '{key.value}' stands twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,4000})")
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)
