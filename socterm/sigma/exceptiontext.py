"""Exceptions as Sigma filter documents: written so that every value means itself, and read back.

Sigma 2.1, "Sigma Filters". Beyond it, a filter that is an exception may have no log source: it is for all.
And it may name a correlation: it then asks for what the rule counts by. pySigma is not needed, which would
make every start of an ingest with exceptions slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import msgspec
import yaml

from socterm.alerts.exceptions import EVERYTHING, Term, Wording, titled
from socterm.errors import RuleError
from socterm.event import LogSource
from socterm.sigma import ir
from socterm.sigma.documents import RuleFile, read_documents
from socterm.sigma.filters import read_filter
from socterm.sigma.placeholders import Placeholders

_PARTS: Final = ("product", "category", "service")
_WIDE: Final = 1 << 30
"""Columns: a value is never broken into lines, of which one could read as the end of the document."""


class Said(msgspec.Struct, frozen=True):
    """An exception as read. `rules` are keys, ids or names of rules, () for all; `hides` is what an event
    satisfies that it hides, with fields as written."""

    title: str
    reason: str
    author: str
    rules: tuple[str, ...]
    logsource: LogSource
    hides: ir.Node

    @property
    def everything(self) -> bool:
        """Whether it switches its rules off."""
        return terms_of(self.hides) == (EVERYTHING,)


def literal(value: str) -> str:
    r"""A text as a rule writes it to mean just that: what a wildcard or a backslash would mean is taken away.

    >>> print(literal("a*?\\"))
    a\*\?\\
    """
    return "".join(f"\\{char}" if char in "*?\\" else char for char in value)


def written(wording: Wording, *, author: str, day: str, names: Sequence[str] = ()) -> str:
    """The document of an exception. `names` are the titles of its rules, `day` is when it was written.

    Every text is quoted, on a line of its own: nothing in a value can be YAML.
    """
    title = titled(wording, names)[:250]
    selection = dict(map(_tested, wording.terms))
    document: dict[str, Any] = {
        "title": " ".join(title.split()) or "Exception",
        "id": str(uuid5(NAMESPACE_URL, repr((wording, author, day)))),
        "description": wording.reason,
        "author": author,
        "date": day,
        "filter": {
            "rules": list(wording.rules) or "any",
            "selection": selection,
            "condition": "not selection",
        },
    }
    text: str = yaml.dump(
        document, Dumper=_Dumper, default_style='"', sort_keys=False, width=_WIDE, allow_unicode=False
    )
    return text


def _tested(term: Term) -> tuple[str, Any]:
    if term == EVERYTHING:
        return f"{term.field}|exists", True
    return (f"{term.field}|cidr", term.value) if term.network else (term.field, literal(term.value))


class _Dumper(yaml.SafeDumper):
    """Keys stand plain where they can, as people write them; no value is ever an alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - yaml's
        return True

    def represent_bool(self, data: bool) -> yaml.ScalarNode:
        """Without quotes: `true`."""
        return self.represent_scalar("tag:yaml.org,2002:bool", str(data).lower(), style="")

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        for key, _ in node.value:
            if (
                isinstance(key, yaml.ScalarNode)
                and key.value.replace(".", "").replace("|", "").isidentifier()
            ):
                key.style = None
        return node


_Dumper.add_representer(bool, _Dumper.represent_bool)


def read(text: str) -> Said:
    """An exception from its document. Raises RuleError with one line saying why it cannot be used."""
    documents = list(read_documents(RuleFile("exception", text)))
    if len(documents) != 1:
        raise RuleError(f"an exception is one document, not {len(documents)}")
    if documents[0].problem:
        raise RuleError(documents[0].problem)
    data = documents[0].data
    if "filter" not in data:
        raise RuleError("not an exception: it has no filter")
    terms = read_filter(data["filter"], Placeholders({}))
    return Said(
        title=_text(data, "title") or "Exception",
        reason=_text(data, "description"),
        author=_text(data, "author"),
        rules=terms.rules,
        logsource=_logsource(data.get("logsource")),
        hides=_hidden(terms.tree),
    )


def _text(data: dict[str, Any], name: str) -> str:
    said = data.get(name)
    return " ".join(said.split()) if isinstance(said, str) else ""


def _logsource(said: object) -> LogSource:
    if said is None:
        return ("", "", "")
    if not isinstance(said, dict) or not all(isinstance(said.get(part, ""), str) for part in _PARTS):
        raise RuleError("logsource: must be a map of product, category or service")
    product, category, service = (said.get(part, "").lower() for part in _PARTS)
    return product, category, service


def _hidden(tree: ir.Node) -> ir.Node:
    """What is kept away by a filter that lets through what its condition says."""
    if not isinstance(tree, ir.Not):
        raise RuleError("an exception hides what it selects: write `condition: not selection`")
    return tree.node


def terms_of(hides: ir.Node) -> tuple[Term, ...] | None:
    """The terms of an exception that says no more than what such terms can; None for any other.

    >>> said = read(written(Wording((), (Term("user.name", "b*b"),), "test"), author="ann", day="2026-01-02"))
    >>> terms_of(said.hides)
    (Term(field='user.name', value='b*b', network=False),)
    """
    nodes = hides.nodes if isinstance(hides, ir.And) else (hides,)
    found = []
    for node in nodes:
        if not isinstance(node, ir.FieldMatch):
            return None
        test = node.test
        if isinstance(test, ir.Text) and test.place == "equals" and not test.cased:
            found.append(Term(node.names[0], test.value))
        elif isinstance(test, ir.Exists) and node.names[0] == EVERYTHING.field:
            found.append(EVERYTHING)
        elif isinstance(test, ir.Cidr):
            found.append(Term(node.names[0], test.network, network=True))
        else:
            return None
    return tuple(found)
