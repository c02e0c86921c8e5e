"""The errors a person can cause, each one line that says what to do."""

from __future__ import annotations

from typing import NamedTuple


class Trouble(NamedTuple):
    """What is wrong, and what a person can do about it, "" for nothing; as text both are one line.

    >>> str(Trouble("permission denied", "run as root")), str(Trouble("Is a directory"))
    ('permission denied: run as root', 'Is a directory')
    """

    said: str
    todo: str = ""

    def __str__(self) -> str:
        return f"{self.said}: {self.todo}" if self.todo else self.said


class SoctermError(Exception):
    """A mistake or a state a person can mend; its text is the one line they see."""

    exit_code = 3


class UsageError(SoctermError):
    """The command was called in a way that cannot work (exit code 2)."""

    exit_code = 2


class RuleError(SoctermError):
    """A rule document cannot be used; ends in file:line:char where that is known."""


class QueryError(SoctermError):
    """A query cannot be read; `position` is the 0-based character where it went wrong."""

    exit_code = 2

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class LeaseHeldError(SoctermError):
    """Another living process ingests into this store; `holder` names it ("process 123 on web01")."""

    def __init__(self, message: str, holder: str = "another process") -> None:
        super().__init__(message)
        self.holder = holder


class TransitionError(SoctermError):
    """The alert's state does not allow that verb."""

    exit_code = 2


class StaleError(TransitionError):
    """Somebody decided on it since it was looked at: look again."""


class StoreError(SoctermError):
    """The store's file cannot be opened or used."""


class StoreFullError(StoreError):
    """The disk is full; nothing of the batch was written and the same batch can be tried again."""


class StoreDamagedError(StoreError):
    """Pages of the file are not what they should be: what it holds cannot be relied on."""


class StoreBusyError(StoreError):
    """Another process holds the file's write lock for too long; the same call can be tried again."""


class QueryCancelledError(SoctermError):
    """A running query was stopped by `Store.interrupt`."""
