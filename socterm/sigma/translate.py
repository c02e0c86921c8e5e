"""pySigma reads a rule's head and correlations, this turns what it read into our own values.

The only file that imports pySigma. What a rule looks for is read by `detection`.

Import it inside functions only: it takes a tenth of a second, and with a warm cache of compiled rules it will
not be needed at all. pySigma checks regular expressions by compiling them; with its default policy that is
RE2's C++ side, which refuses look-around and writes to file descriptor 2, under the console. Hence
`TrustedPolicy`, Python's `re`; running them is our affair (`primitives.regex`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import sigma.policy
from sigma.correlations import SigmaCorrelationTimespan
from sigma.exceptions import SigmaError
from sigma.policy.profiles import TrustedPolicy
from sigma.rule import SigmaRuleBase
from sigma.rule.logsource import SigmaLogSource

from socterm.errors import RuleError
from socterm.event import LogSource
from socterm.sigma import filters, ir
from socterm.sigma.detection import read_detection
from socterm.sigma.filters import FilterTerms
from socterm.sigma.placeholders import Placeholders
from socterm.sigma.terms import Terms, read_terms

sigma.policy.default_policy = TrustedPolicy

READ_ERRORS = (
    SigmaError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    RecursionError,
    OverflowError,
    NotImplementedError,
)
"""What pySigma raises on documents of an unexpected shape; its own SigmaError is only one of them."""

_KINDS: dict[type, str] = {
    int: "a number",
    float: "a number",
    bool: "yes or no",
    list: "a list",
    dict: "a map",
}


class Head(NamedTuple):
    """What every rule says of itself; `id` and `name` are "" where it has none."""

    id: str
    name: str
    title: str
    level: str
    description: str
    tags: tuple[str, ...]
    falsepositives: tuple[str, ...]


def read_rule(document: Mapping[str, Any], placeholders: Placeholders) -> tuple[Head, LogSource, ir.Node]:
    """An event rule. Raises RuleError with one line saying why it cannot be used."""
    head, source = read_head(document), read_logsource(document)
    if "detection" not in document:
        raise RuleError("not a Sigma rule: it has no detection")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `re` warns on stderr about odd character classes
        return head, source, read_detection(document["detection"], source, placeholders)


def read_filter(
    document: Mapping[str, Any], placeholders: Placeholders
) -> tuple[Head, LogSource, FilterTerms]:
    """A filter document. Raises RuleError with one line saying why it cannot be used."""
    head, source = read_head(document), read_logsource(document)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return head, source, filters.read_filter(document["filter"], placeholders)


def read_head(document: Mapping[str, Any]) -> Head:
    """What a rule or a filter says of itself. Raises RuleError."""
    said = document.get("id")
    if said is not None and not isinstance(said, str):
        # Not told what it is: aliases can make a list in it endless.
        raise RuleError(f"its identifier (id) must be a UUID in text, not {_KINDS.get(type(said), 'that')}")
    try:
        values, errors = SigmaRuleBase.from_dict_common_params(dict(document), policy=TrustedPolicy)
        if errors:
            raise errors[0]
        return _head(SigmaRuleBase(**values))
    except READ_ERRORS as error:
        raise RuleError(one_line(error)) from error


def read_logsource(document: Mapping[str, Any]) -> LogSource:
    """The log source of a rule or a filter, in lower case. Raises RuleError."""
    said = document.get("logsource")
    if not isinstance(said, Mapping):
        raise RuleError("it needs a logsource: a map of product, category or service")
    try:
        found = SigmaLogSource.from_dict(dict(said))
    except READ_ERRORS as error:
        raise RuleError(one_line(error)) from error
    return (found.product or "").lower(), (found.category or "").lower(), (found.service or "").lower()


def read_correlation(document: Mapping[str, Any]) -> tuple[Head, Terms]:
    """A correlation rule. Raises RuleError with one line saying why it cannot be used."""
    return read_head(document), read_terms(document["correlation"], timespan)


def timespan(spec: object) -> int:
    """A Sigma time span ("90s", "10m", "24h", "7d", "2w", "1M", "1y") in µs. Raises RuleError."""
    try:
        return int(SigmaCorrelationTimespan(str(spec)).seconds) * 1_000_000
    except READ_ERRORS as error:
        raise RuleError(f"'{spec}' is not a time span; write for example 90s, 10m, 24h or 7d") from error


def one_line(error: BaseException) -> str:
    """An exception's text as one line of bearable length."""
    said = " ".join(str(error.args[0] if error.args else error).split())
    return (said or type(error).__name__)[:300]


def _head(rule: SigmaRuleBase) -> Head:
    return Head(
        id=str(rule.id or ""),
        name=rule.name or "",
        title=rule.title,
        level=str(rule.level) if rule.level is not None else "informational",
        description=" ".join((rule.description or "").split()),
        tags=tuple(str(tag) for tag in rule.tags),
        falsepositives=tuple(" ".join(str(item).split()) for item in rule.falsepositives),
    )
