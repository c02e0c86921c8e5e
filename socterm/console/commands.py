"""The `:` line without its looks: what can be typed, how it is completed, what it means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Literal, NamedTuple

from socterm.console.actions import Action
from socterm.console.places import PLACES
from socterm.errors import UsageError

PLACE_NAMES = {place.name: place for place in PLACES}


class Command(NamedTuple):
    """What was meant: an alert or event by number, a screen with what it is opened with, or a verb."""

    kind: Literal["alert", "event", "place", "verb"]
    name: str = ""
    argument: str = ""
    number: int = 0
    action: Action | None = None


def _short(action: Action) -> str:
    return action.id.partition(".")[2]


def understand(text: str, verbs: Sequence[Action]) -> Command:
    """What a line means. `:42` is an alert, `:#42` an event, `:events root` a screen, `:alert.close` a verb.

    A verb may be named without what stands before its dot where that leaves no doubt.
    Raises UsageError with one line that says what could be typed.
    """
    word, _, rest = text.strip().removeprefix(":").strip().partition(" ")
    if not word:
        raise UsageError("type a screen (events), an alert's number (42) or a verb (undo); Tab completes")
    bare = word.removeprefix("#")
    if bare.isascii() and bare.isdigit():
        if len(bare) > 18:
            raise UsageError(f"no number has {len(bare)} digits here")
        return Command("event" if word.startswith("#") else "alert", number=int(bare))
    if word in PLACE_NAMES:
        return Command("place", word, rest.strip())
    exact = [a for a in verbs if a.id == word] or [a for a in verbs if _short(a) == word]
    if len(exact) > 1:  # what counts everywhere goes first: `quit` leaves, wherever one is
        exact = [action for action in exact if action.context == "app"] or exact
    if len(exact) == 1:
        return Command("verb", exact[0].id, rest.strip(), action=exact[0])
    if exact:
        raise UsageError(f"{word} could be {', '.join(sorted(action.id for action in exact))}")
    near = get_close_matches(word, [*PLACE_NAMES, *(a.id for a in verbs), *map(_short, verbs)], 1)
    meant = f": did you mean {near[0]}?" if near else "; Tab lists what there is"
    raise UsageError(f"no command {word!r}{meant}")


def _rank(name: str, typed: str) -> int:
    return 0 if name.startswith(typed) else 1 if f".{typed}" in f".{name}" else 2


def suggestions(text: str, verbs: Sequence[Action]) -> list[tuple[str, str]]:
    """What the line could become, best first: (command, what it does). Nothing once an argument has begun."""
    typed = text.lstrip().removeprefix(":").lstrip()
    if " " in typed:
        return []
    known: list[tuple[str, str]] = [(place.name, place.help) for place in PLACES]
    known += [(action.id, action.help) for action in verbs]
    fitting = [entry for entry in known if typed in entry[0]]
    return sorted(fitting, key=lambda entry: _rank(entry[0], typed))


def completed(text: str, verbs: Sequence[Action]) -> str:
    """The line, and as much more as the best suggestions agree on; the first one where they agree on none."""
    found = suggestions(text, verbs)
    typed = text.lstrip().removeprefix(":").lstrip()
    if not found:
        return text
    best = [name for name, _ in found if name.startswith(typed)]
    if not best:
        return found[0][0]
    common = best[0]
    for name in best[1:]:
        while not name.startswith(common):
            common = common[:-1]
    return common if len(common) > len(typed) else best[0]
