"""Templates and search by meaning: what mining costs on the whole road, and how long a question takes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from socterm.analyst.search import Search
from socterm.store import open_store

from benchmarks import big
from benchmarks.frame import Figure, Setting
from benchmarks.measure import python, queued, run, socterm

DECODED, UNDECODED = 10.0, 35.0
"""Percent of the CPU time from file to full text that templates may cost."""

ANSWER = 100.0
ALERTS = 1_000
PAIRS = 3
TIMES = 5
QUESTIONS = (
    "show me failed logins",
    "who became root",
    "was a new account created",
    "cleared logs",
    "data exfiltration to the outside",
    "failed logins of oracle from 203.0.7.77",
    "sql injection and path traversal against the website",
)


def search(setting: Setting) -> list[Figure]:
    """The share of templates on lines that parsers know and on lines they do not; then questions."""
    lines = setting.lines
    plain = write_plain(setting.folder / "plain.log", lines, setting.seed)
    return [
        _share("decoded lines", setting.log(), setting.folder, DECODED, f"{lines:,} of our story"),
        _share("undecoded lines", plain, setting.folder, UNDECODED, f"{lines:,} of a made-up application"),
        *_questions(setting),
    ]  # fmt: skip


def _share(name: str, log: Path, folder: Path, bar: float, what: str) -> Figure:
    """Least CPU time of some runs with templates and without, by turns."""
    costs: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(PAIRS):
        for told in (True, False):
            db = folder / f"search-{turn}-{told}.db"
            command = socterm() if told else python("-m", "benchmarks.untold")
            road = ("run", "--quiet", "--tail", log, "--from-start", "--once", "--db", db)
            costs[told].append(run([*command, *road]).cpu)
            for path in folder.glob(f"{db.name}*"):
                path.unlink()
    whole, without = min(costs[True]), min(costs[False])
    note = f"{what}; {whole:.1f} and {without:.1f} CPU s"
    return Figure(name, 100 * (whole - without) / whole, "% of CPU", bar, more=False, note=note)


def _questions(setting: Setting) -> list[Figure]:
    figures = []
    with open_store(big.store(setting.events, ALERTS), readonly=True) as store:
        kinds = len(store.templates.all())
        asked = Search(store.events, store.templates)
        for question in QUESTIONS:
            took = [_timed(lambda question=question: asked.hybrid(question)) for _ in range(TIMES)]
            note = f"{setting.events:,} events, {kinds} templates; first time {took[0]:.0f}"
            figures.append(Figure(question, sorted(took)[TIMES // 2], "ms", ANSWER, more=False, note=note))
    return figures


def _timed(call: Callable[[], object]) -> float:
    """ms, less what this thread waited for a processor."""
    began, waited = time.perf_counter(), queued()
    call()
    return (time.perf_counter() - began - (queued() - waited)) * 1000


def write_plain(path: Path, lines: int, seed: int) -> Path:
    """Lines of an application that no parser knows: numbers, addresses, paths and names that vary."""
    rng = random.Random(seed)
    users = [
        f"{first}{last}"
        for first in ("an", "bo", "ca", "di", "ed")
        for last in ("na", "b", "rl", "na", "gar")
    ]
    number, pick = rng.randrange, rng.choice
    forms: tuple[Callable[[], str], ...] = (
        lambda: f"worker {number(99)} took job {rng.randbytes(4).hex()} in {rng.random():.3f}s",
        lambda: f"user {pick(users)} opened /srv/d/{number(999)}/x.pdf from 10.0.3.{number(255)}",
        lambda: f"cache miss key=user:{number(9999)} ttl={number(600)} node={pick('abc')}",
        lambda: f"connection from 192.0.2.{number(255)} refused: too many clients ({number(99)})",
        lambda: f"{pick(users)} was idle for {number(999)} minutes",
        lambda: f"volume vol{number(30)} copied, {number(10**9)} bytes, id={rng.randbytes(16).hex()}",
    )
    with path.open("w", encoding="utf-8") as file:
        for line in range(lines):
            seconds, part = divmod(line, 50)
            clock = f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{part * 20_000:06}"
            stamp = f"2026-03-{1 + seconds // 86_400:02}T{clock}+00:00"
            file.write(f"{stamp} web01 shopd[{number(300, 310)}]: {pick(forms)()}\n")
    return path
