"""Rule folders watched for real: what editors, pulls and swapped folders do to files, and what is kept."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from socterm.pipeline.rulebook import RuleBook
from socterm.pipeline.rulecheck import Checked
from socterm.pipeline.ruledisk import RuleDisk
from socterm.pipeline.rulesets.installed import RuleSets
from socterm.pipeline.rulewatch import Reload, RuleWatch
from socterm.sigma.documents import read_file, rule_files
from socterm.sigma.engine import Matcher
from socterm.sigma.load import load_files

from reload_road import book
from test_rules_reload import login, over

PATIENCE = 60.0


class Watched:
    """A started watch; `until` waits for what it makes."""

    def __init__(self, watch: RuleWatch) -> None:
        self.watch = watch
        self.woken = threading.Event()
        self.last: Reload | None = watch.take()
        self.taken = 0
        watch.start(self.woken.set)

    def until(self, holds: Callable[[Reload], bool]) -> Reload:
        """The first rule set for which it holds."""
        while not (self.last is not None and holds(self.last)):
            assert self.woken.wait(PATIENCE), "nothing happened"
            self.woken.clear()
            found = self.watch.take()
            if found is not None:
                self.last, self.taken = found, self.taken + 1
        return self.last

    def rules(self) -> set[str]:
        assert self.last is not None
        return set(self.last.rules.rules)


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    watch = RuleWatch(book(folder), Matcher)
    made = Watched(watch)
    try:
        yield made
    finally:
        watch.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "rules"
    (path / "deep").mkdir(parents=True)
    (path / "a.yml").write_text(login("a"))
    (path / "deep" / "b.yaml").write_text(login("b"))
    return path


def level(reload: Reload, rule: str) -> str:
    found = reload.rules.rules.get(rule)
    return "" if found is None else found.info.level


def test_the_watch_finds_the_files_that_loading_finds(folder: Path) -> None:
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.yml").write_text(login("x"))
    (folder / ".a.yml.swp").write_text("no")
    (folder / "notes.txt").write_text("no")
    (folder / "b").mkdir()
    (folder / "b" / "c.YML").write_text(login("c"))
    (folder / "b.yml").write_text(login("d"))
    (folder / "link").symlink_to(folder / "deep")
    (folder / "dangling.yml").symlink_to(folder / "nowhere.yml")
    (folder / "file.yml").symlink_to(folder / "a.yml")
    found = RuleDisk(lambda: [folder]).read()
    assert list(found.files) == [str(path) for path in rule_files([folder])]
    assert list(found.files.values()) == [read_file(path) for path in rule_files([folder])]
    assert found.missing == {}


def test_only_what_changed_is_read_again(folder: Path) -> None:
    disk = RuleDisk(lambda: [folder])
    first = disk.read().files
    assert not disk.changed()
    (folder / "a.yml").write_text(login("a", "success"))
    assert disk.changed()
    second = disk.read().files
    a, b = str(folder / "a.yml"), str(folder / "deep" / "b.yaml")
    assert second[b] is first[b]
    assert second[a] != first[a]


def test_an_edit_in_place_and_one_by_renaming(folder: Path) -> None:
    with watched(folder) as seen:
        (folder / "a.yml").write_text(login("a").replace("low", "high"))
        assert seen.until(lambda r: level(r, "a") == "high").text == "1 changed"
        new = folder / "a.yml~"
        new.write_text(login("a").replace("low", "critical"))
        new.replace(folder / "a.yml")
        seen.until(lambda r: level(r, "a") == "critical")
        assert seen.watch.notes == ()


def test_files_come_and_go(folder: Path) -> None:
    with watched(folder) as seen:
        (folder / "new" / "deeper").mkdir(parents=True)
        (folder / "new" / "deeper" / "c.yml").write_text(login("c"))
        assert seen.until(lambda r: "c" in r.rules.rules).text == "1 added"
        (folder / "deep" / "b.yaml").unlink()
        seen.until(lambda r: "b" not in r.rules.rules)
        assert seen.rules() == {"a", "c"}


def test_a_broken_file_keeps_its_last_good_version_and_says_so(folder: Path) -> None:
    with watched(folder) as seen:
        path = folder / "a.yml"
        path.write_text("title: A\nlogsource: [\n")
        reload = seen.until(lambda r: any("kept" in fate.reason for fate in r.state.fates))
        assert seen.rules() == {"a", "b"}
        [fate] = [fate for fate in reload.state.fates if fate.key == "a"]
        assert (fate.fate, fate.path) == ("active", str(path))
        assert fate.reason.startswith(f"kept: {path} line 3: not YAML:")
        assert dict(reload.state.files)[str(path)] == login("a")
        [note] = seen.watch.notes
        assert note.startswith(f"kept: {path} line 3: not YAML:")
        path.write_text(login("a").replace("low", "high"))
        seen.until(lambda r: level(r, "a") == "high")
        assert seen.watch.notes == ()


def test_a_rule_that_fails_its_own_test_after_an_edit_keeps_its_last_good_version(folder: Path) -> None:
    test = "socterm: {tests: [{name: it alerts, lines: [nothing], alerts: 1}]}\n"
    with watched(folder) as seen:
        (folder / "a.yml").write_text(login("a", "success") + test)
        reload = seen.until(lambda r: any("kept" in fate.reason for fate in r.state.fates))
        [fate] = [fate for fate in reload.state.fates if fate.key == "a"]
        assert fate.fate == "active"
        assert "fails its own test: it alerts: expected 1 alerts, got 0" in fate.reason
        assert dict(reload.state.files)[str(folder / "a.yml")] == login("a")


def test_what_was_never_good_is_refused_and_hurts_nobody(folder: Path) -> None:
    with watched(folder) as seen:
        (folder / "c.yml").write_text("title: [\n")
        reload = seen.until(lambda r: any(fate.fate == "refused" for fate in r.state.fates))
        assert reload.text == "1 refused"
        assert seen.rules() == {"a", "b"}
        (folder / "c.yml").write_text(login("c"))
        seen.until(lambda r: "c" in r.rules.rules)


def test_a_file_of_several_is_taken_whole_or_not_at_all(folder: Path) -> None:
    both = login("a") + "---\n" + login("c")
    with watched(folder) as seen:
        (folder / "a.yml").write_text(both)
        seen.until(lambda r: "c" in r.rules.rules)
        broken = login("c").replace("condition: sel", "condition: no")
        (folder / "a.yml").write_text(login("a").replace("low", "high") + "---\n" + broken)
        seen.until(lambda r: any("kept" in fate.reason for fate in r.state.fates))
        assert level(seen.last, "a") == "low"  # type: ignore[arg-type]
        (folder / "a.yml").write_text(login("c"))
        seen.until(lambda r: "a" not in r.rules.rules)
        assert seen.rules() == {"b", "c"}


def test_many_files_at_once_are_one_change(folder: Path) -> None:
    with watched(folder) as seen:
        for number in range(300):
            (folder / "deep" / f"n{number}.yml").write_text(login(f"n{number}"))
        seen.until(lambda r: len(r.rules.rules) == 302)
        assert seen.taken <= 2


def test_a_swapped_folder(folder: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / "a.yml").write_text(login("a"))
    (new / "c.yml").write_text(login("c"))
    with watched(folder) as seen:
        folder.rename(tmp_path / "old")
        new.rename(folder)
        seen.until(lambda r: "c" in r.rules.rules)
        assert seen.rules() == {"a", "c"}
        (folder / "d.yml").write_text(login("d"))
        seen.until(lambda r: "d" in r.rules.rules)


def test_a_link_to_another_folder(folder: Path, tmp_path: Path) -> None:
    other, link = tmp_path / "v2", tmp_path / "current"
    shutil.copytree(folder, other)
    (other / "a.yml").write_text(login("a").replace("low", "high"))
    link.symlink_to(folder)
    with watched(link) as seen:
        (tmp_path / "next").symlink_to(other)
        (tmp_path / "next").replace(link)
        seen.until(lambda r: level(r, "a") == "high")
        (other / "a.yml").write_text(login("a").replace("low", "critical"))
        seen.until(lambda r: level(r, "a") == "critical")


def test_files_that_are_links_into_a_swapped_folder(folder: Path) -> None:
    """As a Kubernetes ConfigMap is mounted."""
    for version, word in (("..v1", "low"), ("..v2", "high")):
        (folder / version).mkdir()
        (folder / version / "m.yml").write_text(login("m").replace("low", word))
    (folder / "..data").symlink_to("..v1")
    (folder / "m.yml").symlink_to("..data/m.yml")
    with watched(folder) as seen:
        seen.until(lambda r: level(r, "m") == "low")
        (folder / "..new").symlink_to("..v2")
        (folder / "..new").replace(folder / "..data")
        seen.until(lambda r: level(r, "m") == "high")


def test_a_vanished_folder_keeps_its_rules(folder: Path, tmp_path: Path) -> None:
    with watched(folder) as seen:
        folder.rename(tmp_path / "away")
        while not seen.watch.notes:
            assert seen.woken.wait(PATIENCE)
            seen.woken.clear()
        assert seen.watch.notes == (
            f"kept: {folder}: No such file or directory; the rules that were there stay in use",
        )
        seen.until(lambda _reload: True)
        assert seen.rules() == {"a", "b"}
        (tmp_path / "away" / "a.yml").write_text(login("a").replace("low", "high"))
        (tmp_path / "away").rename(folder)
        seen.until(lambda r: level(r, "a") == "high")
        assert seen.watch.notes == ()


def test_what_cannot_be_looked_at_keeps_its_rules(folder: Path) -> None:
    with watched(folder) as seen:
        (folder / "loop").symlink_to("a.yml")
        (folder / "loop").replace(folder / "a.yml")
        seen.until(lambda _reload: bool(seen.watch.notes))
        assert seen.rules() == {"a", "b"}
        assert seen.watch.notes[0].startswith(f"kept: {folder / 'a.yml'}: ")


def test_a_single_file(folder: Path) -> None:
    with watched(folder / "a.yml") as seen:
        assert seen.rules() == {"a"}
        new = folder / "x"
        new.write_text(login("a").replace("low", "high"))
        new.replace(folder / "a.yml")
        seen.until(lambda r: level(r, "a") == "high")


def test_a_correlation_whose_rule_goes_is_refused_and_comes_back(folder: Path) -> None:
    (folder / "c.yml").write_text(over("c", "event_count", "b", "1m", "condition: {gte: 3}"))
    with watched(folder) as seen:
        text = (folder / "deep" / "b.yaml").read_text()
        (folder / "deep" / "b.yaml").unlink()
        reload = seen.until(lambda r: "c" not in r.rules.rules)
        [fate] = [fate for fate in reload.state.fates if fate.key == "c"]
        assert (fate.fate, fate.reason) == (
            "refused",
            "it refers to 'b', and no rule of that id or name is loaded",
        )
        (folder / "deep" / "b.yaml").write_text(text)
        seen.until(lambda r: "c" in r.rules.rules)


def test_a_rule_set_installed_and_removed_meanwhile(folder: Path, tmp_path: Path) -> None:
    """`rules update` makes a link to a new folder; nobody named it when this began."""
    sets = RuleSets(tmp_path / "sets")
    made = RuleBook(lambda: [folder, *sets.paths()], lambda files: Checked(load_files(files), {}))
    watch = RuleWatch(made, Matcher)
    seen = Watched(watch)
    try:
        for number, word in enumerate(("low", "high"), 1):
            with sets.changing("more") as fresh:
                (fresh / "m.yml").write_text(login("m").replace("low", word))
                sets.install("more", fresh, source="a file", sha256=f"{number}" * 64, at=number, rules=1)
            seen.until(lambda r, word=word: level(r, "m") == word)
        sets.remove("more")
        seen.until(lambda r: "m" not in r.rules.rules)
    finally:
        watch.close()
