"""A person's own keys: a file of verbs and keys, checked as a whole before the console opens.

`$XDG_CONFIG_HOME/socterm/keys.toml` names verbs by their ids, as the `:` line and docs/console.md do:

    alert.close = "x"
    mark.one = ["m", "ctrl+x"]

What it does not name keeps its keys. A key that would mean two things on one screen is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from textual.app import App
from textual.keys import KEY_ALIASES, Keys
from textual.keys import _character_to_key as named

from socterm.console.actions import ACTIONS, CONTEXTS, GROUPS, Action, Context
from socterm.console.actions.model import KEY_NAMES, shown
from socterm.console.places import PLACES
from socterm.errors import UsageError

MOVING: tuple[tuple[Context, ...], ...] = (("rows", "columns"), ("text", "detail"))
"""Contexts of what has the focus within a screen: they are in force along with the screen's own."""

ALWAYS = frozenset({"app.quit", "app.help"})
"""Verbs that must keep a key: without them nobody finds out."""

_BY_ID = {action.id: action for action in ACTIONS}
_WRITTEN = {name: key for key, name in KEY_NAMES.items()}
_KNOWN = {str(key.value) for key in Keys} | set(KEY_ALIASES) | set(KEY_NAMES)


class KeyMap:
    """Which keys each verb has: the registry's, but for those a person changed."""

    def __init__(self, changed: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.changed = dict(changed or {})

    def keys(self, action: Action) -> tuple[str, ...]:
        """The keys of a verb, as Textual names them."""
        return self.changed.get(action.id, action.keys)

    def shown(self, action: Action) -> str:
        """The keys of a verb, as people write them."""
        return shown(self.keys(action))

    def first(self, action: Action) -> str:
        """The first of them; "" where it has none."""
        return self.shown(action).partition(" ")[0]

    def textual(self) -> dict[str, str]:
        """What Textual wants to know: ids of bindings and their keys."""
        return {name: ",".join(keys) for name, keys in self.changed.items()}


def load_keys(path: Path) -> KeyMap:
    """The key map of a file; the registry's own where there is none.

    Raises UsageError, one line with the file and what is wrong: no TOML, an unknown verb, a key that is none,
    or one that would mean two things.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return KeyMap()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not TOML: {error}") from None
    try:
        return checked({name: _keys(name, value) for name, value in _flat(table)})
    except UsageError as wrong:
        raise UsageError(f"{path}: {wrong}") from None


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Verbs of dotted names, however the tables are written."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _keys(verb: str, value: Any) -> tuple[str, ...]:
    if verb not in _BY_ID:
        near = get_close_matches(verb, _BY_ID, 1)
        raise UsageError(f"no verb {verb!r}" + (f": did you mean {near[0]}?" if near else ""))
    written = [value] if isinstance(value, str) else value
    if not isinstance(written, list) or not all(isinstance(key, str) for key in written):
        raise UsageError(f"{verb}: keys are a text or a list of texts")
    if not written and verb in ALWAYS:
        raise UsageError(f"{verb} must keep a key")
    return tuple(key_name(verb, key) for key in written)


def key_name(verb: str, key: str) -> str:
    """A key as Textual names it, however a person writes it: `^d`, `ctrl+d`, `/`, `PgUp`, `f5`."""
    key = key.strip()
    if key in _WRITTEN:
        return _WRITTEN[key]
    if len(key) == 1 and key.isprintable() and key != " ":
        return named(key)
    if key.startswith("^") and len(key) == 2:
        return f"ctrl+{key[1].lower()}"
    bare = key.lower().rpartition("+")[2]
    if key.lower() in _KNOWN or (key[:5].lower() == "ctrl+" and (len(bare) == 1 or bare in _KNOWN)):
        return key.lower()
    raise UsageError(f"{verb}: {key!r} is no key; keys are such as x, X, ^x, f5, PgUp")


def checked(changed: Mapping[str, tuple[str, ...]]) -> KeyMap:
    """The key map, unless a key would mean two things where it counts: then UsageError."""
    keymap = KeyMap(changed)
    for contexts in in_force() if changed else ():
        seen: dict[str, str] = {}
        for action in ACTIONS:
            for key in keymap.keys(action) if action.context in contexts else ():
                if key in seen and {seen[key], action.id} & changed.keys():
                    where = CONTEXTS[contexts[0]]
                    raise UsageError(f"{shown((key,))} would be both {seen[key]} and {action.id} ({where})")
                seen.setdefault(key, action.id)
    return keymap


def in_force() -> Iterable[tuple[Context, ...]]:
    """The contexts that count at once: a screen with what has the focus in it, or a dialogue by itself."""
    screens = [("triage", "app"), *(place.load().OFFERS for place in PLACES if place.screen)]
    for offers in screens:
        yield from ((*offers, *moving) for moving in MOVING)
    within = {name for offers in screens for name in offers}
    for group in GROUPS:
        if group.context not in within:
            yield (group.context, *group.beside)


PLAIN = KeyMap()
"""The registry's own keys."""


def keys_of(app: App[Any]) -> KeyMap:
    """The key map of the console that is running."""
    found: KeyMap = getattr(app, "own_keys", PLAIN)
    return found
