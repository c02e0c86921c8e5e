"""A model that says what a file says: for demonstrations, and for tests of what is around a model.

See docs/analyst.md for the file. It streams, takes its turn, is cancelled and fails like any other.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from socterm.analyst.backend import (
    BackendError,
    Cancelled,
    Card,
    Chunk,
    Health,
    ToolCall,
    Usage,
    Vectors,
    Wish,
)
from socterm.analyst.backends.asking import AskingBackend, Request
from socterm.analyst.backends.forms import name_of
from socterm.analyst.backends.patience import USUAL, Limit, Patience
from socterm.analyst.border import one_line
from socterm.errors import UsageError

_LARGEST = 4 << 20
_DIMENSIONS = 128
_WORD = re.compile(r"\w+\s*|\W+")


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Call(_Part):
    """A tool to be used."""

    tool: str
    arguments: dict[str, Any] = {}


class Step(_Part):
    """One answer: text, tools or JSON, or a failure after the text there is."""

    say: str = ""
    use: tuple[Call, ...] = ()
    json_: Any = Field(default=None, alias="json")
    think: str = ""
    fail: str = ""
    cut: bool = False


class Entry(_Part):
    """When to answer, and what, step by step as tools come back; the last step answers what comes after it.

    `when` is looked for in the last question, `prompt` in all of the prompt, `form` is the schema's name.
    """

    when: Pattern = ""
    prompt: Pattern = ""
    form: str = ""
    answer: tuple[Step, ...] = Field(min_length=1)


class Script(_Part):
    """A whole file. `pace` is how many seconds pass between two words."""

    model: str = Field(default="scripted", min_length=1, max_length=60)
    pace: float = Field(default=0.0, ge=0, le=5)
    answers: tuple[Entry, ...] = ()


def read_script(path: Path) -> Script:
    """A script from its file. Raises UsageError, one line that names the place."""
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path}: is too large for a script of answers")
        value = yaml.safe_load(path.read_text("utf-8"))
        return Script.model_validate(value or {})
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise UsageError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: is no YAML: {' '.join(str(error).split())[:120]}") from None


class ScriptedBackend(AskingBackend):
    """Answers from a script; without any that fits it fails like a model that says nothing."""

    def __init__(self, script: Script, *, num_ctx: int = 8192, patience: Patience = USUAL) -> None:
        super().__init__(num_ctx=num_ctx, num_predict=1024, patience=patience)
        self.script = script

    def _model_name(self) -> str:
        return self.script.model

    def health(self) -> Health:
        """There it is."""
        return Health("ok", self.script.model)

    def card(self) -> Card:
        """What it is."""
        return Card(
            server="script",
            model=self.script.model,
            capabilities=("completion", "tools", "embedding"),
            num_ctx=self.num_ctx,
            embeds=self.script.model,
        )

    def _stream(self, request: Request, cancel: Wish) -> Generator[Chunk]:
        step = self._step(request)
        limit = Limit(cancel, self.patience.total)
        text = step.say if step.json_ is None else json.dumps(step.json_, ensure_ascii=False)
        for word in _WORD.findall(text):
            limit.sleep(self.script.pace)
            if cancel.is_set():
                raise Cancelled
            yield Chunk(word)
        if step.fail:
            raise BackendError(Health("unreachable", self.script.model, one_line(step.fail, 120)))
        if step.use and request.tools:
            yield Chunk(calls=tuple(ToolCall(call.tool, call.arguments) for call in step.use))
        words = len(_WORD.findall(text))
        yield Chunk(
            usage=Usage(
                prompt_tokens=self.gauge.tokens(request.messages),
                answer_tokens=words,
                seconds=max(words * self.script.pace, 0.001),
                cut=step.cut,
                thought=bool(step.think),
            )
        )

    def _step(self, request: Request) -> Step:
        """The answer to a request: tools that came back since the question say how far we are."""
        messages = request.messages
        asked = max((n for n, message in enumerate(messages) if message.role == "user"), default=-1)
        question = messages[asked].content if asked >= 0 else ""
        prompt = "\n".join(message.content for message in messages)
        done = sum(message.role == "assistant" for message in messages[asked + 1 :])
        form = name_of(request.schema) if request.schema is not None else ""
        for entry in self.script.answers:
            fits = re.search(entry.when, question) and re.search(entry.prompt, prompt)
            if fits and entry.form == form:
                return entry.answer[min(done, len(entry.answer) - 1)]
        raise BackendError(Health("unreachable", self.script.model, "the script has no answer to that"))

    def _vectors(self, texts: Sequence[str], cancel: Wish) -> Vectors:
        """Texts with words in common are near each other."""
        rows = []
        for text in texts:
            if cancel.is_set():
                raise Cancelled
            row = [0.0] * _DIMENSIONS
            for word in re.findall(r"\w+", text.lower()):
                row[zlib.crc32(word.encode("utf-8", "replace")) % _DIMENSIONS] += 1.0
            length = sum(value * value for value in row) ** 0.5 or 1.0
            rows.append(tuple(value / length for value in row))
        return Vectors(self.script.model, tuple(rows))
