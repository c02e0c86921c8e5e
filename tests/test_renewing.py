"""SIGHUP in running services: channels, placeholders and lists of a new configuration; a certificate."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from socterm.cli.renewing import Renewal
from socterm.config import Config, load_config
from socterm.enrich.valuelists import ValueLists
from socterm.pipeline.rulebook import RuleBook
from socterm.pipeline.rulecheck import Checked, Verdicts, check_loaded
from socterm.pipeline.rulewatch import RuleWatch
from socterm.pipeline.sdnotify import NOBODY, Manager
from socterm.pipeline.status import waiting
from socterm.sigma.documents import RuleFile
from socterm.sigma.engine import Matcher
from socterm.sigma.load import load_files
from tests.e2e.road import environment, killed, lines_stored, until
from tests.notify_servers import Receiver, certificate

LINE = "2026-11-20T10:00:{:02}+00:00 web1 sshd[7]: Failed password for {} from 192.0.2.7 port 4022 ssh2\n"
RULE = """title: {title}
id: 6c9b7f6c-2c0f-4b9a-9d1a-0f4b0b6b2f{number}
level: high
logsource: {{product: linux, service: sshd}}
detection: {{k: {{{term}}}, condition: k}}
"""
PLACED = RULE.format(title="One of ours", number=11, term="user.name|expand: '%ours%'")
LISTED = (
    RULE.format(title="One on the list", number=12, term="event.outcome: failure")
    + "socterm: {lookup: {field: user.name, list: bad}}\n"
)


# -- the whole, as a process ----------------------------------------------------------------


def with_rules(rules: Path) -> list[str]:
    """`socterm` with these rules alone: to try the whole pack takes its time."""
    script = (
        "import pathlib, socterm.cli, socterm.cli.wiring as wiring\n"
        f"wiring.rules_dir = lambda: pathlib.Path({str(rules)!r})\nsocterm.cli.main()\n"
    )
    return [sys.executable, "-c", script]


@contextlib.contextmanager
def run(home: Path, rules: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """`socterm run`."""
    process = subprocess.Popen(
        [*with_rules(rules), "run", "--db", str(home / "s.db"), *words], env=environment(home),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with killed(process):
        yield process


def fates(db: Path) -> dict[str, str]:
    """Title of each rule → its fate, as the store has them."""
    try:
        with closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as store:
            return dict(store.execute("SELECT title, fate FROM rules"))
    except sqlite3.OperationalError:
        return {}


def test_channels_placeholders_and_lists_are_in_force_after_sighup(tmp_path: Path) -> None:
    log, config, rules, db = (tmp_path / name for name in ("auth.log", "c.toml", "rules", "s.db"))
    rules.mkdir()
    (rules / "a.yml").write_text(PLACED)
    (rules / "b.yml").write_text(LISTED)
    (tmp_path / "bad.txt").write_text("eve\n")
    usual = "[llm]\nbackend = 'none'\n[analyst]\nbackground = false\n"
    config.write_text(usual)
    log.write_text(LINE.format(0, "ann"))
    options = ("--tail", str(log), "--config", str(config), "--from-start")
    with Receiver() as receiver, run(tmp_path, rules, *options) as process:
        until(lambda: fates(db) == {"One of ours": "refused", "One on the list": "refused"}, "the rules")
        until(lambda: lines_stored(db, tmp_path) == 1, "the first line")
        config.write_text(
            "placeholders = {ours = 'ours.txt'}\nlists = {bad = 'bad.txt'}\n" + usual
            + "[notify]\nolder = ''\n[notify.channels.a]\nkind = 'webhook'\n" + f"url = '{receiver.url}'\n"
        )  # fmt: skip
        (tmp_path / "ours.txt").write_text("bob\n")
        process.send_signal(signal.SIGHUP)
        until(lambda: set(fates(db).values()) == {"active"}, "both rules")
        with log.open("a") as more:
            more.write(LINE.format(1, "ann") + LINE.format(2, "bob") + LINE.format(3, "eve"))
        until(lambda: len(receiver.got) == 2, "two messages")

        (tmp_path / "ours.txt").write_text("bob\nann\n")  # the configuration is as it was, its file is not
        process.send_signal(signal.SIGHUP)
        until(lambda: alerts_of_a_new_line(log, db) >= 2, "an alert about ann")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    titles = sorted(request.said["alert"]["title"] for request in receiver.got[:2])
    assert titles == ["One of ours", "One on the list"]
    assert "read anew: lists, placeholders, notify.older, notify.channels changed" in said
    assert "after a restart" not in said


def alerts_of_a_new_line(log: Path, db: Path) -> int:
    """Alerts of the rule with the placeholder, after one more line about ann."""
    with log.open("a") as more:
        more.write(LINE.format(4, "ann"))
    with closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as store:
        return int(store.execute("SELECT count(*) FROM alerts WHERE title = 'One of ours'").fetchone()[0])


# -- the parts ------------------------------------------------------------------------------


def reader(values: dict[str, list[str]]) -> Callable[..., Checked]:
    def read(files: list[RuleFile]) -> Checked:
        return check_loaded(
            lambda off: load_files(files, disabled=off, placeholders=values), verdicts=Verdicts()
        )

    return read


def test_rules_are_read_anew_with_other_values_though_no_file_changed(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(PLACED)
    book = RuleBook(lambda: [tmp_path], reader({}))
    assert [fate.fate for fate in book.rules.fates] == ["refused"]
    book.look()
    book.use(reader({"ours": ["bob"]}))
    assert book.look()
    assert [fate.fate for fate in book.rules.fates] == ["active"]
    assert not book.look()


def test_a_watch_takes_other_values_by_itself(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(PLACED)
    watch = RuleWatch(RuleBook(lambda: [tmp_path], reader({})), Matcher)
    watch.take()
    watch.start(lambda: None)
    watch.follow(lambda: [tmp_path], reader({"ours": ["bob"]}))
    found = []
    until(lambda: bool(found.append(watch.take()) or found[-1]), "the rules")
    watch.close()
    assert [fate.fate for fate in found[-1].rules.fates] == ["active"]


def test_lists_of_new_names_are_there_and_those_taken_away_stay(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).write_text(f"{name}\n")
    lists = ValueLists({"a": tmp_path / "one", "b": tmp_path / "two"})
    lists.use(["a", "b"])
    lists.take(ValueLists({"b": tmp_path / "three", "c": tmp_path / "one"}))
    lists.use(["a", "b", "c"])
    assert ("one" in lists["a"], "three" in lists["b"], "one" in lists["c"]) == (True, True, True)


class Part:
    """Takes the level of notifications alone."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def takes(self, _before: Config, _now: Config, key: tuple[str, ...]) -> bool:
        return key == ("notify", "level")

    def prepared(self, config: Config) -> Callable[[], None]:
        return lambda: self.taken.append(config.notify.level)


