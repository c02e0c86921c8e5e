"""Answers in a form: a schema that bounds everything, and what to do with an answer that does not fit.

A constrained model fills a form to its bounds when it knows no better, so a text without a bound is an answer
that is cut off in its middle. Hence every text and list has one, and nothing may be added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from socterm.analyst.backend import (
    BackendError,
    Chunk,
    Form,
    Health,
    Message,
    MisfitError,
    Structured,
    TruncatedError,
    Usage,
)
from socterm.analyst.border import plain

LONGEST = 1_000
"""Most characters of a text, and entries of a list: servers refuse grammars that count further."""

_TRIES: tuple[bool | None, ...] = (False, False, None)
"""Whether the model may think, try by try: most forms are filled better, and by some models only, without."""

_FENCE = re.compile(r"^\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*$", re.DOTALL | re.IGNORECASE)
_LONGEST_ECHO = 2_000

Ask = Callable[[Sequence[Message], dict[str, Any], bool | None], Iterator[Chunk]]
"""Stream an answer to messages in a schema, thinking or not."""


def schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a form. Raises ValueError, which names the place, where something is not bounded."""
    schema = form.model_json_schema()
    loose = list(_loose(schema, form.__name__))
    if loose:
        raise ValueError(f"not bounded: {', '.join(loose)}")
    return schema


def _loose(node: Any, where: str) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    if node.get("type") == "string" and not {"enum", "const"} & set(node):
        if not 0 < node.get("maxLength", 0) <= LONGEST:
            yield f"{where} (maxLength)"
    elif node.get("type") == "array":
        if not 0 < node.get("maxItems", 0) <= LONGEST:
            yield f"{where} (maxItems)"
    elif node.get("type") == "object" and node.get("additionalProperties") is not False:
        yield f"{where} (additionalProperties)"
    for key in ("properties", "$defs"):
        for name, inner in node.get(key, {}).items():
            yield from _loose(inner, f"{where}.{name}")
    yield from _loose(node.get("items"), f"{where}[]")
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for inner in node.get(key, ()):
            yield from _loose(inner, where)


def fill(
    ask: Ask, messages: Sequence[Message], form: type[Form], model: Callable[[], str]
) -> Structured[Form]:
    """Ask for a form until a valid one comes, three times at most, telling the model what was wrong.

    Raises BackendError, TruncatedError and whatever `ask` raises.
    """
    schema = schema_of(form)
    total, wrong, said = Usage(), "", ""
    for tries, think in enumerate(_TRIES, 1):
        try:
            said, usage = _whole(ask([*messages, *_again(said, wrong)], schema, think))
        except MisfitError as error:
            said, wrong = "", error.health.reason
            continue
        total = Usage(
            prompt_tokens=usage.prompt_tokens,
            answer_tokens=total.answer_tokens + usage.answer_tokens,
            seconds=total.seconds + usage.seconds,
            cut=usage.cut,
            thought=total.thought or usage.thought,
        )
        if usage.truncated:
            raise TruncatedError(Health("unreachable", model(), "the model did not see the whole prompt"))
        try:
            return Structured(form.model_validate_json(_bare(said)), model(), total, tries)
        except ValidationError as error:
            wrong = "it was cut off: be much shorter" if usage.cut else _first(error)
    raise BackendError(Health("unreachable", model(), f"no valid answer in {len(_TRIES)} tries: {wrong}"))


def _whole(chunks: Iterator[Chunk]) -> tuple[str, Usage]:
    said, usage = "", Usage()
    for chunk in chunks:
        said += chunk.text
        usage = chunk.usage or usage
    return said, usage


def _again(said: str, wrong: str) -> list[Message]:
    if not wrong:
        return []
    # What it said may quote logs: it comes back as something a person would type, not as its own words.
    quoted = f"Your answer was:\n{plain(said, _LONGEST_ECHO)}\n" if said.strip() else ""
    return [Message("user", f"{quoted}That cannot be used: {wrong}. Answer again, with the JSON alone.")]


def _bare(text: str) -> str:
    """The JSON of an answer; models that ignore the schema like to put it into a fence."""
    fenced = _FENCE.match(text)
    return fenced[1] if fenced else text


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    return plain(" ".join(f"{where}: {first['msg']}".removeprefix(": ").split()), 160)


def name_of(schema: dict[str, Any]) -> str:
    """A schema's name, for servers that want one."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", str(schema.get("title", "answer")))[:60]
