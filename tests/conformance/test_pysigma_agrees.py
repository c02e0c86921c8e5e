"""pySigma as a second reader: of every rule of SigmaHQ's archive it makes the same tree as we do."""

from __future__ import annotations

import os
import tarfile
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.policy.profiles import TrustedPolicy
from sigma.rule import SigmaRule
from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SpecialChars,
)
from socterm.sigma import ir
from socterm.sigma.detection import bound
from socterm.sigma.fields import text
from socterm.sigma.load import load_rules
from socterm.sigma.patterns import Wild, as_test

CORPORA = os.environ.get("SOCTERM_CORPORA", "")
pytestmark = pytest.mark.skipif(not CORPORA, reason="SOCTERM_CORPORA names no folder with outside corpora")

WILD = {SpecialChars.WILDCARD_MULTI: Wild.ANY, SpecialChars.WILDCARD_SINGLE: Wild.ONE}


def tree_of(document: dict[str, Any]) -> ir.Node:
    """What pySigma reads, in our words, fields as written."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rule = SigmaRule.from_dict(document, policy=TrustedPolicy)
        return ir.joined(ir.Or, tuple(node(each.parsed) for each in rule.detection.parsed_condition))


def node(tree: Any) -> ir.Node:
    if isinstance(tree, ConditionAND | ConditionOR):
        kind = ir.And if isinstance(tree, ConditionAND) else ir.Or
        return ir.joined(kind, tuple(map(node, tree.args)))
    if isinstance(tree, ConditionNOT):
        return ir.Not(node(tree.args[0]))
    assert isinstance(tree, ConditionFieldEqualsValueExpression | ConditionValueExpression)
    parents = (parent for parent in tree.parent_chain() if isinstance(parent, ConditionIdentifier))
    selection = next((str(parent.identifier) for parent in parents), "")
    field = tree.field if isinstance(tree, ConditionFieldEqualsValueExpression) else ""
    found = tree.value.values if isinstance(tree.value, SigmaExpansion) else [tree.value]
    return ir.joined(ir.Or, tuple(leaf(field, value, selection) for value in found))


def leaf(field: str, value: Any, selection: str) -> ir.Node:
    if field:
        return ir.FieldMatch((field,), test(value), selection)
    parts = words(value) if isinstance(value, SigmaString) else (text(value.number),)
    if isinstance(value, SigmaRegularExpression):
        found = test(value)
        assert isinstance(found, ir.Regex)
        return ir.Keyword(found, selection)
    front = () if parts[0] is Wild.ANY else (Wild.ANY,)
    behind = () if parts[-1] is Wild.ANY else (Wild.ANY,)
    return ir.Keyword(as_test((*front, *parts, *behind), isinstance(value, SigmaCasedString)), selection)


def words(value: SigmaString) -> tuple[Any, ...]:
    return tuple(part if isinstance(part, str) else WILD[part] for part in value.s)  # type: ignore[index]


def test(value: Any) -> ir.Test:
    if isinstance(value, SigmaString):
        return as_test(words(value), isinstance(value, SigmaCasedString))
    if isinstance(value, SigmaNumber | SigmaBool):
        return ir.Text(text(value.number if isinstance(value, SigmaNumber) else value.boolean))
    if isinstance(value, SigmaNull | SigmaExists):
        return ir.Exists() if isinstance(value, SigmaExists) and value.exists else ir.Null()
    if isinstance(value, SigmaRegularExpression):
        flags = "".join(sorted(flag.name[0].lower().replace("d", "s") for flag in value.flags))
        return ir.Regex(str(value.regexp), flags)
    if isinstance(value, SigmaCIDRExpression):
        return ir.Cidr(str(value.network))
    if isinstance(value, SigmaCompareExpression):
        return ir.Compare(value.op.name.lower(), value.number.number)  # type: ignore[arg-type]
    assert isinstance(value, SigmaFieldReference)
    return ir.Reference((value.field,))


test.__test__ = False  # type: ignore[attr-defined]


def test_every_rule_of_the_archive_is_read_alike(tmp_path: Path) -> None:
    with tarfile.open(Path(CORPORA) / "sigma" / "sigmahq-rules.tar.gz") as archive:
        # Debian 12's Python 3.11.2 has no filters yet.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path)
    compared = 0
    differ = []
    for key, rule in load_rules([tmp_path]).rules.items():
        (document,) = yaml.load_all(Path(rule.info.path).read_text("utf-8"), Loader=yaml.CSafeLoader)
        compared += 1
        if bound(tree_of(document), rule.logsource) != rule.detection:
            differ.append(key)
    assert compared > 3_700
    assert differ == []