@pytest.mark.parametrize(("sections", "waits"), [((), "tz, notify.most"), (("notify",), "notify.most")])
def test_what_nobody_takes_is_told_at_each_signal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sections: tuple[str, ...], waits: str
) -> None:
    file = tmp_path / "c.toml"
    file.write_text("")
    options = {"config": file}
    part = Part()
    renew = Renewal(load_config({}, path=file), options, NOBODY, [part], status=waiting, sections=sections)
    file.write_text("tz = 'UTC'\n[notify]\nlevel = 'low'\nmost = 7\n")
    renew()
    renew()
    said = capsys.readouterr().err.splitlines()
    assert part.taken == ["low", "low"]
    assert [line.split("anew: ")[1].split(" changed")[0] for line in said if "anew" in line] == [
        "notify.level",
        "nothing",
    ]
    assert [line.rpartition("restart: ")[2] for line in said if "restart" in line] == [waits, waits]


def test_a_part_that_cannot_take_it_keeps_all_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.toml"
    file.write_text("")
    part = Part()
    renew = Renewal(load_config({}, path=file), {"config": file}, NOBODY, [part], status=waiting)
    file.write_text("[notify]\nlevel = 'deafening'\n")
    renew()
    assert part.taken == []
    assert "stays as it was" in capsys.readouterr().err


def test_what_nobody_thought_of_neither_ends_the_thread_of_signals_nor_a_reload(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.toml"
    file.write_text("")
    address = str(tmp_path / "notify")

    class Stumbling(Part):
        def prepared(self, config: Config) -> Callable[[], None]:
            raise PermissionError(13, "Permission denied", "/root/rules")

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(address)
        options = {"config": file}
        Renewal(load_config({}, path=file), options, Manager(address), [Stumbling()], status=waiting)()
        end.settimeout(10)
        heard = [end.recv(4096).decode().partition("\n")[0] for _ in range(3)]
    assert (heard[0], heard[2]) == ("RELOADING=1", "READY=1")
    assert "stays as it was: PermissionError" in heard[1]
    assert "/root/rules" in capsys.readouterr().err


# -- the service, with an ingest and without ----------------------------------------------------------


@contextlib.contextmanager
def serving(home: Path, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`socterm serve` on any port, and the file that has what it says."""
    said = home / "said"
    rules = home / "rules.yml"
    rules.write_text(LISTED)
    options = [*with_rules(rules), "serve", "--listen", "127.0.0.1:0", *words, "--db", str(home / "s.db")]
    with said.open("wb") as stderr:
        process = subprocess.Popen(
            options, env=environment(home), stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr
        )
    try:
        yield process, said
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def shown(url: str) -> str:
    """The certificate that a server shows, as PEM."""
    _, _, place = url.partition("//")
    host, _, port = place.rpartition(":")
    return ssl.get_server_certificate((host, int(port)))


@pytest.mark.parametrize("reads", ["--no-ingest", "--tail=auth.log"])
def test_a_service_shows_a_renewed_certificate_after_sighup_and_keeps_the_old_for_a_broken_one(
    tmp_path: Path, reads: str
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        certificate(folder)
    words = ("--cert", str(old / "cert.pem"), "--key", str(old / "key.pem"), reads)
    with serving(tmp_path, *words) as (process, said):
        until(lambda: "serving https://" in said.read_text(), "the service")
        url = said.read_text().partition("serving ")[2].split()[0]
        before = shown(url)
        fresh = (new / "cert.pem").read_bytes()
        (old / "cert.pem").write_bytes(fresh)  # its key is still the other one
        process.send_signal(signal.SIGHUP)
        until(lambda: "stays as it was" in said.read_text(), "the trouble")
        assert shown(url) == before
        (old / "key.pem").write_bytes((new / "key.pem").read_bytes())
        process.send_signal(signal.SIGHUP)
        until(lambda: shown(url) != before, "the new certificate")
        assert shown(url).strip() in fresh.decode()
    assert process.returncode == 0
