"""Load Sigma rules from files and folders; every document gets a fate, and none hurts another.

Importing this module is cheap; pySigma comes in with the first call.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from socterm.errors import RuleError
from socterm.sigma.documents import Document, RuleFile, read_documents, read_file, rule_files
from socterm.sigma.extension import KEY, read_extension
from socterm.sigma.model import RuleSet
from socterm.sigma.placeholders import Placeholders
from socterm.sigma.resolve import Draft, build


def load_rules(
    paths: Sequence[Path], *, disabled: Collection[str] = (), lists: Collection[str] | None = None
) -> RuleSet:
    """Every rule in files and folders (*.yml, *.yaml, several documents a file allowed), in dependency order.

    A rule that cannot be used is in `fates` as refused with one line saying why. `disabled` names rules (by
    key, id or name) that must raise no alerts; they are still matched where a correlation needs them.
    `lists` are the names `socterm.lookup` may use; without them any name will do.
    Raises RuleError only for a path that does not exist.
    """
    return load_files([read_file(path) for path in rule_files(paths)], disabled=disabled, lists=lists)


def load_files(
    files: Sequence[RuleFile], *, disabled: Collection[str] = (), lists: Collection[str] | None = None
) -> RuleSet:
    """As `load_rules`, of files that have been read: what is on disk by now is another matter."""
    drafts = [_draft(document) for file in files for document in read_documents(file)]
    return build(drafts, disabled, lists)


def _draft(document: Document) -> Draft:
    draft = Draft(document, key=f"{document.path}#{document.number}", problem=document.problem)
    if document.problem:
        return draft
    _label(draft, document.data)
    try:
        _fill(draft, document.data)
    except RuleError as error:
        draft.problem = str(error)
    return draft


def _label(draft: Draft, data: dict[str, Any]) -> None:
    """What a refused rule is listed under: taken as it stands, where it is text at all."""
    said = {key: " ".join(value.split()) for key, value in data.items() if isinstance(value, str)}
    draft.id, draft.name, draft.title = said.get("id", ""), said.get("name", ""), said.get("title", "")
    draft.level = said.get("level", draft.level)
    draft.key = draft.id.lower() or draft.name or draft.key
    tags, source = data.get("tags"), data.get("logsource")
    if isinstance(tags, list):
        draft.tags = tuple(tag for tag in tags if isinstance(tag, str))
    if isinstance(source, dict):
        parts = [source.get(part) for part in ("product", "category", "service")]
        product, category, service = (part.lower() if isinstance(part, str) else "" for part in parts)
        draft.logsource = (product, category, service)


def _fill(draft: Draft, data: dict[str, Any]) -> None:
    # Here and not above: this brings in pySigma.
    from socterm.sigma import translate  # noqa: PLC0415

    if "filter" in data:
        raise RuleError("filter documents are not supported; put the exception into the rule's condition")
    if "action" in data:
        raise RuleError("`action:` documents are not supported; write each rule out in full")
    if "correlation" in data:
        head, draft.terms = translate.read_correlation(data)
    elif "detection" in data:
        head, draft.logsource, draft.detection = translate.read_rule(data, Placeholders({}))
    else:
        raise RuleError("not a Sigma rule: it has neither detection nor correlation")
    draft.id, draft.name, draft.title, draft.level = head.id, head.name, head.title, head.level
    draft.description, draft.tags, draft.falsepositives = head.description, head.tags, head.falsepositives
    draft.key = head.id or head.name or draft.key
    draft.extension = read_extension(data.get(KEY), translate.timespan)
