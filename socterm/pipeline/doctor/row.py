"""One finding: what was looked at, how it is, and what to do about it."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["ok", "warn", "bad"]


class Row(msgspec.Struct, frozen=True):
    """`what` was looked at, `said` is what was found, `todo` what a person can do, "" for nothing."""

    what: str
    verdict: Verdict
    said: str
    todo: str = ""


def ok(what: str, said: str) -> Row:
    """All is well."""
    return Row(what, "ok", said)


def warn(what: str, said: str, todo: str) -> Row:
    """It works, but not as well as it could, or not for long."""
    return Row(what, "warn", said, todo)


def bad(what: str, said: str, todo: str) -> Row:
    """It does not work."""
    return Row(what, "bad", said, todo)
