"""Proposals: from what the manager says to rows, and from a row to a person's decision."""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

from socterm.analyst.roles.forms import RAISING
from socterm.errors import SoctermError, StoreError, TransitionError, UsageError
from socterm.store.doors.analyses import Proposal, Trace
from socterm.store.protocols import Analyses, Incidents, Triage
from socterm.store.rows import AuditRow

_INCIDENT = ("start", "note", "close")
_ALERT = (*RAISING, "close")


class Deciding(Protocol):
    """What of a store decides."""

    @property
    def triage(self) -> Triage:
        """Alerts."""

    @property
    def incidents(self) -> Incidents:
        """Incidents."""

    @property
    def analyses(self) -> Analyses:
        """Proposals."""


def proposed(trace: Trace) -> list[Proposal]:
    """The manager's actions as rows; those that can be said of nothing here are left out."""
    run = next((run for run in trace.runs if run.stage == "manager"), None)
    found = []
    for one in run.output["actions"] if run is not None else ():
        target = f"alert:{trace.ids[one['target']]}" if one["target"] in trace.ids else trace.about
        verb, verbs = str(one["verb"]), _INCIDENT if target.startswith("incident:") else _ALERT
        if (one["target"] and one["target"] not in trace.ids) or verb not in verbs:
            continue
        details: dict[str, Any] = {"text": one["text"]} if verb == "note" else {}
        if verb == "close":
            details["verdict"] = one["verdict"] or "undetermined"
        if verb != "note" or one["text"]:
            found.append(Proposal(verb, target, one["why"], run.source if run else "rules", details))
    return found


def apply(store: Deciding, ident: int, *, actor: str, now: int) -> list[AuditRow]:
    """Do what a proposal says, as a decision of the person who asked for it.

    The same functions as for any decision, so that `undo` takes it back. Raises UsageError where there is no
    such proposal, TransitionError where it was applied already or its target's state does not allow it. Where
    it could not be done for another reason (a store that is busy) it stays open.
    """
    proposal = store.analyses.proposal(ident)
    if proposal is None:
        raise UsageError(f"there is no proposal {ident}; socterm analyse shows those there are")
    store.analyses.settle(ident, "applied", actor=actor, now=now)
    try:
        return _decide(store, proposal, actor, now)
    except SoctermError as error:
        state = "refused" if isinstance(error, TransitionError | UsageError) else "open"
        with contextlib.suppress(StoreError):  # what is told is why it could not be done
            store.analyses.settle(ident, state, actor=actor, now=now, was="applied")
        raise


def _decide(store: Deciding, proposal: Proposal, actor: str, now: int) -> list[AuditRow]:
    kind, _, number = proposal.target.partition(":")
    verb, details = proposal.verb, proposal.details
    if kind == "incident":
        return store.incidents.decide(int(number), verb, actor=actor, now=now, **details)
    if verb == "escalate":
        return store.incidents.escalate([int(number)], actor=actor, now=now, keep=True)
    return store.triage.decide([int(number)], verb, actor=actor, now=now, **details)
