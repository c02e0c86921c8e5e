"""`socterm rules update`: archives from paths and from this machine, hostile ones too; swap, rollback."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import signal
import stat
import struct
import subprocess
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.errors import SoctermError, UsageError
from socterm.pipeline.rulesets import archive as unpacking
from socterm.pipeline.rulesets.archive import unpack
from socterm.pipeline.rulesets.fetch import expected_digest, fetch, public
from tests.e2e.road import SOCTERM, environment
from tests.rules_cli import Done, rule, rules

FIRST = {
    "pack/rules/a.yml": rule(1),
    "pack/rules/b.yml": rule(2),
    "pack/LICENSE": "free\n",
    "pack/x.png": "x",
}
SECOND = {
    "pack/rules/other/a.yml": rule(1, level="high"),
    "pack/rules/c.yml": rule(3),
    "pack/rules/d.yml": rule(4, level="severe"),
}


def zipped(members: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in members.items():
            packed.writestr(name, text)
    return made.getvalue()


def tarred(members: dict[str, str], *special: tarfile.TarInfo) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as packed:
        for info in special:
            packed.addfile(info)
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            packed.addfile(info, io.BytesIO(text.encode()))
    return made.getvalue()


def saved(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def update(home: Path, *arguments: object) -> Done:
    return rules("update", *arguments, home=home)


def titles(home: Path) -> set[str]:
    return {row["title"] for row in rules("list", "--json", "shell for", home=home).records}


def folder(home: Path) -> Path:
    return home / ".local/share/socterm/rules"


@pytest.mark.parametrize(("name", "pack"), [("r.zip", zipped), ("r.tar.gz", tarred)])
def test_an_archive_is_installed_and_loaded(tmp_path: Path, name: str, pack) -> None:
    data = pack(FIRST)
    done = update(tmp_path, saved(tmp_path, name, data))
    assert done.code == 0, done
    assert hashlib.sha256(data).hexdigest() in done.out
    assert "2 rule files, 2 documents: 2 active" in done.out
    assert "left out: 1 other files" in done.out
    assert titles(tmp_path) == {"A shell for 1", "A shell for 2"}
    current = folder(tmp_path) / "sigmahq"
    assert {path.name for path in current.rglob("*") if path.is_file()} == {"a.yml", "b.yml", "LICENSE"}
    assert not any(path.stat().st_mode & (stat.S_IXUSR | stat.S_ISUID) for path in current.rglob("*.yml"))
    (listed,) = update(tmp_path, "--json").records
    assert (listed["name"], listed["rules"], listed["source"]) == ("sigmahq", 2, str(tmp_path / name))


def test_an_update_says_what_changes(tmp_path: Path) -> None:
    update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    done = update(tmp_path, saved(tmp_path, "2.zip", zipped(SECOND)))
    said = [line.strip() for line in done.lines]
    assert [line for line in said if line[:2] in ("+ ", "~ ", "- ")] == [
        "+ A shell for 3 (5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a03)",
        "+ A shell for 4 (5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a04)",
        "~ A shell for 1 (5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a01)",
        "- A shell for 2 (5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a02)",
    ]
    assert any(line.startswith("! A shell for 4") and "severe" in line for line in said)
    again = update(tmp_path, tmp_path / "2.zip", "--json").records
    assert again[-1]["changes"] == {}
    assert again[-1]["installed"] is True


def test_a_moved_file_is_no_change(tmp_path: Path) -> None:
    update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    moved = {"elsewhere/deep/a.yml": rule(1), "elsewhere/b2.yml": rule(2)}
    assert "no rule changes" in update(tmp_path, saved(tmp_path, "2.zip", zipped(moved)), "--dry-run").out


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    before = sorted(path.name for path in folder(tmp_path).rglob("*"))
    done = update(tmp_path, saved(tmp_path, "2.zip", zipped(SECOND)), "--dry-run")
    assert "nothing was changed" in done.lines[-1]
    assert "2 added" in done.out
    assert titles(tmp_path) == {"A shell for 1", "A shell for 2"}
    assert sorted(path.name for path in folder(tmp_path).rglob("*")) == before


def test_rollback_and_remove(tmp_path: Path) -> None:
    assert "no set called 'sigmahq'" in update(tmp_path, "--rollback").error
    update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    assert "no set before this one" in update(tmp_path, "--rollback").error
    update(tmp_path, saved(tmp_path, "2.zip", zipped(SECOND)))
    assert "A shell for 3" in titles(tmp_path)
    assert update(tmp_path, "--rollback").code == 0
    assert titles(tmp_path) == {"A shell for 1", "A shell for 2"}
    update(tmp_path, tmp_path / "2.zip")
    assert "A shell for 3" in titles(tmp_path)
    assert update(tmp_path, "--remove").code == 0
    assert titles(tmp_path) == set()
    assert list(folder(tmp_path).iterdir()) == []


def test_only_the_set_in_use_and_the_one_before_are_kept(tmp_path: Path) -> None:
    for number in range(4):
        update(tmp_path, saved(tmp_path, f"{number}.zip", zipped({"a.yml": rule(number)})))
    kept = [path for path in (folder(tmp_path) / ".sigmahq").iterdir() if path.is_dir()]
    assert len(kept) == 2
    assert titles(tmp_path) == {"A shell for 3"}


def test_sets_of_several_names_are_all_loaded(tmp_path: Path) -> None:
    update(tmp_path, saved(tmp_path, "1.zip", zipped({"a.yml": rule(1)})))
    update(tmp_path, saved(tmp_path, "2.zip", zipped({"a.yml": rule(2)})), "--name", "mine")
    assert titles(tmp_path) == {"A shell for 1", "A shell for 2"}
    wrong = update(tmp_path, tmp_path / "2.zip", "--name", "../up")
    assert (wrong.code, "cannot name a set" in wrong.error) == (2, True)


def test_the_checksum(tmp_path: Path) -> None:
    data = zipped(FIRST)
    path = saved(tmp_path, "1.zip", data)
    digest = hashlib.sha256(data).hexdigest()
    wrong = update(tmp_path, path, "--sha256", "0" * 64)
    assert (wrong.code, digest in wrong.error, titles(tmp_path)) == (3, True, set())
    assert "as expected" in update(tmp_path, path, "--sha256", digest.upper()).out
    sums = saved(tmp_path, "SHA256SUMS", f"{'0' * 64}  2.zip\n{digest} *1.zip\n".encode())
    assert "as expected" in update(tmp_path, path, "--sha256", sums).out
    other = saved(tmp_path, "other.zip", data)
    assert "has no checksum of other.zip" in update(tmp_path, other, "--sha256", sums).error
    assert expected_digest(str(saved(tmp_path, "one", f"{digest}\n".encode())), "x.zip") == digest
    with pytest.raises(UsageError, match="neither a SHA-256"):
        expected_digest("abc", "x.zip")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"../evil.yml": rule(1)}, "outside its folder"),
        ({"/etc/evil.yml": rule(1)}, "outside its folder"),
        ({"a/../../evil.yml": rule(1)}, "outside its folder"),
        ({"..\\evil.yml": rule(1)}, "outside its folder"),
        ({"C:/evil.yml": rule(1)}, "outside its folder"),
        ({"a\x1b[2J.yml": rule(1)}, "cannot be printed"),
        ({"x" * 300 + ".yml": rule(1)}, "too long"),
        ({"d/" * 40 + "a.yml": rule(1)}, "too long"),
        ({"readme.md": "x"}, "no usable rule"),
        ({"a.yml": "title: [", "b.yml": "- 1"}, "no usable rule"),
        ({"a.yml": "#" * (5 << 20)}, "larger than 4 MiB"),
    ],
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_hostile_archives_change_nothing(tmp_path: Path, members: dict[str, str], said: str, pack) -> None:
    home = tmp_path / "home"
    home.mkdir()
    update(home, saved(tmp_path, "good.zip", zipped(FIRST)))
    done = update(home, saved(tmp_path, "bad", pack(members)))
    assert (done.code, said in done.error) == (3, True), done
    assert "\x1b" not in done.error
    assert titles(home) == {"A shell for 1", "A shell for 2"}
    assert {path.name for path in tmp_path.iterdir()} == {"home", "good.zip", "bad"}
    assert not list((folder(home) / ".sigmahq").glob("new-*"))


def test_links_and_devices_are_left_out(tmp_path: Path) -> None:
    link, hard, fifo = tarfile.TarInfo("a.yml"), tarfile.TarInfo("h.yml"), tarfile.TarInfo("f.yml")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hard.type, hard.linkname = tarfile.LNKTYPE, "/etc/passwd"
    fifo.type = tarfile.FIFOTYPE
    done = update(tmp_path, saved(tmp_path, "1.tar.gz", tarred({"b.yml": rule(1)}, link, hard, fifo)))
    assert "left out: 3 links, devices and encrypted files" in done.out
    current = folder(tmp_path) / "sigmahq"
    assert [path.name for path in current.iterdir()] == ["b.yml"]


def test_a_link_in_a_zip_is_left_out(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        info = zipfile.ZipInfo("a.yml")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        packed.writestr(info, "/etc/passwd")
        packed.writestr("b.yml", rule(1))
    update(tmp_path, saved(tmp_path, "1.zip", made.getvalue()))
    assert [path.name for path in (folder(tmp_path) / "sigmahq").iterdir()] == ["b.yml"]


def test_a_directory_that_is_a_link_cannot_be_written_through(tmp_path: Path) -> None:
    link = tarfile.TarInfo("rules")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
    update(tmp_path, saved(tmp_path, "1.tar.gz", tarred({"rules/evil.yml": rule(1)}, link)))
    assert not (tmp_path / "evil.yml").exists()


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("a.yml", rule(1))
        with pytest.warns(UserWarning, match="Duplicate"):
            packed.writestr("a.yml", rule(2))
    done = update(tmp_path, saved(tmp_path, "1.zip", made.getvalue()))
    assert (done.code, "File exists" in done.error) == (3, True)


def test_bombs_stop_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "UNPACKED_MOST", 1 << 20)
    text = "#" * (3 << 18)
    for pack in (zipped, tarred):
        bomb = io.BytesIO(pack({"a.yml": text, "b.yml": text}))
        with pytest.raises(SoctermError, match=r"larger than|come out"):
            unpack(bomb, tmp_path / pack.__name__)
    # members nobody wants are also counted where they have to be read over
    bomb = io.BytesIO(tarred({"a.png": text, "b.png": text}))
    with pytest.raises(SoctermError, match="come out of the archive"):
        unpack(bomb, tmp_path / "png")
    monkeypatch.setattr(unpacking, "MEMBERS_MOST", 3)
    for pack in (zipped, tarred):
        with pytest.raises(SoctermError, match="more than 3 members"):
            unpack(io.BytesIO(pack({f"{n}.yml": rule(1) for n in range(5)})), tmp_path / f"m{pack.__name__}")


def test_a_zip_that_lies_about_its_directory(tmp_path: Path) -> None:
    data = zipped(FIRST)
    at = data.rfind(b"PK\x05\x06")
    huge = data[: at + 12] + struct.pack("<L", 1 << 30) + data[at + 16 :]
    large = data[:at] + b"PK\x06\x07" + bytes(16) + data[at:]
    for broken in (huge, large, data[:at], data[:-40], data[:40] + b"xxxx" + data[44:]):
        with pytest.raises(SoctermError, match="archive"):
            unpack(io.BytesIO(broken), tmp_path / str(len(broken)))


@settings(deadline=None)
@given(st.sampled_from([zipped(FIRST), tarred(FIRST)]), st.data())
def test_damaged_archives_are_refused_or_read(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole)))
    damaged = whole[:at] + data.draw(st.binary(max_size=6)) + whole[at + data.draw(st.integers(0, 6)) :]
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.suppress(SoctermError):  # anything else is a mistake of ours
            unpack(io.BytesIO(damaged), Path(folder) / "in")
        assert {path.name for path in Path(folder).iterdir()} <= {"in"}


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", gzip.compress(b"hello", mtime=0), gzip.compress(b"", mtime=0)[:-4], b"PK\x03\x04"],
    ids=["empty", "text", "packed text", "packed and cut", "a zip's first bytes"],
)
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    done = update(tmp_path, saved(tmp_path, "x", data))
    assert done.code == 3
    assert "\n" not in done.error


class _Server(BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}
    stalled = threading.Event()
    release = threading.Event()

    def do_GET(self) -> None:
        status, headers, body = self.answers.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/stall.zip":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.stalled.set()
            self.release.wait(60)
            return
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Nothing to a test's terminal."""


