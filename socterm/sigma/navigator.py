"""A coverage as a layer for MITRE's ATT&CK Navigator (layer format 4.5)."""

from __future__ import annotations

from typing import Any

from socterm.sigma.coverage import Coverage

LAYER = "4.5"
NAVIGATOR = "5.1.0"
TITLES_MOST = 50
"""Titles in one comment; the Navigator shows it in a tooltip."""


def layer(cover: Coverage, name: str = "socterm", description: str = "") -> dict[str, Any]:
    """The layer as a JSON value: each technique that has a rule, scored by how many carry its tag.

    Source: mitre-attack/attack-navigator, layers/spec/v4.5. Scores of sub-techniques are added up by the
    Navigator itself.
    """
    most = max((len(found.titles) for found in cover.techniques), default=1)
    return {
        "name": name,
        "versions": {"attack": cover.version, "navigator": NAVIGATOR, "layer": LAYER},
        "domain": "enterprise-attack",
        "description": description or f"{cover.rules} active rules",
        "sorting": 3,
        "layout": {
            "layout": "side",
            "aggregateFunction": "sum",
            "showID": True,
            "showName": True,
            "showAggregateScores": True,
            "countUnscored": False,
            "expandedSubtechniques": "annotated",
        },
        "hideDisabled": False,
        "techniques": [
            {
                "techniqueID": found.id,
                "score": len(found.titles),
                "comment": _comment(found.titles),
                "enabled": True,
                "showSubtechniques": "." not in found.id,
            }
            for found in cover.techniques
        ],
        "gradient": {"colors": ["#ffffff", "#66b1ff"], "minValue": 0, "maxValue": most},
        "legendItems": [{"label": "rules tagged with the technique", "color": "#66b1ff"}],
        "metadata": [{"name": "tag outside the matrix", "value": _shown(other.tag)} for other in cover.other],
        "selectTechniquesAcrossTactics": True,
        "selectSubtechniquesWithParent": False,
    }


def _comment(titles: tuple[str, ...]) -> str:
    more = f"\nand {len(titles) - TITLES_MOST} more" if len(titles) > TITLES_MOST else ""
    return "\n".join(map(_shown, titles[:TITLES_MOST])) + more


def _shown(title: str) -> str:
    """A title on one line, without what steers a reader's eye (controls, direction, invisible characters)."""
    return "".join(char if char.isprintable() else " " for char in title)
