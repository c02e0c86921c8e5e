"""The Sigma engine with other people's thousands of rules: matching, loading, and lines made to stall it.

Needs SOCTERM_CORPORA, a folder with `sigma/sigmahq-rules.tar.gz` and `sigma/regression_dev.jsonl`; without it
there is nothing to measure. Matching alone is timed: events are decoded before.
"""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.frame import Figure, Setting
from benchmarks.measure import python, run

if TYPE_CHECKING:
    from socterm.event import Event
    from socterm.sigma.model import RuleSet

EVENTS = 40_000
DRAWS = 5
FEW = 100
NOW = 1_800_000_000_000_000


def sigma(setting: Setting) -> list[Figure]:
    """Rates, growth of the cost with the number of rules, load times, memory, and the longest stall."""
    corpora = os.environ.get("SOCTERM_CORPORA")
    if not corpora:
        sys.stderr.write("sigma: SOCTERM_CORPORA names no folder with rules and events; left out\n")
        return []
    rules = setting.folder / "sigmahq"
    with tarfile.open(Path(corpora) / "sigma" / "sigmahq-rules.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(rules)
    regressions = Path(corpora) / "sigma" / "regression_dev.jsonl"
    return [
        *_rates(rules, regressions, setting.seed),
        *_loading(rules, setting.folder / "cache"),
        _longest(rules, regressions),
        *_auth(rules, setting),
    ]


def _rates(rules: Path, regressions: Path, seed: int) -> list[Figure]:
    said = json.loads(_child("match", rules, regressions, str(seed)).splitlines()[-1])
    return [
        Figure(
            f"match, {said['windows']:,} Windows rules",
            said["rate"],
            "events/CPU s",
            15_000,
            note=f"{said['hits']} hits in {EVENTS:,} process creations",
        ),
        Figure(
            f"cost, {FEW} → {said['all']:,} rules",
            said["growth"],
            "×",
            4,
            more=False,
            note=f"{FEW} of all, {DRAWS} draws; {said['applied']:.1f} × with {FEW} of this log source",
        ),
        Figure("peak memory", said["rss"], "MB", note="all rules and events in memory"),
    ]


def _loading(rules: Path, cache: Path) -> list[Figure]:
    figures = []
    for name, bar in (("cold", 12.0), ("warm", 1.0)):
        cost = run(python("-m", "benchmarks.bench_sigma", "load", rules, cache))
        figures.append(
            Figure(
                f"rules {name}", cost.cpu, "CPU s", bar, more=False, note=f"{cost.out.split()[-1]} documents"
            )
        )
    return figures


def _longest(rules: Path, regressions: Path) -> Figure:
    said = json.loads(_child("stall", rules, regressions).splitlines()[-1])
    return Figure("longest stall", said["worst"], "ms", 50, more=False, note=said["what"])


def _auth(rules: Path, setting: Setting) -> list[Figure]:
    log, what = setting.real()
    cost = run(python("-m", "benchmarks.bench_detect", log, rules / "rules" / "linux"))
    events, seconds, alerts = cost.out.split()[-3:]
    note = f"our pack and SigmaHQ's Linux rules, {alerts} alerts in {what}"
    return [Figure("parse + detect", int(events) / float(seconds), "events/CPU s", 150_000, note=note)]


def _child(*arguments: str | Path) -> str:
    return run(python("-m", "benchmarks.bench_sigma", *arguments)).out


# -- in a process of its own


def _decoded(lines: list[bytes]) -> list[Event]:
    from socterm.event import Chunk
    from socterm.parsers import Decoder

    return Decoder("bench").decode(Chunk("bench", 0, lines, {}, NOW, live=False))


def _some(rules: RuleSet, keys: list[str]) -> RuleSet:
    from socterm.sigma.model import RuleSet

    return RuleSet({key: rules.rules[key] for key in keys}, [])


def _spent(rules: RuleSet, events: list[Event]) -> tuple[float, int]:
    """CPU seconds of matching once the rules are warm, and the hits."""
    from socterm.sigma.engine import Matcher

    matcher = Matcher(rules)
    batches = [events[at : at + 2_000] for at in range(0, len(events), 2_000)]
    matcher.match_all(batches[0])
    started = time.process_time()
    hits = sum(len(keys) for batch in batches for keys in matcher.match_all(batch))
    return time.process_time() - started, hits


def _match(folder: Path, regressions: Path, seed: int) -> None:
    from socterm.sigma.load import load_rules

    from benchmarks.windows import stream

    rules = load_rules([folder])
    every = [key for key, rule in rules.rules.items() if rule.detection is not None]
    windows = [
        key for key in every if Path(rules.rules[key].info.path).is_relative_to(folder / "rules" / "windows")
    ]
    applying = [key for key in every if rules.rules[key].logsource[:2] == ("windows", "process_creation")]
    events = _decoded(list(stream(regressions, EVENTS, seed)))
    draw = random.Random(seed)
    spent, hits = _spent(_some(rules, windows), events)
    whole, _ = _spent(_some(rules, every), events)
    few, own = (
        statistics.mean(_spent(_some(rules, draw.sample(keys, FEW)), events)[0] for _ in range(DRAWS))
        for keys in (every, applying)
    )
    _say(
        windows=len(windows),
        all=len(every),
        rate=len(events) / spent,
        hits=hits,
        growth=whole / few,
        applied=whole / own,
        rss=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _load(folder: Path, cache_folder: Path) -> None:
    from socterm.sigma.cache import RuleCache
    from socterm.sigma.engine import Matcher
    from socterm.sigma.load import load_rules

    cache = RuleCache(cache_folder)
    rules = load_rules([folder], cache=cache)
    Matcher(rules)
    cache.save()
    sys.stdout.write(f"{len(rules.fates)}\n")


LONG = 65_536
BAITS = {
    "64 KiB of a": "a" * LONG,
    "backticks": "`" * LONG,
    "a and backticks": "a`" * (LONG // 2),
    "half-closed brackets": "((" * (LONG // 4) + "))" * (LONG // 4),
    "nested quantifiers": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" * (LONG // 30),
    "blanks": " " * LONG,
    "carets and quotes": '^"' * (LONG // 2),
    "format strings": "{0}{1}" * (LONG // 6),
    "environment": "%a:~1,1%" * (LONG // 8),
    "hex": "0x41," * (LONG // 5),
    "base64": "QUFB" * (LONG // 4),
    "paths": "C:\\Windows\\System32\\" * (LONG // 20),
    "programs": "\\cmd.exe \\powershell.exe -e " * (LONG // 28),
    "beyond ASCII": "é" * LONG,
    "Turkish": "İ" * LONG,
    "symbols": "😀" * (LONG // 2),
    "NULs": "\0" * LONG,
}
FIELDS = ("Image", "CommandLine", "ParentImage", "ParentCommandLine", "OriginalFileName", "User", "Hashes")


def _stall_events(regressions: Path) -> list[tuple[str, Event]]:
    """A process creation with each bait in each field, in all, and in lists; and each as a plain line."""
    case = next(
        case
        for case in map(json.loads, regressions.read_text().splitlines())
        if case["logsource"].get("category") == "process_creation"
    )
    (plain,) = _decoded([json.dumps(case["sigma_events"][0]).encode()])
    (line,) = _decoded(
        [b"Mar  9 10:00:00 web1 sshd[1]: Failed password for root from 203.0.113.9 port 4 ssh2"]
    )
    names = [name for name in plain.fields if isinstance(plain.fields[name], str)]
    made = []
    for bait, text in BAITS.items():
        values = {bait: text, f"10,000 × {bait}": tuple(f"{number}{text[:9]}" for number in range(10_000))}
        for what, value in values.items():
            made += [(f"{what} in {name}", _changed(plain, {**plain.fields, name: value})) for name in names]
            part = value[: len(value) // len(names) + 1]
            made.append((f"{what}, in all fields together", _changed(plain, dict.fromkeys(names, part))))
        made.append((f"{bait} as a line", _changed(line, {**line.fields, "message": text}, raw=text)))
    return made


def _changed(event: Event, fields: dict[str, object], *, raw: str | None = None) -> Event:
    from msgspec.structs import replace

    return replace(event, fields=fields, raw=event.raw if raw is None else raw)


def _stall(folder: Path, regressions: Path) -> None:
    from socterm.assets import rules_dir
    from socterm.sigma.engine import Matcher
    from socterm.sigma.load import load_rules

    matcher = Matcher(load_rules([folder, rules_dir()]))
    events = _stall_events(regressions)
    for _, event in events:
        matcher.match(event)  # rules are written when they are first met
    worst, what = 0.0, ""
    for name, event in events:
        found = min(_timed(matcher, event) for _ in range(3))
        if found > worst:
            worst, what = found, name
    _say(worst=worst * 1_000, what=f"{what}; {len(events)} events made to stall")


def _timed(matcher: object, event: Event) -> float:
    started = time.process_time()
    matcher.match(event)  # type: ignore[attr-defined]
    return time.process_time() - started


def _say(**figures: object) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "match":
        _match(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    elif sys.argv[1] == "load":
        _load(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        _stall(Path(sys.argv[2]), Path(sys.argv[3]))
