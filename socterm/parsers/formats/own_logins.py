"""Logins in the own words of whoever logs JSON or pairs: `"event": "login", "status": "success"`.

Such a line gets the ECS fields that every other login has, so that rules for logins see it. What it said
stays beside them under its own name.

>>> from socterm.parsers import read_line
>>> read_line('{"ts":"2026-11-20T10:00:00Z","event":"login","email":"ann@example.org","result":"ok"}',
...     "event.action", "event.outcome", "user.name")
('app_login', 'success', 'ann@example.org')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from socterm.parsers.marks import Fields, mark
from socterm.taxonomy.appliances import OUTCOMES
from socterm.taxonomy.authentication import LOGIN_WORDS

SAID_IN = frozenset(
    {
        "action", "activity", "event", "event.action", "event_name", "event_type", "eventname", "eventtype",
        "operation", "type",
    }
)  # fmt: skip
"""Names under which programs say what happened, lower case."""

_INSIDE = ("action", "type", "name")
"""The same within an object `event`."""

_ENDED_IN = ("outcome", "result", "status", "success", "event.outcome_text")
_WHO = ("user.email", "email", "account", "login", "principal", "subject", "user.id")
_CODES = {200: "success", 401: "failure", 403: "failure"}
_LOGIN = mark("app_login")


def mark_login(said: Iterable[Any], f: Fields) -> None:
    """Add what every login has, if one of these values is a word for a login; else change nothing."""
    if "event.category" in f:
        return
    for value in said:
        for word in [value.get(name) for name in _INSIDE] if isinstance(value, Mapping) else [value]:
            outcome = LOGIN_WORDS.get(word.lower()) if isinstance(word, str) and len(word) < 50 else None
            if outcome is not None:
                _mark(outcome, f)
                return


def _mark(outcome: str, f: Fields) -> None:
    action = f.get("event.action")
    f.update(_LOGIN)
    if isinstance(action, str):
        f["event.action"] = action
    outcome = outcome or next((found for name in _ENDED_IN if (found := _ended(f.get(name)))), "")
    if outcome:
        f.setdefault("event.outcome", outcome)
    if "user.name" not in f:
        who = next((who for name in _WHO if isinstance(who := f.get(name), str) and who), "")
        if who:
            f["user.name"] = who


def _ended(value: Any) -> str:
    if isinstance(value, bool):
        return "success" if value else "failure"
    if isinstance(value, int):
        return _CODES.get(value, "")
    if not isinstance(value, str):
        return ""
    low = value.lower()
    return {"true": "success", "false": "failure"}.get(low) or OUTCOMES.get(low, "")
