"""The rules in force: what is on disk, except where that is broken, which keeps its last good version.

A file is taken whole or not at all. A new version in which a document is refused, or a rule fails its own
tests, that was not so in the version in force, is not taken: the file goes on as it was, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import msgspec

from socterm.pipeline.rulecheck import Checked
from socterm.pipeline.ruledisk import Found, RuleDisk
from socterm.sigma.changes import Changes, changes
from socterm.sigma.documents import RuleFile
from socterm.sigma.model import RuleFate, RuleSet
from socterm.store.ingest.batch import RulesState

Load = Callable[[Sequence[RuleFile]], Checked]
"""From files to a rule set whose rules have passed their own tests; `wiring` knows with which settings."""


class RuleBook:
    """Which version of each rule file is in force, and the rules they make.

    `named` says which files and folders there are to look at, as of when it is called.
    `stored` are the (path, text) that were in force when the last ingest stopped: it begins with them, and
    the first `look` finds what changed since. One thread at a time.
    """

    def __init__(
        self, named: Callable[[], Sequence[Path]], load: Load, stored: Sequence[tuple[str, str]] = ()
    ) -> None:
        self.disk = RuleDisk(named)
        self._load = load
        known = [RuleFile(path, text) for path, text in stored if self.disk.covers(path)]
        first = known or list(self.disk.read().files.values())
        self._files = {file.path: file for file in first}
        self._checked = load(first)
        self.anew = False
        """Whether the next look reads all files, also those that are as they were."""
        self._kept: dict[str, str] = {}
        self._missing: dict[str, str] = {}
        self.last = Changes()

    @property
    def rules(self) -> RuleSet:
        """The rules in force."""
        return self._checked.rules

    def use(self, load: Load) -> None:
        """Read rules with other settings, from the next look on; from any thread."""
        self._load, self.anew = load, True

    def look(self) -> bool:
        """Take what changed on disk; whether rules or what is to be said of them changed.

        `last` then tells how many rules did.
        """
        before = (self._checked, self._kept, self._missing)
        found = self.disk.read()
        self._missing = found.missing
        wanted = self._wanted(found)
        anew, self.anew = self.anew, False
        if anew or wanted != self._files or self._kept:
            self._take(wanted, anew=anew)
        self.last = changes(before[0].rules, self.rules)
        return before != (self._checked, self._kept, self._missing)

    def _wanted(self, found: Found) -> dict[str, RuleFile]:
        """What is on disk, and what was in force of what cannot be had."""
        kept = {
            path: file
            for path, file in self._files.items()
            if any(path == gone or path.startswith(gone.rstrip("/") + "/") for gone in found.missing)
        }
        return kept | found.files

    def _in_order(self, files: dict[str, RuleFile]) -> dict[str, RuleFile]:
        """Known files as they stood, then new ones; a text that moved to another file keeps its place.

        So no other file can take a known rule's id from it, whatever its name, also while its own is renamed.
        """
        by_path = {path: place for place, path in enumerate(self._files)}
        by_text: dict[str, int] = {}
        for place, file in enumerate(self._files.values()):
            if file.text.strip():
                by_text.setdefault(file.text, place)

        def place_of(path: str) -> tuple[int, bool]:
            place = by_text.get(files[path].text, by_path.get(path, len(by_path)))
            return place, by_path.get(path) != place  # a copy stands behind what it was copied from

        return {path: files[path] for path in sorted(files, key=place_of)}

    def _take(self, wanted: dict[str, RuleFile], *, anew: bool) -> None:
        kept: dict[str, str] = {}
        while True:
            files = self._in_order(
                {path: self._files[path] if path in kept else file for path, file in wanted.items()}
            )
            known = files == self._files and not anew
            checked = self._checked if known else self._load(list(files.values()))
            edited = {
                path for path, file in files.items() if path in self._files and file != self._files[path]
            }
            worse = _worse(self._checked, checked, edited)
            worse |= {path: "it is empty" for path in edited if _emptied(self._files[path], files[path])}
            if not worse:
                break
            kept.update(worse)
        self._files, self._checked, self._kept = files, checked, kept

    # -- what others are told ------------------------------------------------------------

    def notes(self) -> tuple[str, ...]:
        """What a person should know: files that are not in force as they stand on disk, one line each."""
        said = [f"kept: {path} {why}; its last good version stays in use" for path, why in self._kept.items()]
        said += [
            f"kept: {path}: {why}; the rules that were there stay in use"
            for path, why in self._missing.items()
            if any(known == path or known.startswith(path.rstrip("/") + "/") for known in self._files)
        ]
        return tuple(_printable(text) for text in said)

    def state(self) -> RulesState:
        """For the store: fates, what alerts copy, the files in force."""
        rules = self.rules
        return RulesState(
            fates=[self._fate(fate) for fate in rules.fates],
            infos={rule.key: rule.info for rule in rules.rules.values()},
            files=[(file.path, file.text) for file in self._files.values() if not file.problem],
        )

    def _fate(self, fate: RuleFate) -> RuleFate:
        why = self._kept.get(fate.path)
        if why is None:
            return fate
        reason = f"kept: {fate.path} {why}" + (f"; {fate.reason}" if fate.reason else "")
        return msgspec.structs.replace(fate, reason=reason)


def _worse(before: Checked, now: Checked, edited: Collection[str]) -> dict[str, str]:
    """Edited files with a problem that the version in force does not have: path → line and reason."""
    known = {fate.key for fate in _problems(before)}
    found: dict[str, str] = {}
    for fate in _problems(now):
        if fate.path in edited and fate.key not in known:
            where = f"line {fate.line}: " if fate.line else ""
            found.setdefault(fate.path, f"{where}{now.failed.get(fate.key, fate.reason)}")
    return found


def _problems(checked: Checked) -> list[RuleFate]:
    return [fate for fate in checked.rules.fates if fate.fate == "refused" or fate.key in checked.failed]


def _emptied(before: RuleFile, now: RuleFile) -> bool:
    """A file of nothing at all is one being written, or a full disk; to remove rules, remove the file."""
    return bool(before.text.strip()) and not now.problem and not now.text.strip()


def _printable(text: str) -> str:
    """Names of files as text that can be written anywhere, in one line."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
