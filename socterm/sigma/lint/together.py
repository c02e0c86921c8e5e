"""The linter: files in, findings out, in the order of the files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

import yaml

from socterm.sigma.documents import RuleFile, read_documents
from socterm.sigma.lint.conditions import check_condition
from socterm.sigma.lint.finding import SEVERITIES, Finding, Note, Spot
from socterm.sigma.lint.head import check_head
from socterm.sigma.lint.selections import check_logsource, check_selections
from socterm.sigma.lint.tree import Tree, scalar, trees, walk
from socterm.sigma.model import Rule, RuleFate, RuleSet
from socterm.sigma.superseding import mistakes, strangers
from socterm.taxonomy.yields import closed, is_known

_AT = re.compile(r" at character (\d+)$")
_SAME = {
    "condition": "",
    "modifier": "",
    "id": "identifier",
    "level": "level",
    "status": "status",
    "title": "title",
    "tag": " tag ",
}
"""Checks that find what the loader refuses too, but say where; and a word that its reason then has."""
_MOST = 200
_WORD = re.compile(r"[a-z]+")
_OURS = re.compile(r"socterm\.(\w+)")
_QUOTED = re.compile(r"'([^']+)'|%([^%]+)%|^([\w.-]+)(?:\||:)")


def lint(files: Sequence[RuleFile], rules: RuleSet) -> list[Finding]:
    """Everything to say of these files. `rules` is what loading them (and others beside them) gave."""
    fates = {(f.path, f.line): f for f in rules.fates}
    found = []
    titles: dict[str, str] = {}
    for file in files:
        known = dict(trees(file))
        for document in read_documents(file):
            tree = known.get(document.number)
            if tree is None:
                notes = [_broken(document.problem, document.line)]
            elif document.problem:
                # YAML in form, but a value is none (a 30th of February) or a key stands twice.
                notes = [note for note in _first(check_head(tree)) if note.severity == "error"]
                notes = notes or [_broken(document.problem, document.line)]
            else:
                fate = fates.get((file.path, document.line))
                notes = list(_notes(tree, fate, rules, titles, f"{file.path}:{document.line}"))
            notes.sort(key=lambda note: (note.spot, SEVERITIES.index(note.severity)))
            found += [_found(file.path, note) for note in notes]
    return found


def _first(notes: Iterator[Note]) -> list[Note]:
    """The first findings of a kind of check: a file can be made to have a million."""
    found = list(islice(notes, _MOST))
    if next(notes, None) is not None:
        spot, severity, check, _ = found[-1]
        found.append(Note(spot, severity, check, f"and more; only the first {_MOST} of a document are told"))
    return found


def _found(path: str, note: Note) -> Finding:
    return Finding(path, *note.spot, note.severity, note.check, " ".join(note.message.split()))


def _broken(problem: str, line: int) -> Note:
    at = _AT.search(problem)
    return Note(Spot(max(line, 1), int(at[1]) if at else 1), "error", "yaml", _AT.sub("", problem))


def _notes(
    tree: Tree, fate: RuleFate | None, rules: RuleSet, titles: dict[str, str], place: str
) -> Iterator[Note]:
    notes = [*_first(check_head(tree)), *_title(tree, titles, place)]
    if tree.get("correlation") is None:
        for check in (check_condition, check_logsource, check_selections):
            notes += _first(check(tree))
    rule = rules.rules.get(fate.key) if fate is not None and fate.fate != "refused" else None
    if rule is not None and rule.correlation is not None:
        notes += _grouped(tree, rule, rules)
    if rule is not None:
        notes += _superseding(tree, rule, rules)
    if fate is not None and fate.fate == "refused" and not _explained(notes, fate.reason):
        notes.append(Note(_locate(tree, fate.reason), "error", "refused", fate.reason))
    yield from notes


def _explained(notes: Collection[Note], reason: str) -> bool:
    """Whether an error that names its place says already why a document is refused."""
    low = reason.lower()
    return "already taken" not in low and any(
        note.severity != "hint" and note.check in _SAME and _SAME[note.check] in low for note in notes
    )


def _title(tree: Tree, titles: dict[str, str], place: str) -> Iterator[Note]:
    title = " ".join(tree.text("title").split())
    if not title:
        yield Note(tree.spot(tree.get("title")), "error", "title", "it has no title")
        return
    first = titles.setdefault(title.lower(), place)
    if first != place:
        said = f"the rule in {first} has this title too"
        yield Note(tree.spot(tree.get("title")), "warning", "title", said)


def _grouped(tree: Tree, rule: Rule, rules: RuleSet) -> Iterator[Note]:
    """Group-by fields and counted fields that events of a base rule never have: it would count nothing."""
    spec = rule.correlation
    if spec is None:
        return
    for ref in spec.refs:
        base = rules.rules.get(ref)
        if base is None or base.detection is None or closed(base.logsource) != "closed":
            continue
        for name, field in zip(spec.group_by, spec.fields.get(ref, ()), strict=False):
            if not is_known(field, base.logsource):
                node = tree.find(name, "correlation") or tree.get("correlation", "group-by")
                said = f"events of '{base.info.title}' never have {field}: grouped by it, they are left out"
                yield Note(tree.spot(node), "warning", "group-by", said)


def _superseding(tree: Tree, rule: Rule, rules: RuleSet) -> Iterator[Note]:
    def at(name: str) -> Spot:
        return tree.spot(tree.find(name, "socterm", "supersedes") or tree.get("socterm", "supersedes"))

    for name, said in mistakes(rule, rules.rules):
        yield Note(at(name), "warning", "supersedes", said)
    for name, said in strangers(rule, rules.rules):
        yield Note(at(name), "hint", "supersedes", said)


def _locate(tree: Tree, reason: str) -> Spot:
    """Where a reason most likely points: at what it quotes, else at the part of the document it is about."""
    section = "correlation" if tree.get("correlation") is not None else "detection"
    selection, _, rest = reason.partition(": ")
    for part in walk(tree.get(section, selection)):
        if rest and scalar(part).partition("|")[0] == rest.partition(": ")[0]:
            return tree.spot(part)
    for match in _QUOTED.finditer(reason):
        word = next(group for group in match.groups() if group)
        node = tree.find(word, section) or tree.find(word)
        if node is not None:
            return tree.spot(node)
    return tree.spot(_named(tree, reason) or tree.get(section))


def _named(tree: Tree, reason: str) -> yaml.Node | None:
    """The part of a document that a reason names in its own words: `Sigma rule level must be a string`."""
    ours = _OURS.match(reason)
    if ours is not None:
        return tree.get("socterm", ours[1]) or tree.get("socterm")
    if not reason.startswith(("Sigma ", "it")):
        return None
    words = _WORD.findall(reason.replace("log source", "logsource").replace("identifier", "id"))
    named = (tree.get("detection", word) if word == "condition" else tree.get(word) for word in words)
    return next((node for node in named if node is not None), None)
