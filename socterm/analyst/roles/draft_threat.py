"""What rules can say of a case: verdict, severity, how sure, and two ways to read it. Pure tables."""

from __future__ import annotations

from typing import Final, Literal

from socterm.alerts.levels import LEVELS, rank_of
from socterm.analyst.knowledge import HARMLESS
from socterm.analyst.roles.evidence import Pack
from socterm.analyst.roles.forms import Hypothesis, ThreatView, Verdict
from socterm.analyst.roles.words import of, short
from socterm.taxonomy.attack import tactic_of, technique_of

HIGH: Final = rank_of("high")
MEDIUM: Final = rank_of("medium")

_BASE: Final[dict[Verdict, int]] = {
    "true_positive": 65,
    "suspicious": 50,
    "undetermined": 35,
    "benign": 60,
}
"""How sure a verdict is by itself."""

MANY: Final = 10
"""Addresses outside that fail alike: a mistake has one origin, or a few."""

_HARMLESS_BEFORE: Final = ("false_positive", "benign_true_positive", "test")


class Signs:
    """What of a case counts for a verdict."""

    def __init__(self, pack: Pack) -> None:
        own = pack.own
        self.rank = max((rank_of(row.level) for row in own), default=0)
        self.turned = bool(pack.turns)
        self.rules = len({row.rule for row in own if not row.part_of})
        self.tactics = len({name for row in own for tag in row.tags if (name := tactic_of(tag))})
        self.swarm = pack.origins >= MANY
        self.vain = self.swarm and not self.turned and self.rank < HIGH and self.tactics <= 1
        """Many try, and nothing says that one got in: an attack, and nobody has to be woken up."""
        self.strangers = any(thing.named and thing.baseline == "new" for thing in pack.things)
        same = [past for past in pack.past if past.same and past.verdict]
        self.was_attack = any(past.verdict == "true_positive" for past in same)
        self.was_harmless = 0 if self.was_attack else sum(one.verdict in _HARMLESS_BEFORE for one in same)


def verdict_of(signs: Signs) -> Verdict:
    """The verdict; the first line that holds counts."""
    table: tuple[tuple[bool, Verdict], ...] = (
        (signs.turned and signs.rank >= MEDIUM, "true_positive"),
        (signs.was_harmless >= 2 and signs.rank <= MEDIUM, "benign"),
        (signs.was_harmless >= 2, "suspicious"),
        (signs.rank >= HIGH, "true_positive"),
        (signs.rank >= MEDIUM and signs.swarm, "true_positive"),
        (signs.rank >= MEDIUM and signs.rules >= 2 and signs.tactics >= 2, "true_positive"),
        (signs.rank >= MEDIUM or signs.was_attack, "suspicious"),
        (True, "undetermined"),
    )
    return next(verdict for holds, verdict in table if holds)


def sureness(signs: Signs, verdict: Verdict) -> int:
    """How sure (0–100), before the gate that looks at what is cited."""
    found = _BASE[verdict]
    if verdict == "benign":
        return min(found + 5 * signs.was_harmless, 85)
    found += 12 * signs.turned + 5 * min(signs.rules - 1, 3) + 5 * signs.strangers + 10 * signs.was_attack
    return max(10, min(found - 10 * min(signs.was_harmless, 2), 95))


def threat(pack: Pack) -> ThreatView:
    """The verdict of the rules, with the evidence it rests on."""
    signs = Signs(pack)
    verdict = verdict_of(signs)
    rank = max(signs.rank, HIGH if signs.turned and signs.rank >= MEDIUM else 0)
    evidence = _evidence(pack)
    return ThreatView(
        verdict=verdict,
        severity=LEVELS[rank],
        confidence=sureness(signs, verdict),
        techniques=techniques(pack),
        hypotheses=_hypotheses(pack, verdict, evidence),
        evidence=evidence,
    )


def techniques(pack: Pack) -> tuple[str, ...]:
    """Those that the rules name, gravest alert first."""
    rows = sorted(pack.own, key=lambda row: -rank_of(row.level))
    found = (technique_of(tag) for row in rows for tag in row.tags)
    return tuple(dict.fromkeys(one for one in found if one))[:8]


def _evidence(pack: Pack) -> tuple[str, ...]:
    """Aliases that carry the verdict: alerts, successes after failures, first and last, one of each kind."""
    alerts = [hit.alias for hit in pack.hits if hit.own][:4]
    events = [*pack.turns, *(one.alias for one in pack.events if one.why.startswith("failure before"))]
    events += [one.alias for one in pack.events if one.why in ("first", "last")]
    events += [one.alias for one in pack.events if one.why.startswith(("first of", "one of"))]
    return tuple(dict.fromkeys((*events[:8], *alerts)))[:12]


Likelihood = Literal["likely", "possible", "unlikely"]

_LIKELY: Final[dict[Verdict, tuple[Likelihood, Likelihood]]] = {
    "true_positive": ("likely", "unlikely"),
    "suspicious": ("possible", "possible"),
    "undetermined": ("possible", "possible"),
    "benign": ("unlikely", "likely"),
}
"""Verdict → how likely an attack is, and something harmless."""


def _hypotheses(pack: Pack, verdict: Verdict, evidence: tuple[str, ...]) -> tuple[Hypothesis, ...]:
    attack, harmless = _LIKELY[verdict]
    events = tuple(alias for alias in evidence if alias[0] == "E")
    turned = pack.turns[:8]
    who = next((of(thing.field, thing.value) for thing in pack.things if thing.named), "somebody")
    told = "A login succeeded after failures. " if turned else ""
    if pack.origins >= MANY:
        told += f"{pack.origins} addresses outside failed alike, which is nobody's mistake. "
    first = Hypothesis(
        title=short(f"An attack: {pack.title}, by or through {who}", 160),
        likelihood=attack, support=events[:8], note=short(told + _told(pack), 240),
    )  # fmt: skip
    past = [one for one in pack.past if one.same and one.verdict in _HARMLESS_BEFORE]
    before = f"Closed so {len(past)} times before." if past else ""
    second = Hypothesis(
        title=short(f"Harmless: {innocent(pack)}", 160),
        likelihood=harmless, against=turned, note=short(before, 240),
    )  # fmt: skip
    return (first, second) if verdict != "benign" else (second, first)


def _told(pack: Pack) -> str:
    kinds = ", ".join(f"{kind.count:,} × {kind.said}" for kind in pack.kinds[:3])
    return f"Seen: {kinds}." if kinds else ""


def innocent(pack: Pack) -> str:
    """The harmless cause that the rule names, or the commonest one of what was done."""
    for said in pack.falsepositives:
        if said.strip().lower() not in ("unknown", "none", ""):
            return short(said, 140)
    for kind in pack.kinds:
        if kind.key[0] in HARMLESS:
            return HARMLESS[kind.key[0]]
    return "somebody's work that nobody announced"
