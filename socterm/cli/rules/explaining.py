"""`socterm rules explain`: one rule, some events, and why it does or does not match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from socterm.cli.excepted import Excepted, in_force
from socterm.cli.output import clean, json_option, put_json
from socterm.cli.rules.asking import events_of
from socterm.cli.rules.common import db_option, one_of, outside, path_of, place, rule_options, source_text
from socterm.cli.settings import configure, zone
from socterm.cli.wiring import load, rule_paths
from socterm.config import Config
from socterm.errors import SoctermError, UsageError

if TYPE_CHECKING:
    from socterm.pipeline.ruleexplain import EventAnswers, RuleAnswer, RuleExplained
    from socterm.sigma.model import Rule, RuleFate, RuleSet
    from socterm.sigma.selected import Selected

_NEAREST = 3
_VALUES_SHOWN = 5
_GROUPS_SHOWN = 20


@click.command()
@click.argument("name", metavar="RULE")
@click.argument("what", metavar="EVENT", nargs=-1, required=True)
@click.option("--format", "form", metavar="NAME", help="Read lines as this format, whatever they look like.")
@click.option("--tz", metavar="ZONE", help="Zone of stamps without one.")
@click.option("--all", "show_all", is_flag=True, help="Every event in full, not only the nearest.")
@db_option
@rule_options
@json_option
def explain(
    name: str,
    what: tuple[str, ...],
    form: str | None,
    tz: str | None,
    show_all: bool,
    db: Path | None,
    extra: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> None:
    """Why RULE matches EVENT or not: each selection, each test, and the value it met.

    RULE is an id, a name, a title, a part of a title, or a rule file. EVENT is a log line, a JSON event,
    '#123' for an event of the store, a file of lines or JSON, or - for standard input; several are taken in
    order. Of a correlation it says what counts for which group, and which alerts the events raise.
    """
    from socterm.enrich.valuelists import ValueLists
    from socterm.pipeline.ruleexplain import explain_rule
    from socterm.sigma.learning.plan import lists_of

    settings = configure({"db": db, "tz": tz, "rules": extra, "config": config})
    rules, chosen = _chosen(name, settings)
    local = zone(settings)
    lists = ValueLists.of(settings)
    lists.use(lists_of(rules))
    events = events_of(what, settings, form, local)
    excepted = Excepted(in_force(db, config), rules, local)
    for number, (rule, note) in enumerate(chosen):
        found = explain_rule(rule, rules, events, tz=local, lists=lists)
        if as_json:
            for answers in found.answers:
                put_json({"rule": rule.key} | _record(answers))
            alerts = msgspec.to_builtins(found.alerts)
            put_json({"rule": rule.key, "alerts": alerts, "excepted": list(_excepted(found, excepted))})
            continue
        lines = [*told(found, note, show_all=show_all), *islice(_excepted(found, excepted), _GROUPS_SHOWN)]
        for line in [*([""] if number else []), *lines]:
            click.echo(clean(line).rstrip())


def _chosen(name: str, settings: Config) -> tuple[RuleSet, list[tuple[Rule, str]]]:
    """The rules meant, among all that are loaded: one, or those of a file that are no mere base.

    With each what to know of it. Of a file those that cannot be used are told and left out.
    """
    path = path_of(name)
    if path is None or path.is_dir():
        rules = load(settings)
        return _asked(rules, [one_of(rules, name)], settings)
    more = outside([path], rule_paths(settings.rules))
    settings = settings.model_copy(update={"rules": (*settings.rules, *map(Path, more))})
    rules = load(settings)
    inside = [f for f in rules.fates if Path(f.path).resolve() == path.resolve() and f.fate != "filter"]
    if not inside:
        raise UsageError(f"{name}: no rule in it")
    heads = [f for f in inside if f.fate != "base"] or inside
    return _asked(rules, heads, settings)


def _asked(rules: RuleSet, fates: list[RuleFate], settings: Config) -> tuple[RuleSet, list[tuple[Rule, str]]]:
    """The rules of these fates, among all. Raises `SoctermError` where there is nothing to ask of any.

    One that fails its own tests is not loaded otherwise; here it is, for it is the one to ask about.
    """
    if any(f.fate == "disabled" for f in fates):
        rules = load(settings, tested=False)
    usable = [f for f in fates if f.key in rules.rules and f.fate not in ("refused", "filter")]
    unusable = [f for f in fates if f not in usable]
    if not usable:
        raise SoctermError(_no_rule(unusable[0]))
    for f in unusable:
        click.echo(clean(f"socterm: left out: {_no_rule(f)}"), err=True)
    return rules, [
        (rules.rules[f.key], f"disabled: {f.reason}" if f.fate == "disabled" else "") for f in usable
    ]


def _no_rule(f: RuleFate) -> str:
    if f.fate == "filter":
        return f"{f.title} is a filter; explain one of the rules it narrows down"
    return f"{f.title} is {f.fate}: {f.reason} ({place(f.path, f.line)})"


def told(found: RuleExplained, note: str = "", *, show_all: bool = False) -> Iterator[str]:
    """The explanation as lines for a terminal."""
    rule = found.rule
    yield f"Rule      {rule.info.title} ({rule.info.level})"
    yield f"          {rule.info.path}"
    if note:
        yield f"          {note}"
    if rule.correlation is not None:
        yield f"Counts    {_terms(rule)}"
    counted = [answers for answers in found.answers if answers.counts]
    full = list(found.answers) if show_all or len(found.answers) == 1 else _nearest(found, counted)
    for answers in full:
        yield ""
        yield from _event(answers, rule)
    if len(found.answers) > len(full):
        yield ""
        more = len(found.answers) - len(full)
        yield f"{more} more events, {len(counted)} of all {len(found.answers)} satisfy it (--all shows each)"
    if rule.correlation is not None:
        yield ""
        yield from _groups(found)
    yield ""
    yield from _alerts(found)


def _excepted(found: RuleExplained, excepted: Excepted) -> Iterator[str]:
    """What exceptions keep from the rule, of these events."""
    for answers in found.answers:
        for one in answers.rules:
            for why in excepted.event(answers.event, one.key) if one.matched and one.asked else ():
                yield f"Excepted  #{answers.event.id}, {one.title}: {why}"
    for alert in found.alerts:
        for why in excepted.alert(alert.rule, alert.entity):
            whom = ", ".join(f"{name} = {value}" for name, value in alert.entity)
            yield f"Excepted  {whom}: {why}"


def _nearest(found: RuleExplained, counted: list[EventAnswers]) -> list[EventAnswers]:
    """The first that counts and, where none does, those that lacked least."""
    if counted:
        return counted[:1]
    return sorted(found.answers, key=_distance)[:_NEAREST]


def _distance(answers: EventAnswers) -> tuple[bool, int]:
    best = [(not one.asked, len(one.lacks) + bool(one.filter) + one.held) for one in answers.rules]
    return min(best, default=(True, 0))


def _terms(rule: Rule) -> str:
    spec = rule.correlation
    if spec is None:
        return ""
    bounds = " and ".join(f"{op} {number}" for op, number in spec.bounds)
    of = f" of {spec.field}" if spec.field else ""
    by = f" for the same {', '.join(spec.group_by)}" if spec.group_by else ""
    asks = "" if spec.by_ref else f" {bounds}"
    return f"{spec.type}{of}{asks} within {_span(spec.span)}{by}"


def _span(span: int) -> str:
    seconds = span // 1_000_000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _event(answers: EventAnswers, rule: Rule) -> Iterator[str]:
    event = answers.event
    yield f"Event     #{event.id} {event.raw[:300]}"
    sources = "  ".join(map(source_text, event.logsources)) or "none"
    yield f"          log sources: {sources}"
    for one in answers.rules:
        yield from _answer(one, rule)


def _answer(one: RuleAnswer, rule: Rule) -> Iterator[str]:
    if one.key != rule.key:
        yield f"  Base    {one.title}"
    if not one.asked:
        yield f"  ✗ never asked: it is for {source_text(one.wanted)}, and the event is not of that log source"
    for selection in one.selections:
        yield from _selection(selection)
    if one.filter:
        yield f"  ✗ suppressed by the filter: {one.filter}"
    elif one.held:
        yield f"  ✗ {one.memory}"
    elif one.matched and one.asked:
        yield "  ✓ matches" + (f"; {one.memory}" if one.memory else "")
    elif one.matched:
        yield "  ✗ it would match, were it asked"
    else:
        yield "  ✗ no match: " + "; ".join(lack.text for lack in one.lacks[:_VALUES_SHOWN])
    for counted in one.counted:
        group = ", ".join(f"{name} = {'not there' if v is None else v}" for name, v in counted.group)
        said = f"left out, it lacks a field: {group}" if counted.left_out else f"counts for {group or 'all'}"
        values = f", with {', '.join(counted.values)}" if counted.values else ""
        yield f"  {'✗' if counted.left_out else '→'} {counted.title}: {said}{values}"


def _selection(selection: Selected) -> Iterator[str]:
    from socterm.sigma.wording import shown

    state = "holds" if selection.holds else "fails"
    if selection.excluded:
        state += ", which the condition excludes" if selection.holds else ", as the condition asks"
    yield f"  {'✓' if selection.good else '✗'} {selection.name or 'condition'}: {state}"
    if selection.excluded and not selection.holds:
        return
    passed = [test for test in selection.tests if test.passed]
    for test in passed[:_VALUES_SHOWN]:
        yield f"      ✓ {test.field or 'the text'} is {shown(test.values)}: {test.wanted}"
    if len(passed) > _VALUES_SHOWN:
        yield f"      ✓ and {len(passed) - _VALUES_SHOWN} more tests"
    for lack in selection.lacks[:_VALUES_SHOWN]:
        yield f"      ✗ {lack.text}"
    if len(selection.lacks) > _VALUES_SHOWN:
        yield f"      ✗ and {len(selection.lacks) - _VALUES_SHOWN} more"


def _groups(found: RuleExplained) -> Iterator[str]:
    """What the rule itself counted, by group."""
    groups: Counter[tuple[str, ...]] = Counter()
    left_out = 0
    for answers in found.answers:
        for one in answers.rules:
            for counted in one.counted:
                if counted.rule != found.rule.key or one.held or not one.asked:
                    continue
                if counted.left_out:
                    left_out += 1
                else:
                    groups[tuple(f"{name} = {value}" for name, value in counted.group)] += (
                        answers.event.repeat
                    )
    if not groups and not left_out:
        yield "Counted   nothing" + (" by itself: it stands on other correlations" if _chained(found) else "")
    for group, number in groups.most_common(_GROUPS_SHOWN):
        yield f"Counted   {number} for {', '.join(group) or 'all'}"
    if len(groups) > _GROUPS_SHOWN:
        yield f"          and {len(groups) - _GROUPS_SHOWN} more groups"
    if left_out:
        yield f"          {left_out} events lack a group-by field and were left out"


def _chained(found: RuleExplained) -> bool:
    """Whether a rule counts what other correlations found, and no events."""
    asked = {one.key for answers in found.answers for one in answers.rules}
    return found.rule.correlation is not None and not asked.intersection(found.rule.correlation.refs)


def _alerts(found: RuleExplained) -> Iterator[str]:
    if not found.alerts:
        yield "Alerts    none"
    for alert in found.alerts[:_GROUPS_SHOWN]:
        entity = ", ".join(f"{name} = {value}" for name, value in alert.entity) or "nobody in particular"
        yield f"Alert     {entity}: {alert.count} events, fired {alert.signals} times"


def _record(answers: EventAnswers) -> dict[str, Any]:
    from socterm.parsers.export import as_ecs

    rules = [msgspec.to_builtins(one) for one in answers.rules]
    for said, one in zip(rules, answers.rules, strict=True):
        said["lacks"] = [lack.text for lack in one.lacks]
        for part, selection in zip(said["selections"], one.selections, strict=True):
            part["lacks"] = [lack.text for lack in selection.lacks]
    return {
        "event": answers.event.id,
        "counts": answers.counts,
        "fields": as_ecs(answers.event),
        "rules": rules,
    }
