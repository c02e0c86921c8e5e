"""What a model is shown of a stage: the evidence inside a fence, what went before, the draft. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from socterm.analyst import render
from socterm.analyst.backend import Message
from socterm.analyst.backends.tokens import estimate_tokens
from socterm.analyst.border import one_line, untrusted
from socterm.analyst.injection import speaks_to_a_model
from socterm.analyst.knowledge import TECHNIQUES
from socterm.analyst.roles.draft_first import memory
from socterm.analyst.roles.evidence import Pack
from socterm.analyst.roles.forms import ROLES, Bounded
from socterm.analyst.roles.words import HIDDEN, short

MOST_TOKENS: Final = 2_500
"""Of the evidence, fence and marks included."""

_HANDED: Final = 6_000
"""Characters of what earlier roles handed over."""


def evidence(pack: Pack, most: int = MOST_TOKENS) -> str:
    """The pack as fenced text of at most `most` tokens; the least telling lines are left out first."""
    lines = _lines(pack)
    while True:
        text = untrusted("\n".join(said for _, said in lines), label="evidence", limit=1 << 16)
        if len(lines) <= 1 or estimate_tokens([Message("user", text)]) <= most:
            return text
        least = max(range(len(lines)), key=lambda n: (lines[n][0], n))
        del lines[least]


def _lines(pack: Pack) -> list[tuple[int, str]]:
    """(how little it tells, line), in the order in which it is read."""
    when = f"{render.when(pack.first, pack.tz)} to {render.when(pack.last, pack.tz)}"
    found = [
        (0, f"CASE {pack.about}: {short(pack.title, 120)} · {pack.level} · {pack.state} · {when}"),
        (0, f"{render.plural(pack.count, 'event')}" + ("" if pack.settled else ", still going on")),
    ]
    for number, thing in enumerate(pack.things):
        known = ", ".join(f"{name}={short(value, 40)}" for name, value in thing.known.items())
        told = f"{thing.events} events, {thing.failures} failed, {thing.baseline or 'unknown'}"
        told += f", risk {thing.risk}" if thing.risk else ""
        about = f"ENTITY {thing.field} {short(thing.value, 80)}: {told}" + (f", {known}" if known else "")
        found.append((1 + number // 3, short(about, 240)))
    for hit in pack.hits:
        tags = " ".join(tag for tag in hit.row.tags if tag.startswith("attack."))
        row = hit.row
        about = f"{hit.alias} ALERT {row.level} {row.title} of {render.entity(row)}, {row.count} events"
        found.append((1, short(f"{about}, {tags}", 300)))
    for number, kind in enumerate(pack.kinds):
        rare = " (rare in this store)" if kind.rare else ""
        found.append((2 + number // 3, f"KIND {kind.count} x {short(kind.said, 80)}{rare}"))
    for number, one in enumerate(pack.events):
        stamp = render.when(one.row.ts, pack.tz)
        weight = 1 if one.why in ("first", "last") or one.why.startswith("success") else 3 + number // 5
        line = one_line(one.row.message, 220)
        found.append((weight, f"{one.alias} {stamp} [{one.why}] {line}"))
    for number, hit in enumerate(pack.related):
        found.append((3 + number, f"{hit.alias} OTHER {short(render.alert_line(hit.row), 240)}"))
    found += [(2 + number, f"MEMORY {said}") for number, said in enumerate(memory(pack))]
    return found


def messages(
    prompt: str, pack: Pack | None, draft: Bounded, handed: Mapping[str, Bounded], *, most: int = MOST_TOKENS
) -> list[Message]:
    """What a role is asked. Without a pack it is shown no evidence, only what others handed over."""
    told = [Message("system", prompt)]
    if pack is not None:
        told.append(Message("user", "The evidence:\n" + evidence(pack, most)))
    if handed:
        said = "\n".join(f"{ROLES[name]}: {_json(view, quiet=True)}" for name, view in handed.items())
        told.append(Message("user", "Handed over to you:\n" + untrusted(said, label="handed", limit=_HANDED)))
    ask = "The draft of the rules, which you may only refine:\n" + untrusted(
        _json(draft), label="draft", limit=_HANDED
    )
    told.append(Message("user", ask + "\nAnswer with the JSON alone."))
    return told


def _json(view: Bounded, *, quiet: bool = False) -> str:
    """A view as JSON; `quiet`: names that are texts for a model are not handed on."""
    found = view.model_dump(exclude_defaults=True)
    return msgspec.json.encode(_quiet(found) if quiet else found).decode()


def _quiet(part: Any) -> Any:
    if isinstance(part, str):
        return HIDDEN if speaks_to_a_model(part) else part
    if isinstance(part, dict):
        return {name: _quiet(one) for name, one in part.items()}
    return [_quiet(one) for one in part] if isinstance(part, list | tuple) else part


def fitting(
    ask: Callable[[int], Sequence[Message]], tokens: Callable[[Sequence[Message]], int], room: int
) -> Sequence[Message] | None:
    """The messages with as much evidence as there is room for; None where there is not enough."""
    for most in (MOST_TOKENS, MOST_TOKENS // 2, MOST_TOKENS // 5):
        found = ask(most)
        if tokens(found) <= room:
            return found
    return None


def techniques(pack: Pack) -> list[str]:
    """The techniques a model may name: those of the rules, and the common ones."""
    from_rules = [name.removeprefix("attack.").upper() for row in pack.own for name in row.tags]
    named = [name for name in from_rules if name[:1] == "T" and name[1:5].isdigit()]
    return list(dict.fromkeys((*named, *(name.upper() for name in TECHNIQUES))))[:60]
