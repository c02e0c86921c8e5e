"""From the options of `socterm exceptions` to an exception that the rules can use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from socterm.alerts.exceptions import Term, Wording, entity_terms, suggestions
from socterm.cli.settings import zone
from socterm.errors import UsageError
from socterm.store import Store
from socterm.store.rows import AlertRow, RuleRow

if TYPE_CHECKING:
    from socterm.config import Config
    from socterm.pipeline.preview import Preview


def made_from(store: Store, settings: Config, said: dict[str, Any], reason: str, now: int) -> dict[str, Any]:
    """The exception that options describe, checked against the rules there are."""
    from socterm.cli.wiring import load
    from socterm.pipeline.exceptions import made, made_of
    from socterm.sigma.exceptions import problem_of

    if said["file"] is not None:
        others = [name for name in ("alert", "rules", "all_rules", "fields", "networks") if said[name]]
        if others:
            raise UsageError("--file says it all: leave out --alert, --rule, --all-rules, --field, --network")
        try:
            text = said["file"].read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{said['file']}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UsageError(f"{said['file']}: cannot be read: it is no UTF-8 text") from None
        found = made_of(text, reason)
    else:
        wording, names = _said(store, said, reason)
        found = made(wording, author=settings.actor, now=now, names=names)
    problem = problem_of(found["document"], load(settings))
    if problem:
        raise UsageError(problem)
    return found


def _said(store: Store, said: dict[str, Any], reason: str) -> tuple[Wording, tuple[str, ...]]:
    known = store.triage.rules()
    rules = [rule_named(known, name) for name in said["rules"]]
    terms = [_term(text) for text in said["fields"]] + [
        _term(text, network=True) for text in said["networks"]
    ]
    alert = _alert(store, said["alert"])
    if said["all_rules"] and rules:
        raise UsageError("--all-rules and --rule do not go together")
    if alert is not None:
        if not rules and not said["all_rules"]:
            about = [alert, *(() if said["alone"] else store.triage.parts(alert.id))]
            rules = [_rule_of(known, one) for one in about if alert.entity.items() <= one.entity.items()]
            rules = list({rule.id: rule for rule in rules}.values())
        taken = {term.field for term in terms}
        terms = [term for term in entity_terms(alert.entity) if term.field not in taken] + terms
    if not rules and not said["all_rules"]:
        raise UsageError("name what is excepted: --alert ID, or --rule RULE or --all-rules with --field")
    return Wording(tuple(rule.id for rule in rules), tuple(terms), reason), tuple(r.title for r in rules)


def _alert(store: Store, ident: int | None) -> AlertRow | None:
    row = store.triage.alert(ident) if ident else None
    if ident and row is None:
        raise UsageError(f"there is no alert {ident}; socterm alerts list shows those there are")
    return row


def _rule_of(known: Sequence[RuleRow], alert: AlertRow) -> RuleRow:
    """The rule of an alert, also where it is loaded no more."""
    gone = RuleRow(alert.rule, alert.title, alert.level, "", "", "", 0, 0)
    return next((rule for rule in known if rule.id == alert.rule), gone)


def rule_named(known: Sequence[RuleRow], name: str) -> RuleRow:
    """The rule of a store that an id, a title or a part of one means. Raises UsageError for none or more."""
    low = name.lower()
    usable = [rule for rule in known if rule.fate not in ("refused", "filter")]
    exact = [rule for rule in usable if low in (rule.id.lower(), rule.title.lower())]
    for found in (exact, [rule for rule in usable if low in rule.title.lower()]):
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(sorted(rule.title for rule in found)[:5])
            raise UsageError(f"{name!r} is {len(found)} rules, {several}: name one by its id")
    raise UsageError(
        f"there is no rule {name!r} in this store; socterm rules list --db shows those there are"
    )


def _term(text: str, *, network: bool = False) -> Term:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{text!r}: write it as NAME=VALUE, such as source.ip=203.0.113.9")
    return Term(name.strip(), value, network)


def previewed(store: Store, settings: Config, document: str, now: int) -> Preview:
    """What a document would have hidden of what is stored."""
    from socterm.pipeline.preview import preview as look

    return look(store, document, now=now, tz=zone(settings))


def suggested(store: Store, said: dict[str, Any]) -> tuple[Term, ...]:
    """What the events of the alert have in common besides."""
    alert = _alert(store, said["alert"])
    if alert is None:
        return ()
    rule = next((row for row in store.triage.rules() if row.id == alert.rule), None)
    if rule is not None and rule.about is not None and not said["all_rules"]:
        return ()
    taken = [*alert.entity, *(text.partition("=")[0] for text in (*said["fields"], *said["networks"]))]
    return suggestions((row.fields for row in store.triage.alert_events(alert.id)), taken)
