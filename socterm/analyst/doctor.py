"""What a model's server is asked before one relies on it: is it there, is it local, what can it, how fast.

Nothing here waits longer than it was told to, and nothing raises for what a server does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from socterm.analyst.backend import Backend, BackendError, Cancelled, Card, Health, Message
from socterm.analyst.backends.patience import Limit
from socterm.analyst.border import untrusted
from socterm.analyst.prompts import Prompts

SLOW = 5.0
"""Tokens a second below which triage by a model takes minutes."""


SMALL = 4096
"""Tokens below which an evidence pack and its answer have no room."""

PASSABLE = 4
"""Shots a model should get right."""


class Shot(BaseModel):
    """The form of the probe."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["failed_login", "login", "other"]
    user: Annotated[str, Field(max_length=40)]
    line: Literal["E1", "E2", "E3", "E4", "E5", "E6"]


SHOTS: tuple[tuple[str, str, str], ...] = (
    ("failed_login", "root", "sshd[811]: Failed password for root from 203.0.113.9 port 40022 ssh2"),
    ("login", "alice", "sshd[904]: Accepted publickey for alice from 192.0.2.44 port 50100 ssh2"),
    ("other", "", "kernel: usb 1-1: new high-speed USB device number 4 using xhci_hcd"),
    (
        "failed_login",
        "admin",
        "sshd[812]: Failed password for invalid user admin from 203.0.113.9 port 40031",
    ),
    (
        "failed_login",
        "bob",
        "EventID=4625 An account failed to log on. Account Name: bob Domain: CORP Type: 3",
    ),
    ("other", "", '198.51.100.7 - - "GET /index.html HTTP/1.1" 200 512 "-" "curl/8.5.0"'),
)
"""Kind, user and line: six shots whose answers are known."""


class Probe(msgspec.Struct, frozen=True):
    """How the shots went: how many were asked, filled the form, did so at once, and were right.

    `rate` is in tokens a second, `seconds` what one answer took; 0 where none came. `failure` is the last.
    """

    asked: int = 0
    valid: int = 0
    at_once: int = 0
    right: int = 0
    rate: float = 0.0
    seconds: float = 0.0
    failure: str = ""


class Examination(msgspec.Struct, frozen=True):
    """All that was found; `findings` are lines that say what to do. `usable`: a model can be asked."""

    health: Health
    milliseconds: float = 0.0
    card: Card | None = None
    probe: Probe | None = None
    embeds: str = ""
    dimensions: int = 0
    findings: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """A model answers."""
        return self.health.state == "ok" and self.probe is not None and self.probe.valid > 0


def examine(backend: Backend, prompts: Prompts, limit: Limit) -> Iterator[Examination]:
    """Look step by step; each one yielded says more than the one before, the last says all."""
    started = time.monotonic()
    health = backend.health()
    found = Examination(health, 1000 * (time.monotonic() - started), findings=tuple(prompts.warnings))
    yield found
    if health.state != "ok":
        return
    try:
        found = msgspec.structs.replace(found, card=backend.card())
    except BackendError as error:
        found = _finding(found, f"the server does not say what it is: {error.health.reason}")
    yield found
    for probe in _shoot(backend, prompts, limit):
        found = msgspec.structs.replace(found, probe=probe)
        yield found
    try:
        vectors = backend.embed(["Failed password for root"], cancel=limit)
        found = msgspec.structs.replace(found, embeds=vectors.model, dimensions=len(vectors.rows[0]))
    except (BackendError, Cancelled):  # search then goes by words and synonyms: nothing is amiss
        pass
    yield msgspec.structs.replace(found, findings=(*found.findings, *_findings(found, limit)))


def _finding(found: Examination, line: str) -> Examination:
    return msgspec.structs.replace(found, findings=(*found.findings, line))


def _shoot(backend: Backend, prompts: Prompts, limit: Limit) -> Iterator[Probe]:
    """Six answers in a form, one after the other; a server that fails twice is asked no more."""
    probe, failed, tokens, generating, spent = Probe(), 0, 0, 0.0, 0.0
    for number, (kind, user, line) in enumerate(SHOTS, 1):
        messages = [
            Message("system", prompts.text("probe")),
            Message("user", untrusted(f"E{number}: {line}", label="line")),
        ]
        started = time.monotonic()
        try:
            answer = backend.chat_json(messages, Shot, cancel=limit)
        except Cancelled:
            yield msgspec.structs.replace(probe, failure=limit.why)
            return
        except BackendError as error:
            failed += 1
            probe = msgspec.structs.replace(probe, asked=number, failure=error.health.reason)
            yield probe
            if failed == 2:
                return
            continue
        tokens += answer.usage.answer_tokens
        generating += answer.usage.seconds
        spent += time.monotonic() - started
        right = (answer.value.kind, answer.value.user, answer.value.line) == (kind, user, f"E{number}")
        probe = msgspec.structs.replace(
            probe,
            asked=number,
            valid=probe.valid + 1,
            at_once=probe.at_once + (answer.tries == 1),
            right=probe.right + right,
            rate=tokens / generating if generating > 0 else 0.0,
            seconds=spent / (probe.valid + 1),
        )
        yield probe


def _findings(found: Examination, limit: Limit) -> Iterator[str]:
    card, probe = found.card, found.probe
    if limit.late:
        yield f"not everything was asked within {limit.seconds:.0f} s: give it more --timeout"
    if card is not None:
        if card.cloud:
            yield "the model runs on somebody else's machine: log text leaves this one"
        if card.capabilities and "tools" not in card.capabilities:
            yield "the model cannot use tools: questions in the chat are answered from rules"
        if 0 < card.context < card.num_ctx:
            yield f"the model takes {card.context} tokens: set llm.context to that"
        if card.num_ctx < SMALL:
            yield f"{card.num_ctx} tokens hold little evidence: give the server a larger context"
    if probe is not None and probe.valid < len(SHOTS):
        why = f" ({probe.failure})" if probe.failure else ""
        yield f"{probe.valid} of {len(SHOTS)} answers had the form asked for{why}: triage falls back on rules"
    elif probe is not None and probe.right < PASSABLE:
        yield f"only {probe.right} of {len(SHOTS)} plain log lines were read rightly: try another model"
    if probe is not None and 0 < probe.rate < SLOW:
        yield f"{probe.rate:.1f} tokens/s are slow: try a smaller model"
