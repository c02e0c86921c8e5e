"""What holds for every format alike: it declares itself, is tested, and is told apart from all others."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.parsers.format import Program
from socterm.parsers.registry import FORMATS, LINES, PROBLEMS, PROGRAMS
from socterm.taxonomy import LOGSOURCES, known_logsources

LOGS = Path(__file__).parent / "logs"
NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000
EXAMPLES = {name: made.example for name, made in FORMATS.items()}
HEADED = frozenset({"cisco-asa"})
"""Formats that read a header themselves, and believe it only if a device of theirs speaks."""
NEED_A_HEADER = frozenset({"aws.vpcflow"})
"""Datasets of which some lines mean nothing but behind the header that names their columns."""


def decode(lines: list[str], form: str = "") -> list[Event]:
    chunk = Chunk("x", 0, [line.encode() for line in lines], {}, NOW, live=False, ordered=False)
    return Decoder("x", form=form).decode(chunk)


def told(event: Event) -> tuple[object, ...]:
    return (event.ts, event.time_from, event.fields, event.logsources, event.kind, event.repeat)


def test_every_format_of_ours_loads() -> None:
    assert not PROBLEMS
    assert {"sshd", "sudo", "pam", "cron"} <= set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_an_example_is_read_by_its_own_format(name: str) -> None:
    (event,) = decode([EXAMPLES[name]])
    assert event.kind == "event"
    assert event.fields.get("event.dataset", "syslog") != "syslog"
    assert event.time_from == "line"
    assert set(event.logsources) <= known_logsources()


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_a_golden_pair(name: str) -> None:
    pairs = list((LOGS / name).glob("*.log"))
    assert pairs, f"tests/logs/{name}/ holds no log"
    assert all(path.with_suffix(".expected.jsonl").stat().st_size for path in pairs)


@pytest.mark.parametrize("name", [name for name, made in FORMATS.items() if made.line or made.object])
def test_the_example_of_a_whole_line_is_read_when_the_format_is_forced(name: str) -> None:
    (event,) = decode([EXAMPLES[name]], form=name)
    (free,) = decode([EXAMPLES[name]])
    assert told(event) == told(free)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, made in FORMATS.items()
        if (made.line or made.object) and not made.programs and name not in HEADED
    ],
)
def test_a_whole_line_of_a_forced_format_may_stand_behind_a_syslog_header(name: str) -> None:
    (free,) = decode([EXAMPLES[name]])
    (event,) = decode([f"<134>Nov 20 10:00:01 relay app[7]: {EXAMPLES[name]}"], form=name)
    assert event.kind == "event"
    assert event.fields["event.dataset"] == free.fields["event.dataset"]
    assert event.logsources == free.logsources


@pytest.mark.parametrize("name", [name for name, made in FORMATS.items() if made.line or made.object])
def test_what_does_not_fit_a_forced_format_is_counted_as_broken(name: str) -> None:
    (event,) = decode(["certainly nothing of the kind"], form=name)
    if not FORMATS[name].programs:
        assert event.kind == "pipeline_error"
        assert name in str(event.fields["error.message"])


def test_a_line_is_read_alike_after_a_line_of_any_other_format() -> None:
    alone = {name: told(decode([line])[0]) for name, line in EXAMPLES.items()}
    for before, name in itertools.permutations(EXAMPLES, 2):
        pair = decode([EXAMPLES[before], EXAMPLES[name]])
        assert told(pair[1]) == alone[name], f"{name} after {before}"


def stateless_lines() -> list[str]:
    """First lines of all golden logs: those that mean something without the lines before them."""
    found = []
    for path in sorted(LOGS.glob("*/*.log")):
        lines = path.read_bytes().split(b"\n")[:-1]
        for line in lines:
            text = line.decode("utf-8", "replace").replace("\0", "").rstrip("\r")
            if text.strip():
                found.append(text)
    return found


def test_all_golden_lines_shuffled_are_told_apart_as_in_their_own_files() -> None:
    lines = stateless_lines()
    alone = [decode([line])[0] for line in lines]
    order = list(range(len(lines)))
    random.Random(7).shuffle(order)
    mixed = decode([lines[index] for index in order])
    for index, event in zip(order, mixed, strict=True):
        apart = alone[index]
        if "event.dataset" not in apart.fields and event.fields.get("event.dataset") in NEED_A_HEADER:
            continue
        assert event.fields.get("event.dataset") == apart.fields.get("event.dataset"), lines[index]
        assert event.kind == apart.kind, lines[index]
        if apart.time_from == "line":
            assert event.ts == apart.ts, lines[index]


def test_first_characters_are_declared_rightly() -> None:
    for name, made in FORMATS.items():
        if made.line is not None and made.begins and made.object is None and not made.programs:
            assert EXAMPLES[name][0] in made.begins, name
    assert all(isinstance(begins, str) for begins, _ in LINES)


def test_program_datasets_have_log_sources() -> None:
    foreign = {dataset for made in FORMATS.values() for dataset in made.logsources}
    for name, made in FORMATS.items():
        for program in made.programs.values():
            assert program.dataset in LOGSOURCES or program.dataset in foreign, name


PLUGIN = """
from socterm.parsers.format import Format

