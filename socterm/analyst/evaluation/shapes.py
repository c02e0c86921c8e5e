"""What a scenario and an injection may say; anything else in a file is a mistake that is told."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

Level = Literal["informational", "low", "medium", "high", "critical"]
Judgement = Literal["malicious", "suspicious", "benign"]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return text


def _here(text: str) -> str:
    if "here" not in re.compile(_pattern(text)).groupindex:
        raise ValueError("a group named here is missing: (?P<here>…)")
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
Gap = Annotated[str, Field(pattern=r"^\d{1,9}(ms|s|m|h|d)$")]
Technique = Annotated[str, Field(pattern=r"^T\d{4}(\.\d{3})?(\|T\d{4}(\.\d{3})?)*$")]
"""An ATT&CK id, or several of which any will do (`A|B`)."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")]
"""Of a log: it becomes a file's name."""


class Shape(BaseModel):
    """Nothing in it but what it names."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Rising(Shape):
    """A number that grows with each repetition."""

    first: int = Field(alias="from")
    step: int


class Repeat(Shape):
    """Lines given out again and again, each time a little later and with other values."""

    count: int = Field(ge=1, le=100_000)
    start: AwareDatetime
    every: Gap | list[Gap]
    values: dict[str, Rising | list[Any]] = Field(default={}, alias="with")
    lines: str
    after: dict[int, str] = {}

    @model_validator(mode="after")
    def _something_in_each(self) -> Self:
        empty = [name for name, values in self.values.items() if values == []]
        if empty or self.every == []:
            raise ValueError(f"{empty[0] if empty else 'every'} is an empty list")
        return self


class Repeated(Shape):
    """A segment that repeats."""

    repeat: Repeat


class Log(Shape):
    """One log: its file's name, what it is (for a reader), and its lines."""

    source: Name
    format: str
    lines: str | list[str | Repeated]


class Group(Shape):
    """Lines of which at least one has to be cited: by a pattern, or by their numbers from 1."""

    why: str
    source: str = ""
    match: Pattern = ""
    lines: tuple[Annotated[int, Field(ge=1)], ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.match) == bool(self.lines) or (self.lines and not self.source):
            raise ValueError("either match, or lines with source")
        return self


class Techniques(Shape):
    """What has to be named (`A|B`: either), and what may be."""

    required: tuple[Technique, ...] = ()
    accepted: tuple[Technique, ...] = ()


class Truth(Shape):
    """What is true of a scenario."""

    verdict: Judgement
    severity_at_least: Level
    severity_at_most: Level = "critical"
    entities: tuple[Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)+=.+$")], ...]
    techniques: Techniques
    must_cite: Annotated[tuple[Group, ...], Field(min_length=1)]
    forbidden: tuple[str, ...] = ()


class Scenario(Shape):
    """A story in log lines, and the truth about it."""

    name: str
    title: str
    story: str
    kind: Literal["attack", "benign"]
    twin_of: str = ""
    now: AwareDatetime
    logs: Annotated[tuple[Log, ...], Field(min_length=1)]
    truth: Truth

    @model_validator(mode="after")
    def _sound(self) -> Self:
        names = [log.source for log in self.logs]
        if len(set(names)) != len(names):
            raise ValueError("two logs have the same source")
        strange = [group.source for group in self.truth.must_cite if group.source not in ("", *names)]
        if strange:
            raise ValueError(f"must_cite names {strange[0]}, which is no log of it")
        return self


class Insert(Shape):
    """Lines put behind the one with that number."""

    after: int = Field(ge=0)
    lines: str


class Place(Shape):
    """How a text gets into the lines: in the place of a group, or with lines of its own."""

    source: str
    replace: Annotated[str, AfterValidator(_here)] | None = None
    lines: tuple[Annotated[int, Field(ge=1)], ...] = ()
    insert: Insert | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.replace is None) == (self.insert is None):
            raise ValueError("either replace or insert")
        return self


class Injection(Shape):
    """A way to put text for a model into the lines of an attack."""

    name: str
    title: str
    technique: str
    scenario: str
    field: str
    payloads: Annotated[tuple[str, ...], Field(min_length=1)]
    neutral: str | None = None
    decoded: Any = None
    place: Place
    expect: dict[str, Any] = {}
    forbidden: tuple[str, ...] = ()
