"""What the ingest thread hands to the store in one transaction, and what it gets back after a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from socterm.alerts.model import EpisodeChange, RuleInfo
from socterm.event import Event, Receipt
from socterm.sigma.learning.changes import LearningChanges, StoredLearning
from socterm.store.ingest.raising import Raised

if TYPE_CHECKING:
    from socterm.sigma.model import RuleFate

DecoderChange = tuple[str, str, str | None]
"""(source, key, JSON) of something a parser remembers between lines; None forgets it."""


class SourceState(msgspec.Struct):
    """How far a source was read, and its counters: absolute values, not what a batch added.

    `position` is the number of the next line, `bookmark` the source's own resume point, `newest` and
    `watermark` are event times in µs. `extra` is JSON the pipeline keeps for itself.
    `formats`, `samples`, `error` and `rate` are as in `SourceRow`.
    """

    name: str
    position: int = 0
    bookmark: dict[str, Any] = {}
    lines: int = 0
    decoded: int = 0
    newest: int = 0
    late: int = 0
    drops: dict[str, int] = {}
    note: str = ""
    watermark: int = 0
    extra: dict[str, Any] = {}
    formats: dict[str, int] = {}
    samples: list[int] = []
    error: str = ""
    rate: float = 0.0


class RulesState(msgspec.Struct, frozen=True):
    """The rules in force from this batch on: fates, what new alerts copy by rule, (path, text) of files."""

    fates: Sequence[RuleFate]
    infos: Mapping[str, RuleInfo]
    files: Sequence[tuple[str, str]]


class Batch(msgspec.Struct):
    """Everything some lines changed. Events carry their ids; `now` is the wall clock in µs.

    `rule_hits` are added to the rules' counters; `counters` replace the ones of the same name.
    `rules` replaces the rules in force, where it is there. `learning` is what changed of what rules learned.
    `excepted` says by id how often exceptions hid something, and the newest event time (µs) they did;
    `unfit`, where it is there, which of them the rules of now cannot use, and why.
    `raised` is about those of `episodes` that a hunt asked for. `receipts` are what senders will be told of
    these lines.
    """

    events: list[Event] = []
    decoders: list[DecoderChange] = []
    sources: list[SourceState] = []
    episodes: list[EpisodeChange] = []
    now: int = 0
    counters: dict[str, int] = {}
    rule_hits: dict[str, int] = {}
    rules: RulesState | None = None
    learning: LearningChanges | None = None
    excepted: dict[int, tuple[int, int]] = {}
    unfit: dict[int, str] | None = None
    raised: Raised | None = None
    receipts: list[Receipt] = []


class StoredState(msgspec.Struct):
    """Where an ingest that stopped goes on.

    `decoders`: source → what its parsers remembered. `episodes`: those not settled, with all their hits;
    `ended` already says what people decided up to the audit row `audit_seen`. `learning`: what rules learned,
    and the events that wait for them.
    """

    sources: list[SourceState]
    decoders: dict[str, list[tuple[str, str]]]
    episodes: list[EpisodeChange]
    counters: dict[str, int]
    audit_seen: int = 0
    learning: StoredLearning = msgspec.field(default_factory=StoredLearning)
