"""Matching alone: what our rule pack costs an event, and what loading rules costs.

`match` asks the matcher about the same event over and over; the empty loop is taken off. Load times of a
bigger set: name its folder in the environment as SOCTERM_BENCH_RULES.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from benchmarks.frame import Figure, Setting
from benchmarks.measure import python, run

ROUNDS = 300_000
BARS = {"nothing": 0.7, "failed": 1.5}


def match(setting: Setting) -> list[Figure]:
    """µs an event for lines of several kinds, with our whole rule pack."""
    del setting  # the events are made here: parsing is another benchmark's affair
    figures = []
    for line in run(python("-m", "benchmarks.bench_match")).out.splitlines():
        kind, cost, rules = line.split("\t")
        figures.append(Figure(kind, float(cost), "µs/event", BARS.get(kind), more=False, note=rules))
    return figures


def load(setting: Setting) -> list[Figure]:
    """CPU seconds from nothing to a matcher: our pack, and the folder in SOCTERM_BENCH_RULES."""
    del setting
    figures = _load("")
    other = os.environ.get("SOCTERM_BENCH_RULES")
    return figures + (_load(other) if other else [])


def _load(folder: str) -> list[Figure]:
    cost = run(python("-m", "benchmarks.bench_match", "load", folder))
    documents = cost.out.split()[-1]
    name = Path(folder).name or "our pack"
    return [
        Figure(
            f"load {name}",
            cost.cpu,
            "CPU s",
            12 if folder else None,
            more=False,
            note=f"{documents} documents",
        ),
        Figure(f"memory {name}", cost.rss, "MB"),
    ]


def _child_load(folder: str) -> None:
    from socterm.assets import rules_dir
    from socterm.sigma.engine import Matcher
    from socterm.sigma.load import load_rules

    rules = load_rules([Path(folder) if folder else rules_dir()])
    Matcher(rules)
    sys.stdout.write(f"{len(rules.fates)}\n")


def _child_match() -> None:
    from socterm.assets import rules_dir
    from socterm.event import Event
    from socterm.sigma.engine import Matcher
    from socterm.sigma.load import load_rules
    from socterm.taxonomy import logsources_of

    rules = load_rules([rules_dir()])
    ask = Matcher(rules).match
    noon = 1_772_966_400_000_000
    common = {
        "host.hostname": "web1",
        "process.name": "sshd",
        "process.pid": 4101,
        "source.ip": "203.0.113.9",
    }
    login = {"event.action": "ssh_login", "event.category": ("authentication",), "user.name": "alice"}
    kinds = {
        "nothing": {"event.action": "ssh_disconnect", "event.category": ("network",)},
        "failed": {**login, "event.outcome": "failure"},
        "accepted": {**login, "event.outcome": "success", "ssh.method": "publickey"},
    }
    for kind, fields in kinds.items():
        event = Event(noon, "s", 0, "raw", {**common, **fields}, logsources=logsources_of("sshd"))
        found = ask(event)
        started = time.process_time()
        for _ in range(ROUNDS):
            ask(event)
        spent = time.process_time() - started
        started = time.process_time()
        for _ in range(ROUNDS):
            pass
        spent -= time.process_time() - started
        names = ", ".join(rules.rules[key].name for key in found) or "no rule"
        sys.stdout.write(f"{kind}\t{spent / ROUNDS * 1e6:.4f}\t{names}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["load"]:
        _child_load(sys.argv[2])
    else:
        _child_match()
