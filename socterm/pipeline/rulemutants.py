"""Whether the tests inside a rule notice when a part of it is broken: each mutant is loaded and tested.

A mutant that all tests pass is a part of the rule that nobody would miss: a test is wanting, or the part is
needless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, Literal, NamedTuple

import msgspec
import yaml

from socterm.pipeline.rulecheck import each_rule_test, with_parts
from socterm.sigma.alertrules import over_alerts
from socterm.sigma.documents import Document, RuleFile, read_documents
from socterm.sigma.load import load_files
from socterm.sigma.model import RuleFate
from socterm.sigma.mutants import mutants_of
from socterm.sigma.placeholders import Lists
from socterm.sigma.resolve import Draft

Fate = Literal["noticed", "unnoticed", "refused"]
"""noticed: a test of the rule fails · unnoticed: all pass · refused: it is no rule any more."""


class Tried(NamedTuple):
    """One mutant of one rule and what became of it; `why` is the test that noticed, or why it was refused."""

    rule: str
    path: str
    mutant: str
    fate: Fate
    why: str = ""


class _Drafts:
    """Files read once: of a mutant only its own file is new. Drafts change as rules are made of them.

    What is read while not `keeping` is tried once, and not remembered.
    """

    def __init__(self) -> None:
        self.keeping = True
        self._known: dict[str, bytes] = {}
        self._decode = msgspec.msgpack.Decoder(list[Draft]).decode

    def get(self, file: RuleFile, _placeholders: Lists) -> list[Draft] | None:
        known = self._known.get(file.text)
        return None if known is None else self._decode(known)

    def put(self, file: RuleFile, _placeholders: Lists, drafts: Sequence[Draft]) -> None:
        if self.keeping:
            self._known[file.text] = msgspec.msgpack.encode(drafts)


class Mutation:
    """Rules whose parts can be broken one at a time, in all the files that they may refer to."""

    def __init__(self, files: Sequence[RuleFile], placeholders: Lists) -> None:
        self._files = list(files)
        self._placeholders = placeholders
        self._drafts = _Drafts()
        self.rules = load_files(self._files, placeholders=placeholders, cache=self._drafts)
        self._drafts.keeping = False

    def of(self, fate: RuleFate) -> Iterator[Tried]:
        """Every mutant of a rule, tried with the tests in its own document."""
        file = next(file for file in self._files if file.path == fate.path)
        documents = list(read_documents(file))
        for document in documents:
            if document.line == fate.line:
                needed = self._needed(fate)
                for mutant in mutants_of(document.data):
                    broken = file._replace(text=_text(documents, document, mutant.data))
                    yield self._tried(
                        fate, mutant.what, [broken if known is file else known for known in needed]
                    )

    def all_of(self, fates: Iterable[RuleFate], *, jobs: int = 1) -> Iterator[Tried]:
        """Every mutant of several rules, in the order of the rules; with `jobs` in so many processes."""
        if jobs < 2:
            for fate in fates:
                yield from self.of(fate)
            return
        context = get_context("spawn")  # a fork would take the threads of whoever asks along
        start = partial(_start, self._files, self._placeholders)
        with ProcessPoolExecutor(jobs, mp_context=context, initializer=start) as pool:
            for tried in pool.map(_of, fates):
                yield from tried

    def _needed(self, fate: RuleFate) -> list[RuleFile]:
        """The files a rule is made of; of a rule over alerts all files, since it sees what all raise."""
        parts = with_parts(self.rules.rules[fate.key], self.rules).rules.values()
        if any(over_alerts(part.logsource) for part in parts):
            return self._files
        filters = {known.path for known in self.rules.fates if known.fate == "filter"}
        paths = {part.info.path for part in parts} | filters
        return [file for file in self._files if file.path in paths]

    def _tried(self, fate: RuleFate, what: str, files: Sequence[RuleFile]) -> Tried:
        rules = load_files(files, placeholders=self._placeholders, cache=self._drafts)
        found = rules.rules.get(fate.key)
        name = (found or self.rules.rules[fate.key]).name or fate.title
        if found is None:
            reason = next((f.reason for f in rules.fates if f.key == fate.key), "")
            return Tried(name, fate.path, what, "refused", reason)
        failed = next((tried for tried in each_rule_test(rules, (fate.key,)) if tried.problem), None)
        if failed is None:
            return Tried(name, fate.path, what, "unnoticed")
        return Tried(name, fate.path, what, "noticed", f"{failed.test}: {failed.problem}")


_mutation: list[Mutation] = []
"""That of a process which does nothing else."""


def _start(files: Sequence[RuleFile], placeholders: Lists) -> None:
    _mutation.append(Mutation(files, placeholders))


def _of(fate: RuleFate) -> list[Tried]:
    return list(_mutation[0].of(fate))


def _text(documents: Sequence[Document], broken: Document, data: dict[str, Any]) -> str:
    """The text of a file in which one document is another."""
    written = [data if document is broken else document.data for document in documents]
    return yaml.dump_all(written, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