@contextmanager
def serving(answers: dict[str, tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    handler = type("Handler", (_Server,), {"answers": answers})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        _Server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


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
    _Server.stalled.clear()
    _Server.release.clear()
    with serving({"/stall.zip": (200, {}, zipped(SECOND))}) as url:
        process = subprocess.Popen(
            [*SOCTERM, "rules", "update", f"{url}/stall.zip"],
            env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert _Server.stalled.wait(60)
        busy = update(tmp_path, tmp_path / "1.zip")
        assert (busy.code, "another update" in busy.error) == (3, True)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
    assert titles(tmp_path) == {"A shell for 1", "A shell for 2"}
    assert list((folder(tmp_path) / ".sigmahq").glob("new-*"))  # what it left
    assert update(tmp_path, saved(tmp_path, "2.zip", zipped(SECOND))).code == 0
    assert "A shell for 3" in titles(tmp_path)
    assert not list((folder(tmp_path) / ".sigmahq").glob("new-*"))


def test_a_folder_of_the_users_own_is_not_touched(tmp_path: Path) -> None:
    mine = folder(tmp_path) / "sigmahq"
    mine.mkdir(parents=True)
    done = update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    assert (done.code, "no set that socterm made" in done.error, mine.is_dir()) == (3, True, True)


def test_hostile_titles_are_shown_harmless(tmp_path: Path) -> None:
    evil = rule(1, title='"evil \\e]0;owned\\a"')
    done = update(tmp_path, saved(tmp_path, "1.zip", zipped({"a.yml": evil})))
    assert "evil" in done.out
    assert "\x1b" not in done.out
