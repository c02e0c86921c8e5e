"""`socterm explain`: how a line was read, and the tests that kept each rule from matching."""

from __future__ import annotations

import json
import re
from datetime import UTC
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from socterm.cli import cli
from socterm.event import Event
from socterm.sigma.engine import Matcher
from socterm.sigma.lacking import lacking
from socterm.sigma.load import load_rules

LINE = "Nov 20 10:00:00 web1 sshd[7]: Failed password for root from 192.0.2.7 port 4022 ssh2"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def own(home: Path, no_pack: Path) -> Path:
    """Rules on logins, the only ones there are: one to match, one to count it, one that lacks something."""
    sshd = "logsource: {product: linux, service: sshd}\n"
    detection = "detection: {one: {event.action: ssh_login, event.outcome: %s}, condition: one}\n"
    (no_pack / "logins.yml").write_text(
        f"title: Failed login\nname: failed\nlevel: informational\n{sshd}{detection % 'failure'}"
        "---\ntitle: Many failed logins\nname: many\nlevel: medium\n"
        "correlation: {type: event_count, rules: [failed], group-by: [source.ip], timespan: 5m,"
        " condition: {gte: 5}}\n"
        f"---\ntitle: A login\nname: login\nlevel: low\n{sshd}{detection % 'success'}"
    )
    return no_pack


def explain(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(cli, ["explain", *arguments], input=given)


def lacks(folder: Path, detection: str, fields: dict[str, object]) -> list[str]:
    (folder / "r.yml").write_text(
        f"title: t\nname: t\nlogsource: {{product: linux}}\ndetection:\n{detection}"
    )
    event = Event(0, "s", 0, "raw text", fields, logsources=(("linux", "", "sshd"),))
    (rule,) = Matcher(load_rules([folder])).candidates(event)
    return [lack.text for lack in lacking(rule.detection, event, UTC)]


def test_a_login_is_told_in_full(own: Path) -> None:
    text = explain("--tz", "Europe/Berlin", LINE).output
    assert "sshd: OpenSSH server" in text
    assert "T09:00:00.000000Z  (the line leaves year or zone open" in text
    assert "zone Europe/Berlin" in text
    assert re.search(r"source\.ip +192\.0\.2\.7", text)
    assert "source.is_external" in text
    assert "product=linux/service=sshd" in text
    assert re.search(r"matched +Failed login \(raises nothing by itself\)", text)
    assert "counts towards: Many failed logins" in text
    assert "event.outcome is failure, wanted success" in text


def test_a_line_nobody_knows_says_so(home: Path) -> None:
    text = explain("what is this").output
    assert "nothing known: the whole line is kept as its message" in text
    assert "(the line names none: the time of reading)" in text


def test_a_broken_line_says_what_is_broken(home: Path) -> None:
    assert "broken: JSON: broken at character" in explain('{"a": ').output


def test_a_stamp_with_year_and_zone_is_taken_as_it_is(home: Path) -> None:
    assert (
        "(as the line says)" in explain(LINE.replace("Nov 20 10:00:00", "2026-11-20T10:00:00+01:00")).output
    )


def test_lines_from_standard_input_know_of_each_other(home: Path) -> None:
    first = "Nov 20 10:00:00 web1 sshd[7]: Accepted password for ann from 192.0.2.7 port 4022 ssh2\n"
    second = "certainly no stamp here\n"
    text = explain("-", given=first + second).output
    assert "(the line names none: the line before's)" in text


def test_a_line_is_read_as_the_format_named(home: Path) -> None:
    bare = "Failed password for root from 192.0.2.7 port 4022 ssh2"
    assert "nothing known" in explain(bare).output
    assert re.search(r"source\.ip +192\.0\.2\.7", explain("--format", "sshd", bare).output)


def test_an_unknown_format_is_one_line_with_a_hint(home: Path) -> None:
    result = explain("--format", "shsd", LINE)
    assert "no format is called 'shsd'; did you mean sshd?" in str(result.exception)


def test_json_carries_the_same(own: Path) -> None:
    found = json.loads(explain("--json", LINE).output)
    assert found["format"] == "sshd"
    assert found["event"]["source.ip"] == "192.0.2.7"
    assert {"product": "linux", "category": "", "service": "sshd"} in found["logsources"]
    assert {rule["title"]: rule["matched"] for rule in found["rules"]} == {
        "Failed login": True, "A login": False,
    }  # fmt: skip


def test_a_failed_login_counts_towards_our_rule_on_brute_force(home: Path) -> None:
    text = explain(LINE).output
    assert re.search(r"matched +Failed login \(raises nothing by itself\)", text)
    assert "counts towards: Brute force: more than 5 failed logins from one address in 2 minutes" in text


def test_rules_for_another_kind_of_event_are_never_near(no_pack: Path) -> None:
    head = "title: {}\nlevel: low\nlogsource: {{product: linux, service: sshd}}\ndetection:\n"
    other = "  s: {event.action: ssh_scan}\n  condition: s\n"
    near = "  s: {event.action: ssh_login, user.name: eve, source.ip: 192.0.2.1}\n  condition: s\n"
    (no_pack / "rules.yml").write_text(
        head.format("Another kind") + other + "---\n" + head.format("The same kind") + near
    )
    missed = re.findall(r"missed +(.+) \(low\)", explain(LINE).output)
    assert missed == ["The same kind", "Another kind"]


def test_hostile_text_does_not_reach_the_terminal(home: Path) -> None:
    text = explain("\x1b]52;c;eWVz\x07 \u202e[/foo] Nov").output
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text


def test_all_shows_every_rule_tried(home: Path) -> None:
    few, every = explain(LINE).output, explain("--all", LINE).output
    assert "more lacked as much or more" in few
    assert "more lacked as much or more" not in every
    assert len(every) > len(few)


@pytest.mark.parametrize(
    ("detection", "fields", "expected"),
    [
        ("  a: {user: root}\n  condition: a\n", {"user.name": "bob"}, ["user.name is bob, wanted root"]),
        ("  a: {user: root}\n  condition: a\n", {}, ["user.name is not there, wanted root"]),
        ("  a: {user: root}\n  condition: a\n", {"user.name": "root"}, []),
        (
            "  a: {user: [root, adm]}\n  condition: a\n",
            {"user.name": "bob"},
            ["user.name is bob, wanted root or adm"],
        ),
        (
            "  a: {user: root, pid|gt: 5}\n  condition: a\n",
            {"user.name": "root", "process.pid": 3},
            ["process.pid is 3, wanted gt 5"],
        ),
        (
            "  a: {user: root}\n  b: {pid: 1}\n  condition: a and not b\n",
            {"user.name": "root", "process.pid": 1},
            ["process.pid 1, which the rule excludes"],
        ),
        ("  a: [needle]\n  condition: a\n", {}, ["nowhere contains needle"]),
        (
            "  a: {user: root, pid: 1}\n  b: {ip: 192.0.2.1}\n  condition: a or b\n",
            {"user.name": "bob"},
            ["source.ip is not there, wanted 192.0.2.1"],
        ),
    ],
)
def test_only_what_stood_in_the_way_is_named(
    tmp_path: Path, detection: str, fields: dict[str, object], expected: list[str]
) -> None:
    assert lacks(tmp_path, detection, fields) == expected
