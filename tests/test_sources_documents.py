"""Files that are no lines: .evtx, JSON arrays, records within a document, JSON over many lines."""

from __future__ import annotations

import gzip
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.cli.group import cli
from socterm.sources.base import BLOCK, LINE_LIMIT
from socterm.sources.documents import DocumentError
from socterm.sources.file import FileSource
from socterm.sources.json_file import JsonStream
from socterm.sources.opening import open_sources
from tests.evtx_writer import event, write_evtx

RECORDS = [{"eventName": "ConsoleLogin", "n": 1}, {"eventName": "CreateUser", "n": 2, "ü": "é\u2028"}]


def clock() -> int:
    return 5


def source(path: Path, resume: Any = None) -> FileSource:
    made = FileSource(path, clock=clock, from_start=True, once=True, resume=resume)
    made.start(lambda: None)
    return made


def read(path: Path, limit: int = 1000, resume: Any = None) -> tuple[list[bytes], FileSource]:
    made = source(path, resume)
    lines: list[bytes] = []
    while not made.done:
        chunk = made.read(limit)
        if chunk is not None:
            lines += chunk.lines
    return lines, made


def objects(path: Path) -> list[Any]:
    return [json.loads(line) for line in read(path)[0]]


DOCUMENTS = {
    "an array": json.dumps(RECORDS),
    "an array over many lines": json.dumps(RECORDS, indent=2),
    "records of a document": json.dumps({"Records": RECORDS}),
    "records, notes behind them": json.dumps({"records": RECORDS, "more": [{"x": 1}], "n": 3}),
    "records over many lines": json.dumps({"Records": RECORDS}, indent=4),
    "documents without a newline between": json.dumps({"Records": RECORDS[:1]})
    + json.dumps({"Records": RECORDS[1:]}),
    "documents line by line": "\n".join(json.dumps({"Records": [record]}) for record in RECORDS),
    "objects over many lines": "\n".join(json.dumps(record, indent=1) for record in RECORDS),
    "a list among notes, over many lines": json.dumps({"next": None, "value": RECORDS}, indent=1),
    "an answer of the Graph": json.dumps({"@odata.context": "https://x/$m", "value": RECORDS}),
    "blanks before it": "\n\r\n  " + json.dumps(RECORDS),
    "a byte order mark": "\ufeff" + json.dumps(RECORDS),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_record_of_a_document_is_a_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(DOCUMENTS[name], encoding="utf-8")
    assert objects(path) == RECORDS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_packed_documents_are_unwrapped_too(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.json.gz"
    path.write_bytes(gzip.compress(DOCUMENTS[name].encode()))
    assert objects(path) == RECORDS


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_json_in_utf_16_as_a_windows_shell_writes_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.json"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path.write_bytes((mark + "\n".join(json.dumps(record) for record in RECORDS)).encode(encoding))
    assert objects(path) == RECORDS


LINES = {
    "json lines": b'{"a":1}\n{"b":[{"c":2}]}\n',
    "json lines with lists": b'{"value":[{"a":1}],"time":5}\n{"value":[]}\n',
    "bracketed stamps": b"[2026-11-20T10:00:00Z] I santad: x\n[Fri Nov 20] [error] y\n",
    "bracketed numbers": b"[12.5] kernel: {\n[13.0] kernel: }\n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", LINES)
def test_logs_of_lines_stay_lines(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(LINES[name])
    lines, _ = read(path)
    assert lines == LINES[name].splitlines()


def test_a_record_on_one_line_keeps_its_text(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b'[ {"b" : 1.10, "a":1, "\xff": 1e5} ,\n{"c":"\\ud800"}, {"d":\n"\\ud800"}]')
    assert read(path)[0] == [b'{"b" : 1.10, "a":1, "\xff": 1e5}', b'{"c":"\\ud800"}', b'{"d":"\\ud800"}']


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_reading_goes_on_exactly_at_any_bookmark(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"n": n, "pad": "x" * n} for n in range(9)], indent=1))
    whole, _ = read(path)
    first = source(path)
    before: list[bytes] = []
    while (chunk := first.read(limit)) is not None:
        assert chunk.first == len(before)
        before += chunk.lines
        after, _ = read(path, resume=(len(before), chunk.bookmark))
        assert before + after == whole
    first.close()


def test_where_the_json_breaks_the_rest_is_read_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('[{"a":1},\n{"b":2},\nno json\n{"c":3}]\n')
    lines, made = read(path)
    assert lines == [b'{"a":1}', b'{"b":2}', b"no json", b'{"c":3}]']
    assert made.stats().drops == {"damaged file": 1}
    assert "breaks at character 19" in made.stats().note


