"""Through the five stages: each has its draft at once, may be refined by a model, and passes the gates."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from socterm.analyst.backend import Backend, BackendError, Cancelled, Wish
from socterm.analyst.backends.patience import Limit
from socterm.analyst.explain import RULES
from socterm.analyst.prompts import Prompts
from socterm.analyst.roles import asking
from socterm.analyst.roles.draft_first import context, ingestion
from socterm.analyst.roles.draft_last import case_of, explanation, manager
from socterm.analyst.roles.draft_threat import threat
from socterm.analyst.roles.evidence import Pack
from socterm.analyst.roles.forms import SAYS, STAGES, Bounded, FastSays, Stage, form_for
from socterm.analyst.roles.gates import Gate, Passed
from socterm.analyst.roles.words import short
from socterm.store.doors.analyses import StageRun, Trace

SLOW: Final = 20.0
"""Seconds of one stage after which what is left is asked in one go."""

_PATIENCE: Final = 2
"""Stages in a row that may fail before the model is left alone."""

_MERGED: Final[tuple[Stage, ...]] = ("threat", "explanation", "manager")


class Stop:
    """Nobody wants to stop."""

    def is_set(self) -> bool:
        """Never."""
        return False


def drafts(pack: Pack, done: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What rules say of every stage; what is `done` counts for the stages after it."""
    found: dict[str, Any] = dict(done or {})
    found.setdefault("ingestion", ingestion(pack))
    found.setdefault("threat", threat(pack))
    found.setdefault("context", context(pack))
    found.setdefault("explanation", explanation(pack, found["threat"]))
    found.setdefault(
        "manager",
        manager(case_of(pack), found["ingestion"], found["threat"], found["context"], found["explanation"]),
    )
    return {stage: found[stage] for stage in STAGES}


class Round:
    """One round over one case: `drafted` is there at once, `refined` gives the trace anew stage by stage.

    `fast` merges stages from the beginning; without it they are merged where a stage took long.
    """

    def __init__(
        self,
        pack: Pack,
        backend: Backend,
        *,
        cancel: Wish | None = None,
        fast: bool = False,
        prompts: Prompts | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pack = pack
        self.backend = backend
        self.limit = Limit(cancel or Stop(), backend.longest)  # for all stages together
        self.fast = fast
        self.prompts = prompts or Prompts()
        self.clock = clock
        self.gate = Gate(pack)
        self.model = ""
        self._done: dict[str, Any] = {}
        self._runs: dict[str, StageRun] = {}
        self._over = ""
        self._failures = 0

    def drafted(self, *, at: int = 0, actor: str = "") -> Trace:
        """What rules say; `at` is wall time (µs)."""
        return self._trace(at, actor)

    def refined(self, *, at: int = 0, actor: str = "") -> Iterator[Trace]:
        """The trace, more refined each time; the last one is what is kept. Nothing without a model."""
        health = self.backend.health()
        if health.state != "ok":
            return
        self.model = health.model
        for stage in STAGES:
            if stage in self._done:
                continue
            if self._over:
                break
            if self.fast and stage in _MERGED:
                self._merged()
            else:
                self._one(stage)
            yield self._trace(at, actor)

    # -- one stage -----------------------------------------------------------------------

    def _one(self, stage: Stage) -> None:
        draft = drafts(self.pack, self._done)[stage]
        handed: dict[str, Bounded] = {name: self._done[name] for name in STAGES if name in self._done}
        began = self.clock()
        said, why = self._ask(stage, SAYS[stage], draft, handed)
        took = self.clock() - began
        passed = self.gate.passed(stage, draft, said) if said is not None else Passed(draft, (why,))
        self._keep(stage, passed, took)
        self.fast = self.fast or took > SLOW

    def _merged(self) -> None:
        """All that is left but what only the store can say, in one go."""
        found = drafts(self.pack, self._done)
        draft = FastSays(**{stage: found[stage] for stage in _MERGED})
        began = self.clock()
        said, why = self._ask("fast", FastSays, draft, {})
        took = self.clock() - began
        for stage in STAGES:
            if stage in self._done:
                continue
            draft_of = drafts(self.pack, self._done)[stage]
            if said is None or stage not in _MERGED:
                self._keep(stage, Passed(draft_of, (why,) if why else ()), 0.0)
            else:
                self._keep(stage, self.gate.passed(stage, draft_of, said[stage]), took)

    def _ask(
        self, stage: str, form: type[Bounded], draft: Bounded, handed: Mapping[str, Bounded]
    ) -> tuple[dict[str, Any] | None, str]:
        """(what the model said, "") or (None, why there is nothing)."""
        backend, prompt = self.backend, self.prompts.text(f"role_{stage}")
        shown = None if stage == "manager" else self.pack  # the manager sees no log text
        room = backend.num_ctx - min(1024, backend.num_ctx // 4)
        fitted = asking.fitting(
            lambda most: asking.messages(prompt, shown, draft, handed, most=most), backend.tokens, room
        )
        if fitted is None:
            return None, f"{self.model}: its context is too small for the evidence"
        held = form_for(form, self.pack.aliases(), asking.techniques(self.pack))
        began = self.clock()
        try:
            answer = backend.chat_json(fitted, held, cancel=self.limit)
        except Cancelled:
            self._over = f"{self.model}: {self.limit.why}" if self.limit.late else "stopped"
            return None, self._over
        except BackendError as error:
            self._failures += 1
            # Where nobody answers nobody is asked five times: each would take its whole time limit.
            if self._failures >= _PATIENCE or self.clock() - began > SLOW:
                self._over = short(f"{self.model}: {error.health.reason}", 160)
            return None, short(f"{self.model}: {error.health.reason}", 160)
        self._failures = 0
        return answer.value.model_dump(), ""

    def _keep(self, stage: Stage, passed: Passed, took: float) -> None:
        self._done[stage] = passed.view
        source = f"{RULES} + {self.model}" if passed.refined else RULES
        notes = tuple(short(note, 200) for note in passed.notes[:12])
        self._runs[stage] = StageRun(
            stage, source, passed.view.model_dump(mode="json"), notes, int(took * 1_000_000)
        )

    def _trace(self, at: int, actor: str) -> Trace:
        found = drafts(self.pack, self._done)
        runs = tuple(
            self._runs.get(stage)
            or StageRun(
                stage, RULES, found[stage].model_dump(mode="json"), (self._over,) if self._over else ()
            )
            for stage in STAGES
        )
        return Trace(
            self.pack.about, at, actor, runs, self.pack.ids(), level=self.pack.level,
            alerts=len(self.pack.hits),
        )  # fmt: skip
