"""`socterm rules update URL`: what is fetched from where, what is said of it, and what a kill leaves."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
from functools import partial
from pathlib import Path

import httpx
import pytest
from socterm.errors import SoctermError, UsageError
from socterm.pipeline.rulesets.fetch import fetch, public
from tests.e2e.road import SOCTERM, environment
from tests.rule_archives import FIRST, SECOND, Server, folder, saved, serving, titles, update, zipped


def test_a_server_on_this_machine(tmp_path: Path) -> None:
    data = zipped(FIRST)
    answers = {
        "/r.zip": (200, {}, data),
        "/old.zip": (302, {"Location": "/r.zip"}, b""),
        "/loop.zip": (302, {"Location": "/loop.zip"}, b""),
        "/away.zip": (302, {"Location": "http://192.0.2.1/r.zip"}, b""),
        "/file.zip": (302, {"Location": "file:///etc/passwd"}, b""),
    }
    with serving(answers) as url:
        digest = hashlib.sha256(data).hexdigest()
        assert update(tmp_path, f"{url}/old.zip", "--sha256", digest).code == 0
        assert titles(tmp_path) == {"A shell for 1", "A shell for 2"}
        for path, said in {
            "/gone.zip": "answers 404",
            "/loop.zip": "redirected more than",
            "/away.zip": "only https is fetched",
            "/file.zip": "only https is fetched",
        }.items():
            done = update(tmp_path, f"{url}{path}")
            assert (done.code != 0, said in done.error) == (True, True), done
    done = update(tmp_path, f"{url}/r.zip")
    assert (done.code, "\n" in done.error) == (3, False)


@pytest.mark.parametrize(
    "url", ["http://example.org/r.zip", "ftp://127.0.0.1/r.zip", "file:///etc/x.zip", "https://"]
)
def test_other_urls_are_not_even_asked(tmp_path: Path, url: str) -> None:
    done = update(tmp_path, url)
    assert (done.code, "only https is fetched" in done.error) == (2, True)


def test_an_archive_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socterm.pipeline.rulesets.fetch.ARCHIVE_LIMIT", 1000)
    with (
        serving({"/big.zip": (200, {}, b"x" * 5000)}) as url,
        pytest.raises(SoctermError, match="larger than"),
    ):
        fetch(f"{url}/big.zip", io.BytesIO())
    with pytest.raises(UsageError, match="no such file"):
        fetch(str(tmp_path / "none.zip"), io.BytesIO())
    with pytest.raises(UsageError, match="is a folder"):
        fetch(str(tmp_path), io.BytesIO())


def test_a_password_in_a_url_is_not_kept() -> None:
    assert public("https://eve:secret@example.org:8443/r.zip?token=1") == "https://example.org:8443/r.zip"


def test_a_killed_update_leaves_the_old_set(tmp_path: Path) -> None:
    update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    Server.stalled.clear()
    Server.release.clear()
    with serving({"/stall.zip": (200, {}, zipped(SECOND))}) as url:
        process = subprocess.Popen(
            [*SOCTERM, "rules", "update", f"{url}/stall.zip"],
            env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert Server.stalled.wait(60)
        busy = update(tmp_path, tmp_path / "1.zip")
        assert (busy.code, "another update" in busy.error) == (3, True)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
    assert titles(tmp_path) == {"A shell for 1", "A shell for 2"}
    assert list((folder(tmp_path) / ".sigmahq").glob("new-*"))  # what it left
    assert update(tmp_path, saved(tmp_path, "2.zip", zipped(SECOND))).code == 0
    assert "A shell for 3" in titles(tmp_path)
    assert not list((folder(tmp_path) / ".sigmahq").glob("new-*"))


def test_secrets_of_a_url_are_said_nowhere(tmp_path: Path) -> None:
    with serving(
        {
            "/r.zip?token=SECRET": (200, {}, zipped(FIRST)),
            "/to.zip?token=SECRET": (302, {"Location": "//x.example/?t=SECRET"}, b""),
        }
    ) as url:
        secret = url.replace("://", "://eve:SECRET@")
        for arguments in (
            (f"{secret}/r.zip?token=SECRET", "--sha256", "0" * 64),
            (f"{secret}/none.zip?token=SECRET",),
            (f"{secret}/to.zip?token=SECRET",),
            ("ftp://eve:SECRET@127.0.0.1/r.zip?token=SECRET",),
            ("http://eve:SECRET@[::1/r.zip?token=SECRET",),
        ):
            done = update(tmp_path, *arguments)
            assert (done.code != 0, "SECRET" in done.error + done.out) == (True, False), done
        done = update(tmp_path, f"{secret}/r.zip?token=SECRET", "--json")
        assert done.records[-1]["source"] == f"{url}/r.zip"


def test_a_server_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socterm.pipeline.rulesets.fetch.LASTS_MOST", -1.0)
    with (
        serving({"/r.zip": (200, {}, zipped(FIRST))}) as url,
        pytest.raises(SoctermError, match="given up"),
    ):
        fetch(f"{url}/r.zip", io.BytesIO())


def test_no_room_on_the_disk(tmp_path: Path) -> None:
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(SoctermError, match="No space left"),
    ):
        fetch(str(saved(tmp_path, "1.zip", zipped(FIRST))), full)


def test_a_server_elsewhere_cannot_send_one_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "http://127.0.0.1:9/r.zip"})

    elsewhere = partial(httpx.Client, transport=httpx.MockTransport(answer))
    monkeypatch.setattr(httpx, "Client", elsewhere)
    with pytest.raises(UsageError, match="only https is fetched"):
        fetch("https://rules.example/r.zip", io.BytesIO())
    assert asked == ["https://rules.example/r.zip"]


def test_this_machine_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving({"/r.zip": (200, {}, zipped(FIRST))}) as url:
        assert fetch(f"{url}/r.zip", io.BytesIO())
