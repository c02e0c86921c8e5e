"""The house rules that no linter knows: sizes, lazy imports, packaged data, docs that are true."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest
import socterm
from socterm.assets import rules_dir, sample_logs_dir
from socterm.cli import cli
from socterm.sigma.load import load_rules

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path for folder in ("socterm", "tests", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.py")
)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = _generate()
COMMANDS: dict[tuple[str, ...], click.Command] = dict(generate.commands(cli))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_one_thought(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from socterm.cli import main\n"
        "sys.argv = ['socterm', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'textual', 'sigma', 'ollama', 'pydantic', 'sqlite3', 'rich'} & set(sys.modules)\n"
        "print('heavy:', *sorted(heavy))\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert "Commands" in shown.stdout
    assert shown.stdout.splitlines()[-1] == "heavy:"


def test_rules_and_samples_travel_along() -> None:
    assert list(rules_dir().rglob("*.yml"))
    assert {"story_auth.log", "story_auth.truth.yml"} <= {path.name for path in sample_logs_dir().iterdir()}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]
    assert wheel["force-include"] == {name: f"socterm/_data/{name}" for name in ("rules", "sample_logs")}


def test_the_version_is_said_once_and_has_its_changes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == socterm.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(socterm.__version__)}\] - ", changes, re.MULTILINE)


@pytest.mark.parametrize("page", list(generate.PAGES))
def test_generated_pages_are_current(page: str) -> None:
    assert generate.stale([page]) == [], f"run python docs/generate.py {page}"


def test_no_page_of_rules_outlives_its_folder() -> None:
    found = {f"rules/{path.stem}" for path in (ROOT / "docs" / "rules").iterdir()}
    assert found == {page for page in generate.PAGES if page.startswith("rules/")}
    folders = {path.parent.name for path in rules_dir().rglob("*.yml")}
    assert {page.removeprefix("rules/") for page in found} | {"base"} == folders


def test_every_rule_that_alerts_has_its_steps_on_a_page() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "rules").iterdir())
    alerting = [rule for rule in load_rules([rules_dir()]).rules.values() if rule.alerting]
    assert pages.count("**How to check**") == len(alerting)
    assert all(f'<a id="{rule.name}"></a>' in pages for rule in alerting)


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for path, command in COMMANDS.items():
        assert f"## `{' '.join(path)}`" in text
        assert command.help, f"{' '.join(path)} has no help text"


def _calls() -> Iterator[tuple[str, list[str]]]:
    """Each `socterm …` a reader could copy from our pages, in fences and in backticks, as words."""
    for page in PAGES:
        if page.name == "cli.md":  # made from the commands themselves
            continue
        fenced = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
        text = page.read_text(encoding="utf-8")
        parts = [
            part
            for fence in fenced.findall(text)
            for line in fence.splitlines()
            for part in _commands_of(line)
        ]
        parts += re.findall(r"`([^`\n]+)`", fenced.sub("", text))
        for part in parts:
            words = re.sub(r"'[^']*'|\"[^\"]*\"", "QUOTED", part).split()
            if words and words[0].removeprefix(".venv/bin/") == "socterm":
                yield f"{page.name}: {part}", words


def _commands_of(line: str) -> list[str]:
    return [part.strip() for part in re.split(r"&&|\|", line.partition(" #")[0])]


def test_commands_in_the_docs_exist() -> None:
    calls = list(_calls())
    assert any(where.startswith("README") for where, _ in calls)
    for where, words in calls:
        path, rest = ("socterm",), words[1:]
        known = _options(path)
        while rest and (*path, rest[0]) in COMMANDS:
            path, rest = (*path, rest[0]), rest[1:]
            known = _options(path)
        if isinstance(COMMANDS[path], click.Group) and rest:
            assert rest[0].startswith("-") or (len(path) == 1 and rest[0] in {"…", "-"}), where
        for word in rest:
            if word.startswith("--"):
                assert word.split("=")[0] in known, f"{where}: {word}"


def _options(path: tuple[str, ...]) -> set[str]:
    named = {name for param in COMMANDS[path].params for name in (*param.opts, *param.secondary_opts)}
    return named | {"--help", "--version"}


def test_the_readme_sets_up_with_exactly_two_commands() -> None:
    fences = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    setup = [fence.splitlines() for fence in fences if "venv" in fence]
    assert [len(lines) for lines in setup] == [1, 1]
    assert setup[0][0].endswith("&& .venv/bin/socterm")
    assert setup[1][0].endswith("&& .venv/bin/pytest -q -n auto")


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
