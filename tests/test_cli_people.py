"""`socterm users` and `socterm tokens`: secrets come in by a prompt or standard input, and go out once."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from socterm.store import open_store
from tests.rules_cli import called
from tests.service_scene import PASSWORD

SOCTERM = [sys.executable, "-m", "socterm"]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "SOCTERM_ACTOR": "root",
    }


def call(home: dict[str, str], *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SOCTERM, *words], env=home, input=given, capture_output=True, text=True, check=False, timeout=60
    )


def _store(home: dict[str, str]) -> Path:
    return Path(home["XDG_DATA_HOME"]) / "socterm" / "socterm.db"


def test_users_come_before_the_first_log_and_go_again(home: dict[str, str]) -> None:
    assert call(home, "users", "add", "ann", "--role", "triage", given=f"{PASSWORD}\n").stdout == (
        "user ann may triage\n"
    )
    assert _store(home).stat().st_mode & 0o777 == 0o600
    (told,) = call(home, "users", "list", "--json").stdout.splitlines()
    assert json.loads(told) | {"created": ""} == {
        "name": "ann", "role": "triage", "created": "", "last_login": "",
    }  # fmt: skip
    assert call(home, "users", "role", "ann", "admin").stdout == "user ann may admin\n"
    again = call(home, "users", "passwd", "ANN", given="another password\n")
    assert (again.returncode, again.stdout) == (0, "user ann has another password\n")
    assert call(home, "users", "remove", "ann").returncode == 0
    gone = call(home, "users", "remove", "ann")
    assert (gone.returncode, gone.stderr) == (
        2,
        "socterm: there is no user ann: socterm users list shows those there are\n",
    )
    with open_store(_store(home)) as store:
        assert [row.verb for row in store.chronicle.decided(0, 1 << 62)] == [
            "add user", "change role", "change password", "remove user",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [("", "no password"), ("short\n", "10 to 1024 characters"), ("x" * 2000 + "\n", "10 to 1024 characters")],
)
def test_no_password_is_no_user(home: dict[str, str], given: str, said: str) -> None:
    refused = call(home, "users", "add", "ann", given=given)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert not _store(home).exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("users", "add", "an n"), "a name is letters"),
        (("users", "role", "ann", "admin"), "no store there yet"),
        (("users", "passwd", "ann"), "no store there yet"),
        (("users", "remove", "ann"), "no store there yet"),
        (("tokens", "add", "a b", "--scope", "read"), "a name is letters"),
        (("tokens", "revoke", "1"), "no store there yet"),
    ],
)
def test_what_comes_to_nothing_leaves_no_store_behind(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = called(*words, home=tmp_path, stdin=f"{PASSWORD}\n")
    assert done.code != 0
    assert said in done.error
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_user_that_is_there_is_told_before_a_password_is_asked_for(tmp_path: Path) -> None:
    assert called("users", "add", "ann", home=tmp_path, stdin=f"{PASSWORD}\n").code == 0
    again = called("users", "add", "ann", home=tmp_path, stdin="")
    assert (again.code, "there is a user ann already" in again.error) == (2, True)


def test_a_terminal_is_asked_twice_and_shows_nothing(home: dict[str, str]) -> None:
    main, side = pty.openpty()
    process = subprocess.Popen(
        [*SOCTERM, "users", "add", "ann"],
        env=home,
        stdin=side,
        stdout=side,
        stderr=side,
        start_new_session=True,
    )
    os.close(side)
    shown = b""
    for prompt in (b"Password:", b"confirmation:"):
        while prompt not in shown:
            shown += os.read(main, 1000)
        os.write(main, PASSWORD.encode() + b"\n")
    assert process.wait(60) == 0
    shown += os.read(main, 1000)
    os.close(main)
    assert b"user ann may read" in shown
    assert PASSWORD.encode() not in shown


def test_a_token_is_shown_once_and_lasts_as_said(home: dict[str, str]) -> None:
    made = call(home, "tokens", "add", "shipper", "--scope", "read", "--scope", "ingest", "--for", "1d")
    token = made.stdout.strip()
    assert token.startswith("soct_")
    assert "may ingest, read" in made.stderr
    assert token not in made.stderr
    endless = call(home, "tokens", "add", "other", "--scope", "admin", "--for", "0")
    assert endless.returncode == 0
    listed = call(home, "tokens", "list")
    told = [json.loads(line) for line in call(home, "tokens", "list", "--json").stdout.splitlines()]
    assert [(one["id"], one["name"], one["scopes"], one["state"], one["author"]) for one in told] == [
        (2, "other", ["admin"], "good", "root"),
        (1, "shipper", ["ingest", "read"], "good", "root"),
    ]
    assert (told[0]["expires"], told[1]["expires"][:2]) == ("", "20")
    assert call(home, "tokens", "revoke", "1").stdout == "token 1 (shipper) is revoked\n"
    assert call(home, "tokens", "revoke", "1").returncode == 2
    assert call(home, "tokens", "revoke", "99").returncode == 2
    after = call(home, "tokens", "list").stdout
    assert "revoked" in after
    everything = listed.stdout + after + call(home, "tokens", "list", "--json").stdout
    assert token[5:] not in everything
    assert token.encode() not in _store(home).read_bytes()


@pytest.mark.parametrize("words", [["--for", "soon"], ["--for", "99999999d"], ["--for", ""]])
def test_a_span_that_is_none_makes_no_token(home: dict[str, str], words: list[str]) -> None:
    refused = call(home, "tokens", "add", "shipper", "--scope", "read", *words)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--for" in refused.stderr


def test_no_option_takes_a_password(home: dict[str, str]) -> None:
    for words in (["users", "add"], ["users", "passwd"], ["tokens", "add"], ["serve"]):
        assert "--password" not in call(home, *words, "--help").stdout
