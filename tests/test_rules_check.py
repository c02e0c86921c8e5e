"""`socterm rules check`: each check finds its mistake, at its place, and sound rules pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.assets import rules_dir
from socterm.sigma.documents import RuleFile, read_file
from socterm.sigma.lint.finding import Finding
from socterm.sigma.lint.together import lint
from socterm.sigma.load import load_files
from tests.rules_cli import rule, rules

TESTED = rule(1) + (
    "socterm:\n  tests:\n    - name: one\n      lines: 'Mar 17 10:00:00 h sudo:  eve : TTY=pts/0 ; PWD=/ ; "
    "USER=root ; COMMAND=/bin/sh1'\n      alerts: 1\n"
)


def found(tmp_path: Path, *texts: str) -> list[Finding]:
    files = []
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.yml"
        path.write_text(text)
        files.append(read_file(path))
    return lint(files, load_files(files))


def kinds(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(f.severity, f.check) for f in findings if f.check != "tests"}


def test_a_sound_rule_passes(tmp_path: Path) -> None:
    assert found(tmp_path, TESTED) == []


def selection(text: str, **parts: str) -> str:
    return rule(1, detection=f"\n  selection:\n{text}\n  condition: selection", **parts)


LINUX = {"logsource": "{product: linux, service: auditd}"}
WINDOWS = {"logsource": "{product: windows, category: process_creation}"}
ONE = "selection: {process.command_line: x}"
SOUND = "\n  selection:\n    a|contains|all: ['x*', 'y']\n    b|re: 'c+'\n  condition: selection"
CASES = [
    ("not yaml", "title: a\n  b: c\n", ("error", "yaml"), "2:4"),
    ("a key twice", rule(1) + "level: low\n", ("error", "yaml"), "14:1"),
    ("no map", "- 1\n", ("error", "yaml"), "1:1"),
    ("an unknown key", rule(1) + "owner: me\n", ("hint", "key"), "14:1"),
    ("a misspelt key", rule(1) + "falsepositive: me\n", ("warning", "key"), "14:1"),
    ("a level that is none", rule(1, level="severe"), ("error", "level"), "13:8"),
    ("a status that is none", rule(1, status="done"), ("error", "status"), "3:9"),
    ("an id that is none", rule(1, id="17"), ("error", "id"), "2:5"),
    ("a day that is none", rule(1, date="2026-02-30"), ("error", "date"), "5:7"),
    ("a date written otherwise", rule(1, date="2026/03/01"), ("warning", "date"), "5:7"),
    ("no title", rule(1, title=""), ("error", "title"), "1:1"),
    ("a tag ATT&CK lacks", rule(1, tags="[attack.t9999]"), ("warning", "tag"), "6:8"),
    ("a misspelt tactic", rule(1, tags="[attack.persistance]"), ("warning", "tag"), "6:8"),
    ("a renamed technique", rule(1, tags="[attack.t1562.001]"), ("hint", "tag"), "6:8"),
    ("a renamed tactic", rule(1, tags="[attack.defense-evasion]"), ("hint", "tag"), "6:8"),
    ("no tag at all", rule(1, tags="['Attack T1']"), ("warning", "tag"), "6:8"),
    ("a log source nobody writes", rule(1, logsource="{product: linux, service: sshdd}"),
     ("warning", "logsource"), "7:38"),
    ("a field nobody has", selection("    process.comand_line: x"), ("warning", "field"), "10:5"),
    ("a misspelt modifier", selection("    process.command_line|startwith: x"),
     ("error", "modifier"), "10:5"),
    ("a selection that is missing", rule(1, detection=f"\n  {ONE}\n  condition: selection and not filter"),
     ("error", "condition"), "10:32"),
    ("a pattern without a match", rule(1, detection=f"\n  {ONE}\n  condition: selection or 1 of sel_*"),
     ("error", "condition"), "10:32"),
    ("a selection nobody asks for", rule(1, detection=f"\n  {ONE}\n  other: {{user.name: x}}\n  "
     "condition: selection"), ("warning", "unused"), "10:3"),
    ("an escaped star", selection(r"    process.command_line: 'C:\Users\*\x.exe'"),
     ("warning", "wildcard"), "10:27"),
    ("a star before startswith", selection("    process.command_line|startswith: '*x'"),
     ("warning", "wildcard"), "10:38"),
    ("a star behind endswith", selection("    process.command_line|endswith: 'x*'"),
     ("warning", "wildcard"), "10:36"),
    ("stars in contains", selection("    process.command_line|contains: '*x'"), ("hint", "star"), "10:36"),
    ("an empty text", selection("    process.command_line|contains: ''"), ("warning", "empty"), "10:36"),
    ("all of one", selection("    process.command_line|contains|all: x"), ("hint", "all"), "10:5"),
    ("look-around", selection("    process.command_line|re: 'a(?!b)'"), ("error", "refused"), "10:5"),
    ("a back reference", selection(r"    process.command_line|re: '(a)\1'"), ("error", "refused"), "10:5"),
    ("a very long expression", selection(f"    process.command_line|re: '{'ab|' * 400}c'"),
     ("warning", "regex"), "10:30"),
    ("no expression", selection("    process.command_line|re: '(a'"), ("error", "refused"), "10:5"),
    ("no description", rule(1, description=""), ("hint", "lacking"), "1:1"),
    ("no falsepositives", rule(1, falsepositives=""), ("hint", "lacking"), "1:1"),
    ("no id", rule(1, id=""), ("hint", "lacking"), "1:1"),
    ("unfilled placeholder", selection("    process.command_line|expand: '%nobody%'"),
     ("error", "refused"), "10:34"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "place"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_each_mistake_is_found_at_its_place(
    tmp_path: Path, text: str, kind: tuple[str, str], place: str
) -> None:
    findings = [f for f in found(tmp_path, text) if f.check != "tests"]
    assert kind in kinds(findings), findings
    mine = next(f for f in findings if (f.severity, f.check) == kind)
    assert "\n" not in mine.text
    if place:
        assert f"{mine.line}:{mine.char}" == place
    assert len(findings) == 1, findings


def test_suggestions(tmp_path: Path) -> None:
    text = selection("    process.command_line|startwith: x")
    assert "did you mean startswith?" in found(tmp_path, text)[-1].message
    text = rule(1, tags="[attack.persistance]")
    assert "did you mean persistence?" in found(tmp_path, text)[-1].message


def test_names_of_windows_are_known_or_may_be(tmp_path: Path) -> None:
    body = "    Image|endswith: x\n    CommandLine: y\n    AnythingElseOfSysmon: z"
    assert kinds(found(tmp_path, selection(body, **WINDOWS))) == set()
    assert kinds(found(tmp_path, selection("    a0: x\n    comm: y", **LINUX))) == set()


def test_duplicates_across_files(tmp_path: Path) -> None:
    other = rule(1, title="Another")
    assert ("error", "refused") in kinds(found(tmp_path, TESTED, other))
    found_ = found(tmp_path, TESTED, rule(2, title="A shell for 1"))
    assert ("warning", "title") in kinds(found_)
    assert "0.yml:1" in next(f for f in found_ if f.check == "title").message


CORRELATION = """\
title: Many shells
id: 5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2aff
description: Many of them.
level: low
correlation:
  type: event_count
  rules:
    - {ref}
  group-by:
    - {by}
  timespan: 5m
  condition:
    gte: 3
