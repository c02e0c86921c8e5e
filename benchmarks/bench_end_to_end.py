"""The whole road as a user runs it: `socterm run --once` on a log, beside a peer on the same file."""

from __future__ import annotations

import shutil

from benchmarks.frame import Figure, Setting
from benchmarks.measure import count_lines, run, socterm


def end_to_end(setting: Setting) -> list[Figure]:
    """Tail, parse, detect, store, full-text index: rate, disk, memory, and the ratio to fail2ban-regex."""
    log, what = setting.real()
    lines = count_lines(log)
    db = setting.folder / "end-to-end.db"
    cost = run(socterm("run", "--quiet", "--tail", log, "--from-start", "--once", "--db", db))
    size = sum(path.stat().st_size for path in setting.folder.glob("end-to-end.db*"))
    rate = lines / cost.cpu
    return [
        Figure(
            "tail → parse → detect → store → FTS",
            rate,
            "events/CPU s",
            60_000,
            note=f"{lines:,} lines of {what}",
        ),
        Figure("wall clock", lines / cost.wall, "events/s"),
        Figure("disk", size / log.stat().st_size, "× raw", 4, more=False, note=f"{size / lines:.0f} B/event"),
        Figure("peak memory", cost.rss, "MB", 350, more=False),
        _ratio(setting, rate),
    ]


def _ratio(setting: Setting, rate: float) -> Figure:
    name = "ratio to fail2ban-regex"
    peer = shutil.which("fail2ban-regex")
    if peer is None:
        return Figure(name, None, "×", note="fail2ban is not installed")
    log, _ = setting.real()
    cost = run([peer, log, "sshd"])
    theirs = count_lines(log) / cost.cpu
    return Figure(name, rate / theirs, "×", note=f"same file: {theirs:,.0f} lines/CPU s, nothing stored")
