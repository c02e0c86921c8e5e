"""What is said to somebody who mistyped a name: a command, a file in its place, a field, a value."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from socterm.cli import main
from socterm.query import parse
from socterm.store.meant import doubts, unknown

from store_samples import login, searchable


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return searchable(tmp_path / "store.db", [login(1)])


class Said:
    """What a call wrote, and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["socterm", *words])
        with pytest.raises(SystemExit) as done:
            main()
        out, err = self._capsys.readouterr()
        assert isinstance(done.value.code, int)
        return done.value.code, out, err


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Said:
    return Said(capsys, monkeypatch)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("alert", "did you mean alerts?"),
        ("serch", "did you mean search?"),
        ("xyzzy", "socterm --help lists those there are"),
    ],
)
def test_a_command_that_is_none_is_told_with_the_nearest(said: Said, word: str, meant: str) -> None:
    assert said(word, "list") == (2, "", f"socterm: there is no command {word!r}: {meant}\n")


def test_a_log_in_the_place_of_a_command_is_told_how_to_read_it(said: Said, tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text("")
    code, _, err = said(str(log))
    assert code == 2
    assert f"socterm --tail {log} follows it" in err
    assert f"socterm scan {log}" in err


def test_a_listener_without_a_scheme_is_no_file_to_wait_for(said: Said) -> None:
    code, out, err = said("run", "--syslog", "0.0.0.0:5514")
    assert (code, out) == (2, "")
    assert err == (
        "socterm: --syslog: say what is spoken there, such as udp://0.0.0.0:5514 or tcp://0.0.0.0:5514 "
        "(got '0.0.0.0:5514')\n"
    )


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (("serve", "--listen", "nowhere"), "socterm: --listen: is no ADDRESS:PORT"),
        (("run", "--tz", "Mars", "--tail", "/etc/hosts"), "socterm: --tz: is no time zone"),
    ],
)
def test_an_option_is_called_what_it_was_typed_as(said: Said, words: tuple[str, ...], begins: str) -> None:
    code, _, err = said(*words)
    assert code == 2
    assert err.startswith(begins)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("search", "user.nam:root"), "user.nam is no field that socterm writes by itself: did you mean"),
        (("search", "--count", "user.nam:root"), "did you mean user.name?"),
        (("search", "--by", "sorce.ip"), "did you mean source.ip?"),
        (("hunt", "not message:x and user.nam:root"), "did you mean user.name?"),
        (("hunt", "--by", "sorce.ip"), "did you mean source.ip?"),
        (("alerts", "list", "leve:high"), "did you mean level?"),
        (("search", "qqqq:1"), "socterm rules fields lists those that are"),
        (("alerts", "list", "level:hgh"), "hgh is no level of an alert: informational, low, medium, high"),
        (("alerts", "list", "title:x -state:opn"), "opn is no state of an alert: new, acknowledged"),
    ],
)  # fmt: skip
def test_a_field_nobody_writes_is_asked_about(
    said: Said, store: Path, words: tuple[str, ...], meant: str
) -> None:
    code, _, err = said(*words, "--db", str(store))
    assert code == 0
    assert meant in err


@pytest.mark.parametrize(
    "query",
    ["user.name:nobody", "user:x", "source.geo.country_iso_code:XX", "since:1h", "socterm.template:9"],
)
def test_fields_that_are_known_are_not_asked_about(said: Said, store: Path, query: str) -> None:
    assert said("search", query, "--db", str(store)) == (0, "", "0 events\n")


def test_what_was_found_is_not_asked_about(said: Said, store: Path) -> None:
    code, out, err = said("search", "user.name:root or user.nam:root", "--db", str(store))
    assert (code, len(out.splitlines()), err) == (0, 1, "")


def test_the_fields_of_a_query_are_those_it_names() -> None:
    query = parse("failed -user:a (ip:10.0.0.0/8 or weird.name>3) user:b since:1h", now=1)
    assert query.fields == ("user.name", "source.ip", "weird.name")
    assert unknown(query.fields) == ["weird.name"]


def test_values_an_alert_can_have_are_not_asked_about() -> None:
    assert doubts(parse("level:(HIGH or med) level:h* state:* verdict:false_positive", now=1)) == []
    assert [line.split()[0] for line in doubts(parse("not verdict:false", now=1))] == ["false"]


@pytest.mark.parametrize("words", [("parse", "/no/such.log"), ("rules", "check", "/no/such.yml")])
def test_a_path_that_is_not_there_is_a_mistake_everywhere(said: Said, words: tuple[str, ...]) -> None:
    code, out, err = said(*words)
    assert (code, out) == (2, "")
    assert f"{words[-1]}: no such" in err


@pytest.mark.parametrize(
    "option", [("--since", "1d"), ("--until", "1d"), ("--by", "user.name"), ("--histogram",)]
)
def test_what_sql_would_not_heed_is_refused(said: Said, store: Path, option: tuple[str, ...]) -> None:
    code, out, err = said("hunt", "--sql", "SELECT count(*) FROM events", *option, "--db", str(store))
    assert (code, out) == (2, "")
    assert f"{option[0]} goes with a query" in err


def test_a_network_that_is_none_finds_nothing_and_says_so(said: Said, store: Path) -> None:
    code, out, err = said("search", "source.ip:10.0.0.0/99", "--db", str(store))
    assert (code, out) == (2, "")
    assert "10.0.0.0/99 is no network" in err
    assert said("search", "--count", "not interface.name:10.0.0.0/99", "--db", str(store))[:2] == (0, "1\n")


@pytest.mark.parametrize("option", ["--since", "--until"])
def test_figures_name_the_option_that_is_no_time(said: Said, store: Path, option: str) -> None:
    assert (
        f"socterm: {option}: 'soon' is no time, such as"
        in said("metrics", option, "soon", "--db", str(store))[2]
    )


def test_a_filter_that_cannot_be_read_is_told_in_words(said: Said, store: Path) -> None:
    words = ("exceptions", "add", "--file", "/no/such.yml", "--reason", "x", "--db", str(store))
    assert said(*words) == (2, "", "socterm: /no/such.yml: cannot be read: No such file or directory\n")
