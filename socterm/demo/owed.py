"""The truth of a story as one value, written before its lines: chapters, alerts, what must stay quiet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from socterm.demo.model import Chapter, Expected, Quiet
from socterm.demo.sheet import Sheet


class Owed(NamedTuple):
    """What detection owes a story. `parts`: its chapters in the order they are told, label → what happens."""

    parts: dict[str, str]
    alerts: tuple[Expected, ...] = ()
    quiet: tuple[Quiet, ...] = ()

    def chapters(self, *writers: Callable[[Sheet], object]) -> tuple[Chapter, ...]:
        """The chapters, each with what writes its lines; raises `ValueError` unless there is one for each."""
        named = zip(self.parts.items(), writers, strict=True)
        return tuple(Chapter(label, says, write) for (label, says), write in named)


def kill_chain(entity: dict[str, str], steps: Iterable[str]) -> tuple[Expected, ...]:
    """What is owed about one entity that meets at least three detections of three tactics within an hour.

    The chain of tactics says the most; what only counts alerts may be folded under it.
    """
    told = tuple(steps)
    return (
        Expected("several_tactics", entity, told),
        *(
            Expected(rule, entity, told, None, "several_tactics")
            for rule in ("several_detections", "entity_risk")
        ),
    )


def guessed(address: str, user: str, failures: int) -> tuple[Expected, ...]:
    """What is owed where an address guesses the password of a user, in chapters `guessing` and `break_in`."""
    source = {"source.ip": address}
    brute, known = "brute_force", "success_after_brute_force"
    return (
        Expected(brute, source, ("guessing",), failures, superseded_by=known),
        Expected("brute_force_user", {"user.name": user}, ("guessing",), failures),
        Expected(known, source, ("guessing", "break_in"), failures + 1),
    )
