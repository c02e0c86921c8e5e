"""Colours and shapes as data: three themes, one table of style names, the marks of severity.

Meaning never hangs on colour alone: each level has its own mark, marked rows a sign, the focused pane a
brighter border. NO_COLOR is honoured by Textual, which drops the colours of whatever theme is on.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rich.style import Style
from textual.theme import Theme

LEVELS = ("critical", "high", "medium", "low", "informational")
"""Sigma's levels, gravest first."""

MARKS = {"critical": "■", "high": "▲", "medium": "●", "low": "○", "informational": "·"}
SHORT = {"critical": "CRIT", "high": "HIGH", "medium": "MED", "low": "LOW", "informational": "INFO"}


class Colours(NamedTuple):
    """The colours of one theme, as #rrggbb."""

    background: str
    bar: str
    foreground: str
    bright: str
    soft: str
    dim: str
    faint: str
    border: str
    primary: str
    accent: str
    second: str
    cursor: str
    marked: str
    ok: str
    bad: str
    host: str
    process: str
    graph: str
    critical: str
    high: str
    medium: str
    low: str
    informational: str
    dark: bool = True


THEMES: dict[str, Colours] = {
    "night": Colours(
        background="#11131a",
        bar="#1d2130",
        foreground="#c8d3f5",
        bright="#e6ebff",
        soft="#9aa4c4",
        dim="#7681a6",
        faint="#3a4160",
        border="#2b3150",
        primary="#7aa2f7",
        accent="#e0af68",
        second="#9d7cd8",
        cursor="#262c42",
        marked="#1f2a3c",
        ok="#7fc98f",
        bad="#f7768e",
        host="#7fa6d8",
        process="#9d8cd8",
        graph="#4a6ab8",
        critical="#ff5d73",
        high="#ff9e64",
        medium="#e0c068",
        low="#7aa2f7",
        informational="#7681a6",
    ),
    "day": Colours(
        background="#fbfbf8",
        bar="#e9ebf1",
        foreground="#2b3040",
        bright="#0b0f1c",
        soft="#4a5168",
        dim="#676e85",
        faint="#b9bfd0",
        border="#c9cedc",
        primary="#2f5fd0",
        accent="#8f5a00",
        second="#7443b0",
        cursor="#dfe6f7",
        marked="#eef1da",
        ok="#2d7a43",
        bad="#c22f4d",
        host="#2b64a0",
        process="#6b4fa8",
        graph="#7b98d8",
        critical="#c4162f",
        high="#b4500a",
        medium="#856500",
        low="#2f5fd0",
        informational="#676e85",
        dark=False,
    ),
    # Okabe and Ito's set: told apart with every common kind of colour blindness.
    "clear": Colours(
        background="#0e1116",
        bar="#1b2029",
        foreground="#dfe5ee",
        bright="#ffffff",
        soft="#aab4c4",
        dim="#8a94a6",
        faint="#414a5a",
        border="#333c4b",
        primary="#56b4e9",
        accent="#f0e442",
        second="#cc79a7",
        cursor="#26303f",
        marked="#2b2a1c",
        ok="#2fc49c",
        bad="#ee8a4a",
        host="#8cc8ee",
        process="#d79dbd",
        graph="#0072b2",
        critical="#ee7733",
        high="#e69f00",
        medium="#f0e442",
        low="#56b4e9",
        informational="#8a94a6",
    ),
}

DEFAULT = "night"

BOLD = frozenset({"critical", "title", "key", "head", "follow", "brand", "you", "soc"})
ALIASES = {
    "title": "bright",
    "key": "accent",
    "pivot": "accent",
    "cite": "accent",
    "head": "primary",
    "follow": "ok",
    "paused": "medium",
    "count": "accent",
    "time": "dim",
    "text": "foreground",
    "label": "dim",
    "you": "primary",
    "soc": "second",
    "error": "bad",
    "hot": "high",
    "entity": "host",
    "alarm": "critical",
}
"""Names a pane uses → the colour behind them."""


@lru_cache(512)
def style(theme: str, name: str, ground: str = "background") -> Style:
    """The drawing style behind a name ("critical", "pivot") on a ground ("background", "bar", "cursor").

    An unknown theme is drawn in the default one, so a state saved by a later version still opens.
    """
    colours = THEMES.get(theme, THEMES[DEFAULT])
    if name == "brand":
        return Style(color=colours.background, bgcolor=colours.primary, bold=True)
    colour: str = getattr(colours, ALIASES.get(name, name))
    ground_colour: str = getattr(colours, ground)
    return Style(
        color=colour, bgcolor=ground_colour, bold=name in BOLD or None, underline=name == "pivot" or None
    )


def textual_themes() -> list[Theme]:
    """The same colours for what Textual draws itself: borders, notices, the palette, inputs."""
    return [
        Theme(
            name=name,
            primary=c.primary,
            secondary=c.second,
            accent=c.accent,
            foreground=c.foreground,
            background=c.background,
            surface=c.background,
            panel=c.bar,
            success=c.ok,
            warning=c.medium,
            error=c.bad,
            dark=c.dark,
            variables={
                "quiet": c.border,
                "focused": c.primary,
                "dim": c.dim,
                "bright": c.bright,
                "faint": c.faint,
                "scrollbar": c.faint,
                "scrollbar-hover": c.dim,
                "scrollbar-active": c.primary,
                "scrollbar-background": c.background,
                "scrollbar-background-hover": c.background,
                "scrollbar-background-active": c.background,
                "scrollbar-corner-color": c.background,
                "input-cursor-background": c.foreground,
                "input-cursor-foreground": c.background,
            },
        )
        for name, c in THEMES.items()
    ]
