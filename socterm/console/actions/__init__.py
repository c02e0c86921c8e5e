"""Every verb of the console, once: keys, words and handler. To add a verb, add a row to a table of these.

Bindings, footer, help, palette, command line, docs/console.md and the tests are all read from `ACTIONS`; a
key that is not in it cannot be bound, a handler that is missing fails a test. A screen has a table of its
own: a file in this folder and a line in `GROUPS`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from textual.binding import Binding, BindingType

from socterm.console.actions import (
    asking,
    entities,
    events,
    everywhere,
    excepting,
    going,
    hunt,
    incidents,
    lists,
    metrics,
    rules,
    screens,
    sources,
    triage,
)
from socterm.console.actions.model import Action, Context, Group

__all__ = [
    "ACTIONS", "CONTEXTS", "GROUPS", "Action", "Context", "bindings", "footer", "method", "of", "wanting",
]  # fmt: skip

GROUPS: tuple[Group, ...] = (
    *triage.GROUPS,
    *screens.GROUPS,
    *events.GROUPS,
    *incidents.GROUPS,
    *entities.GROUPS,
    *sources.GROUPS,
    *metrics.GROUPS,
    *hunt.GROUPS,
    *lists.GROUPS,
    *going.GROUPS,
    *asking.GROUPS,
    *excepting.GROUPS,
    *rules.GROUPS,
    *everywhere.GROUPS,
)
"""All tables, in the order help and docs show them."""

ACTIONS: tuple[Action, ...] = tuple(action for group in GROUPS for action in group.actions)

CONTEXTS: dict[Context, str] = {group.context: group.title for group in GROUPS}
"""Each context with its title."""


def of(*contexts: Context) -> list[Action]:
    """The actions of some contexts, in table order. Raises KeyError for a context there is none of."""
    for context in contexts:
        CONTEXTS[context]
    return [action for action in ACTIONS if action.context in contexts]


def bindings(*contexts: Context) -> list[BindingType]:
    """What a class that serves these contexts binds."""
    return [
        Binding(
            action.binding_keys,
            action.handler,
            action.label,
            id=action.id,
            priority=action.id == "app.quit",
        )
        for action in of(*contexts)
    ]


def method(action: Action) -> str:
    """The method that carries an action out: `action_close` for the handler `close`."""
    return "action_" + action.handler.partition("(")[0]


@cache
def wanting(contexts: tuple[Context, ...]) -> dict[str, str]:
    """Verbs of these contexts that are bound only where something is present: handler → what."""
    return {action.handler.partition("(")[0]: action.needs for action in of(*contexts) if action.needs}


def footer(contexts: Iterable[Context], have: frozenset[str] = frozenset()) -> list[Action]:
    """What the footer offers in these contexts, in its order; `have` names what is present ("analyst")."""
    wanted = [
        a for a in ACTIONS if a.footer and a.context in set(contexts) and (not a.needs or a.needs in have)
    ]
    return sorted(wanted, key=lambda action: action.footer)
