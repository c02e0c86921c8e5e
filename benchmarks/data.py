"""Logs of any length out of our own attack story: every repetition another morning with other attackers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

from socterm.demo import START, render

_APART = timedelta(minutes=25)


def story_lines(seed: int) -> Iterator[str]:
    """Lines without end, stamps rising; strangers from 198.18.0.0/15 (RFC 2544), others every morning."""
    for number in count():
        net = number % 256
        for step in render(seed + number, START + number * _APART):
            yield step.line.replace("198.51.100.", f"198.18.{net}.").replace("203.0.113.", f"198.19.{net}.")


def write_log(path: Path, lines: int, seed: int) -> Path:
    """Write that many lines; the same arguments give the same bytes."""
    with path.open("w", encoding="utf-8") as out:
        for number, line in enumerate(story_lines(seed)):
            if number == lines:
                break
            out.write(line + "\n")
    return path
