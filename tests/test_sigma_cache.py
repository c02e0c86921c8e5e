"""The cache of rules that were read before: the same rules as without it, and no trust beyond that."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from socterm.assets import rules_dir
from socterm.sigma import cache as module
from socterm.sigma.cache import NAME, RuleCache
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet

RULE = """
title: one
id: 6f0a2f0e-8d63-4a57-9a52-0f3f4f0c7a01
logsource: {product: linux}
detection:
  s: {user.name|contains: ['ro', 'ot'], a|re: 'x+y', b|gt: 3, c|exists: true, d: null, e|cidr: 10.0.0.0/8}
  t: ['*word?', other]
  condition: s and not t
"""
NAMELESS = "title: no id\nlogsource: {product: linux}\ndetection: {s: {a: 1}, condition: s}\n"
FILLED = "title: f\nname: f\nlogsource: {product: linux}\ndetection: {s: {a|expand: '%x%'}, condition: s}\n"


def cached(paths: list[Path], folder: Path, **lists: list[str]) -> tuple[RuleSet, RuleCache]:
    cache = RuleCache(folder)
    rules = load_rules(paths, cache=cache, placeholders=lists)
    cache.save()
    return rules, cache


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "socterm"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    made = tmp_path / "rules"
    made.mkdir()
    (made / "one.yml").write_text(RULE + "---\n" + NAMELESS)
    (made / "broken.yml").write_text("title: [")
    return made


def test_our_own_pack_is_the_same_from_the_cache(folder: Path) -> None:
    plain = load_rules([rules_dir()])
    assert cached([rules_dir()], folder)[0] == plain
    assert cached([rules_dir()], folder)[0] == plain


def test_a_warm_start_reads_no_rule_again(rules: Path, folder: Path) -> None:
    """pySigma is not even imported."""
    cached([rules], folder)
    code = (
        "import sys, pathlib\n"
        "from socterm.sigma.cache import RuleCache\n"
        "from socterm.sigma.load import load_rules\n"
        "rules = load_rules([pathlib.Path(sys.argv[1])], cache=RuleCache(pathlib.Path(sys.argv[2])))\n"
        "assert len(rules.fates) == 3\n"
        "sys.exit('sigma' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(rules), str(folder)], check=False, timeout=60)
    assert done.returncode == 0


def test_a_rule_that_moves_is_known_by_its_text_and_listed_under_its_place(rules: Path, folder: Path) -> None:
    cached([rules], folder)
    moved = rules / "moved.yml"
    (rules / "one.yml").rename(moved)
    found, _ = cached([rules], folder)
    assert {fate.path for fate in found.fates} == {str(moved), str(rules / "broken.yml")}
    assert f"{moved}#1" in found.rules
    assert found == load_rules([rules])


def test_a_changed_text_is_read_anew(rules: Path, folder: Path) -> None:
    cached([rules], folder)
    (rules / "one.yml").write_text(RULE.replace("title: one", "title: two"))
    found, _ = cached([rules], folder)
    assert "two" in {fate.title for fate in found.fates}
    assert found == load_rules([rules])


def test_the_lists_of_placeholders_belong_to_the_key(tmp_path: Path, folder: Path) -> None:
    file = tmp_path / "f.yml"
    file.write_text(FILLED)
    refused, _ = cached([file], folder)
    assert refused.fates[0].fate == "refused"
    for values in (["one"], ["two", "three"]):
        found, _ = cached([file], folder, x=values)
        assert found == load_rules([file], placeholders={"x": values})
        assert found.fates[0].fate == "active"


def test_what_was_known_stays_known_beside_what_is_new(rules: Path, folder: Path) -> None:
    cached([rules / "one.yml"], folder)
    cached([rules / "broken.yml"], folder)
    before = (folder / NAME).stat().st_mtime_ns
    cached([rules], folder)
    assert (folder / NAME).stat().st_mtime_ns == before  # nothing was new: nothing was written


def test_beyond_the_limit_the_rules_of_this_start_are_kept(
    rules: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FILES_LIMIT", 1)
    cached([rules / "broken.yml"], folder)
    cached([rules / "one.yml"], folder)
    kept = msgspec.msgpack.decode((folder / NAME).read_bytes()[32:])["files"]
    text = (rules / "one.yml").read_text()
    assert list(kept) == [sha256(text.encode()).digest()]


def poisoned(rules: Path, folder: Path) -> None:
    """A cache that says other things than the rules do, whole and of this engine."""
    cached([rules], folder)
    data = (folder / NAME).read_bytes()[32:].replace(b"one", b"bad")
    (folder / NAME).write_bytes(sha256(data).digest() + data)


def titles(rules: Path, folder: Path) -> set[str]:
    return {fate.title for fate in load_rules([rules], cache=RuleCache(folder)).fates}


def test_the_poisoned_cache_would_be_believed(rules: Path, folder: Path) -> None:
    """What the refusals below are worth."""
    poisoned(rules, folder)
    assert "bad" in titles(rules, folder)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_not_believed(rules: Path, folder: Path, mode: int) -> None:
    poisoned(rules, folder)
    (folder / NAME).chmod(mode)
    assert "bad" not in titles(rules, folder)


@pytest.mark.parametrize("mode", [0o770, 0o777])
def test_a_folder_that_others_can_write_is_neither_believed_nor_written(
    rules: Path, folder: Path, mode: int
) -> None:
    poisoned(rules, folder)
    folder.chmod(mode)
    assert "bad" not in titles(rules, folder)
    (rules / "new.yml").write_text(NAMELESS)
    before = (folder / NAME).read_bytes()
    cached([rules], folder)
    assert (folder / NAME).read_bytes() == before


def test_a_file_of_another_user_is_not_believed(
    rules: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned(rules, folder)
    us = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    assert "bad" not in titles(rules, folder)


def test_a_link_to_a_file_elsewhere_is_not_followed(rules: Path, folder: Path, tmp_path: Path) -> None:
    poisoned(rules, folder)
    (folder / NAME).rename(tmp_path / "elsewhere")
    (folder / NAME).symlink_to(tmp_path / "elsewhere")
    assert "bad" not in titles(rules, folder)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:40],
        lambda data: data[:-1],
        lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
        lambda data: sha256(b"\x93").digest() + b"\x93",
        lambda data: (
            sha256(msgspec.msgpack.encode({"engine": b"x", "files": {}})).digest()
            + msgspec.msgpack.encode({"engine": b"x", "files": {}})
        ),
    ],
    ids=["empty", "short", "cut", "a bit flipped", "no map", "another engine"],
)
def test_a_damaged_or_foreign_file_is_no_cache(rules: Path, folder: Path, damage: object) -> None:
    cached([rules], folder)
    path = folder / NAME
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    found, _ = cached([rules], folder)
    assert found == load_rules([rules])
    assert cached([rules], folder)[0] == found  # it has been written anew


def test_an_entry_of_another_shape_is_read_the_long_way(rules: Path, folder: Path) -> None:
    cached([rules], folder)
    content = msgspec.msgpack.decode((folder / NAME).read_bytes()[32:])
    content["files"] = {key: [{"odd": 1}] for key in content["files"]}
    data = msgspec.msgpack.encode(content)
    (folder / NAME).write_bytes(sha256(data).digest() + data)
    assert load_rules([rules], cache=RuleCache(folder)) == load_rules([rules])


def test_a_place_that_cannot_be_written_is_no_matter(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found, _ = cached([rules], tmp_path / "file" / "below")
    assert found == load_rules([rules])


def test_the_engine_is_known_by_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = module.engine.__wrapped__()
    (tmp_path / "more.py").write_text("x = 1\n")
    monkeypatch.setattr(module.taxonomy, "__path__", [*module.taxonomy.__path__, str(tmp_path)])
    assert module.engine.__wrapped__() != first
