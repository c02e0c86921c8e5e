"""How this console reads rule files: as its ingest does, with the values and lists of the configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from socterm.config import cache_dir

if TYPE_CHECKING:
    from socterm.enrich.valuelists import ValueLists
    from socterm.sigma.model import RuleSet
    from socterm.store.rows import RuleRow


def no_lists() -> ValueLists:
    """None."""
    from socterm.enrich.valuelists import ValueLists

    return ValueLists()


@dataclass(frozen=True)
class RuleFiles:
    """`placeholders` tells what `%name%` stands for, `lists` what rules look fields up in; both are asked
    when rules are read, so that what was changed in a file counts at once. Without `named` no person names a
    file: whoever sits elsewhere would have any of this machine read.
    """

    placeholders: Callable[[], Mapping[str, tuple[str, ...]]] = dict
    lists: Callable[[], ValueLists] = no_lists
    named: bool = True

    def load(self, paths: Iterable[Path]) -> RuleSet:
        """The rules of these files and folders. Raises UsageError where a file of values cannot be read."""
        from socterm.sigma.cache import RuleCache
        from socterm.sigma.load import load_rules

        return load_rules(
            [*paths],
            cache=RuleCache(cache_dir(os.environ)),
            placeholders=self.placeholders(),
            lists=list(self.lists()),
        )

    def known(self, rows: Iterable[RuleRow], *more: Path) -> RuleSet:
        """The rules of the files that the store names, as far as they are still there, and of others."""
        paths = dict.fromkeys(Path(row.path) for row in rows)
        return self.load([*(path for path in paths if path.is_file()), *more])

    def lists_for(self, rules: RuleSet) -> ValueLists:
        """The lists these rules look fields up in."""
        from socterm.sigma.learning.plan import lists_of

        found = self.lists()
        found.use(lists_of(rules))
        return found
