"""What a set of rules covers of ATT&CK: rules a tactic, rules a technique, and every tag that fits neither.

Tags of either age count: `defense-evasion` and T1562 are taken for what version 19 made of them; `in_version`
names all of it as version 18 did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

import msgspec

from socterm.alerts.model import RuleInfo
from socterm.taxonomy import attack
from socterm.taxonomy.attack_techniques import TECHNIQUES

Version = Literal["18", "19"]


class TechniqueCover(msgspec.Struct, frozen=True):
    """A technique or sub-technique: the titles of the rules tagged with just this id, sorted."""

    id: str
    name: str
    tactics: tuple[str, ...]
    titles: tuple[str, ...]


class TacticCover(msgspec.Struct, frozen=True):
    """A column of the matrix. `rules` are tagged with the tactic; `techniques` are those of it with a rule,
    and how many rules they and their sub-techniques have; `known` is how many techniques ATT&CK has there."""

    name: str
    id: str
    title: str
    rules: int
    techniques: tuple[tuple[str, int], ...]
    known: int


class OtherTag(msgspec.Struct, frozen=True):
    """A tag that is neither tactic nor technique: software, groups, CVEs, and what ATT&CK does not know."""

    tag: str
    titles: tuple[str, ...]


class Coverage(msgspec.Struct, frozen=True):
    """The matrix with its rules. `untagged` are titles of rules without any ATT&CK tactic or technique."""

    version: Version
    rules: int
    tactics: tuple[TacticCover, ...]
    techniques: tuple[TechniqueCover, ...]
    other: tuple[OtherTag, ...]
    untagged: tuple[str, ...]


def coverage(rules: Iterable[RuleInfo], version: Version = "19") -> Coverage:
    """What these rules cover, in the words of an ATT&CK version."""
    of_technique: dict[str, set[int]] = defaultdict(set)
    of_tactic: dict[str, set[int]] = defaultdict(set)
    of_other: dict[str, set[int]] = defaultdict(set)
    infos = list(rules)
    untagged = []
    for number, info in enumerate(infos):
        techniques, tactics, other = _sorted_tags(info.tags)
        for technique in techniques:
            of_technique[_technique(technique, version)].add(number)
        for tactic in tactics:
            of_tactic[_tactic(tactic, version)].add(number)
        for tag in other:
            of_other[tag].add(number)
        if not techniques and not tactics:
            untagged.append(info.title)
    covers = tuple(
        TechniqueCover(ident, attack.name_of(ident), _tactics(ident, version), _titles(infos, numbers))
        for ident, numbers in sorted(of_technique.items())
    )
    columns = tuple(
        _column(tactic, of_tactic[tactic.name], of_technique, version) for tactic in matrix(version)
    )
    others = tuple(OtherTag(tag, _titles(infos, numbers)) for tag, numbers in sorted(of_other.items()))
    return Coverage(version, len(infos), columns, covers, others, tuple(sorted(untagged)))


def matrix(version: Version) -> tuple[attack.Tactic, ...]:
    """The tactics of a version, in order."""
    if version == attack.VERSION:
        return attack.TACTICS
    return tuple(
        attack.OLD_TACTIC if tactic.name == "stealth" else tactic
        for tactic in attack.TACTICS
        if tactic.name != "defense-impairment"
    )


def techniques_of(tactic: str, version: Version) -> tuple[str, ...]:
    """The ids of a tactic's techniques (no sub-techniques) in a version, sorted."""
    found = {
        _technique(ident, version).partition(".")[0]
        for ident in TECHNIQUES
        if tactic in _tactics(ident, version)
    }
    return tuple(sorted(found))


def _sorted_tags(tags: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Techniques and tactics of version 19, and the tags that are neither."""
    techniques: dict[str, None] = {}
    written: dict[str, None] = {}
    other: dict[str, None] = {}
    for tag in tags:
        technique, tactic = attack.technique_of(tag), attack.tactic_of(tag)
        if technique and attack.known(technique):
            techniques[technique] = None
        elif tactic:
            written[tactic] = None
        else:
            other[tag] = None
    ids = tuple(techniques)
    tactics = dict.fromkeys(new for tactic in written for new in attack.split_tactic(tactic, ids))
    return ids, tuple(tactics), tuple(other)


def _technique(ident: str, version: Version) -> str:
    return ident if version == attack.VERSION else attack.former(ident)


def _tactic(name: str, version: Version) -> str:
    return name if version == attack.VERSION else attack.former_tactic(name)


def _tactics(ident: str, version: Version) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_tactic(name, version) for name in attack.tactics_of(ident)))


def _titles(infos: list[RuleInfo], numbers: set[int]) -> tuple[str, ...]:
    return tuple(sorted(infos[number].title for number in numbers))


def _column(
    tactic: attack.Tactic, tagged: set[int], of_technique: dict[str, set[int]], version: Version
) -> TacticCover:
    known = techniques_of(tactic.name, version)
    family: dict[str, set[int]] = defaultdict(set)
    for ident, numbers in of_technique.items():
        family[ident.partition(".")[0]] |= numbers
    covered = tuple((ident, len(family[ident])) for ident in known if family.get(ident))
    return TacticCover(tactic.name, tactic.id, tactic.title, len(tagged), covered, len(known))
