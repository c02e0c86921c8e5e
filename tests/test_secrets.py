"""Where secrets come from, which are refused, and that none is told."""

from __future__ import annotations

import copy
import json
import os
import pickle
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.errors import SoctermError, UsageError
from socterm.secrets import HIDDEN, LIMIT, Secret, find, held, own_file, variable_of

HUSH = "correct-horse-battery"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}


def put(environ: dict[str, str], name: str = "mail", text: str = HUSH + "\n", mode: int = 0o600) -> Path:
    path = own_file(name, environ)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def credentials(environ: dict[str, str], folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "mail").write_text(text)
    (folder / "mail").chmod(0o440)
    environ["CREDENTIALS_DIRECTORY"] = str(folder)


def test_a_credential_comes_before_a_file_and_that_before_the_environment(
    environ: dict[str, str], tmp_path: Path
) -> None:
    environ["SOCTERM_SECRET_MAIL"] = "of the environment"
    assert find("mail", environ) == "of the environment"
    put(environ, text="of the file\n")
    assert find("mail", environ) == "of the file"
    credentials(environ, tmp_path / "credentials", "of systemd\n")
    assert find("mail", environ) == "of systemd"


def test_what_no_credential_is_handed_over_for_is_looked_for_elsewhere(
    environ: dict[str, str], tmp_path: Path
) -> None:
    credentials(environ, tmp_path / "credentials", "of another")
    put(environ, "hook", "of the file")
    assert find("hook", environ) == "of the file"


def test_a_folder_of_credentials_that_is_not_absolute_is_none(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    credentials(environ, tmp_path / "credentials", "of whoever made this folder")
    environ["CREDENTIALS_DIRECTORY"] = "credentials"
    with pytest.raises(SoctermError, match="there is no secret mail"):
        find("mail", environ)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_may_use_is_refused_in_one_line(environ: dict[str, str], mode: int) -> None:
    path = put(environ, mode=mode)
    environ["SOCTERM_SECRET_MAIL"] = "not asked then"
    with pytest.raises(SoctermError) as refused:
        find("mail", environ)
    assert (
        str(refused.value) == f"the secret mail: others may read {path}: chmod 600 it, and make it your own"
    )
    assert refused.value.exit_code == 3


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_ones_own_is_taken(environ: dict[str, str], mode: int) -> None:
    put(environ, mode=mode)
    assert find("mail", environ) == HUSH


def test_only_the_newline_at_the_end_goes(environ: dict[str, str]) -> None:
    put(environ, text=" a\nb \r\n")
    assert find("mail", environ) == " a\nb "


def test_none_is_told_where_to_put_it(environ: dict[str, str]) -> None:
    with pytest.raises(SoctermError) as missing:
        find("mail", environ)
    assert str(missing.value) == (
        f"there is no secret mail: write it to {own_file('mail', environ)} (mode 0600)"
    )


@pytest.mark.parametrize("text", ["", "\n", "\r\n"])
def test_an_empty_one_is_refused(environ: dict[str, str], text: str) -> None:
    put(environ, text=text)
    with pytest.raises(SoctermError, match="is empty"):
        find("mail", environ)


def test_an_empty_variable_is_refused(environ: dict[str, str]) -> None:
    environ["SOCTERM_SECRET_MAIL"] = ""
    with pytest.raises(SoctermError, match="SOCTERM_SECRET_MAIL is empty"):
        find("mail", environ)


def test_what_is_no_file_neither_answers_nor_holds_up(environ: dict[str, str]) -> None:
    path = own_file("mail", environ)
    path.parent.mkdir(parents=True)
    os.mkfifo(path, 0o600)
    with pytest.raises(SoctermError, match="is no file"):
        find("mail", environ)
    path.unlink()
    path.mkdir(0o700)
    with pytest.raises(SoctermError, match="is no file"):
        find("mail", environ)


def test_what_is_too_large_or_no_text_is_refused_without_telling_it(environ: dict[str, str]) -> None:
    put(environ, text="x" * (LIMIT + 1))
    with pytest.raises(SoctermError, match="larger than 64 KiB"):
        find("mail", environ)
    own_file("mail", environ).write_bytes(HUSH.encode() + b"\xff")
    with pytest.raises(SoctermError, match="not UTF-8") as refused:
        find("mail", environ)
    assert HUSH not in "".join(traceback.format_exception(refused.value))


@given(st.text(max_size=80))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    environ = {"XDG_DATA_HOME": "/nowhere/at/all", "HOME": "/nowhere"}
    with pytest.raises(SoctermError):
        find(name, environ)
    assert "/" not in variable_of(name) or "/" in name


@pytest.mark.parametrize("name", ["", "../mail", "a/b", ".hidden", "a\nb", "é", "a" * 65, "mail\n"])
def test_a_name_that_can_be_none_is_refused_untold(environ: dict[str, str], name: str) -> None:
    put(environ)
    with pytest.raises(UsageError) as refused:
        find(name, environ)
    assert not name or name not in str(refused.value)


def test_a_secret_is_not_shown() -> None:
    key = Secret(HUSH)
    shown = [repr(key), str(key), f"{key}", f"{key!r:>20}", "%s" % key, repr({"key": [key]})]  # noqa: UP031
    shown += traceback.format_exception(ValueError("refused", key))
    assert not any(HUSH in text for text in shown)
    assert repr(key) == HIDDEN
    assert not hasattr(key, "__dict__")
    for written in (pickle.dumps, json.dumps, copy.deepcopy):
        with pytest.raises(TypeError) as refused:
            written(key)
        assert HUSH not in str(refused.value)


def test_a_secret_says_whether_it_is_one_and_what_it_is(environ: dict[str, str]) -> None:
    put(environ)
    assert held("mail", environ).reveal() == HUSH
    assert held("mail", environ)
    assert not Secret("")


def test_names_with_dots_and_dashes_have_a_variable(environ: dict[str, str]) -> None:
    environ["SOCTERM_SECRET_MAIL_RELAY_1"] = "x"
    assert find("mail-relay.1", environ) == "x"
