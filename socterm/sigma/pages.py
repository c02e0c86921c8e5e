"""A rule as a page for whoever has its alert before them, in Markdown: what it saw, how to check and tune."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from socterm.event import LogSource
from socterm.sigma.alertrules import over_alerts
from socterm.sigma.model import Rule
from socterm.sigma.phrases import fires, parts, span_in_words
from socterm.taxonomy import attack


def rule_page(rule: Rule, rules: Mapping[str, Rule], *, link: Mapping[str, str]) -> str:
    """The page of a rule that raises alerts. `link` says where the page of a rule is, by name."""
    info, guide = rule.info, rule.guide
    sections = [
        f'<a id="{rule.name}"></a>\n\n## {_line(info.title)}\n',
        f"`{rule.name}` · {info.level}{''.join(f' · {found}' for found in detections_of(info.tags))}\n",
        f"{_line(info.description)}\n",
    ]
    if guide.why:
        sections.append(f"**Why it matters.** {_line(guide.why)}\n")
    if guide.check:
        steps = "\n".join(f"{n}. {_line(step)}" for n, step in enumerate(guide.check, 1))
        sections.append(f"**How to check**\n\n{steps}\n")
    if guide.tune:
        sections.append(f"**How to tune.** {_line(guide.tune)}\n")
    if guide.noise:
        sections.append(f"**Expected noise.** {_line(guide.noise)}\n")
    if info.falsepositives:
        harmless = "\n".join(f"- {_line(said)}" for said in info.falsepositives)
        sections.append(f"**False positives**\n\n{harmless}\n")
    rows = "\n".join(f"| {name} | {_cell(said)} |" for name, said in _facts(rule, rules, link) if said)
    sections.append(f"| | |\n|---|---|\n{rows}\n")
    return "\n".join(sections)


def detections_of(tags: Sequence[str]) -> list[str]:
    """The short names of the detections a rule is, as its tags say: A01, K02.

    >>> detections_of(("attack.t1110", "socterm.a01", "socterm.aspect"))
    ['A01']
    """
    return [
        tag.removeprefix("socterm.").upper()
        for tag in tags
        if tag.startswith("socterm.") and tag != "socterm.aspect"
    ]


def log_sources(rule: Rule, rules: Mapping[str, Rule]) -> list[str]:
    """The log sources that events come from which a rule looks at or counts, such as `linux/*/sshd`."""
    of = [rule, *(part for _, part in parts(rule, rules))]
    return sorted({_source(one.logsource) for one in of if one.correlation is None})


def _facts(rule: Rule, rules: Mapping[str, Rule], link: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "fires", fires(rule, rules)
    yield "counts", "<br>".join(_parts(rule, rules))
    yield "log sources", ", ".join(f"`{source}`" for source in log_sources(rule, rules))
    yield "ATT&CK", ", ".join(_attack(rule.info.tags))
    yield "an alert is about", ", ".join(f"`{name}`" for name in _entity(rule))
    yield "it ends", f"after {span_in_words(rule.throttle)} without more" if rule.throttle else ""
    yield "risk", str(rule.risk) if rule.risk else ""
    yield "stands above", ", ".join(_linked(name, link) for name in rule.supersedes)


def _parts(rule: Rule, rules: Mapping[str, Rule]) -> Iterator[str]:
    for depth, part in parts(rule, rules):
        told = not part.alerting and (part.correlation or part.learning)
        when = f": {fires(part, rules)}" if told else ""
        yield f"{'&emsp;' * depth}`{part.name}` {_line(part.info.title)}{when}"


def _entity(rule: Rule) -> Sequence[str]:
    if rule.entity or (rule.correlation and rule.correlation.group_by):
        return rule.entity or (rule.correlation.group_by if rule.correlation else ())
    return () if rule.correlation else ("source.ip", "user.name", "host.hostname")


def _attack(tags: Sequence[str]) -> Iterator[str]:
    titles = {tactic.name: tactic.title for tactic in attack.TACTICS}
    for tag in tags:
        technique = attack.technique_of(tag)
        if technique:
            yield f"{technique} {attack.name_of(technique)}".strip()
        elif attack.tactic_of(tag):
            yield titles.get(attack.tactic_of(tag), attack.tactic_of(tag))


def _linked(name: str, link: Mapping[str, str]) -> str:
    return f"[{name}]({link[name]})" if name in link else f"`{name}`"


def _source(source: LogSource) -> str:
    return "our own alerts" if over_alerts(source) else "/".join(part or "*" for part in source)


def _line(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
