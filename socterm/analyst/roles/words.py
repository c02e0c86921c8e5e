"""Short sentences about a case, cleaned and bounded: what the drafts are written with."""

from __future__ import annotations

from datetime import tzinfo

from socterm.analyst import render
from socterm.analyst.border import one_line, redact
from socterm.analyst.injection import speaks_to_a_model


def short(text: object, limit: int) -> str:
    """A text on one line of at most `limit` characters, whatever it was; without secrets, for it is kept."""
    whole = str(text)[: limit * 8]
    said = one_line(redact(" ".join(whole.split(" "))), limit * 2)
    return said if len(said) <= limit else said[: limit - 1] + "…"


HIDDEN = "(a text for a model)"


def of(field: str, value: str) -> str:
    """A thing in a sentence: `user alice`, `address 203.0.113.9`. A text for a model is not repeated."""
    word = WORDS.get(field, "")
    shown = short(value, 60) if not speaks_to_a_model(value) else HIDDEN
    return f"{word} {shown}" if word else shown


WORDS = {
    "source.ip": "address",
    "destination.ip": "address",
    "user.name": "user",
    "user.target.name": "user",
    "user.effective.name": "user",
    "host.hostname": "host",
}


def at(ts: int, tz: tzinfo) -> str:
    """A time in a sentence."""
    return render.when(ts, tz)
