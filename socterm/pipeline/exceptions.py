"""The exceptions in force while ingest runs: what people decided, as far as it holds now.

Heard between two batches, like any decision. What is in force changes with a decision, with the rules, and
with the wall clock; no window of any rule knows of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from socterm.alerts.exceptions import Wording, check, in_force, titled
from socterm.errors import UsageError
from socterm.event import Event
from socterm.pipeline.detect import Detector
from socterm.sigma.detection import bound
from socterm.sigma.evaluate import evaluate
from socterm.sigma.exceptions import InForce, Tally
from socterm.sigma.exceptiontext import read, written
from socterm.sigma.model import RuleSet

_NOTHING: Final = Event(0, "", 0, "", {})
"""An event that has nothing an exception could ask for."""

Read = Callable[[int], tuple[int, list[tuple[int, str, int]]] | None]
"""As `Writer.exceptions_since`."""


def made(wording: Wording, *, author: str, now: int, names: tuple[str, ...] = ()) -> dict[str, Any]:
    """An exception as the store takes it, from what a person said. `names` are its rules' titles.

    Raises UsageError for one that would hide too much or says too little.
    """
    wording = check(wording)
    day = datetime.fromtimestamp(now // 1_000_000, UTC).date().isoformat()
    return {
        "document": written(wording, author=author, day=day, names=names),
        "title": titled(wording, names),
        "rules": list(wording.rules),
        "reason": wording.reason,
    }


def made_of(document: str, reason: str = "") -> dict[str, Any]:
    """The same from a Sigma filter somebody wrote.

    Raises RuleError where it cannot be used, UsageError where it would hide too much or says too little.
    """
    said = read(document)
    if not said.rules and evaluate(bound(said.hides, said.logsource), _NOTHING, UTC):
        raise UsageError(
            "for all rules this would hide every event that says nothing: ask for what the events have, "
            "or name the rules it is for"
        )
    reason = reason.strip() or said.reason
    if not reason:
        raise UsageError("an exception needs a reason: give --reason, or the document a description")
    return {"document": document, "title": said.title, "rules": list(said.rules), "reason": reason}


class ExceptionBook:
    """Keeps a detector's exceptions as the store and the clock say.

    `read` is the store's; `unfit` is set to what is wrong with which exception whenever that was found out.
    """

    def __init__(self, read: Read, detector: Detector, tz: tzinfo = UTC) -> None:
        self.unfit: dict[int, str] | None = None
        self.tally = Tally()
        self._read = read
        self._detector = detector
        self._tz = tz
        self._change = -1
        self._known: list[tuple[int, str, int]] = []
        self._holding: list[int] | None = None
        self._rules: RuleSet | None = None

    def look(self, now: int) -> bool:
        """Take what changed by this wall time (µs); whether there is something to commit over it."""
        found = self._read(self._change)
        decided = found is not None
        if found is not None:
            self._change, self._known = found
        rules = self._detector.rules
        holding = [ident for ident, _, expires in self._known if in_force(expires, now)]
        if not decided and holding == self._holding and rules is self._rules:
            return False
        first = self._rules is None
        self._holding, self._rules = holding, rules
        entries = [(ident, text) for ident, text, expires in self._known if in_force(expires, now)]
        ready = InForce(entries, rules, tally=self.tally, tz=self._tz) if entries else None
        self._detector.except_(ready)
        if not entries and first:
            return False
        self.unfit = {} if ready is None else ready.problems
        return True

    def take(self) -> tuple[dict[int, tuple[int, int]], dict[int, str] | None]:
        """For the next commit: how often which hid something; what is wrong with which, where it is news."""
        unfit, self.unfit = self.unfit, None
        return self.tally.take(), unfit
