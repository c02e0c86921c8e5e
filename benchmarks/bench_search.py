"""Templates and search by meaning: what mining costs on the whole road, and how long a question takes.

`python -m benchmarks.bench_search DB QUESTION…` is a process of its own that puts questions to a store and
prints how long each took (ms), the first one cold.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from itertools import product
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
KINDS = 14_000
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
        *_of_many_kinds(setting),
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


def _of_many_kinds(setting: Setting) -> list[Figure]:
    """The first question of a process, and the next ones, where there are as many kinds as can be mined."""
    log, db = write_kinds(setting.folder / "kinds.log", KINDS, setting.seed), setting.folder / "kinds.db"
    run([*socterm(), "run", "--quiet", "--tail", log, "--from-start", "--once", "--db", db])
    with open_store(db, readonly=True) as store:
        kinds = store.templates.totals().kinds
    firsts, others = [], []
    for _ in range(TIMES):
        said = run(python("-m", "benchmarks.bench_search", db, *QUESTIONS)).out.split()
        firsts.append(float(said[0]))
        others += [float(one) for one in said[1:]]
    note = f"{kinds:,} templates of a made-up application"
    return [
        Figure("first of a process", sorted(firsts)[TIMES // 2], "ms", ANSWER, more=False, note=note),
        Figure("the next ones", sorted(others)[len(others) // 2], "ms", ANSWER, more=False,
               note=f"{note}; slowest {max(others):.0f}"),
    ]  # fmt: skip


def asked_alone(arguments: Sequence[str]) -> None:
    """Put questions to a store, one after the other, and print the ms of each."""
    path, *questions = arguments
    with open_store(Path(path), readonly=True) as store:
        asked = Search(store.events, store.templates)
        for question in questions:
            print(f"{_timed(lambda question=question: asked.hybrid(question)):.1f}")


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


def write_kinds(path: Path, kinds: int, seed: int) -> Path:
    """One line each of very many kinds, in sentences of the trade's words: as many as can be told apart."""
    rng = random.Random(seed)
    stems = ("log", "mount", "queue", "cert", "replica", "snap", "shard", "token", "bucket", "lease", "user",
             "mail", "disk", "route", "cache", "index", "policy", "batch", "stream", "vault")  # fmt: skip
    endings = (
        "",
        "s",
        "ed",
        "ing",
        "er",
        "less",
        "able",
        "map",
        "ref",
        "set",
        "point",
        "line",
        "name",
        "path",
    )
    words = [stem + ending for stem, ending in product(stems, endings)]
    with path.open("w", encoding="utf-8") as file:
        for line in range(kinds):
            said = rng.choices(words, k=rng.randrange(4, 14))
            said.insert(1, rng.choice((str(line), f"192.0.2.{line % 255}", f"user={line}", f"/srv/{line}/x")))
            clock = f"{line // 3600 % 24:02}:{line // 60 % 60:02}:{line % 60:02}"
            file.write(f"2026-03-01T{clock}+00:00 web01 app{line % 60}[7]: {' '.join(said)}\n")
    return path


if __name__ == "__main__":
    asked_alone(sys.argv[1:])