def test_a_document_cut_short_gives_what_is_whole_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"Records":[{"a":1},{"b":')
    lines, made = read(path)
    assert lines == [b'{"a":1}', b'{"b":']
    assert "breaks at character 20" in made.stats().note


def test_a_packed_document_cut_short_gives_what_is_whole_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.json.gz"
    body = [{"n": n, "text": str(n * 7919)} for n in range(20_000)]
    packed = gzip.compress(json.dumps(body).encode())
    path.write_bytes(packed[: len(packed) // 2])
    lines, made = read(path)
    whole = [json.loads(line) for line in lines[:-1]]
    assert whole == body[: len(whole)]
    assert len(whole) > 1000
    assert "damaged" in made.stats().note


def test_long_records_and_many_records(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    body = [{"n": n, "text": "y" * (BLOCK if n == 500 else 100)} for n in range(5000)]
    path.write_text(json.dumps(body))
    assert objects(path) == body


def test_a_record_beyond_the_size_of_a_line_is_cut_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"a": "x" * (LINE_LIMIT + 5)}, {"b": 1}]))
    lines, made = read(path)
    assert len(lines[0]) == LINE_LIMIT
    assert lines[1:] == [b'{"b": 1}']
    assert made.stats().drops == {"oversized": 1}


def test_nesting_without_end_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('[{"a":' + "[" * 100_000)
    lines, made = read(path)
    assert len(lines) == 1
    assert "breaks at character" in made.stats().note


class _Bytes:
    def __init__(self, data: bytes, step: int) -> None:
        self.data, self.step = data, step

    def read1(self, size: int = -1, /) -> bytes:
        block, self.data = self.data[: self.step], self.data[self.step :]
        return block

    def close(self) -> None:
        pass


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(
    records=st.lists(st.dictionaries(st.text(), json_values, max_size=4), min_size=1, max_size=5),
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
    step=st.integers(1, 40),
)
def test_any_array_however_written_and_cut_gives_its_records(
    records: list[dict[str, Any]], indent: int | None, ascii_only: bool, step: int
) -> None:
    data = json.dumps(records, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    stream = JsonStream(_Bytes(data, step), (OSError,))
    out = b""
    while block := stream.read1(17):
        assert len(block) <= 17
        out += block
    made = [json.loads(line.decode("utf-8", "surrogatepass")) for line in out.split(b"\n")[:-1]]
    assert made == records


@settings(max_examples=200)
@given(
    data=st.binary(max_size=300), start=st.sampled_from([b"[{", b'{"Records":[', b"{\n", b"[", b"\xff\xfe["])
)
def test_hostile_documents_end(data: bytes, start: bytes) -> None:
    stream = JsonStream(_Bytes(start + data, 7), (OSError,))
    with suppress(DocumentError):
        while stream.read1(50):
            pass


def evtx(path: Path, count: int = 600) -> Path:
    events = [
        event(4625, {"TargetUserName": f"u{n}", "IpAddress": "192.0.2.9", "Note": "line\nbreak"})
        for n in range(count)
    ]
    write_evtx(path, events)
    return path


def test_each_record_of_an_event_log_file_is_a_line(tmp_path: Path) -> None:
    lines, made = read(evtx(tmp_path / "Security.evtx"))
    names = [json.loads(line)["Event"]["EventData"]["TargetUserName"] for line in lines]
    assert names == [f"u{n}" for n in range(600)]
    assert made.stats().note == ""


def test_an_event_log_file_is_known_by_its_content_and_may_be_packed(tmp_path: Path) -> None:
    whole, _ = read(evtx(tmp_path / "Security.evtx"))
    (tmp_path / "renamed").write_bytes((tmp_path / "Security.evtx").read_bytes())
    (tmp_path / "x.gz").write_bytes(gzip.compress((tmp_path / "Security.evtx").read_bytes()))
    assert read(tmp_path / "renamed")[0] == whole
    assert read(tmp_path / "x.gz")[0] == whole


def test_event_log_files_go_on_exactly_at_a_bookmark(tmp_path: Path) -> None:
    path = evtx(tmp_path / "Security.evtx")
    whole, _ = read(path)
    first = source(path)
    chunk = first.read(250)
    assert chunk is not None
    first.close()
    assert chunk.lines + read(path, resume=(250, chunk.bookmark))[0] == whole


def test_a_broken_record_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    path = evtx(tmp_path / "Security.evtx")
    data = bytearray(path.read_bytes())
    data[4096 + 512 + 2000 : 4096 + 512 + 2040] = b"\xff" * 40
    path.write_bytes(data)
    lines, made = read(path)
    assert len(lines) == 599
    assert "1 records could not be read" in made.stats().note
    assert "\n" not in made.stats().note


def test_an_event_log_file_cut_short_says_so(tmp_path: Path) -> None:
    path = evtx(tmp_path / "Security.evtx")
    path.write_bytes(path.read_bytes()[:70_000])
    lines, made = read(path)
    assert 0 < len(lines) < 600
    assert "cut short: 70000 of" in made.stats().note


def test_what_only_begins_like_an_event_log_file(tmp_path: Path) -> None:
    path = tmp_path / "x.evtx"
    path.write_bytes(b"ElfFile\0" + b"x" * 100)
    lines, made = read(path)
    assert lines == []
    assert "no .evtx" in made.stats().note
    assert made.done


def test_without_the_extra_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = evtx(tmp_path / "Security.evtx", 1)
    monkeypatch.setitem(sys.modules, "evtx", None)
    made = source(path)
    assert made.read(10) is None
    assert made.stats().note == "reading .evtx needs the evtx package: pip install 'socterm[evtx]'"
    result = CliRunner().invoke(cli, ["parse", str(path)])
    assert "pip install 'socterm[evtx]'" in str(result.exception)


def test_a_followed_document_is_read_whole_and_done(tmp_path: Path) -> None:
    path = evtx(tmp_path / "Security.evtx", 3)
    (made,), opener = open_sources([str(path)], bookmark=lambda _: None, clock=clock)
    made.start(lambda: None)
    chunk = made.read(10)
    assert chunk is not None
    assert len(chunk.lines) == 3
    assert made.read(10) is None
    assert made.done
    opener.close()


def test_parse_of_an_event_log_file_names_what_happened(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["parse", "--json", str(evtx(tmp_path / "Security.evtx", 2))])
    assert result.exit_code == 0, result.output
    first = json.loads(result.output.splitlines()[0])
    assert first["event.action"] == "logon-failed"
    assert first["event.outcome"] == "failure"
    assert first["user.name"] == "u0"
    assert first["source.ip"] == "192.0.2.9"
    assert first["@timestamp"] == "2026-11-20T10:00:00.000000Z"
