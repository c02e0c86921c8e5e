"""Load Sigma rules from files and folders; every document gets a fate, and none hurts another.

Importing this module is cheap; pySigma comes in with the first call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from socterm.errors import RuleError
from socterm.sigma.boolean import rules_in
from socterm.sigma.documents import Document, RuleFile, digest_of, read_documents, read_file, rule_files
from socterm.sigma.extension import KEY, read_extension
from socterm.sigma.model import RuleSet
from socterm.sigma.placeholders import Lists, Placeholders, own_lists
from socterm.sigma.resolve import Draft, build

_NONE: Final[Lists] = {}


class Cache(Protocol):
    """What remembers drafts by the text of their file: `socterm.sigma.cache.RuleCache`."""

    def get(self, file: RuleFile, placeholders: Lists) -> list[Draft] | None:
        """The drafts of a file with this very text, without their place; None where it has not been met."""

    def put(self, file: RuleFile, placeholders: Lists, drafts: Sequence[Draft]) -> None:
        """Remember the drafts of a file."""


def load_rules(
    paths: Sequence[Path],
    *,
    disabled: Collection[str] = (),
    lists: Collection[str] | None = None,
    placeholders: Lists = _NONE,
    cache: Cache | None = None,
) -> RuleSet:
    """Every rule in files and folders (*.yml, *.yaml, several documents a file allowed), in dependency order.

    A rule that cannot be used is in `fates` as refused with one line saying why. `disabled` names rules (by
    key, id or name) that must raise no alerts; they are still matched where a correlation needs them.
    `lists` are the names `socterm.lookup` may use; without them any name will do. `placeholders` are the
    values that fill `%name%` under `|expand`. `cache` spares reading what has been read before; see `cache`.
    Raises RuleError only for a path that does not exist.
    """
    files = [read_file(path) for path in rule_files(paths)]
    return load_files(files, disabled=disabled, lists=lists, placeholders=placeholders, cache=cache)


def load_files(
    files: Sequence[RuleFile],
    *,
    disabled: Collection[str] = (),
    lists: Collection[str] | None = None,
    placeholders: Lists = _NONE,
    cache: Cache | None = None,
) -> RuleSet:
    """As `load_rules`, of files that have been read: what is on disk by now is another matter."""
    drafts = [draft for file in files for draft in _drafts(file, placeholders, cache)]
    return build(drafts, disabled, lists)


def _drafts(file: RuleFile, placeholders: Lists, cache: Cache | None) -> Iterator[Draft]:
    """The drafts of a file. They are made and remembered without its path: files move, texts stay."""
    drafts = None if cache is None or file.problem else cache.get(file, placeholders)
    if drafts is None:
        drafts = [_draft(document, placeholders) for document in read_documents(file._replace(path=""))]
        if cache is not None and not file.problem:
            cache.put(file, placeholders, drafts)
    for draft in drafts:
        draft.document = draft.document._replace(path=file.path)
        if not (draft.id or draft.name):
            draft.key = file.path + draft.key
        yield draft


def _draft(document: Document, lists: Lists) -> Draft:
    draft = Draft(document, key=f"#{document.number}", problem=document.problem)
    if document.problem:
        return draft
    _label(draft, document.data)
    placeholders = Placeholders(lists)
    try:
        placeholders = Placeholders(lists, _own_lists(document.data.get(KEY)))
        _fill(draft, document.data, placeholders)
    except RuleError as error:
        draft.problem = str(error)
    if placeholders.replaced:  # its tests are about its own lists
        draft.extension = draft.extension._replace(tests=())
    draft.document = document._replace(data=_kept(document.data))
    used = (part for name, values in sorted(placeholders.used.items()) for part in (name, *values, ""))
    draft.digest = digest_of(document.digest, *used)
    return draft


def _own_lists(said: object) -> Lists:
    if not isinstance(said, dict) or "placeholders" not in said:
        return _NONE
    return own_lists(said["placeholders"])


def _kept(data: dict[str, Any]) -> dict[str, Any]:
    """What is still asked for once a document has been read: whom a correlation feeds on, refused or not."""
    terms = data.get("correlation")
    if not isinstance(terms, dict):
        return {}
    refs = terms.get("rules")
    if refs is None and isinstance(terms.get("condition"), str):
        refs = list(rules_in(terms["condition"]))
    named = [ref for ref in (refs if isinstance(refs, list) else [refs]) if isinstance(ref, str | int)]
    return {"correlation": {"rules": named, "generate": terms.get("generate") is True}}


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


def _fill(draft: Draft, data: dict[str, Any], placeholders: Placeholders) -> None:
    # Here and not above: this brings in pySigma.
    from socterm.sigma import translate  # noqa: PLC0415

    if "action" in data:
        raise RuleError(
            "`action:` documents are of Sigma 1 and no more specified; write each rule out in full"
        )
    kinds = [kind for kind in ("detection", "correlation", "filter") if kind in data]
    if len(kinds) > 1:
        raise RuleError(f"it has {kinds[0]} and {kinds[1]}; write a document for each")
    if "correlation" in data:
        head, draft.terms = translate.read_correlation(data)
    elif "detection" in data:
        head, draft.logsource, draft.detection = translate.read_rule(data, placeholders)
    elif "filter" in data:
        head, draft.logsource, draft.filter = translate.read_filter(data, placeholders)
    else:
        raise RuleError("not a Sigma rule: it has neither detection nor correlation nor filter")
    draft.id, draft.name, draft.title, draft.level = head.id, head.name, head.title, head.level
    draft.description, draft.tags, draft.falsepositives = head.description, head.tags, head.falsepositives
    draft.key = head.id or head.name or draft.key
    draft.extension = read_extension(data.get(KEY), translate.timespan)