def read(text, fields, reading):
    if not text.startswith("FOO "):
        return None
    fields.update({"event.dataset": "foo", "message": text[4:]})
    return reading.clock.now, (), 1

FORMATS = (Format(name="foo", title="Foo", example="FOO bar", line=read, begins="F"),)
"""
SHOW = """
import json
from socterm.parsers.registry import FORMATS, PROBLEMS
from socterm.parsers import Decoder
from socterm.event import Chunk
event, = Decoder("x").decode(Chunk("x", 0, [b"FOO bar"], {}, 5))
print(json.dumps([event.fields, PROBLEMS, "sshd" in FORMATS]))
"""


def with_plugin(folder: Path, code: str, script: str = SHOW) -> tuple[dict[str, object], list[str], bool]:
    """A separate process in which another package offers a format."""
    (folder / "foo_formats.py").write_text(code)
    about = folder / "foo-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[socterm.formats]\nfoo = foo_formats:FORMATS\n")
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    fields, problems, ours = json.loads(run.stdout)
    return fields, problems, ours


def test_another_package_may_offer_a_format(tmp_path: Path) -> None:
    fields, problems, _ = with_plugin(tmp_path, PLUGIN)
    assert fields == {"event.dataset": "foo", "message": "bar"}
    assert problems == []


def test_a_time_that_cannot_be_is_none(tmp_path: Path) -> None:
    late = PLUGIN.replace("return reading.clock.now", "return 10**18")
    script = SHOW.replace("import Decoder", "import Decoder, as_ecs").replace(
        "[event.fields", "[as_ecs(event)"
    )
    fields, _, _ = with_plugin(tmp_path, late, script)
    assert fields["@timestamp"] == "1970-01-01T00:00:00.000005Z"


FAILING = PLUGIN.replace("    fields.update", "    raise ValueError('no\\nway')\n    fields.update")


def test_a_line_on_which_a_format_fails_is_kept_as_broken(tmp_path: Path) -> None:
    fields, problems, _ = with_plugin(tmp_path, FAILING)
    assert fields == {"message": "FOO bar", "error.message": "its parser failed: ValueError: no way"}
    assert problems == []


@pytest.mark.parametrize("again", [1, 2])
def test_a_body_parser_that_fails_breaks_its_line_only(monkeypatch: pytest.MonkeyPatch, again: int) -> None:
    def fail(msg: str, fields: dict[str, object], memory: object) -> int:
        raise KeyError(msg)

    monkeypatch.setitem(PROGRAMS, "failing", Program(fail, "syslog"))
    lines = ["Nov 20 10:00:00 h failing[1]: boo"] * again + [EXAMPLES["sshd"]]
    *broken, fine = decode(lines)
    for event in broken:
        assert event.kind == "pipeline_error"
        assert event.fields["error.message"] == "its parser failed: KeyError: 'boo'"
        assert event.fields["message"] == "boo"
    assert fine.fields["event.dataset"] == "sshd"


def test_a_broken_format_of_another_package_is_named_and_left_out(tmp_path: Path) -> None:
    fields, problems, ours = with_plugin(tmp_path, "raise RuntimeError('no\\nway')")
    assert fields == {"message": "FOO bar"}
    assert problems == ["format foo (foo_formats:FORMATS) cannot be loaded: no way"]
    assert ours
