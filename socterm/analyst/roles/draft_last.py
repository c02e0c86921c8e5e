"""What rules can say last: the story in order, and what to do about it. Pure.

The manager's draft reads what the roles before it handed over, and of the case only what rules and people
said: no line of a log reaches it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from socterm.alerts.levels import rank_of
from socterm.analyst import render
from socterm.analyst.knowledge import phrase, tactics_and_techniques
from socterm.analyst.roles.draft_threat import HIGH, Signs, innocent
from socterm.analyst.roles.evidence import Exemplar, Pack
from socterm.analyst.roles.forms import (
    DISPOSITIONS,
    PRIORITIES,
    Action,
    ContextView,
    Disposition,
    ExplanationView,
    IngestionView,
    ManagerView,
    Priority,
    Step,
    ThreatView,
)
from socterm.analyst.roles.pack import key_of
from socterm.analyst.roles.words import of, short

_BY_LEVEL: Final[dict[str, Priority]] = {
    "critical": "P1",
    "high": "P2",
    "medium": "P3",
    "low": "P4",
    "informational": "P4",
}

_BY_VERDICT: Final[dict[str, Disposition]] = {
    "true_positive": "escalate",
    "suspicious": "investigate",
    "undetermined": "review",
    "benign": "monitor",
}

_WEIGHTY: Final = ("critical", "high", "crown", "production")
"""What an inventory calls a machine that matters."""


def explanation(pack: Pack, threat: ThreatView) -> ExplanationView:
    """What happened in order, why it matters, what harmless thing it could be."""
    who = next((of(thing.field, thing.value) for thing in pack.things if thing.named), "no one in particular")
    turned = ", with a success after failures" if pack.turns else ""
    headline = short(f"{pack.title}: {render.plural(pack.count, 'event')} of {who}{turned}", 160)
    ranked = sorted(pack.events, key=lambda one: (not _tells(one), one.row.ts))[:10]
    steps = tuple(
        Step(event=one.alias, text=_step(pack, one)) for one in sorted(ranked, key=lambda one: one.row.ts)
    )
    return ExplanationView(
        headline=headline or "?",
        timeline=steps,
        why=short(_why(pack, threat), 500),
        innocent=short(f"It could be {innocent(pack)}.", 300),
    )


def _tells(one: Exemplar) -> bool:
    return one.why in ("first", "last") or one.why.startswith(("success after", "failure before"))


def _step(pack: Pack, one: Exemplar) -> str:
    """The event in our words: log text is cited, not repeated."""
    action, outcome = key_of(one.row)
    fields = one.row.fields
    named = [(field, str(fields[field])) for field in ("user.name", "source.ip") if fields.get(field)]
    said = ", ".join(of(*pair) for pair in named)
    host = f" on {short(fields['host.hostname'], 40)}" if fields.get("host.hostname") else ""
    why = f" ({one.why})" if one.why.startswith(("success", "text")) else ""
    what = phrase(action, outcome) if action else "a line no parser knows"
    return short(f"{render.when(one.row.ts, pack.tz)} {what}: {said or 'nobody named'}{host}{why}", 200)


def _why(pack: Pack, threat: ThreatView) -> str:
    found = []
    if pack.turns:
        found.append(
            "A login succeeded after failures: take the account for compromised until shown otherwise."
        )
    gravest = max(pack.own, key=lambda row: rank_of(row.level), default=None)
    said = gravest.description if gravest is not None else pack.why
    if said:
        found.append(short(said, 220))
    attack = tactics_and_techniques(tuple(dict.fromkeys(tag for row in pack.own for tag in row.tags)))
    if attack:
        found.append(f"ATT&CK: {short(attack, 160)}.")
    if len(pack.own) > 1:
        found.append(f"{render.plural(len(pack.own), 'alert')} tell of it, gravest {threat.severity}.")
    return " ".join(found)


class Case(msgspec.Struct, frozen=True):
    """What the manager knows besides what was handed over: no log text."""

    about: str
    state: str
    owner: str
    weighty: bool = False
    grouped: bool = False
    check: tuple[str, ...] = ()
    alerts: tuple[tuple[str, str], ...] = ()
    harmless_before: int = 0
    vain: bool = False


def case_of(pack: Pack) -> Case:
    """The manager's view of a case."""
    weighty = any(
        word in value.lower()
        for thing in pack.things
        for name, value in thing.known.items()
        if name.startswith(("host.asset", "labels.", "network."))
        for word in _WEIGHTY
    )
    harmless = sum(
        one.same and one.verdict in ("false_positive", "benign_true_positive") for one in pack.past
    )
    return Case(
        about=pack.about, state=pack.state, owner=pack.owner, weighty=weighty,
        grouped=pack.incident != 0,
        check=tuple(short(step, 240) for step in pack.check),
        alerts=tuple((hit.alias, hit.row.state) for hit in pack.hits), harmless_before=harmless,
        vain=Signs(pack).vain,
    )  # fmt: skip


