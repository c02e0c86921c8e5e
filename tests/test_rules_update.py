"""`socterm rules update`: archives from paths and from this machine, hostile ones too; swap, rollback."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import stat
import struct
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.errors import SoctermError, UsageError
from socterm.pipeline.rulesets import archive as unpacking
from socterm.pipeline.rulesets.archive import unpack
from socterm.pipeline.rulesets.fetch import expected_digest
from tests.rule_archives import FIRST, SECOND, folder, saved, tarred, titles, update, zipped
from tests.rules_cli import rule


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
    assert (done.code, "'a.yml' twice" in done.error) == (3, True)


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


def test_what_an_archive_had_instead_of_rules_is_said(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.yml": rule(1)}))
    data[6] |= 1  # encrypted, says the member
    data[data.find(b"PK\x01\x02") + 8] |= 1  # and the directory
    done = update(tmp_path, saved(tmp_path, "1.zip", bytes(data)))
    assert "no usable rule in it (left out: 1 links, devices and encrypted files)" in done.error
    done = update(tmp_path, saved(tmp_path, "2.zip", zipped({"a.yml": rule(1, level="severe")})))
    assert (done.code, "1 refused, the first: " in done.error, "severe" in done.error) == (3, True, True)


def test_a_damaged_member_of_another_compression(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("a.yml", rule(1))
    data = bytearray(made.getvalue())
    at = data.find(b"a.yml") + len(b"a.yml")
    data[at + 4] = 0xFF
    with pytest.raises(SoctermError, match="cannot be unpacked"):
        unpack(io.BytesIO(bytes(data)), tmp_path / "in")


def test_json_of_every_kind_of_update(tmp_path: Path) -> None:
    update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    update(tmp_path, saved(tmp_path, "2.zip", zipped(SECOND)))
    (back,) = update(tmp_path, "--rollback", "--json").records
    assert (back["name"], back["set"]["rules"], back["was"]["rules"]) == ("sigmahq", 2, 3)
    (gone,) = update(tmp_path, "--remove", "--json").records
    assert (gone["name"], gone["removed"]["rules"]) == ("sigmahq", 2)


@pytest.mark.parametrize("option", ["--rollback", "--remove"])
@pytest.mark.parametrize("name", ["../up", ".sigmahq", ""])
def test_a_name_that_is_none_is_refused_everywhere(tmp_path: Path, option: str, name: str) -> None:
    update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    done = update(tmp_path, option, "--name", name)
    assert (done.code, "cannot name a set" in done.error) == (2, True)


def test_a_set_whose_note_is_lost_goes_on(tmp_path: Path) -> None:
    update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    for note in (folder(tmp_path) / ".sigmahq").glob("*.json"):
        note.write_bytes(b"\0\0")
    assert titles(tmp_path) == {"A shell for 1", "A shell for 2"}
    assert update(tmp_path, "--json").records[0]["rules"] == 2
    assert update(tmp_path, saved(tmp_path, "2.zip", zipped(SECOND))).code == 0
    assert "A shell for 3" in titles(tmp_path)


def test_a_link_of_the_users_own_is_not_touched(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    folder(tmp_path).mkdir(parents=True)
    (folder(tmp_path) / "sigmahq").symlink_to(mine)
    done = update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    assert (done.code, "no set that socterm made" in done.error) == (3, True)
    assert (folder(tmp_path) / "sigmahq").readlink() == mine
    assert update(tmp_path, "--json").records == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    update(tmp_path, saved(tmp_path, "1.zip", zipped(FIRST)))
    update(tmp_path, saved(tmp_path, "2.zip", zipped(SECOND)))
    before = titles(tmp_path)
    # A folder where the link is made: the step that counts cannot be done, whoever runs the test.
    (folder(tmp_path) / ".sigmahq" / "new-link").mkdir()
    done = update(tmp_path, "--rollback")
    assert (done.code, "nothing was changed" in done.error, titles(tmp_path)) == (3, True, before)


def test_what_is_no_rule_to_run_is_left_out(tmp_path: Path) -> None:
    members = {"r/a.yml": rule(1), "r/.git/b.yml": rule(2), "r/.c.yml": rule(3), "r/x.png": "x"}
    for number, name in enumerate(unpacking.UNWANTED, 4):
        members[f"r/{name}/d.yml"] = rule(number)
    members["r/tests.yml"] = rule(20)
    done = update(tmp_path, saved(tmp_path, "1.zip", zipped(members)))
    assert "left out: 2 hidden files" in done.out
    assert "left out: 5 rules that are deprecated, unsupported or test data" in done.out
    assert titles(tmp_path) == {"A shell for 1", "A shell for 20"}
