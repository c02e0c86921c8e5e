"""An answer against the truth, as numbers between 0 and 1. Pure.

Where no rule raised anything nobody was asked. Over a harmless twin that is the whole right answer; over an
attack it is none at all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from socterm.alerts.levels import rank_of
from socterm.analyst.evaluation.scenarios import Line, Logs, lines_of
from socterm.analyst.evaluation.shapes import Group, Techniques, Truth

WEIGHTS: Final[Mapping[str, float]] = {
    "verdict": 0.30, "evidence": 0.20, "entities": 0.15, "techniques": 0.15, "validity": 0.10,
    "robustness": 0.10,
}  # fmt: skip

JUDGEMENTS: Final[Mapping[str, str]] = {
    "true_positive": "malicious",
    "suspicious": "suspicious",
    "undetermined": "suspicious",
    "benign": "benign",
}
"""The verdicts of the roles in the words of the truth."""


class Answer(msgspec.Struct, frozen=True):
    """What was said of a case. `asked`: something was raised, so that there was a case.

    `cited` and `rests` have the lines of each event cited anywhere, and of those the verdict rests on.
    `asserted` are the headline, reasons and next steps; `said` all words of its own. `form` is the share of
    stages in which nothing had to be held back. `fallback` is the share that rules said in a model's stead.
    """

    verdict: str = "benign"
    severity: str = "informational"
    asked: bool = True
    entities: tuple[tuple[str, str], ...] = ()
    techniques: tuple[str, ...] = ()
    cited: tuple[frozenset[Line], ...] = ()
    rests: tuple[frozenset[Line], ...] = ()
    asserted: str = ""
    said: str = ""
    form: float = 1.0
    seconds: float = 0.0
    fallback: float = 0.0


SILENCE: Final = Answer(asked=False)


class Parts(msgspec.Struct, frozen=True):
    """The parts of a score that one scenario has. `severity` counts for nothing: it is told beside them."""

    verdict: float
    evidence: float
    entities: float
    techniques: float
    validity: float
    severity: float = 0.0


def score(truth: Truth, logs: Logs, answer: Answer) -> Parts:
    """One answer against one truth."""
    if not answer.asked:
        right = float(truth.verdict == "benign")
        return Parts(right, right, right, right, right, right)
    least, most = rank_of(truth.severity_at_least), rank_of(truth.severity_at_most)
    return Parts(
        verdict=float(JUDGEMENTS[answer.verdict] == truth.verdict),
        evidence=evidence(truth.must_cite, logs, answer.cited, answer.rests),
        entities=entities(truth, answer.entities),
        techniques=techniques(truth.techniques, answer.techniques),
        validity=(answer.form + (not asserts(truth.forbidden, answer.asserted))) / 2,
        severity=float(least <= rank_of(answer.severity) <= most),
    )


def composite(parts: Mapping[str, float], *, alone: bool = False) -> float:
    """The weighted mean of the parts there are; `alone` leaves out those that nearly anything gets."""
    counted = {
        name: weight for name, weight in WEIGHTS.items() if name in parts and not (alone and name in _EASY)
    }
    return sum(weight * parts[name] for name, weight in counted.items()) / sum(counted.values())


_EASY: Final = ("validity", "robustness")


# -- evidence ----------------------------------------------------------------------------


def evidence(
    groups: Sequence[Group], logs: Logs, cited: Sequence[frozenset[Line]], rests: Sequence[frozenset[Line]]
) -> float:
    """F1 of the groups that are cited and of what the verdict rests on that belongs to one."""
    right = [lines_of(group, logs) for group in groups]
    every = frozenset[Line]().union(*cited)
    wanted = frozenset[Line]().union(*right)
    recall = sum(bool(group & every) for group in right) / len(right)
    precision = sum(bool(lines & wanted) for lines in rests) / len(rests) if rests else 0.0
    return 2 * recall * precision / (recall + precision) if recall and precision else 0.0


_AUDIT: Final = re.compile(r"msg=audit\((\d+\.\d+:\d+)\)")


def event_lines(source: str, number: int, logs: Logs) -> frozenset[Line]:
    """The lines that citing one of them cites: audit records of one serial are one event."""
    lines = logs.get(source, ())
    found = _AUDIT.search(lines[number - 1]) if 0 < number <= len(lines) else None
    if found is None:
        return frozenset({(source, number)})
    return frozenset((source, n) for n, line in enumerate(lines, 1) if found.group() in line)


# -- entities ----------------------------------------------------------------------------

_ENTITY: Final = re.compile(r"[a-z_]+(?:\.[a-z_]+)+=.+", re.DOTALL)


def entities(truth: Truth, named: Iterable[tuple[str, str]]) -> float:
    """Those that were named, of those that should be and of the innocents that should not."""
    said = list(named)
    innocent = [text for text in truth.forbidden if _ENTITY.fullmatch(text)]
    found = sum(any(same(pair_of(text), one) for one in said) for text in truth.entities)
    wrong = sum(any(same(pair_of(text), one) for one in said) for text in innocent)
    return found / (len(truth.entities) + wrong) if truth.entities or wrong else 1.0


def pair_of(text: str) -> tuple[str, str]:
    """`field=value` as a pair."""
    field, _, value = text.partition("=")
    return field, value


def kind_of(field: str) -> str:
    """What a field holds, whatever part it has."""
    first, last = field.split(".", maxsplit=1)[0], field.rsplit(".", 1)[-1]
    if last == "ip":
        return "address"
    if "user" in field.split(".")[:-1]:
        return "user"
    if last == "domain" or first == "dns":
        return "name"
    return {"host": "host", "url": "url", "process": "path", "file": "path"}.get(first, field)


def same(true: tuple[str, str], said: tuple[str, str]) -> bool:
    """Whether what was said is what is true, by kind and value."""
    kind, wanted, value = kind_of(true[0]), true[1].casefold(), said[1].casefold()
    if kind != kind_of(said[0]):
        return False
    if kind == "user":
        return wanted.split("@")[0] == value.split("@")[0]
    if kind == "host":
        return wanted.split(".")[0] == value.split(".")[0]
    if kind == "name":
        return value == wanted or value.endswith("." + wanted)
    return value == wanted or (kind == "url" and urlsplit(value).path == wanted)


def asserts(forbidden: Iterable[str], text: str) -> bool:
    """Whether a text says one of the things it must not; an innocent's value counts as a whole word."""
    return any(_stands(one, text) for one in forbidden)


def _stands(forbidden: str, text: str) -> bool:
    if not _ENTITY.fullmatch(forbidden):
        return forbidden.casefold() in text.casefold()
    value = re.escape(pair_of(forbidden)[1])
    return re.search(rf"(?<![\w.]){value}(?!\w|\.\d)", text, re.IGNORECASE) is not None


# -- techniques --------------------------------------------------------------------------


def techniques(truth: Techniques, named: Sequence[str]) -> float:
    """F1; what is accepted, or below something required, neither helps nor hurts."""
    met = sum(any(_meets(one, said) for said in named) for one in truth.required)
    fine = {*truth.accepted}
    wrong = sum(
        said not in fine and not any(_meets(one, said) for one in truth.required)
        for said in dict.fromkeys(named)
    )
    if not truth.required:
        return 1 / (1 + wrong)
    return 2 * met / (met + len(truth.required) + wrong)


def _meets(required: str, said: str) -> bool:
    return any(said == one or said.startswith(one + ".") for one in required.split("|"))


# -- intervals ---------------------------------------------------------------------------


def wilson(hits: float, of: int, z: float = 1.96) -> tuple[float, float]:
    """Between which shares the true one lies in 95 of 100 cases, by Wilson's score interval."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
