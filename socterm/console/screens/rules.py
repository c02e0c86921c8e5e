"""The Rules screen: what became of each rule, how loud it is, and a switch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from socterm.alerts.exceptions import EVERYTHING, NEVER, Wording
from socterm.console import excepted, reachtold, ruletold
from socterm.console.actions import bindings
from socterm.console.decisions import Decision
from socterm.console.lines import Line, hint
from socterm.console.rulereach import Reach
from socterm.console.ruletold import RuleItem
from socterm.console.rulework import RuleTested, reached, tests_of
from socterm.console.safe import say
from socterm.console.screens.base import ListScreen
from socterm.console.screens.dialogues import NoteDialogue
from socterm.console.words import DAY
from socterm.pipeline.exceptions import made

MINUTE = 60_000_000


class Found(NamedTuple):
    """What the detail has beside the row: the tests' outcome, or the matrix."""

    tests: list[RuleTested] | None = None
    reach: Reach | None = None


class RulesScreen(ListScreen[RuleItem], inherit_bindings=False):
    """Broken ones first, then those switched off, then the loudest; all of one beside the list."""

    PLACE = "rules"
    OFFERS = ("rules", "list", "app")
    BINDINGS: ClassVar = bindings("rules", "list")
    COLUMNS = ruletold.COLUMNS
    STACKED = True
    EMPTY = "No rules yet: they are here as soon as socterm ingests into this store."

    def begin(self) -> None:
        """Nothing has been asked."""
        self._change = 0
        self._tested: dict[int, list[RuleTested] | None] = {}
        self._asked: set[int] = set()
        self._matrix = False
        self._reach: Reach | None = None
        super().begin()

    def stamp(self) -> object:
        """Changes of alerts and exceptions, and the minute for what expires."""
        self._change, _ = self.store.triage.changes(self._change)
        known = [(row.id, row.expires, row.problem) for row in self.store.exceptions.all()]
        return self._change, self.frame.clock() // MINUTE, tuple(known)

    def read_items(self, text: str, now: int) -> Sequence[RuleItem]:
        """The rules in whose title, fate, level, id or path all words stand."""
        noise = {
            row.rule: row for row in self.store.metrics.figures(max(0, now - 7 * DAY), now + 1, now).rules
        }
        exceptions = self.store.exceptions.all()
        items = [ruletold.item(rule, noise, exceptions, now) for rule in self.store.triage.rules()]
        words = text.lower().split()
        return ruletold.in_order([one for one in items if all(word in _words(one) for word in words)])

    def read_about(self, item: RuleItem) -> Found:
        """Do what was asked for, once: the detail is read again with every change of the list."""
        if self._matrix:
            if self._reach is None:
                triage, files = self.store.triage, self.frame.rules
                self._reach = reached(files, triage.rules(), self._switched_off(), triage.sources())
            return Found(reach=self._reach)
        if item.id not in self._asked:
            return Found()
        if item.id not in self._tested:
            self._tested[item.id] = tests_of(self.frame.rules, self.store.triage.rules(), item.rule.id)
        return Found(self._tested[item.id])

    def _switched_off(self) -> set[str]:
        now, rows = self.frame.clock(), self.store.exceptions.all()
        holding = [row for row in rows if row.off and excepted.status(row, now) == "in force"]
        return {key for row in holding for key in row.rules}

    def about_lines(self, item: RuleItem, found: Found) -> Sequence[Line]:
        """The rule, or the matrix."""
        if found.reach is not None:
            return reachtold.lines(found.reach)
        asked = item.id in self._asked
        return ruletold.about(item, self.frame.clock(), found.tests if asked else None, asked=asked)

    def about_title(self, item: RuleItem) -> str:  # noqa: ARG002
        """Which of the two."""
        return "Coverage" if self._matrix else "Rule"

    def list_title(self) -> str:
        """How many raise alerts."""
        active = sum(one.fate == "active" for one in self.list.items.values())
        return f"{active:,} active of {len(self.list.ids):,}"

    def values(self, item: RuleItem) -> dict[str, str]:
        """What it is called in queries."""
        return {"rule.id": item.rule.id}

    def text_of(self, item: RuleItem) -> str:
        """Its title and its file."""
        return f"{item.rule.title}  {item.rule.path}"

    # verbs

    def action_switch(self) -> None:
        """Off, with a reason, or on again."""
        one = self.list.current
        if one is None:
            return
        if one.fate == "off":
            now = self.frame.clock()
            ends = [row.id for row in one.exceptions if row.off and excepted.status(row, now) == "in force"]
            self.decisions.submit(Decision("expire", "to switch it on", tuple(ends)))
        elif one.fate == "active":
            self.app.push_screen(
                NoteDialogue(one.rule.title, "Switch off", "switches off", "too noisy here"),
                lambda why: self._off(one, why),
            )
        else:
            say(self.app, f"it is {one.fate}: it raises no alerts as it is")

    def _off(self, one: RuleItem, why: str | None) -> None:
        if not why:
            return
        wording = Wording((one.rule.id,), (EVERYTHING,), why)
        found = made(wording, author=self.frame.actor, now=self.frame.clock(), names=(one.rule.title,))
        self.decisions.submit(Decision("except", "to switch it off", (), {"made": found, "expires": NEVER}))

    def action_test(self) -> None:
        """Run the tests inside it."""
        if self.list.current is not None:
            self._matrix = False
            self._asked.add(self.list.current.id)
            self._tested.pop(self.list.current.id, None)
            self.about.show(hint("Running its tests …"))
            self.load_about()

    def action_matrix(self) -> None:
        """What all of them cover, or back to the rule."""
        self._matrix, self._reach = not self._matrix, None
        if self._matrix and self.has_class("-tiny"):
            self.focus_on("about")
        if self._matrix:
            self.about.show(hint("Reading the rules …"))
        self.load_about()

    def action_backtest(self) -> None:
        """What it would have found in the past: on the Hunt screen."""
        if self.list.current is not None:
            self.console.visit("hunt", f"rule {self.list.current.rule.id}")

    def action_exceptions(self) -> None:
        """Its exceptions, on their screen."""
        if self.list.current is not None:
            self.console.visit("exceptions", self.list.current.rule.title)


def _words(one: RuleItem) -> str:
    rule = one.rule
    return f"{rule.title} {one.fate} {rule.level} {rule.id} {rule.path} {rule.reason}".lower()
