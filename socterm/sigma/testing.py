"""Tests inside rule files: what a run must show, and what is wrong where it does not.

Only data and comparison live here: decoding lines and replaying events is `socterm.pipeline.rulecheck`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from socterm.alerts.model import Entity
from socterm.sigma.model import RuleTest


class AlertLike(Protocol):
    """What a replay must hand back of an alert: one settled episode."""

    @property
    def rule(self) -> str:
        """The rule's key."""

    @property
    def entity(self) -> Entity:
        """(ECS field, value) pairs."""

    @property
    def count(self) -> int:
        """Base events, weighted by repeat."""


class Outcome(msgspec.Struct, frozen=True):
    """How one test of one rule went; `problem` is "" where it passed."""

    rule: str
    title: str
    path: str
    test: str
    problem: str

    @property
    def passed(self) -> bool:
        """Whether the test showed what it should."""
        return not self.problem


def compare(test: RuleTest, rule: str, alerts: Sequence[AlertLike]) -> str:
    """What is wrong with the alerts of a run, in one line; "" where all is as the test says."""
    own = [alert for alert in alerts if alert.rule == rule]
    if len(own) != test.alerts:
        return f"expected {test.alerts} alerts, got {len(own)}"
    if test.alerts == 0:
        return ""
    first = own[0]
    if test.count is not None and first.count != test.count:
        return f"expected a count of {test.count}, got {first.count}"
    if test.entity is not None and dict(first.entity) != test.entity:
        return f"expected the entity {_shown(test.entity)}, got {_shown(dict(first.entity))}"
    return ""


def _shown(entity: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in entity.items()) or "(none)"