def manager(
    case: Case,
    ingestion: IngestionView,
    threat: ThreatView,
    context: ContextView,
    explanation: ExplanationView,
) -> ManagerView:
    """How soon, with what aim, in which steps; what is still to be found out; what a key could do."""
    fallen = any(role.role == "compromised" for role in context.roles)
    priority = PRIORITIES.index(_BY_LEVEL[threat.severity]) + int(fallen) + int(case.weighty)
    if threat.verdict == "benign":
        priority = 0
    disposition = _BY_VERDICT[threat.verdict]
    if case.vain and disposition == "escalate" and rank_of(threat.severity) < HIGH:
        disposition = "investigate"
    return ManagerView(
        priority=PRIORITIES[min(priority, 3)],
        disposition=disposition,
        next_steps=_steps(case, context, disposition),
        questions=_questions(ingestion, threat, context),
        actions=_actions(case, threat, disposition, explanation),
    )


def _steps(case: Case, context: ContextView, disposition: Disposition) -> tuple[str, ...]:
    def of_part(part: str) -> list[str]:
        return [of(role.field, role.value) for role in context.roles if role.role == part]

    found = [f"End the sessions of {who} and change its password." for who in of_part("compromised")]
    found += case.check[:3]
    if DISPOSITIONS.index(disposition) >= DISPOSITIONS.index("investigate"):
        found += [f"See whom else {who} touched; block it if it is not yours." for who in of_part("attacker")]
    if disposition == "monitor":
        found.append("Nothing now; an exception keeps it from alerting again.")
    return tuple(short(step, 240) for step in dict.fromkeys(found))[:6]


def _questions(ingestion: IngestionView, threat: ThreatView, context: ContextView) -> tuple[str, ...]:
    found = []
    for role in context.roles:
        thing = of(role.field, role.value)
        if role.role == "compromised":
            found.append(f"What did {thing} do after the login?")
        elif role.role == "attacker" and role.baseline == "new":
            found.append(f"Who is {thing}? It was never seen before.")
        elif role.role == "actor" and threat.verdict != "benign":
            found.append(f"Was it {thing} in person?")
    if ingestion.quality != "good":
        found.append("Are lines missing that would tell more?")
    return tuple(short(question, 200) for question in dict.fromkeys(found))[:5]


def _actions(
    case: Case, threat: ThreatView, disposition: Disposition, explanation: ExplanationView
) -> tuple[Action, ...]:
    """What a person could do with a key; closing is proposed only for what people closed so before."""
    open_now = case.state not in ("closed", "merged", "withdrawn")
    whole = case.about.startswith("incident:")
    found = []
    if open_now and disposition == "escalate" and not whole and not case.grouped:
        found.append(
            Action(verb="escalate", why="It is an attack until shown otherwise: make it an incident.")
        )
    if open_now and case.state in ("new", "reopened", "open") and disposition != "monitor":
        verb, why = (
            ("start", "Somebody should work on it.") if whole else ("acknowledge", "Somebody should look.")
        )
        found.append(Action(verb=verb, why=why))  # type: ignore[arg-type]
    if open_now and threat.verdict == "benign" and case.harmless_before >= 2:
        why = f"People closed the same {case.harmless_before} times as harmless."
        found.append(Action(verb="close", verdict="false_positive", why=why))
    if case.state != "merged":
        text = short(f"{explanation.headline} ({threat.verdict.replace('_', ' ')})", 240)
        found.append(Action(verb="note", text=text, why="For whoever comes next."))
    return tuple(found[:4])