"""
BASE = "5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a01"


def test_correlations(tmp_path: Path) -> None:
    assert kinds(found(tmp_path, rule(1), CORRELATION.format(ref=BASE, by="user.name"))) == set()
    (missing,) = (
        f for f in found(tmp_path, rule(1), CORRELATION.format(ref="nobody", by="user.name"))
        if f.severity == "error"
    )  # fmt: skip
    assert (missing.check, missing.line, missing.char) == ("refused", 8, 7)
    never = found(tmp_path, rule(1), CORRELATION.format(ref=BASE, by="dns.question.name"))
    (grouped,) = (f for f in never if f.check == "group-by")
    assert (grouped.severity, grouped.line, grouped.char) == ("warning", 10, 7)


FILTER = """\
title: Not the lab
id: 5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2aee
description: The lab may.
logsource: {{product: linux, service: sudo}}
filter:
  rules: [{ref}]
  lab:
    host.hostname|startwith: lab
  condition: not {name}
"""


def test_filters(tmp_path: Path) -> None:
    sound = FILTER.replace("startwith", "startswith")
    assert kinds(found(tmp_path, rule(1), sound.format(ref=BASE, name="lab"))) == set()
    (wrong,) = (
        f for f in found(tmp_path, rule(1), FILTER.format(ref=BASE, name="lab")) if f.check != "tests"
    )
    assert (wrong.check, wrong.line, wrong.char) == ("modifier", 8, 5)
    asked = kinds(found(tmp_path, rule(1), sound.format(ref=BASE, name="lob")))
    assert asked == {("error", "condition"), ("warning", "unused")}
    nobody = found(tmp_path, rule(1), sound.format(ref="nobody", name="lab"))
    assert next((f.check, f.line) for f in nobody if f.severity == "error") == ("refused", 6)


def test_several_documents_a_file(tmp_path: Path) -> None:
    text = f"{TESTED}---\n{rule(2, level='severe')}---\n: :\n"
    findings = found(tmp_path, text)
    first = len(TESTED.splitlines()) + 2
    assert ("error", "level") in kinds(findings)
    assert next(f for f in findings if f.check == "level").line == first + 12
    assert {f.check for f in findings} >= {"level"}


def test_aliases_that_grow_without_end_are_survived(tmp_path: Path) -> None:
    bomb = "\n".join(
        ["  a: &a [x, x, x, x, x, x, x, x, x, x]"]
        + [f"  {chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]" for n in range(4)]
    )
    assert found(tmp_path, rule(1, references=f"\n{bomb}"))


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "a: " + "{a: " * 100_000,
        "a:\n" + "- " * 100_000,
        "a:\n  " + "? " * 100_000,
        "".join(" " * n + f"k{n}:\n" for n in range(2_000)),
    ],
    ids=["lists", "maps", "dashes", "keys", "indents"],
)
def test_depth_ends_nothing(tmp_path: Path, text: str) -> None:
    findings = found(tmp_path, f"{text}\n---\n{TESTED}")
    assert [(f.severity, f.check) for f in findings] == [("error", "yaml")]


@given(st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    file = RuleFile("x.yml", text)
    assert all("\n" not in f.text for f in lint([file], load_files([file])))


@given(st.data())
def test_any_change_of_a_rule_is_survived(data: st.DataObject) -> None:
    lines = rule(1, detection=data.draw(st.sampled_from([SOUND, f"\n  {ONE}\n  condition: 1 of them"])))
    at = data.draw(st.integers(0, len(lines)))
    there = data.draw(st.integers(at, min(len(lines), at + 20)))
    file = RuleFile("x.yml", lines[:at] + data.draw(st.text(max_size=8)) + lines[there:])
    assert all(f.line >= 1 and f.char >= 1 for f in lint([file], load_files([file])))


def test_exit_codes_formats_and_counts(tmp_path: Path) -> None:
    path = tmp_path / "my rules"
    path.mkdir()
    (path / "a.yml").write_text(rule(1, date="2026/03/01"))
    done = rules("check", path, home=tmp_path)
    assert done.code == 0
    assert done.lines == [
        f"{path}/a.yml:5:7: warning: date: '2026/03/01' is not written YYYY-MM-DD [date]",
        "1 files: 0 errors, 1 warnings, 1 hints (--hints shows them)",
    ]
    assert rules("check", path, "--strict", home=tmp_path).code == 1
    (path / "b.yml").write_text(rule(2, level="severe"))
    done = rules("check", path, "--json", home=tmp_path)
    assert done.code == 1
    assert [(row["severity"], row["line"]) for row in done.records] == [("warning", 5), ("error", 13)]
    done = rules("check", path, "--format", "github", home=tmp_path)
    assert done.lines[1].startswith(
        f"::error file={path}/b.yml,line=13,col=8,title=level::'severe' is no level"
    )
    done = rules("check", path, "--summary", home=tmp_path)
    assert done.lines[0].split() == ["1", "error", "level"]
    wrong = rules("check", tmp_path / "nowhere", home=tmp_path)
    assert (wrong.code != 0, "no such rule file" in wrong.error) == (True, True)


def test_a_correlation_may_stand_on_our_own_pack(tmp_path: Path) -> None:
    base = next(path for path in sorted((rules_dir() / "base").glob("*.yml")))
    ref = next(line.split()[1] for line in base.read_text().splitlines() if line.startswith(("id:", "name:")))
    (tmp_path / "a.yml").write_text(CORRELATION.format(ref=ref, by="user.name"))
    assert rules("check", tmp_path / "a.yml", home=tmp_path).code == 0


def test_our_own_pack_is_clean(tmp_path: Path) -> None:
    done = rules("check", rules_dir(), "--strict", home=tmp_path)
    assert (done.code, done.lines[:-1]) == (0, [])


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"title": "17"}, "1:8"),
        ({"tags": "attack.t1059"}, "6:7"),
        ({"level": "[low]"}, "13:8"),
        ({"logsource": "linux"}, "7:12"),
        ({"logsource": "{product: linux, service: 5}"}, "7:12"),
        ({"socterm": "{tests: 5}"}, "14:18"),
        ({"socterm": "{tests: [{lines: 7}]}"}, "14:18"),
    ],
)
def test_a_refusal_stands_at_the_part_it_speaks_of(tmp_path: Path, part: dict[str, str], place: str) -> None:
    lines = [f for f in found(tmp_path, rule(1, **part)) if f.severity == "error"]
    assert [f"{f.line}:{f.char}" for f in lines] == [place], lines


def test_a_million_mistakes_are_told_in_short(tmp_path: Path) -> None:
    names = range(8000)
    text = rule(
        1,
        detection="\n"
        + "".join(f"  some_selection_{n:06d}: {{user.name: a}}\n" for n in names)
        + "  condition: "
        + " or ".join(f"some_selection_{n + 8000:06d}" for n in names),
    )
    lines = [f for f in found(tmp_path, text) if f.check == "condition"]
    assert len(lines) == 201
    assert "only the first 200" in lines[-1].message


def test_an_empty_id_is_none(tmp_path: Path) -> None:
    assert ("hint", "lacking") in kinds(found(tmp_path, rule(1, id="null")))
    assert ("error", "id") not in kinds(found(tmp_path, rule(1, id="null")))


def test_more_that_check_tells_apart(tmp_path: Path) -> None:
    same = found(tmp_path, rule(1), rule(1, level="severe"))
    assert {("error", "level"), ("warning", "title")} <= kinds(same)
    taken = found(tmp_path, rule(1), rule(1, title="Another"))
    assert any("already taken" in f.message for f in taken)
    objects = found(tmp_path, rule(1, tags="[attack.g0016, attack.s0002, attack.ta0002, attack.ds0017]"))
    assert not [f for f in objects if f.check == "tag"]
    paths = selection("    process.command_line|endswith: 'a\\\\*'")
    assert ("warning", "wildcard") in kinds(found(tmp_path, paths))
    literal = selection("    process.command_line|endswith: 'a\\*'")
    assert ("warning", "wildcard") not in kinds(found(tmp_path, literal))
    near = selection("    image: x", **WINDOWS) + "---\n" + selection("    CommandLin: x", **WINDOWS)
    (told,) = [f.message for f in found(tmp_path, near) if f.check == "field"]
    assert told.startswith("'CommandLin' is in no event of windows/process_creation/* we know")
    assert told.endswith("did you mean commandline?")


def test_workflow_commands_cannot_be_written_by_a_file_name(tmp_path: Path) -> None:
    (tmp_path / "a,line=9::x%0A.yml").write_text("- 1\n")
    (told,) = rules("check", tmp_path, "--format", "github", home=tmp_path).lines
    assert told.startswith("::error file=")
    assert "a%2Cline=9%3A%3Ax%250A.yml,line=1,col=1,title=yaml::" in told
