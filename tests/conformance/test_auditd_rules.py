"""SigmaHQ's rules for auditd, unmodified: each fires on a record as the kernel would write it for it."""

from __future__ import annotations

import itertools
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.sigma.engine import Matcher
from socterm.sigma.fields import names_of
from socterm.sigma.load import load_rules

CORPORA = Path(os.environ.get("SOCTERM_CORPORA", "/nonexistent"))
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="SOCTERM_CORPORA names no folder")

NOW = 1_800_000_000_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("auditd")
    with tarfile.open(CORPORA / "sigma" / "sigmahq-rules.tar.gz") as archive:
        # Debian 12's Python 3.11.2 has no filters yet.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(target, [member for member in archive if "/linux/auditd/" in member.name])
    return target


SYSCALL = (
    "type=SYSCALL msg=audit(1795168800.100:{serial}): arch=c000003e syscall={number} success=yes exit=0 "
    "a0={a0} a1=0 a2=0 a3=0 items=0 ppid=1 pid=2 auid=1000 uid=0 gid=0 euid={euid} suid=0 fsuid=0 egid=0 "
    'sgid=0 fsgid=0 tty=pts0 ses=3 comm="{comm}" exe="{exe}" key="{key}"'
)
NUMBERS = {
    "memfd_create": 319, "personality": 135, "mknod": 133, "execve": 59, "execveat": 322, "sysinfo": 99,
    "syslog": 103,
}  # fmt: skip


def plain(key: str, value: Any) -> str:
    """A value that fits one test of a rule: a modifier's text padded, wildcards filled."""
    text = str(value)
    if "|re" in key:
        return ".x"
    text = text.replace("*", "x") + ("x" if "contains" in key else "")
    return f"/x{text}" if "endswith" in key and text[:1] != "/" and text[:1] not in ".-" else text


def quoted(text: str) -> str:
    return f'"{text}"' if not set(text) & set(' "') else text.encode().hex().upper()


def built(selection: dict[str, Any], words: list[str], serial: int) -> str | None:
    """A record, as the kernel would write it, that a selection and some keywords describe."""
    said = {
        key.partition("|")[0]: plain(key, value[0] if isinstance(value, list) else value)
        for key, value in selection.items()
    }
    kind = said.pop("type", "EXECVE").upper()
    if kind == "SYSCALL" or "SYSCALL" in said:
        return SYSCALL.format(
            serial=serial, number=NUMBERS.get(said.get("SYSCALL", ""), 0), a0=said.get("a0", "0"),
            euid=said.get("euid", "0"), comm=said.get("comm", "x"), exe=said.get("exe", "/x"),
            key=said.get("key", "x"),
        )  # fmt: skip
    if "key" in said:
        return SYSCALL.format(serial=serial, number=0, a0="0", euid="0", comm="x", exe="/x", key=said["key"])
    head = f"type={kind} msg=audit(1795168800.100:{serial}): "
    if kind == "PATH":
        name, happened = said.get("name", "/x"), said.get("nametype", "NORMAL")
        return (
            head
            + f"item=0 name={quoted(name)} inode=1 dev=08:01 mode=0100644 ouid=0 ogid=0 nametype={happened}"
        )
    if kind == "EXECVE":
        last = max((int(key[1:]) for key in said if key[1:].isdecimal()), default=-1)
        args = [said.get(f"a{index}", "x") for index in range(last + 1)] + words
        return head + f"argc={len(args)} " + " ".join(f"a{i}={quoted(arg)}" for i, arg in enumerate(args))
    if kind in ("TTY", "USER_TTY"):
        return head + "tty pid=2 uid=0 auid=1000 ses=3 major=136 minor=0 data=6C730D"
    unit = said.get("unit", "x")
    return head + f"pid=1 uid=0 auid=0 ses=1 msg='unit={unit} comm=\"systemd\" hostname=? addr=? res=success'"


def candidates(rule: dict[str, Any]) -> Iterator[str]:
    """Records built of a rule's selections, alone and together."""
    found = {
        name: part
        for name, part in rule["detection"].items()
        if name not in ("condition", "timeframe") and "filter" not in name
    }
    maps: list[list[dict[str, Any]]] = []
    words: list[str] = []
    for part in found.values():
        if isinstance(part, dict) and "|all" not in part:
            maps.append([part])
        elif isinstance(part, dict):
            words += part["|all"]
        elif isinstance(part[0], dict):
            maps.append(part)
        else:
            words.append(str(part[0]))
    serial = itertools.count(1)
    singles = [choice for choices in maps for choice in choices]
    pairs = [{**a, **b} for a, b in itertools.permutations(singles, 2)]
    whole: dict[str, Any] = {}
    for choices in maps:
        whole |= choices[0]
    for selection in (*singles, *pairs, whole):
        line = built(selection, [word for text in words for word in text.split(" ")], next(serial))
        if line is not None:
            yield line


def test_every_auditd_rule_of_sigmahq_fires_on_a_record_made_for_it(folder: Path) -> None:
    rules = load_rules([folder])
    matcher = Matcher(rules)
    silent = []
    for path in sorted(folder.rglob("*.yml")):
        rule = yaml.safe_load(path.read_text())
        lines = list(candidates(rule))
        events: list[Event] = []
        for line in lines:
            events += Decoder("x").decode(Chunk("x", 0, [line.encode()], {}, NOW, live=False))
        if not any(rule["id"] in answer for answer in matcher.match_all(events)):
            silent.append((path.name, lines[-1]))
    assert len(rules.rules) == 53
    assert silent == []


def names(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (key.partition("|")[0] for key in part if key[:1] != "|")
    elif isinstance(part, list):
        for item in part:
            yield from names(item)


def test_every_field_those_rules_name_is_found(folder: Path) -> None:
    wanted: set[str] = set()
    for path in folder.rglob("*.yml"):
        for name, part in yaml.safe_load(path.read_text())["detection"].items():
            if name not in ("condition", "timeframe"):
                wanted |= set(names(part))
    line = ["type=EXECVE msg=audit(1795168800.1:1): argc=9 " + " ".join(f'a{i}="x"' for i in range(9))]
    ours = Path(__file__).parent.parent / "logs" / "auditd"
    for path in ours.glob("*.expected.jsonl"):
        line += [json.loads(text)["event.original"] for text in path.read_text().splitlines()]
    chunk = Chunk("x", 0, [text.encode() for text in line], {}, NOW, live=False)
    present = {name for event in Decoder("x").decode(chunk) for name in event.fields}
    missing = {field for field in wanted if present.isdisjoint(names_of(field, ("linux", "", "auditd")))}
    assert len(wanted) == 17
    assert missing == set()
